//! A store of ten thousand layers: what it takes to list it, to look at all of it, and to collect
//! the unused part of it or everything.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::measure::{Cost, cost, median};
use super::{Options, page};
use crate::sh::{self, Outcome, step};

const LAYERS: &str = "10000";
/// Not used for longer than `gc` lets things lie.
const OLD: &str = "100";

pub(super) fn run(options: Options) -> Outcome {
    let rounds = options.rounds;
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
        make(&home)?;
        for (costs, (_, arguments)) in costs.iter_mut().zip(commands) {
            costs.push(cost(&goldsmith(&home, arguments))?);
        }
    }
    make(&home)?;
    let all = home.display().to_string();
    let removal = [cost(&sh::command("rm", &["-rf", &all]))?];
    let rows = costs
        .iter()
        .map(Vec::as_slice)
        .zip(commands.iter().map(|(name, _)| *name));
    let rows = rows.chain([(&removal[..], "(`rm -rf` of such a store, once)")]);
    let mut text = format!(
        "A store of {LAYERS} layers in chains of 20, a file each; listing and collecting under a second each are wanted.\n\n\
         | `goldsmith` | s wall | s cpu | MiB peak |\n|---|--:|--:|--:|\n"
    );
    for (costs, name) in rows {
        let figure = |of: fn(&Cost) -> f64| median(costs.iter().map(of).collect());
        let peak = costs.iter().map(|c| c.peak_kib).max().unwrap_or(0) >> 10;
        let (wall, cpu) = (figure(|c| c.wall), figure(|c| c.cpu));
        let _ = writeln!(text, "| {name} | {wall:.2} | {cpu:.2} | {peak} |");
    }
    fs::remove_dir_all(&place).map_err(|e| e.to_string())?;
    page::put("store", "A large store", options, &text)
}

/// A store of layers, written to the disk: that is none of the commands' time.
fn make(home: &Path) -> Outcome {
    sh::check(&mut sh::command(
        sh::target().join("release/examples/many_layers"),
        &[&home.join("store").to_string_lossy(), LAYERS, OLD],
    ))?;
    sh::run("sync", &[])
}

fn goldsmith(home: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = sh::command(sh::target().join("release/goldsmith"), arguments);
    command.env("GOLDSMITH_HOME", home);
    command
}
