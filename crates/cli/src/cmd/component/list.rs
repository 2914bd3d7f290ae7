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
    let described = library::ALL
        .iter()
        .map(|component| (component, component.document().description().to_owned()));
    if app.output.is_json {
        let shown: Vec<_> = described
            .map(|(component, what)| {
                serde_json::json!({ "name": component.name, "version": component.version(), "description": what,
                    "distributions": component.distributions().collect::<Vec<_>>(),
                    "packages": component.packages().collect::<Vec<_>>() })
            })
            .collect();
        app.output.json(&serde_json::json!({ "components": shown }));
    } else {
        let rows: Vec<[String; 3]> = described
            .map(|(component, what)| {
                let (name, version) = (component.name, component.version());
                [name.to_owned(), version.to_owned(), what]
            })
            .collect();
        app.output
            .text(&table(["COMPONENT", "VERSION", "WHAT IT DOES"], rows));
    }
    Ok(Outcome::Done)
}
