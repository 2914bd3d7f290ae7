//! Automation of the repository. `cargo xtask` alone lists what there is.
//!
//! `test` and `demo` are the two commands of the README: each brings a fresh
//! Debian or Ubuntu machine to where it can run, saying what it installs.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for people at a terminal"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "automation runs tools and reads its environment"
)]

mod bench;
mod demo;
mod fuzz;
mod r#gen;
mod layers;
mod runner;
mod setup;
mod sh;
mod storm;
mod test;
mod tidy;

use std::process::ExitCode;

/// One thing to run: its name, what it is for, and the function.
type Task = (&'static str, &'static str, fn(&[String]) -> sh::Outcome);

const TASKS: &[Task] = &[
    (
        "demo",
        "set up, build the nginx example from real packages, boot it, show the report",
        demo::run,
    ),
    ("test", "set up, then everything the gate checks", test::run),
    (
        "setup",
        "install what the tests and the demo need (Debian, Ubuntu)",
        setup::run,
    ),
    (
        "tidy",
        "file sizes, module docs, forbidden words, machine paths",
        tidy::run,
    ),
    (
        "layers",
        "the edges between crates against the table in ARCHITECTURE.md",
        layers::run,
    ),
    (
        "gen",
        "write the generated files; --check fails when they are stale",
        r#gen::run,
    ),
    (
        "runner",
        "build the static goldsmith-runner and check that it is one",
        runner::run,
    ),
    (
        "fuzz",
        "TARGET SECONDS: feed a parser with what it never saw",
        fuzz::run,
    ),
    (
        "storm",
        "RUNS: images brought to AWS, and made there, while one call of five goes wrong",
        storm::run,
    ),
    (
        "bench",
        "NAME ROUNDS [--peers]: measure beside others; writes docs/benchmarks.md",
        bench::run,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().map_or("", String::as_str);
    let Some((_, _, task)) = TASKS.iter().find(|(task, _, _)| *task == name) else {
        eprintln!("usage: cargo xtask TASK\n");
        for (task, summary, _) in TASKS {
            eprintln!("  {task:<8} {summary}");
        }
        return ExitCode::from(2);
    };
    match task(&arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nerror: {message}");
            ExitCode::FAILURE
        }
    }
}
