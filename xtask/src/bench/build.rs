//! The loop of a person who makes an image: a cold build, then one changed line at several places,
//! against other image builders that make the same 226-package server.
//!
//! Every round runs each side once, in turn. What the host has still to write is written before
//! each of them. A peer's row says what it made: only those with a whole disk are comparable.

pub(super) mod boot;
mod server;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::measure::{Cost, cost, median, ratio};
use super::peers::Peers;
use super::{Options, page};
use crate::setup;
use crate::sh::{self, Outcome, step};
use server::{Limit, Server};

/// A side and what it cost.
struct Row {
    name: &'static str,
    costs: Vec<Cost>,
    /// What cannot be saved of it.
    limit: Limit,
    /// Of ours: where the time went.
    phases: String,
    /// Why it could not run.
    problem: Option<String>,
}

#[derive(Default)]
struct Table(Vec<Row>);

/// Names of the rows that are held against each other.
const COLD: &str = "goldsmith, the packages' files at hand";
const DECODED: &str = "goldsmith, packages decoded";
const LAST: &str = "goldsmith, a line of the last component";
const FIRST: &str = "goldsmith, a line of the first component";
const PACKAGES: &str = "goldsmith, a package more";
const NOTHING: &str = "goldsmith, nothing changed";
const MMDEBSTRAP: &str = "mmdebstrap + script, anything changed";
const MKOSI_COLD: &str = "mkosi, from its packages";
const MKOSI: &str = "mkosi, incremental, a file changed";
const PACKER: &str = "Packer + QEMU, one provisioner that writes a file";
const CUSTOMIZE: &str = "virt-customize, a file changed in place";
const COPY: &str = "qemu-img convert of the disk to raw";

/// Where peers leave their disks.
const MMDEBSTRAP_DISK: &str = "mmdebstrap/disk.raw";
const MKOSI_DISK: &str = "mkosi/work/out/image.raw";
const PACKER_DISK: &str = "packer/work/out/disk.qcow2";

pub(super) fn run(options: Options) -> Outcome {
    step("setup", setup::for_tests)?;
    step("build goldsmith", server::build_goldsmith)?;
    let server = Server::new("build")?;
    let peers = Peers::new(server::PACKAGES)?;
    // Every side once, so that every package is at hand.
    step("fill the store and the caches", || {
        server.fill()?;
        if peers.written(MMDEBSTRAP_DISK).is_none() {
            sh::check(&mut peers.mmdebstrap())?;
        }
        if options.peers {
            peers.install()?;
            if peers.written(MKOSI_DISK).is_none() {
                peers.change_for_mkosi("first\n")?;
                sh::check(&mut peers.mkosi(true))?;
            }
            server.build()?;
            peers.prepare_packer(&server.newest()?.join("disk.raw"))?;
        }
        Ok(())
    })?;
    let mut table = Table::default();
    for round in 1..=options.rounds {
        println!("round {round} of {}", options.rounds);
        one_round(&mut table, &server, &peers, options, round)?;
        let mut text = table.text() + &table.ratios() + &table.phases();
        if options.peers {
            let _ = write!(text, "\nPeers: {}.\n", peers.versions().join(", "));
        }
        // With every round: the next one may take a quarter of an hour.
        let done = Options {
            rounds: round,
            ..options
        };
        page::put("build", "An image from packages, and again", done, &text)?;
    }
    Ok(())
}

fn one_round(
    table: &mut Table,
    server: &Server,
    peers: &Peers,
    options: Options,
    round: usize,
) -> Outcome {
    server.forget_all()?;
    table.ours(COLD, server, &server.command("build"))?;
    table.ours(DECODED, server, &server.command("build --no-cache"))?;
    server.change_last()?;
    table.ours(LAST, server, &server.command("lock+build"))?;
    server.change_first()?;
    table.ours(FIRST, server, &server.command("lock+build"))?;
    server.change_packages(round)?;
    table.ours(PACKAGES, server, &server.command("lock+build"))?;
    table.add(NOTHING, &server.command("build"))?;
    let disk = server.newest()?.join("disk.raw");
    let copy = server.place().join("copy.raw");
    let mut convert = sh::command("qemu-img", &["convert", "-O", "raw"]);
    convert.args([&disk, &copy]);
    table.add(COPY, &convert)?;
    table.row(COPY).limit.written = server.limit()?.written;
    table.maker(MMDEBSTRAP, &peers.mmdebstrap(), peers, MMDEBSTRAP_DISK);
    if options.peers {
        table.maker(MKOSI_COLD, &peers.mkosi(true), peers, MKOSI_DISK);
        peers.change_for_mkosi(&format!("round {round}\n"))?;
        table.maker(MKOSI, &peers.mkosi(false), peers, MKOSI_DISK);
        peers.prepare_customize(&disk)?;
        table.peer(CUSTOMIZE, &peers.customize());
        // Under the translator one boot takes longer than all of our round: once is enough.
        if round == 1 {
            table.maker(PACKER, &peers.packer(), peers, PACKER_DISK);
        }
    }
    Ok(())
}

