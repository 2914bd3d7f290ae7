//! Everything the gate checks, in the order in which it fails soonest.

use std::path::PathBuf;

use crate::sh::{self, Outcome, step};
use crate::{r#gen, layers, runner, setup, tidy};

pub(crate) fn run(_arguments: &[String]) -> Outcome {
    step("setup", setup::for_tests)?;
    step("format", || sh::run("cargo", &["fmt", "--all", "--check"]))?;
    step("tidy", || tidy::run(&[]))?;
    step("layers", || layers::run(&[]))?;
    step("clippy", || {
        sh::run(
            "cargo",
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ],
        )
    })?;
    step("deny", deny)?;
    step("generated files", || r#gen::run(&["--check".to_owned()]))?;
    // The tests of remote runs put on their machines what a user would.
    let mut program = PathBuf::new();
    step("static runner", || {
        program = runner::build()?;
        Ok(())
    })?;
    step("tests", || {
        let arguments = [
            "nextest",
            "run",
            "--workspace",
            "--locked",
            "--no-fail-fast",
        ];
        let mut nextest = sh::command("cargo", &arguments);
        sh::check(nextest.env("GOLDSMITH_RUNNER", &program))
    })?;
    step("doc tests", || {
        sh::run(
            "cargo",
            &["test", "--workspace", "--locked", "--doc", "--quiet"],
        )
    })
}

/// Licences, sources and bans of every dependency. Advisories need a database from the
/// network that a closed machine does not reach, so they are checked where it can be had.
fn deny() -> Outcome {
    if !sh::has("cargo-deny") {
        println!("installing cargo-deny with cargo");
        sh::run(
            "cargo",
            &["install", "--locked", "--quiet", "--debug", "cargo-deny"],
        )?;
    }
    // What is for other systems only is looked at, too, and no build has fetched it.
    sh::run("cargo", &["fetch", "--locked", "--quiet"])?;
    sh::run(
        "cargo",
        &[
            "deny",
            "--offline",
            "--log-level",
            "error",
            "check",
            "bans",
            "licenses",
            "sources",
        ],
    )
}
