//! `goldsmith component`: the library of components.

use goldsmith_component::library;

use crate::app::App;
use crate::args::Outcome;
use crate::output::table;
use crate::report::CmdError;

/// Look at the components that ship with Goldsmith
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List them
    ///
    /// Example: goldsmith component list
    List,
    /// Show the document and the parameters of one
    ///
    /// Example: goldsmith component show timezone
    Show {
        /// Its name
        name: String,
    },
}

pub(crate) fn run(command: &Command, app: &App) -> Result<Outcome, CmdError> {
    match command {
        Command::List => list(app),
        Command::Show { name } => show(app, name)?,
    }
    Ok(Outcome::Done)
}

fn list(app: &App) {
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
}

fn show(app: &App, name: &str) -> Result<(), CmdError> {
    let Some(component) = library::find(name) else {
        let known: Vec<&str> = library::ALL.iter().map(|c| c.name).collect();
        return Err(CmdError::usage(format!("there is no component `{name}`"))
            .hint(format!("there are: {}", known.join(", "))));
    };
    let document = component.document();
    let parameters: Vec<_> = document
        .parameters()
        .map(|p| {
            (
                p.name.to_owned(),
                p.description.to_owned(),
                p.default.map(str::to_owned),
            )
        })
        .collect();
    app.output.result(component.text, || {
        let shown: Vec<_> = parameters
            .iter()
            .map(|(name, what, default)| serde_json::json!({ "name": name, "description": what, "default": default }))
            .collect();
        serde_json::json!({ "name": name, "version": component.version(), "description": document.description(),
            "phases": document.phases().collect::<Vec<_>>(), "parameters": shown, "document": component.text })
    });
    Ok(())
}