impl Table {
    fn row(&mut self, name: &'static str) -> &mut Row {
        if let Some(at) = self.0.iter().position(|row| row.name == name) {
            return &mut self.0[at];
        }
        self.0.push(Row {
            name,
            costs: Vec::new(),
            limit: Limit::default(),
            phases: String::new(),
            problem: None,
        });
        self.0.last_mut().expect("just pushed")
    }

    fn add(&mut self, name: &'static str, command: &Command) -> Outcome {
        sh::run("sync", &[])?;
        let cost = cost(command)?;
        println!("    {name}: {:.2} s wall, {:.2} s cpu", cost.wall, cost.cpu);
        self.row(name).costs.push(cost);
        Ok(())
    }

    fn ours(&mut self, name: &'static str, server: &Server, command: &Command) -> Outcome {
        self.add(name, command)?;
        let row = self.row(name);
        (row.limit, row.phases) = (server.limit()?, server.phases()?);
        Ok(())
    }

    /// A peer that fails is told of, and ends nothing.
    fn peer(&mut self, name: &'static str, command: &Command) {
        if let Err(problem) = self.add(name, command) {
            println!("    {name}: {problem}");
            let last = problem.lines().rfind(|line| !line.trim().is_empty());
            self.row(name).problem = last.map(str::to_owned);
        }
    }

    /// A peer that makes a disk.
    fn maker(&mut self, name: &'static str, command: &Command, peers: &Peers, disk: &str) {
        self.peer(name, command);
        self.row(name).limit.written = peers.written(disk);
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "A server of 226 packages on a 2 GiB disk for BIOS and UEFI, two components of two steps each. Beside each figure what it \
             cannot be faster than: the bytes of the disk, and the processor time of the packages' and components' own programs in that \
             build (the peers run the same scripts of the same packages).\n\n\
             | | runs | s wall | s cpu | MiB peak | MB written | s cpu of scripts |\n|---|--:|--:|--:|--:|--:|--:|\n",
        );
        for row in &self.0 {
            let figure = |of: fn(&Cost) -> f64| median(row.costs.iter().map(of).collect());
            let peak = row.costs.iter().map(|c| c.peak_kib).max().unwrap_or(0) >> 10;
            let limit = row.limit.columns();
            text.push_str(&match &row.problem {
                Some(problem) => {
                    format!("| {} | cannot run here: {problem} | | | | | |\n", row.name)
                }
                None => format!(
                    "| {} | {} | {:.2} | {:.2} | {peak} | {limit} |\n",
                    row.name,
                    row.costs.len(),
                    figure(|c| c.wall),
                    figure(|c| c.cpu),
                ),
            });
        }
        text
    }

    /// Where our time went in the last round.
    fn phases(&self) -> String {
        let mut text = String::from("\nSeconds by phase in the last round, from the records:\n\n");
        for row in self.0.iter().filter(|row| !row.phases.is_empty()) {
            let _ = writeln!(text, "- {}: {}", row.name, row.phases);
        }
        text
    }

    /// Ours as a part of theirs.
    fn ratios(&self) -> String {
        let mut text =
            String::from("\n| ours / theirs | wall | cpu | wanted |\n|---|--:|--:|--:|\n");
        for (ours, theirs, wanted) in [
            (COLD, MMDEBSTRAP, ""),
            (COLD, MKOSI_COLD, "at most 0.33"),
            (LAST, MKOSI, "at most 0.1"),
            (LAST, PACKER, "at most 0.1"),
            (LAST, CUSTOMIZE, ""),
            (LAST, COPY, ""),
        ] {
            let find = |name| {
                let mut ran = self.0.iter().filter(|row| row.problem.is_none());
                ran.find(|row| row.name == name)
            };
            let (Some(a), Some(b)) = (find(ours), find(theirs)) else {
                continue;
            };
            let of = |figure| ratio(&a.costs, &b.costs, figure);
            let (wall, cpu) = (of(|c| c.wall), of(|c| c.cpu));
            text.push_str(&format!(
                "| {ours} / {theirs} | {wall:.3} | {cpu:.3} | {wanted} |\n"
            ));
        }
        text
    }
}

/// What `jq` finds in a file.
fn of_json(file: &Path, filter: &str) -> Result<String, String> {
    Ok(
        sh::read("jq", &["-r", filter, &file.display().to_string()])?
            .trim()
            .to_owned(),
    )
}
