//! Figures, each against its peer in the same run: these machines are noisy, ratios are not.

mod build;
mod cli;
mod component;
mod export;
mod measure;
mod scan;
mod store;

use crate::sh::Outcome;

/// A benchmark: its name, and what runs it as many rounds as are asked for.
type Benchmark = (&'static str, fn(usize) -> Outcome);

const ALL: &[Benchmark] = &[
    ("build", build::run),
    ("cli", cli::run),
    ("component", component::run),
    ("store", store::run),
    ("export", export::run),
    ("scan", scan::run),
];

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let which = arguments.first().map_or("all", String::as_str);
    let rounds = match arguments.get(1) {
        None => 3,
        Some(text) => text
            .parse()
            .map_err(|_| format!("`{text}` is no number of rounds"))?,
    };
    if which == "all" {
        return ALL.iter().try_for_each(|(_, run)| run(rounds));
    }
    let Some((_, run)) = ALL.iter().find(|(name, _)| *name == which) else {
        let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "there is no benchmark `{which}`; there are: {}, all",
            names.join(", ")
        ));
    };
    run(rounds)
}
