//! Figures, each against its peer in the same run: these machines are noisy, ratios are not.

mod build;
mod cli;
mod component;
mod export;
mod measure;
mod store;

use crate::sh::Outcome;

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let which = arguments.first().map_or("all", String::as_str);
    let rounds = match arguments.get(1) {
        None => 3,
        Some(text) => text
            .parse()
            .map_err(|_| format!("`{text}` is no number of rounds"))?,
    };
    match which {
        "build" => build::run(rounds),
        "cli" => cli::run(rounds),
        "component" => component::run(rounds),
        "export" => export::run(rounds),
        "store" => store::run(rounds),
        "all" => build::run(rounds)
            .and_then(|()| cli::run(rounds))
            .and_then(|()| component::run(rounds))
            .and_then(|()| export::run(rounds))
            .and_then(|()| store::run(rounds)),
        other => Err(format!(
            "there is no benchmark `{other}`; there are: build, cli, component, export, store, all"
        )),
    }
}
