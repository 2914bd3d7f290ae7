//! Images of AWS: a disk into a snapshot beside coldsnap, what an update sends, and an image made on an
//! instance beside Packer; all against the strict fake, in a process of its own.
//!
//! The server's part is the same for every side and is in none of the processor times. It answers at
//! once, which no cloud does, and a snapshot that is written is complete at once, too (coldsnap does not
//! wait for that); what is made of instances is pending for some seconds.

mod server;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::measure::{Cost, cost, median, ratio};
use super::peers::Peers;
use super::{Options, example, page};
use crate::sh::{self, Outcome, step};
use server::Server;

/// A side, what it cost, and what it called for.
struct Row {
    name: &'static str,
    costs: Vec<Cost>,
    calls: Vec<(String, u64)>,
    problem: Option<String>,
}

impl Row {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            costs: Vec::new(),
            calls: Vec::new(),
            problem: None,
        }
    }

    /// Runs a side once. What a peer cannot do is said in its row.
    fn round(&mut self, server: &mut Server, command: &Command) -> Outcome {
        server.calls()?;
        match cost(command) {
            Ok(cost) => self.costs.push(cost),
            Err(why) => self.problem = Some(why),
        }
        self.calls = server.calls()?;
        Ok(())
    }

    fn of(&self, name: &str) -> u64 {
        let named = self.calls.iter().filter(|(call, _)| call == name);
        named.map(|(_, count)| count).sum()
    }

    fn all(&self) -> u64 {
        self.calls.iter().map(|(_, count)| count).sum()
    }
}

const OURS: &str = "goldsmith, a disk into a snapshot";
const NEXT: &str = "goldsmith, the next version of the disk";
const COLDSNAP: &str = "coldsnap upload --omit-zero-blocks";
const COLDSNAP_ALL: &str = "coldsnap upload";
const INSTANCE: &str = "goldsmith build, an image made on an instance";
const PACKER: &str = "Packer amazon-ebs";

pub(super) fn run(options: Options) -> Outcome {
    step("build goldsmith, the server and the uploader", || {
        let build = ["build", "--release", "--locked"];
        let with = |more: &[&str]| sh::run("cargo", &[&build[..], more].concat());
        with(&[
            "--package",
            "goldsmith-cli",
            "--package",
            "goldsmith-runner",
        ])?;
        with(&["--package", "goldsmith-testing", "--example", "aws"])?;
        with(&["--package", "goldsmith-provider", "--example", "upload"])
    })?;
    let place = sh::target().join("bench/aws");
    let mut disks = (PathBuf::new(), PathBuf::new());
    step("build the disk in two versions", || {
        disks = two_disks(&place)?;
        Ok(())
    })?;
    let peers = Peers::new(&[])?;
    if options.peers {
        step("install the peers", || {
            peers.install()?;
            peers.install_coldsnap()
        })?;
    }
    let mut uploads = [OURS, NEXT, COLDSNAP, COLDSNAP_ALL].map(Row::new);
    let mut paths = [INSTANCE, PACKER].map(Row::new);
    let count = if options.peers { uploads.len() } else { 2 };
    for round in 1..=options.rounds {
        println!("round {round} of {}", options.rounds);
        // Each side has a server of its own, which keeps what it is sent in memory.
        let kept = place.join("kept");
        drop(fs::remove_dir_all(&kept));
        let mut server = Server::start(0, None)?;
        for (row, (name, disk)) in uploads
            .iter_mut()
            .zip([("one", &disks.0), ("two", &disks.1)])
        {
            let command = upload(&server.url, &kept, name, disk);
            row.round(&mut server, &command)?;
        }
        for (row, more) in uploads[2..count]
            .iter_mut()
            .zip([&["--omit-zero-blocks"][..], &[]])
        {
            let mut server = Server::start(0, None)?;
            let command = peers.coldsnap(&server.url, more, &disks.0);
            row.round(&mut server, &command)?;
        }
        on_instances(&place, &peers, options, &mut paths)?;
    }
    let blocks = uploads[0].of(PUT);
    let text = text(&uploads[..count], blocks) + &calls(&paths, options);
    page::put("aws", "Images of AWS", options, &text)
}

const PUT: &str = "PutSnapshotBlock";

/// The disk of the example, and of its next version with another first page.
fn two_disks(place: &Path) -> Result<(PathBuf, PathBuf), String> {
    let failed = |e: std::io::Error| e.to_string();
    let disk = example::nginx(place)?;
    let (one, two) = (place.join("one.raw"), place.join("two.raw"));
    fs::rename(&disk, &one).map_err(failed)?;
    let greeting = "greeting=Hello again";
    let mut again = example::goldsmith(place, &["build", "web", "--force", "--var", greeting]);
    sh::check(&mut again)?;
    let next = example::newest(&place.join("home/images/web"))?.join("disk.raw");
    fs::rename(next, &two).map_err(failed)?;
    Ok((one, two))
}

fn upload(url: &str, kept: &Path, name: &str, disk: &Path) -> Command {
    let program = sh::target().join("release/examples/upload");
    let words = [url, &kept.to_string_lossy(), name, &disk.to_string_lossy()];
    sh::command(program, &words)
}

