//! `goldsmith component list`: what ships with Goldsmith.

use goldsmith_component::library;

use crate::app::App;
use crate::args::Outcome;
use crate::output::table;
use crate::report::CmdError;

/// List them
///
/// Example: goldsmith component list
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the signature that every command has"
)]
pub(crate) fn run(_args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let rows: Vec<[String; 3]> = library::ALL
        .iter()
        .map(|component| {
            [
                component.name.to_owned(),
                component.version().to_owned(),
                component.document().description().to_owned(),
            ]
        })
        .collect();
    if app.output.is_json {
        let shown: Vec<_> = rows.iter().map(|[name, version, what]| serde_json::json!({ "name": name, "version": version, "description": what })).collect();
        app.output.json(&serde_json::json!({ "components": shown }));
    } else {
        app.output
            .text(&table(["COMPONENT", "VERSION", "WHAT IT DOES"], rows));
    }
    Ok(Outcome::Done)
}
