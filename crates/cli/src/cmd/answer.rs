//! `goldsmith answer`: a person says how a step that waits goes on.

use goldsmith_core::catalog::{Catalog as _, RunId};
use goldsmith_pipeline::engine::answer;
use goldsmith_pipeline::state::{State, UnitState};
use goldsmith_pipeline::unit::step_of_unit;

use crate::app::App;
use crate::args::Outcome;
use crate::cmd::run::actor;
use crate::report::CmdError;
use crate::wiring;

/// Say how a `step "wait"` goes on, which a run waits for
///
/// `goldsmith run` goes on from there.
///
/// Example: goldsmith answer 7 look --go-on --reason "the findings do not matter here"
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Number of the run, as `goldsmith runs` shows it
    run: u64,
    /// Name of the step; the only one that waits when not given
    step: Option<String>,
    /// The run goes on
    #[arg(long, required_unless_present = "stop", conflicts_with = "stop")]
    go_on: bool,
    /// The step fails
    #[arg(long)]
    stop: bool,
    /// Why
    #[arg(long)]
    reason: String,
    /// Who answers: an address; else `GOLDSMITH_ACTOR`
    #[arg(long = "as", value_name = "ADDRESS")]
    actor: Option<String>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let catalog = wiring::catalog(app)?;
    let id = RunId(args.run);
    let pipeline = catalog.run(id)?.begun.pipeline;
    let state = State::of(id, &catalog.journal(id)?)?;
    let waits = state.units().filter(|(unit, state)| {
        step_of_unit(unit).is_some() && matches!(state, UnitState::Waiting { .. })
    });
    let waiting: Vec<&str> = waits.map(|(unit, _)| unit).collect();
    let names: Vec<&str> = waiting
        .iter()
        .filter_map(|unit| step_of_unit(unit))
        .collect();
    let wanted = match (&args.step, waiting.as_slice()) {
        (None, [one]) => Some(*one),
        (None, _) => None,
        (Some(step), all) => all
            .iter()
            .copied()
            .find(|unit| step_of_unit(unit) == Some(step)),
    };
    let Some(unit) = wanted else {
        let message = match &args.step {
            Some(step) => format!("run {id} does not wait for a step `{step}`"),
            None => format!("run {id} waits for {} steps", names.len()),
        };
        let error = CmdError::usage(message);
        return Err(if names.is_empty() {
            error
        } else {
            error.hint(format!("it waits for {}", names.join(", ")))
        });
    };
    let by = actor(app, args.actor.as_deref());
    answer(&app.cx, &catalog, id, unit, &by, args.go_on, &args.reason)?;
    let how = if args.go_on { "goes on" } else { "is stopped" };
    app.output.result(
        &format!("run {id} {how} at `{unit}`\n\nnext: `goldsmith run {pipeline}`\n"),
        || serde_json::json!({ "run": args.run, "unit": unit, "goes_on": args.go_on, "by": by }),
    );
    Ok(Outcome::Done)
}
