//! `goldsmith runs`: the runs of pipelines, and one of them unit by unit.

mod one;

use goldsmith_core::catalog::{Catalog as _, RunId, RunRow};

use crate::app::App;
use crate::args::Outcome;
use crate::output::{date, table};
use crate::report::CmdError;
use crate::wiring;

/// List the runs of pipelines, newest first, or show one of them
///
/// With the number of a run: each of its units, how it stands, when it was begun and ended, how often
/// it was tried, and what failed.
///
/// Example: goldsmith runs web --limit 5
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the runs of this pipeline; a number: this run alone
    #[arg(value_name = "PIPELINE|RUN")]
    which: Option<String>,
    /// Only runs that have not ended
    #[arg(long)]
    open: bool,
    /// At most this many
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let pipeline = args.which.as_deref();
    // No pipeline is called by a number.
    if let Some(id) = pipeline.and_then(|which| which.parse().ok()) {
        return one::show(app, RunId(id));
    }
    let mut runs = Vec::new();
    if app.home()?.exists() {
        let catalog = wiring::catalog(app)?;
        if args.open {
            runs = catalog.open_runs()?;
            runs.reverse();
            runs.retain(|run| pipeline.is_none_or(|of| of == run.begun.pipeline));
            runs.truncate(args.limit);
        } else {
            runs = catalog.runs(pipeline, args.limit)?;
        }
    }
    if app.output.is_json {
        let shown: Vec<_> = runs.iter().map(json).collect();
        app.output.json(&serde_json::json!({ "runs": shown }));
    } else if runs.is_empty() {
        app.output.aside("no runs of that kind\n");
    } else {
        let head = ["RUN", "PIPELINE", "STATUS", "IMAGE", "BEGUN", "BY", "NOTE"];
        app.output.text(&table(head, runs.iter().map(row)));
    }
    Ok(Outcome::Done)
}

fn row(run: &RunRow) -> [String; 7] {
    [
        run.id.to_string(),
        run.begun.pipeline.clone(),
        run.status.name().to_owned(),
        image(run).unwrap_or_else(|| "-".to_owned()),
        date(run.begun.unix),
        run.begun.actor.clone(),
        run.note.clone(),
    ]
}

fn image(run: &RunRow) -> Option<String> {
    run.image.as_ref().map(ToString::to_string)
}

fn json(run: &RunRow) -> serde_json::Value {
    serde_json::json!({ "run": run.id.0, "pipeline": run.begun.pipeline,
        "status": run.status.name(), "note": run.note, "image": image(run), "actor": run.begun.actor,
        "trigger": run.begun.trigger, "begun_unix": run.begun.unix,
        "changed_unix": run.changed_unix })
}
