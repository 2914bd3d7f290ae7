//! Ten thousand stored lists of packages held against a new feed.

use std::fs;
use std::path::PathBuf;

use super::Options;
use super::measure::{Cost, cost, row};
use crate::sh::{self, Outcome, step};

const IMAGES: &str = "10000";

pub(super) fn run(options: Options) -> Outcome {
    let rounds = options.rounds;
    let data = data()?;
    step("build the example `many_images`", || {
        let build = ["build", "--release", "--locked", "--package"];
        let example = ["goldsmith-advisory", "--example", "many_images"];
        sh::run("cargo", &[&build[..], &example[..]].concat())
    })?;
    let place = sh::target().join("bench/scan");
    drop(fs::remove_dir_all(&place));
    fs::create_dir_all(&place).map_err(|e| e.to_string())?;
    let example = sh::target().join("release/examples/many_images");
    let folder = place.to_string_lossy();
    let inventory = data.join("debian12-inventory-12.15.jsonl.zst");
    let make = ["make", &inventory.to_string_lossy(), &folder, IMAGES];
    sh::check(&mut sh::command(&example, &make))?;
    let feed = data.join("debian12-fixes.json.zst");
    let hold = ["match", &feed.to_string_lossy(), &folder];
    let mut costs: Vec<Cost> = Vec::new();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        costs.push(cost(&sh::command(&example, &hold))?);
    }
    println!("\n{IMAGES} lists of about 1,050 packages, a Debian 12 server's; {rounds} rounds");
    row("read the feed, match all", &costs);
    fs::remove_dir_all(&place).map_err(|e| e.to_string())
}

/// The data sets beside the project.
fn data() -> Result<PathBuf, String> {
    let found = sh::root()
        .ancestors()
        .map(|above| above.join("shared/data/vuln"))
        .find(|path| path.is_dir());
    found.ok_or_else(|| {
        "this needs the data sets in `shared/data/vuln` beside the project".to_owned()
    })
}
