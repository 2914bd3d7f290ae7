//! A store of ten thousand layers: what it takes to list it, to look at all of it, and to collect
//! the unused part of it or everything.

use std::fs;
use std::path::Path;

use super::measure::{Cost, cost, row};
use crate::sh::{self, Outcome, step};

const LAYERS: &str = "10000";
/// Not used for longer than `gc` lets things lie.
const OLD: &str = "100";

pub(super) fn run(rounds: usize) -> Outcome {
    step("build goldsmith", || {
        let build = ["build", "--release", "--locked", "--package"];
        sh::run("cargo", &[&build[..], &["goldsmith-cli"]].concat())?;
        let example = ["goldsmith-build", "--example", "many_layers"];
        sh::run("cargo", &[&build[..], &example[..]].concat())
    })?;
    let place = sh::target().join("bench/store");
    let home = place.join("home");
    fs::create_dir_all(&place).map_err(|e| e.to_string())?;
    let commands: [(&str, &[&str]); 4] = [
        ("gc --dry-run --json", &["gc", "--dry-run", "--json"]),
        ("doctor --store --json", &["doctor", "--store", "--json"]),
        ("gc, 100 of them unused", &["gc"]),
        ("gc of all that is left", &["gc", "--unused-for", "0s"]),
    ];
    let mut costs: [Vec<Cost>; 4] = Default::default();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        drop(fs::remove_dir_all(&home));
        sh::check(&mut sh::command(
            sh::target().join("release/examples/many_layers"),
            &[&home.join("store").to_string_lossy(), LAYERS, OLD],
        ))?;
        // What the store's making has left to be written is none of the commands' time.
        sh::run("sync", &[])?;
        for (costs, (_, arguments)) in costs.iter_mut().zip(commands) {
            costs.push(cost(&goldsmith(&home, arguments))?);
        }
    }
    println!("\na store of {LAYERS} layers in chains of 20, a file each; {rounds} rounds");
    for (costs, (name, _)) in costs.iter().zip(commands) {
        row(name, costs);
    }
    fs::remove_dir_all(&place).map_err(|e| e.to_string())
}

fn goldsmith(home: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = sh::command(sh::target().join("release/goldsmith"), arguments);
    command.env("GOLDSMITH_HOME", home);
    command
}
