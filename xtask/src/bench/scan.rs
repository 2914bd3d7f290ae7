//! A disk scanned for everything, beside tools that look for a part of it; and ten thousand stored
//! lists of packages held against a new feed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::measure::{Cost, cost, median};
use super::{Options, example, page};
use crate::setup;
use crate::sh::{self, Outcome, step};

const IMAGES: &str = "10000";

/// One that is measured.
struct Side {
    name: &'static str,
    looks_for: &'static str,
    command: Command,
    costs: Vec<Cost>,
    /// Why it gave no figures.
    failed: Option<String>,
}

pub(super) fn run(options: Options) -> Outcome {
    step("build goldsmith and the example `many_images`", || {
        let build = ["build", "--release", "--locked", "--package"];
        let example = ["goldsmith-advisory", "--example", "many_images"];
        sh::run("cargo", &[&build[..], &["goldsmith-cli"]].concat())?;
        sh::run("cargo", &[&build[..], &example].concat())
    })?;
    let place = sh::target().join("bench/scan");
    let mut disk = PathBuf::new();
    step("build the example", || {
        example::nginx(&place).map(|made| disk = made)
    })?;
    let feed = data()?.join("debian12-fixes.json.zst");
    let feed = feed.to_string_lossy();
    sh::check(&mut example::goldsmith(&place, &["feed", "import", &feed]))?;
    let all = "software, vulnerabilities, leaks, secrets";
    let scan = |more: &[&str]| example::goldsmith(&place, &[&["scan", "web"][..], more].concat());
    let mut sides = vec![
        side("goldsmith scan", all, scan(&[])),
        side(
            "goldsmith scan --profile cis-2",
            "the same, and 200 checks of hardening",
            scan(&["--profile", "cis-2"]),
        ),
    ];
    if options.peers {
        sides.extend(peers(&place, &disk)?);
    }
    sides.push(side(
        "goldsmith, 10,000 stored lists",
        "vulnerabilities, without the disks",
        many_images(&place, &feed)?,
    ));
    for round in 1..=options.rounds {
        println!("round {round} of {}", options.rounds);
        for side in &mut sides {
            match cost(&side.command) {
                Ok(cost) => side.costs.push(cost),
                Err(why) => side.failed = Some(why),
            }
        }
    }
    fs::remove_dir_all(place.join("lists")).map_err(|e| e.to_string())?;
    page::put("scan", "Scans", options, &text(&sides, &disk)?)
}

fn side(name: &'static str, looks_for: &'static str, command: Command) -> Side {
    Side {
        name,
        looks_for,
        command,
        costs: Vec::new(),
        failed: None,
    }
}

/// What else looks at an image, on its tree.
fn peers(place: &Path, disk: &Path) -> Result<Vec<Side>, String> {
    let script = place.join("peers.sh");
    fs::write(&script, include_str!("peers/scan.sh")).map_err(|e| e.to_string())?;
    let peer = |name: &str, more: &[&str]| {
        let mut command = sh::command("bash", &[&script.to_string_lossy(), name]);
        command.arg(place).args(more);
        command
    };
    step("install the peers", || {
        sh::check(&mut peer("install", &[]))?;
        setup::rules(place)
    })?;
    step("lay the tree out for them", || {
        sh::check(&mut peer("tree", &[&disk.to_string_lossy()]))
    })?;
    Ok(vec![
        side("lynis --rootdir", "hardening", peer("lynis", &[])),
        side(
            "oscap, profile standard",
            "44 rules of hardening",
            peer("oscap", &[]),
        ),
        side(
            "detect-secrets --all-files",
            "secrets",
            peer("detect-secrets", &[]),
        ),
        side("debsecan", "vulnerabilities", peer("debsecan", &[])),
    ])
}

/// Writes the lists; what reads the feed and matches them.
fn many_images(place: &Path, feed: &str) -> Result<Command, String> {
    let lists = place.join("lists");
    drop(fs::remove_dir_all(&lists));
    fs::create_dir_all(&lists).map_err(|e| e.to_string())?;
    let program = sh::target().join("release/examples/many_images");
    let folder = lists.to_string_lossy();
    let inventory = data()?.join("debian12-inventory-12.15.jsonl.zst");
    let make = ["make", &inventory.to_string_lossy(), &folder, IMAGES];
    sh::check(&mut sh::command(&program, &make))?;
    Ok(sh::command(&program, &["match", feed, &folder]))
}

fn text(sides: &[Side], disk: &Path) -> Result<String, String> {
    use std::os::unix::fs::MetadataExt as _;
    let used = fs::metadata(disk).map_err(|e| e.to_string())?.blocks() * 512 / 1_000_000;
    let mut text = format!(
        "The disk of the nginx example, {used} MB of data, opened as it is; the peers have its tree laid out for them. At most 5 s and 300 MB are \
         wanted of a scan, 10 s of 10,000 stored lists of about 1,050 packages, the feed read first.\n\n\
         | | looks for | s wall | s cpu | peak MiB |\n|---|---|--:|--:|--:|\n"
    );
    for side in sides {
        let (name, looks_for) = (side.name, side.looks_for);
        let middle = |of: fn(&Cost) -> f64| median(side.costs.iter().map(of).collect());
        let peak = side.costs.iter().map(|cost| cost.peak_kib).max();
        let _ = match (&side.failed, peak) {
            (None, Some(peak)) => writeln!(
                text,
                "| {name} | {looks_for} | {:.2} | {:.2} | {} |",
                middle(|cost| cost.wall),
                middle(|cost| cost.cpu),
                peak / 1024
            ),
            (why, _) => {
                let why = why.as_deref().unwrap_or("not run");
                let last = why.lines().rfind(|line| !line.trim().is_empty());
                writeln!(
                    text,
                    "| {name} | {looks_for} | did not run here: {} | | |",
                    last.unwrap_or(why).trim()
                )
            }
        };
    }
    Ok(text)
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
