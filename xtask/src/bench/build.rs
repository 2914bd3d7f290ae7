//! A cold build of a 226-package server with every package at hand, against mmdebstrap and a
//! script that makes the disk from its tree with the usual tools.

use std::fs;
use std::path::Path;

use super::measure::{Cost, cost, ratio, row};
use crate::setup;
use crate::sh::{self, Outcome, step};

/// The server: the list that the peer's script installs, and so does the recipe.
const PACKAGES: &[&str] = &[
    "linux-image-cloud-amd64",
    "systemd",
    "systemd-sysv",
    "systemd-resolved",
    "udev",
    "dbus",
    "initramfs-tools",
    "zstd",
    "openssh-server",
    "cloud-init",
    "cloud-guest-utils",
    "qemu-guest-agent",
    "grub-pc-bin",
    "grub-efi-amd64-bin",
    "grub2-common",
    "systemd-boot",
    "e2fsprogs",
    "iproute2",
    "sudo",
    "netbase",
    "ca-certificates",
    "gdisk",
    "kmod",
    "locales",
    "less",
    "vim-tiny",
];

/// The peer: arguments are the mirror, the packages with commas, the folder to work in, the deb cache.
const PEER: &str = include_str!("peer.sh");

pub(super) fn run(rounds: usize) -> Outcome {
    step("setup", setup::for_tests)?;
    step("build goldsmith", || {
        sh::run(
            "cargo",
            &[
                "build",
                "--release",
                "--locked",
                "--package",
                "goldsmith-cli",
            ],
        )
    })?;
    let place = sh::target().join("bench");
    fs::create_dir_all(place.join("project")).map_err(|e| e.to_string())?;
    let recipe = format!(
        "source \"debian\" \"server\" {{\n  suite = \"bookworm\"\n  security = false\n  packages = {PACKAGES:?}\n}}\n\n\
         recipe \"server\" {{\n  version = \"1.0.x\"\n  source  = source.debian.server\n  disk {{\n    size = \"2GiB\"\n    boot = [\"bios\", \"uefi\"]\n  }}\n}}\n"
    );
    fs::write(place.join("project/server.gold.hcl"), recipe).map_err(|e| e.to_string())?;
    let peer = place.join("peer.sh");
    fs::write(&peer, PEER).map_err(|e| e.to_string())?;

    // Both sides once, so that every package is at hand.
    let ours = || cost(&goldsmith(&place, &["build", "server", "--force"]));
    let theirs = || cost(&script(&place, &peer)?);
    step("fill the store and the cache", || {
        sh::check(&mut goldsmith(&place, &["lock"]))?;
        ours()?;
        theirs().map(drop)
    })?;
    let (mut a, mut b): (Vec<Cost>, Vec<Cost>) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        a.push(ours()?);
        b.push(theirs()?);
    }
    println!(
        "\ncold build, packages at hand, 226-package server, 2 GiB disk for BIOS and UEFI; {rounds} rounds in turn"
    );
    row("goldsmith build", &a);
    row("mmdebstrap + script", &b);
    ratio(&a, &b);
    let again: Result<Vec<Cost>, String> = (0..rounds.max(5))
        .map(|_| cost(&goldsmith(&place, &["build", "server"])))
        .collect();
    println!("\nsecond build, nothing changed");
    row("goldsmith build", &again?);
    Ok(())
}

fn goldsmith(place: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = sh::command(sh::target().join("release/goldsmith"), arguments);
    command
        .current_dir(place.join("project"))
        .env("GOLDSMITH_HOME", place.join("home"));
    command
}

fn script(place: &Path, peer: &Path) -> Result<std::process::Command, String> {
    let mut command = sh::command(
        "bash",
        &[
            &peer.to_string_lossy(),
            &setup::mirror()?,
            &PACKAGES.join(","),
        ],
    );
    command.args([place.join("peer"), place.join("debs")]);
    Ok(command)
}
