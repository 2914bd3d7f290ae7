//! Which policy a scan is judged by: the `scan` block of a pipeline, or the options.

use std::fs;
use std::path::PathBuf;

use goldsmith_advisory::policy::exception;
use goldsmith_advisory::policy::vex::{self, Statement};
use goldsmith_core::finding::Severity;
use goldsmith_core::recipe::{Pipeline, ScanSpec};

use crate::app::App;
use crate::args::Variables;
use crate::project;
use crate::report::CmdError;

#[derive(Debug, clap::Args)]
pub(crate) struct PolicyArgs {
    /// Judge by the `scan` block of this pipeline of the project
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
    /// Judge by severity: this and worse stops the image
    #[arg(long, value_name = "SEVERITY", value_parser = ["negligible", "low", "medium", "high", "critical"])]
    fail_on: Option<String>,
    /// Only vulnerabilities that something mends stop the image
    #[arg(long)]
    only_fixable: bool,
    /// Take what this OpenVEX document says does not matter for that
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
    /// Accept a finding, as an `accept` block does: `ID [in PACKAGE|PATH] [until DATE]: REASON`
    #[arg(long, value_name = "EXCEPTION")]
    accept: Vec<String>,
    /// Accept what the lines of this file say in the same form; those that begin with `#` say nothing
    #[arg(long, value_name = "FILE")]
    accept_file: Vec<PathBuf>,
    #[command(flatten)]
    variables: Variables,
}

/// What a scan is judged by.
pub(super) struct Policy {
    /// The name of the pipeline, where it comes from one.
    pub(super) pipeline: Option<String>,
    pub(super) spec: ScanSpec,
    pub(super) statements: Vec<Statement>,
    /// Somebody asked for a decision.
    pub(super) decides: bool,
}

/// The policy for an image of this recipe, or for one that is nobody's.
pub(super) fn find(app: &App, args: &PolicyArgs, recipe: Option<&str>) -> Result<Policy, CmdError> {
    let pipeline = match (&args.pipeline, recipe) {
        (Some(name), _) => Some(named(app, args, name)?),
        (None, Some(recipe)) => of_recipe(app, args, recipe)?,
        (None, None) => None,
    };
    // One that says nothing of scanning decides nothing, unless it was named.
    let is_named = args.pipeline.is_some();
    let pipeline = pipeline.filter(|pipeline| is_named || pipeline.scan.is_some());
    let name = pipeline.as_ref().map(|pipeline| pipeline.name.clone());
    let mut spec = pipeline.and_then(|it| it.scan).unwrap_or_default();
    if let Some(level) = args.fail_on.as_deref().and_then(Severity::of_word) {
        spec.fail_on = level;
    }
    spec.only_fixable |= args.only_fixable;
    for line in &args.accept {
        spec.accept.push(exception::one(line)?);
    }
    for path in &args.accept_file {
        let shown = path.display().to_string();
        let text = fs::read_to_string(app.directory.join(path))
            .map_err(|e| CmdError::io(format!("cannot read `{shown}`"), &e))?;
        spec.accept.extend(exception::file(&shown, &text)?);
    }
    Ok(Policy {
        decides: name.is_some() || args.fail_on.is_some() || args.only_fixable,
        pipeline: name,
        statements: statements(app, &spec, &args.vex)?,
        spec,
    })
}

/// The policy of a pipeline.
pub(super) fn of(app: &App, pipeline: &str, spec: &ScanSpec) -> Result<Policy, CmdError> {
    Ok(Policy {
        decides: true,
        pipeline: Some(pipeline.to_owned()),
        statements: statements(app, spec, &[])?,
        spec: spec.clone(),
    })
}

/// What the documents of a policy, and these, say does not matter.
fn statements(app: &App, spec: &ScanSpec, more: &[PathBuf]) -> Result<Vec<Statement>, CmdError> {
    let mut statements = Vec::new();
    let of_project = spec.vex.iter().map(PathBuf::from);
    for path in of_project.chain(more.iter().cloned()) {
        let shown = path.display().to_string();
        let bytes = fs::read(app.directory.join(&path))
            .map_err(|e| CmdError::io(format!("cannot read `{shown}`"), &e))?;
        statements.extend(vex::read(&shown, &bytes)?);
    }
    Ok(statements)
}

fn named(app: &App, args: &PolicyArgs, name: &str) -> Result<Pipeline, CmdError> {
    let pipelines = project::recipes(app, &args.variables, &[])?.pipelines;
    let known: Vec<String> = pipelines.iter().map(|it| it.name.clone()).collect();
    let mut found = pipelines.into_iter().filter(|it| it.name == name);
    found.next().ok_or_else(|| {
        CmdError::usage(format!("the project has no pipeline `{name}`")).hint(if known.is_empty() {
            "it has none: a `pipeline` block with a `scan` block makes one".to_owned()
        } else {
            format!("it has {}", known.join(", "))
        })
    })
}

/// The pipeline of an image's recipe, where the command runs in a project that has one.
fn of_recipe(app: &App, args: &PolicyArgs, recipe: &str) -> Result<Option<Pipeline>, CmdError> {
    if project::files(app).is_err() {
        return Ok(None);
    }
    let pipelines = project::recipes(app, &args.variables, &[])?.pipelines;
    let mut of = pipelines.into_iter().filter(|it| it.recipe == recipe);
    match (of.next(), of.next()) {
        (Some(one), Some(other)) => Err(CmdError::usage(format!(
            "`{recipe}` has several pipelines, and each may have a policy of its own"
        ))
        .hint(format!(
            "`--pipeline {}` or `--pipeline {}`",
            one.name, other.name
        ))),
        (first, _) => Ok(first),
    }
}
