//! One run, unit by unit.

use goldsmith_core::catalog::{Catalog as _, RunId, RunRow};
use goldsmith_pipeline::account::{Told, account};
use serde_json::json;

use super::image;
use crate::app::App;
use crate::args::Outcome;
use crate::cmd::run::standing;
use crate::output::{date, table};
use crate::report::CmdError;
use crate::wiring;

pub(super) fn show(app: &App, id: RunId) -> Result<Outcome, CmdError> {
    if !app.home()?.exists() {
        return Err(CmdError::usage(format!("there is no run {id}"))
            .hint("`goldsmith run PIPELINE` begins one"));
    }
    let catalog = wiring::catalog(app)?;
    let run = catalog.run(id)?;
    let units = account(id, &catalog.journal(id)?)?;
    app.output.result(&text(&run, &units), || {
        let mut shown = super::json(&run);
        shown["units"] = units.iter().map(unit_json).collect();
        json!({ "run": shown })
    });
    Ok(Outcome::Done)
}

fn text(run: &RunRow, units: &[Told]) -> String {
    let rows = units.iter().map(|told| {
        let (word, what) = standing(told.state.as_ref());
        let time = |unix: Option<i64>| unix.map_or_else(|| "-".to_owned(), date);
        let tries = match told.attempts {
            0 => "-".to_owned(),
            tries => tries.to_string(),
        };
        [
            told.unit.clone(),
            if word.is_empty() { "-" } else { word }.to_owned(),
            tries,
            time(told.begun_unix),
            time(told.changed_unix),
            what,
        ]
    });
    let list = table(["UNIT", "STATE", "TRIES", "BEGUN", "ENDED", ""], rows);
    let note = match run.note.as_str() {
        "" => String::new(),
        note => format!(": {}", crate::escape::escape(note)),
    };
    let by = match (&run.begun.actor, &run.begun.trigger) {
        (actor, trigger) if actor == trigger || trigger == "person" => actor.clone(),
        (actor, trigger) => format!("{actor} ({trigger})"),
    };
    format!(
        "run {} of {}, {}: {}{note}\nbegun {} by {by}, last changed {}\n\n{list}",
        run.id,
        run.begun.pipeline,
        image(run).unwrap_or_else(|| "no image yet".to_owned()),
        run.status.name(),
        date(run.begun.unix),
        date(run.changed_unix),
    )
}

fn unit_json(told: &Told) -> serde_json::Value {
    let (word, what) = standing(told.state.as_ref());
    let state = match word {
        "" => "open".to_owned(),
        word => word.to_lowercase(),
    };
    json!({ "unit": told.unit, "state": state, "summary": what, "attempts": told.attempts,
        "begun_unix": told.begun_unix, "changed_unix": told.changed_unix })
}
