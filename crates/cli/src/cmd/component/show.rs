//! `goldsmith component show`: the document and the parameters of one of the library.

use goldsmith_component::library;

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Show the document and the parameters of one
///
/// Example: goldsmith component show timezone
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its name
    name: String,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let name = &args.name;
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
            "distributions": component.distributions().collect::<Vec<_>>(),
            "packages": library::packages([component.name]),
            "phases": document.phases().collect::<Vec<_>>(), "parameters": shown, "page": component.page, "document": component.text })
    });
    Ok(Outcome::Done)
}
