//! A catalog of a million images: what it takes to ask it, in a process that has it open and as a
//! command.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::measure::{Cost, cost, median};
use super::{Options, page};
use crate::sh::{self, Outcome, step};

const IMAGES: &str = "1000000";

pub(super) fn run(options: Options) -> Outcome {
    step("build goldsmith", || {
        let build = ["build", "--release", "--locked", "--package"];
        sh::run("cargo", &[&build[..], &["goldsmith-cli"]].concat())?;
        let example = ["goldsmith-catalog", "--example", "many_images"];
        sh::run("cargo", &[&build[..], &example[..]].concat())
    })?;
    let place = sh::target().join("bench/catalog");
    let home = place.join("home");
    drop(fs::remove_dir_all(&place));
    fs::create_dir_all(&home).map_err(|e| e.to_string())?;
    step("fill a catalog", || {
        sh::check(&mut many_images(&["fill", &home.to_string_lossy(), IMAGES]))
    })?;
    let mut text = format!(
        "A catalog of {IMAGES} images of 2000 recipes, 200 times each question of another image; wanted are 5 ms for one image\n\
         and 50 ms for a page of 50.\n\n| question | ms, median | ms, longest |\n|---|--:|--:|\n"
    );
    let output = many_images(&["measure", &home.to_string_lossy()])
        .output()
        .map_err(|e| format!("cannot start the example: {e}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    let commands: [&[&str]; 3] = [
        &["resolve", "family-0001@production", "--target", "local/lab"],
        &["images", "family-0001", "--state", "available", "--json"],
        &["show", "family-0001@production"],
    ];
    text.push_str("\n| `goldsmith` | ms wall | ms cpu |\n|---|--:|--:|\n");
    for arguments in commands {
        let costs = (0..options.rounds.max(5))
            .map(|_| cost(&goldsmith(&home, arguments)))
            .collect::<Result<Vec<Cost>, String>>()?;
        let figure = |of: fn(&Cost) -> f64| median(costs.iter().map(of).collect()) * 1e3;
        let (wall, cpu) = (figure(|c| c.wall), figure(|c| c.cpu));
        let _ = writeln!(text, "| {} | {wall:.0} | {cpu:.0} |", arguments.join(" "));
    }
    let size = fs::metadata(home.join("catalog.sqlite")).map_err(|e| e.to_string())?;
    let _ = writeln!(text, "\nThe file has {} MiB.", size.len() >> 20);
    fs::remove_dir_all(&place).map_err(|e| e.to_string())?;
    page::put("catalog", "A large catalog", options, &text)
}

fn many_images(arguments: &[&str]) -> std::process::Command {
    sh::command(sh::target().join("release/examples/many_images"), arguments)
}

fn goldsmith(home: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = sh::command(sh::target().join("release/goldsmith"), arguments);
    command.env("GOLDSMITH_HOME", home);
    command
}