/// An image made on an instance, by either side: one script of one line.
fn on_instances(place: &Path, peers: &Peers, options: Options, rows: &mut [Row; 2]) -> Outcome {
    let runner = sh::target().join("release/goldsmith-runner");
    let mut server = Server::start(SETTLES, Some(&runner))?;
    let project = place.join("instance");
    drop(fs::remove_dir_all(&project));
    fs::create_dir_all(&project).map_err(|e| e.to_string())?;
    let text = PROJECT
        .replace("URL", &server.url)
        .replace("BASE", &server.base);
    let write = |name: &str, text: &str| fs::write(project.join(name), text);
    write("web.gold.hcl", &text)
        .and_then(|()| write("touch.yaml", DOCUMENT))
        .map_err(|e| e.to_string())?;
    let goldsmith = |arguments: &[&str]| {
        let mut command = sh::command(sh::target().join("release/goldsmith"), arguments);
        command.current_dir(&project);
        command.env("GOLDSMITH_HOME", project.join("home"));
        command.env("GOLDSMITH_RUNNER", &runner);
        command.env("AWS_ACCESS_KEY_ID", "bench");
        command.env("AWS_SECRET_ACCESS_KEY", "bench");
        command
    };
    sh::check(&mut goldsmith(&["lock"]))?;
    rows[0].round(&mut server, &goldsmith(&["build", "web"]))?;
    if options.peers {
        let command = peers.packer_on_instance(&server.url, &server.base);
        rows[1].round(&mut server, &command)?;
    }
    Ok(())
}

/// For how many seconds what is pending is so, where images are made on instances.
const SETTLES: u32 = 2;

const PROJECT: &str = r#"
source "aws-ami" "base" { id = "BASE" }

infrastructure "aws" "builders" {
  region     = "us-east-1"
  endpoint   = "URL"
  types      = ["m7i.large"]
  user       = "root"
  allow_from = "192.0.2.9"
}

recipe "web" {
  version        = "1.0.x"
  purpose        = "web"
  source         = source.aws-ami.base
  infrastructure = infrastructure.aws.builders
  component "./touch.yaml" {}
}
"#;

const DOCUMENT: &str = "name: touch
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Touch
        action: ExecuteBash
        inputs:
          commands: [echo hello > /etc/motd]
";

fn text(rows: &[Row], blocks: u64) -> String {
    let mut text = format!(
        "The disk of the nginx example, 2 GiB with {blocks} blocks of 512 KiB that are not zeros, into a snapshot of a server on the same machine: \
         twice coldsnap's blocks a second is wanted, and an update with at most 5 % of the blocks.\n\n\
         | | s wall | s cpu | MiB peak | blocks sent | blocks a second | calls |\n|---|--:|--:|--:|--:|--:|--:|\n"
    );
    for row in rows {
        let name = row.name;
        if row.costs.is_empty() {
            let problem = row.problem.as_deref().unwrap_or("not run");
            let _ = writeln!(text, "| {name} | {} | | | | | |", last_line(problem));
            continue;
        }
        let (wall, cpu) = (walls(row), cpus(row));
        let (peak, puts) = (peak(row), row.of(PUT));
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let rate = puts as f64 / wall;
        let _ = writeln!(
            text,
            "| {name} | {wall:.2} | {cpu:.2} | {peak} | {puts} | {rate:.0} | {} |",
            row.all()
        );
    }
    text.push_str("\n| blocks of the disk a second, ours / theirs | wall | cpu |\n|---|--:|--:|\n");
    for peer in rows.iter().skip(2).filter(|row| !row.costs.is_empty()) {
        let part = |figure: fn(&Cost) -> f64| ratio(&peer.costs, &rows[0].costs, figure);
        let (wall, cpu) = (part(|cost| cost.wall), part(|cost| cost.cpu));
        let _ = writeln!(text, "| {} | {wall:.2} | {cpu:.2} |", peer.name);
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let share = rows[1].of(PUT) as f64 * 100.0 / blocks as f64;
    let _ = writeln!(
        text,
        "\nThe next version, with another first page: {share:.2} % of the blocks."
    );
    text
}

fn walls(row: &Row) -> f64 {
    median(row.costs.iter().map(|cost| cost.wall).collect())
}

fn cpus(row: &Row) -> f64 {
    median(row.costs.iter().map(|cost| cost.cpu).collect())
}

fn peak(row: &Row) -> u64 {
    row.costs
        .iter()
        .map(|cost| cost.peak_kib)
        .max()
        .unwrap_or(0)
        / 1024
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or(text)
}

/// Times and calls of both ways to an image on an instance.
fn calls(rows: &[Row; 2], options: Options) -> String {
    let mut text = format!(
        "\nAn image made on an instance, a machine with `sshd` on this computer, by one script of one line. Ours also checks the host's key, \
         sanitizes, verifies, and reads back what software there is; Packer waits a second between two questions. \
         What is pending is so for {SETTLES} seconds.\n\n\
         | | s wall | s cpu | calls | which |\n|---|--:|--:|--:|---|\n",
    );
    for row in rows.iter().take(if options.peers { 2 } else { 1 }) {
        let name = row.name;
        if row.costs.is_empty() {
            let problem = row.problem.as_deref().unwrap_or("not run");
            let _ = writeln!(text, "| {name} | | | | {} |", last_line(problem));
            continue;
        }
        let which: Vec<String> = row
            .calls
            .iter()
            .map(|(call, count)| format!("{call} {count}"))
            .collect();
        let _ = writeln!(
            text,
            "| {name} | {:.2} | {:.2} | {} | {} |",
            walls(row),
            cpus(row),
            row.all(),
            which.join(", ")
        );
    }
    text
}
