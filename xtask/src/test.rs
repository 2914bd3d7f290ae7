//! Everything the gate checks, in the order in which it fails soonest.

use crate::sh::{self, Outcome, step};
use crate::{r#gen, layers, setup, tidy};

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
    step("tests", || {
        sh::run(
            "cargo",
            &[
                "nextest",
                "run",
                "--workspace",
                "--locked",
                "--no-fail-fast",
            ],
        )
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
