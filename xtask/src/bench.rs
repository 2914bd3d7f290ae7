//! Figures, each against its peer in the same run: these machines are noisy, ratios are not.

mod aws;
mod build;
mod catalog;
mod cli;
mod component;
mod example;
mod export;
mod lifecycle;
mod measure;
mod page;
mod peers;
mod scan;
mod store;

use crate::sh::Outcome;

/// How a benchmark is run.
#[derive(Debug, Clone, Copy)]
struct Options {
    /// How often each side is run.
    rounds: usize,
    /// Whether also against the peers that take long or have to be installed.
    peers: bool,
}

/// A benchmark: its name, and what runs it.
type Benchmark = (&'static str, fn(Options) -> Outcome);

const ALL: &[Benchmark] = &[
    ("aws", aws::run),
    ("build", build::run),
    ("boot", build::boot::run),
    ("cli", cli::run),
    ("component", component::run),
    ("store", store::run),
    ("export", export::run),
    ("scan", scan::run),
    ("catalog", catalog::run),
    ("lifecycle", lifecycle::run),
];

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let (flags, words): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|word| word.starts_with("--"));
    if let Some(flag) = flags.iter().find(|flag| *flag != &"--peers") {
        return Err(format!("there is no option `{flag}`; there is `--peers`"));
    }
    let which = words.first().map_or("all", |word| word.as_str());
    let rounds = match words.get(1) {
        None => 3,
        Some(text) => text
            .parse()
            .map_err(|_| format!("`{text}` is no number of rounds"))?,
    };
    let options = Options {
        rounds,
        peers: !flags.is_empty(),
    };
    if which == "all" {
        return ALL.iter().try_for_each(|(_, run)| run(options));
    }
    let Some((_, run)) = ALL.iter().find(|(name, _)| *name == which) else {
        let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "there is no benchmark `{which}`; there are: {}, all",
            names.join(", ")
        ));
    };
    run(options)
}
