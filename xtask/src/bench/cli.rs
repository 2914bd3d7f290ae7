//! How long the command line takes when there is nothing heavy to do.

use std::fmt::Write as _;
use std::fs;

use super::Options;
use super::measure::{cost, row};
use crate::sh::{self, Outcome};

pub(super) fn run(options: Options) -> Outcome {
    let rounds = options.rounds;
    sh::run(
        "cargo",
        &[
            "build",
            "--release",
            "--locked",
            "--package",
            "goldsmith-cli",
        ],
    )?;
    let place = sh::target().join("bench/ten");
    fs::create_dir_all(&place).map_err(|e| e.to_string())?;
    fs::write(place.join("ten.gold.hcl"), ten_recipes()).map_err(|e| e.to_string())?;
    println!("\ncommand line, {} runs each", rounds * 10);
    for arguments in [&["--help"][..], &["validate"], &["--version"]] {
        let mut command = sh::command(sh::target().join("release/goldsmith"), arguments);
        command
            .current_dir(&place)
            .env("GOLDSMITH_HOME", place.join("home"));
        let costs: Result<Vec<_>, String> = (0..rounds * 10).map(|_| cost(&command)).collect();
        row(&format!("goldsmith {}", arguments.join(" ")), &costs?);
    }
    // What a process costs at all, measured the same way.
    let costs: Result<Vec<_>, String> = (0..rounds * 10)
        .map(|_| cost(&sh::command("true", &[])))
        .collect();
    row("true", &costs?);
    Ok(())
}

/// A project of ten recipes that share a source and differ in packages and parameters.
fn ten_recipes() -> String {
    let mut text = String::from(
        "variable \"suite\" {\n  type    = string\n  default = \"bookworm\"\n}\n\nlocals {\n  base = [\"linux-image-cloud-amd64\", \"systemd-sysv\", \"openssh-server\"]\n}\n",
    );
    for number in 0..10 {
        let _ = write!(
            text,
            "\nsource \"debian\" \"s{number}\" {{\n  suite    = var.suite\n  packages = concat(local.base, [for n in range({number}) : format(\"package-%02d\", n)])\n}}\n\n\
             recipe \"r{number}\" {{\n  version = \"1.{number}.x\"\n  source  = source.debian.s{number}\n  purpose = upper(\"role {number}\")\n\n  disk {{\n    size = \"${{2 + {number}}}GiB\"\n    boot = [\"bios\", \"uefi\"]\n  }}\n}}\n"
        );
    }
    text
}
