//! The storms of the tests, for longer than the gate can wait: `cargo xtask storm 1000`.

use std::process::Command;

use crate::setup;
use crate::sh::{self, Outcome, step};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let runs = arguments.first().map_or("1000", String::as_str);
    let runs: u32 = runs
        .parse()
        .map_err(|_| format!("`{runs}` is no number of runs"))?;
    step("setup", setup::for_tests)?;
    let mut command = Command::new("cargo");
    command
        .current_dir(sh::root())
        .env("GOLDSMITH_STORM_RUNS", runs.to_string())
        .args(["nextest", "run", "--no-capture", "--profile", "storm"])
        .args([
            "--package",
            "goldsmith-provider",
            "--package",
            "goldsmith-runner",
        ])
        .args(["--filterset", "test(a_storm_leaves)"]);
    sh::check(&mut command)
}
