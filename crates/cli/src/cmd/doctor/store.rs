//! `goldsmith doctor --store`: whether everything in the store is whole.

use std::fmt::Write as _;

use goldsmith_build::health;
use goldsmith_core::failure::Class;
use goldsmith_store::{Checked, Problem, Store};

use crate::app::App;
use crate::args::Outcome;
use crate::escape::escape;
use crate::report::CmdError;
use crate::style;
use crate::wiring;

pub(super) fn run(app: &App, is_repair: bool) -> Result<Outcome, CmdError> {
    let store = wiring::store(app)?;
    let removed = if is_repair {
        health::repair(&app.cx, &store)?
    } else {
        Vec::new()
    };
    let checked = health::check(&app.cx, &store)?;
    app.output.result(&text(&store, &checked, &removed), || {
        let shown = |problems: &[Problem]| -> serde_json::Value {
            let shown = problems.iter().map(|problem| {
                serde_json::json!({ "path": problem.path.to_string_lossy(), "what": problem.what,
                    "then": store.remedy(problem) })
            });
            shown.collect()
        };
        serde_json::json!({ "store": store.root().to_string_lossy(), "blobs": checked.blobs,
            "packages": checked.packages, "layers": checked.layers, "pins": checked.pins,
            "problems": shown(&checked.problems), "removed": shown(&removed) })
    });
    Ok(if checked.problems.is_empty() {
        Outcome::Done
    } else {
        Outcome::No(Class::Environment)
    })
}

fn text(store: &Store, checked: &Checked, removed: &[Problem]) -> String {
    let mut text = String::new();
    let mut list = |word: &str, colour: anstyle::Style, problems: &[Problem], verb: &str| {
        for problem in problems {
            let path = problem.path.strip_prefix(store.root());
            let path = escape(&path.unwrap_or(&problem.path).display().to_string());
            let _ = writeln!(
                text,
                "{colour}{word:<8}{} {path}\n         {}\n         {verb}{}",
                style::RESET,
                escape(&problem.what),
                store.remedy(problem)
            );
        }
    };
    list("removed", style::WARNING, removed, "");
    list(
        "damaged",
        style::ERROR,
        &checked.problems,
        "when it is removed: ",
    );
    let Checked {
        blobs,
        packages,
        layers,
        pins,
        ..
    } = checked;
    let counts = format!("{blobs} blobs, {packages} packages, {layers} layers, {pins} pins");
    match checked.problems.len() {
        0 => {
            let _ = writeln!(text, "{}whole{}    {counts}", style::GOOD, style::RESET);
        }
        count => {
            let _ = writeln!(
                text,
                "\n{counts}; {count} damaged\n\n{}hint:{} `goldsmith doctor --store --repair` removes what is damaged",
                style::HINT,
                style::RESET
            );
        }
    }
    text
}
