//! A hundred thousand images held against a lifecycle policy.

use super::Options;
use super::measure::{Cost, cost, row};
use crate::sh::{self, Outcome, step};

const IMAGES: &str = "100000";

pub(super) fn run(options: Options) -> Outcome {
    step("build the example `retention`", || {
        let build = ["build", "--release", "--locked", "--package"];
        let example = ["goldsmith-plan", "--example", "retention"];
        sh::run("cargo", &[&build[..], &example[..]].concat())
    })?;
    let example = sh::target().join("release/examples/retention");
    let mut costs: Vec<Cost> = Vec::new();
    for round in 1..=options.rounds {
        println!("round {round} of {}", options.rounds);
        costs.push(cost(&sh::command(&example, &[IMAGES]))?);
    }
    println!(
        "\n{IMAGES} images of 100 families, made up and planned for; {} rounds",
        options.rounds
    );
    row("plan all", &costs);
    Ok(())
}
