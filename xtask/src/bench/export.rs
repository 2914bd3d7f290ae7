//! Every format of the example's disk against the tool that people make it with.
//!
//! Ours checks the disk's digest, computes the SHA-256 of the file and waits until it is on the
//! host's disk; the peers only write, so that theirs are also given with what a user then does.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::measure::{Cost, cost, median, ratio};
use super::{Options, page};
use crate::sh::{self, Outcome, step};

/// A format, how it is called here, and the script that makes `$2` of the raw disk `$1` elsewhere.
const FORMATS: &[(&str, &str, &str)] = &[
    (
        "qcow2",
        "qemu-img -c, zstd",
        "qemu-img convert -c -O qcow2 -o compression_type=zstd \"$1\" \"$2\"",
    ),
    (
        "qcow2-zlib",
        "qemu-img -c",
        "qemu-img convert -c -O qcow2 \"$1\" \"$2\"",
    ),
    (
        "vmdk",
        "qemu-img streamOptimized",
        "qemu-img convert -O vmdk -o subformat=streamOptimized \"$1\" \"$2\"",
    ),
    (
        "vhd",
        "qemu-img vpc fixed",
        "qemu-img convert -O vpc -o subformat=fixed,force_size=on \"$1\" \"$2\"",
    ),
    (
        "vhd-dynamic",
        "qemu-img vpc",
        "qemu-img convert -O vpc -o force_size=on \"$1\" \"$2\"",
    ),
    (
        "vhdx",
        "qemu-img vhdx",
        "qemu-img convert -O vhdx \"$1\" \"$2\"",
    ),
    (
        "gce",
        "tar -S | gzip",
        "tar -S --format=oldgnu -C \"${1%/*}\" -c disk.raw | gzip > \"$2\"",
    ),
    ("raw.zst", "zstd -T0", "zstd -q -T0 \"$1\" -o \"$2\""),
    ("raw", "cp --sparse", "cp --sparse=always \"$1\" \"$2\""),
];

/// What makes a peer's file one to hand over.
const AFTERWARDS: &str = "sync \"$1\" && sha256sum \"$1\"";

/// What one side cost, and the size of its file in bytes.
#[derive(Default)]
struct Side {
    costs: Vec<Cost>,
    /// With [`AFTERWARDS`]; none of ours.
    whole: Vec<Cost>,
    size: u64,
}

pub(super) fn run(options: Options) -> Outcome {
    let rounds = options.rounds;
    step("build goldsmith", || {
        let arguments = [
            "build",
            "--release",
            "--locked",
            "--package",
            "goldsmith-cli",
        ];
        sh::run("cargo", &arguments)
    })?;
    let place = sh::target().join("bench/export");
    step("build the example", || example(&place))?;
    let raw = place.join("home/images/web/1.0.0-1/disk.raw");
    let (ours, theirs) = (place.join("ours"), place.join("theirs"));
    let mut sides: Vec<(Side, Side)> = FORMATS.iter().map(|_| Default::default()).collect();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        for ((format, _, script), (a, b)) in FORMATS.iter().zip(&mut sides) {
            let output = ours.to_string_lossy();
            let export = ["export", "web", "--format", format, "--output", &output];
            a.add(&goldsmith(&place, &export), &ours, None)?;
            let mut peer = sh::command("bash", &["-o", "pipefail", "-ec", script, "peer"]);
            peer.args([&raw, &theirs]);
            let mut afterwards = sh::command("sh", &["-ec", AFTERWARDS, "afterwards"]);
            afterwards.arg(&theirs);
            b.add(&peer, &theirs, Some(&afterwards))?;
        }
    }
    let mut text = String::from(
        "The disk of the nginx example in each format; times and sizes of theirs as multiples of ours. Ours checks the disk's digest, \
         computes the SHA-256 of the file and waits until it is on the host's disk; the peers only write: \"whole\" is with `sync` and \
         `sha256sum` of their file after it. At least 2 (wall) at equal or smaller size is wanted of the compressed ones.\n\n\
         | format | s wall | s cpu | MB | peer | s wall | s cpu | MB | s wall, whole | wall | wall, whole | cpu | size |\n\
         |---|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for ((format, peer, _), (a, b)) in FORMATS.iter().zip(&sides) {
        let _ = writeln!(
            text,
            "| {format} | {} | {peer} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.3} |",
            a.figures(),
            b.figures(),
            median(b.whole.iter().map(|cost| cost.wall).collect()),
            ratio(&b.costs, &a.costs, |cost| cost.wall),
            ratio(&b.whole, &a.costs, |cost| cost.wall),
            ratio(&b.costs, &a.costs, |cost| cost.cpu),
            mb(b.size) / mb(a.size),
        );
    }
    page::put("export", "Formats", options, &text)
}

impl Side {
    /// Runs a command that makes `file`, which is then removed, and what comes after it.
    fn add(&mut self, command: &Command, file: &PathBuf, then: Option<&Command>) -> Outcome {
        drop(fs::remove_file(file));
        let bare = cost(command)?;
        self.costs.push(bare);
        if let Some(then) = then {
            let more = cost(then)?;
            self.whole.push(Cost {
                wall: bare.wall + more.wall,
                cpu: bare.cpu + more.cpu,
                peak_kib: bare.peak_kib.max(more.peak_kib),
            });
        }
        self.size = fs::metadata(file)
            .map_err(|e| format!("{}: {e}", file.display()))?
            .len();
        fs::remove_file(file).map_err(|e| e.to_string())
    }

    fn figures(&self) -> String {
        let middle = |of: fn(&Cost) -> f64| median(self.costs.iter().map(of).collect());
        format!(
            "{:.2} | {:.2} | {:.1}",
            middle(|cost| cost.wall),
            middle(|cost| cost.cpu),
            mb(self.size)
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn goldsmith(place: &Path, arguments: &[&str]) -> Command {
    let mut command = sh::command(sh::target().join("release/goldsmith"), arguments);
    command
        .current_dir(place.join("project"))
        .env("GOLDSMITH_HOME", place.join("home"));
    command
}

/// The image, built of real packages unless it is there.
fn example(place: &Path) -> Outcome {
    let project = place.join("project");
    if !project.join("goldsmith.lock").exists() {
        fs::create_dir_all(place).map_err(|e| e.to_string())?;
        let (from, to) = (
            sh::root().join("examples/nginx"),
            project.display().to_string(),
        );
        sh::run("cp", &["-r", &from.display().to_string(), &to])?;
        sh::check(&mut goldsmith(place, &["lock"]))?;
    }
    // One image, of the packages that are locked: the first of its version.
    drop(fs::remove_dir_all(place.join("home/images")));
    sh::check(&mut goldsmith(place, &["build", "web"]))
}
