//! `goldsmith validate`: every problem of the project at once.

use goldsmith_build::document;
use goldsmith_build::project::ProjectDirectory;
use goldsmith_core::diagnostic::Severity;

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::project;
use crate::render;
use crate::report::CmdError;
use crate::style;

/// Check the configuration and its component documents, without network or changes
///
/// Variables without a value are taken as unknown: what can be checked without them is.
///
/// Example: goldsmith validate
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: Variables,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let outcome = project::evaluate(app, &args.variables, None)?;
    let mut problems = outcome.problems;
    for recipe in &outcome.project.recipes {
        let (_, found) = document::load(
            &app.cx,
            &ProjectDirectory::new(&app.directory),
            &recipe.work,
        );
        problems.extend(found);
    }
    problems.dedup();
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(CmdError::Problems(problems));
    }
    project::warnings(app, &problems);
    let names: Vec<&str> = outcome
        .project
        .recipes
        .iter()
        .map(|recipe| recipe.name.as_str())
        .collect();
    let mut text = format!(
        "{}ok{} {} recipes: {}\n",
        style::GOOD,
        style::RESET,
        names.len(),
        names.join(", ")
    );
    if names.len() == 1 {
        text = text.replace("recipes:", "recipe:");
    }
    for name in &outcome.incomplete {
        text.push_str(&format!("   {name} depends on variables without a value\n"));
    }
    app.output.result(&text, || {
        serde_json::json!({ "valid": true, "recipes": names, "incomplete": outcome.incomplete,
            "problems": problems.iter().map(render::json).collect::<Vec<_>>() })
    });
    Ok(Outcome::Done)
}
