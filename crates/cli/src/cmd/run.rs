//! `goldsmith run`: take an image through a pipeline.

use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;

use goldsmith_core::catalog::{Catalog, NewRun, RunId, RunRow};
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::{Pipeline, Project, Stage};
use goldsmith_pipeline::course::{Ports, course};
use goldsmith_pipeline::decision::Keys;
use goldsmith_pipeline::engine::{Ended, Engine};
use goldsmith_pipeline::happening::Silent;
use goldsmith_pipeline::state::{State, UnitState};
use serde_json::{Value, json};

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::project;
use crate::report::CmdError;
use crate::signing;
use crate::style;
use crate::wiring;
use crate::workshop::{Exports, LocalHands, LocalWorkshop};

/// Take an image through a pipeline: lock, build, test, scan, gate, approve, distribute, register
///
/// Every stage is written down before it begins and after it ended. A run that was interrupted,
/// waits or failed is taken up where it stopped: what is done is not done again. One run of a
/// pipeline goes on at a time. A run that waits for people ends with 0 and says for what.
///
/// Example: goldsmith run web --from test
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pipeline; the only one of the project when not given
    pipeline: Option<String>,
    /// Do this stage of the last run and all after it again
    #[arg(long, value_name = "STAGE", value_parser = clap::builder::PossibleValuesParser::new(Stage::ALL.map(Stage::word)))]
    from: Option<String>,
    /// Bring the lock up to date first
    #[arg(long)]
    update: bool,
    /// Who starts it: an address; else `GOLDSMITH_ACTOR`, else the user's name
    #[arg(long = "as", value_name = "ADDRESS")]
    actor: Option<String>,
    /// Use nothing but what the store has
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    variables: Variables,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let (project, pipeline) = find(app, args)?;
    let recipe = project
        .recipes
        .iter()
        .find(|recipe| recipe.name == pipeline.recipe);
    let recipe = recipe
        .ok_or_else(|| CmdError::config(format!("pipeline `{}` has no recipe", pipeline.name)))?;
    let _alone = alone(app, &pipeline.name)?;
    let catalog = wiring::catalog(app)?;
    let workshop = LocalWorkshop {
        app,
        recipe,
        pipeline: &pipeline,
        is_offline: args.offline,
    };
    let key = signing::own(app)?;
    let trusted = signing::trusted(app)?;
    let owners = signing::owners(app)?;
    let targets = wiring::targets(app, pipeline.distribution.as_ref())?;
    let naming = |row: &_| crate::workshop::name(pipeline.distribution.as_ref(), row);
    let ports = Ports {
        workshop: &workshop,
        hands: &LocalHands { app },
        forms: &Exports { app },
        targets: &targets,
        rule: &naming,
        key: &key,
        keys: Keys {
            trusted: &trusted,
            owners: &owners,
        },
        version: env!("CARGO_PKG_VERSION"),
        is_update: args.update,
    };
    let course = course(&pipeline, ports);
    let (id, is_taken_up) = open(args, app, &catalog, &pipeline.name)?;
    let engine = Engine::open(&catalog, id, &course, &Silent)?;
    if let Some(stage) = args.from.as_deref().and_then(|stage| stage.parse().ok()) {
        engine.again(&app.cx, stage, &actor(app, args.actor.as_deref()))?;
    } else if is_taken_up {
        app.cx.note(format!(
            "run {id} of `{}` is taken up where it stopped",
            pipeline.name
        ));
    }
    let ended = engine.work(&app.cx)?;
    let row = catalog.run(id)?;
    let state = engine.state();
    app.output
        .result(&text(&row, &state, &course.names(), &ended), || {
            json_of(&row, &state, &course.names())
        });
    match ended {
        Ended::Done | Ended::Waiting(_) => Ok(Outcome::Done),
        Ended::Cancelled => Ok(Outcome::No(Class::Cancelled)),
        Ended::Failed {
            unit,
            error,
            class,
            hints,
        } => Err(CmdError::Refused {
            class,
            message: format!("run {id}: {unit}: {error}"),
            hints: hints
                .into_iter()
                .chain([format!("`goldsmith run {}` goes on there", pipeline.name)])
                .collect(),
        }),
    }
}

/// The pipeline that is meant.
fn find(app: &App, args: &Args) -> Result<(Project, Pipeline), CmdError> {
    let project = project::recipes(app, &args.variables, &[])?;
    let names: Vec<&str> = project
        .pipelines
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    let known = || format!("it has {}", names.join(", "));
    let found = match (&args.pipeline, project.pipelines.as_slice()) {
        (Some(name), all) => all.iter().find(|it| it.name == *name).ok_or_else(|| {
            let error = CmdError::usage(format!("the project has no pipeline `{name}`"));
            error.hint(known())
        })?,
        (None, []) => {
            return Err(CmdError::config("the project has no pipeline")
                .hint("add a `pipeline` block with `recipe = recipe.NAME`"));
        }
        (None, [one]) => one,
        (None, _) => return Err(CmdError::usage("the project has several pipelines").hint(known())),
    };
    for secret in found.secrets() {
        app.cx.redactor.add(&secret);
    }
    let found = found.clone();
    Ok((project, found))
}

/// Who does it.
pub(crate) fn actor(app: &App, given: Option<&str>) -> String {
    given.map_or_else(|| app.actor(), str::to_owned)
}

/// Held while a pipeline is run: the kernel lets go of it when the process ends, however it does.
fn alone(app: &App, pipeline: &str) -> Result<File, CmdError> {
    let folder: PathBuf = app.home()?.join("runs");
    let path = folder.join(format!("{pipeline}.lock"));
    let failed = |e: &std::io::Error| CmdError::io(format!("cannot use `{}`", path.display()), e);
    std::fs::create_dir_all(&folder).map_err(|e| failed(&e))?;
    let file = File::create(&path).map_err(|e| failed(&e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(CmdError::Refused {
            class: Class::Environment,
            message: format!("pipeline `{pipeline}` is being run by another process"),
            hints: vec!["`goldsmith runs` shows how far it is".to_owned()],
        }),
        Err(std::fs::TryLockError::Error(e)) => Err(failed(&e)),
    }
}

/// The run to work on, and whether it had begun before.
fn open(
    args: &Args,
    app: &App,
    catalog: &dyn Catalog,
    pipeline: &str,
) -> Result<(RunId, bool), CmdError> {
    let last = catalog.runs(Some(pipeline), 1)?.into_iter().next();
    match last {
        Some(last) if args.from.is_some() => return Ok((last.id, true)),
        None if args.from.is_some() => {
            return Err(
                CmdError::usage(format!("pipeline `{pipeline}` was never run"))
                    .hint("leave `--from` out"),
            );
        }
        // What was done, or stopped by somebody, is not gone on with unasked.
        Some(last)
            if !matches!(
                last.status,
                goldsmith_core::catalog::RunStatus::Done
                    | goldsmith_core::catalog::RunStatus::Cancelled
            ) =>
        {
            return Ok((last.id, true));
        }
        _ => {}
    }
    let run = NewRun {
        pipeline: pipeline.to_owned(),
        actor: actor(app, args.actor.as_deref()),
        trigger: "person".to_owned(),
        unix: app.cx.clock().unix_seconds(),
    };
    Ok((catalog.begin_run(&run)?, false))
}

/// How a unit stands, in a word and a sentence.
fn standing(state: Option<&UnitState>) -> (&'static str, String) {
    match state {
        None => ("", String::new()),
        Some(UnitState::Begun) => ("begun", String::new()),
        Some(UnitState::Done { summary, .. }) => ("done", summary.clone()),
        Some(UnitState::Failed { error, .. }) => ("FAILED", error.clone()),
        Some(UnitState::Skipped(why)) => ("skipped", why.clone()),
        Some(UnitState::Waiting { for_what, .. }) => ("waits", for_what.clone()),
        Some(UnitState::Answered { by, reason, .. }) => ("answered", format!("{by}: {reason}")),
    }
}

fn text(row: &RunRow, state: &State, names: &[&str], ended: &Ended) -> String {
    let how = match ended {
        Ended::Done => "done",
        Ended::Waiting(_) => "waits",
        Ended::Failed { .. } => "FAILED",
        Ended::Cancelled => "stopped",
    };
    let image = row
        .image
        .as_ref()
        .map_or_else(String::new, |image| format!(", {image}"));
    let mut text = format!(
        "\n{}run {} of {}{}: {how}{image}\n",
        style::BOLD,
        row.id,
        row.begun.pipeline,
        style::RESET
    );
    for name in names {
        let (word, what) = standing(state.unit(name));
        let _ = writeln!(
            text,
            "  {name:<28} {word:<8} {}",
            crate::escape::escape(&what)
        );
    }
    text
}

fn json_of(row: &RunRow, state: &State, names: &[&str]) -> Value {
    let units = names.iter().map(|name| {
        let (word, what) = standing(state.unit(name));
        json!({ "unit": name, "status": word.to_lowercase(), "summary": what,
            "attempts": state.attempts(name), "output": state.output(name) })
    });
    json!({ "run": { "id": row.id.0, "pipeline": row.begun.pipeline, "status": row.status.name(),
        "note": row.note, "image": row.image.as_ref().map(ToString::to_string),
        "actor": row.begun.actor, "units": units.collect::<Vec<_>>() } })
}
