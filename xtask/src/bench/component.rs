//! Component documents: what the engine adds to the commands of 200 steps, against the same number
//! of `bash FILE` started one after the other; and how long 500 documents take to check.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::Options;
use super::measure::{cost, median, row};
use crate::sh::{self, Outcome};

/// Steps of the document that is run.
const STEPS: u32 = 200;
/// Documents that are checked.
const DOCUMENTS: usize = 500;

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
    let place = sh::target().join("bench/component");
    fs::create_dir_all(place.join("documents")).map_err(|e| e.to_string())?;
    steps(&place, rounds.max(5))?;
    checks(&place, rounds.max(5))
}

/// Both sides in turn, so that a noisy machine is noisy for both.
fn steps(place: &Path, rounds: usize) -> Outcome {
    let write = |name: &str, text: &str| fs::write(place.join(name), text);
    write("steps.yaml", &trivial())
        .and_then(|()| write("true.sh", "true\n"))
        .map_err(|e| e.to_string())?;
    let mut engine = goldsmith(
        place,
        &["component", "run", "steps.yaml", "--yes", "--quiet"],
    );
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(seconds(|| done(&mut engine))?);
        plain.push(seconds(|| {
            (0..STEPS).try_for_each(|_| {
                let mut bash = sh::command("bash", &["true.sh"]);
                done(bash.current_dir(place))
            })
        })?);
    }
    let added = ours.iter().zip(&plain).map(|(ours, plain)| ours - plain);
    let added = median(added.collect()) * 1000.0 / f64::from(STEPS);
    let each = |figures: Vec<f64>| median(figures) * 1000.0 / f64::from(STEPS);
    println!("\n{STEPS} steps that run `true`, {rounds} rounds in turn, a step");
    println!("{:<44} {:>9.3} ms", "goldsmith component run", each(ours));
    println!(
        "{:<44} {:>9.3} ms",
        "bash FILE, one after the other",
        each(plain)
    );
    println!(
        "{:<44} {added:>9.3} ms (under 1 wanted)",
        "the engine adds, median of pairs"
    );
    Ok(())
}

fn checks(place: &Path, rounds: usize) -> Outcome {
    let mut lines = 0;
    for number in 0..DOCUMENTS {
        let text = document(number);
        lines += text.lines().count();
        fs::write(place.join(format!("documents/{number:03}.yaml")), text)
            .map_err(|e| e.to_string())?;
    }
    let each = lines / DOCUMENTS;
    println!("\n{DOCUMENTS} documents of {each} lines checked with lints (under 1 s wanted)");
    // It is asked about a script once; the first run fills what the others have.
    drop(fs::remove_dir_all(place.join("home")));
    for (name, more, rounds) in [
        ("shellcheck off", &["--no-shellcheck"][..], rounds),
        ("shellcheck never asked before", &[], 1),
        ("shellcheck asked before", &[], rounds),
    ] {
        let arguments = [&["component", "validate", "documents", "--quiet"], more].concat();
        let command = goldsmith(place, &arguments);
        let costs: Result<Vec<_>, String> = (0..rounds).map(|_| cost(&command)).collect();
        row(&format!("goldsmith component validate, {name}"), &costs?);
    }
    Ok(())
}

fn goldsmith(place: &Path, arguments: &[&str]) -> Command {
    let mut command = sh::command(sh::target().join("release/goldsmith"), arguments);
    command
        .current_dir(place)
        .env("GOLDSMITH_HOME", place.join("home"));
    command
}

fn seconds(work: impl FnOnce() -> Outcome) -> Result<f64, String> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64())
}

/// Runs a command whose output nobody wants.
fn done(command: &mut Command) -> Outcome {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    sh::check(command)
}

/// A document of steps that do nothing.
fn trivial() -> String {
    let mut text = "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n".to_owned();
    for number in 0..STEPS {
        let _ = write!(
            text,
            "      - name: Step{number}\n        action: ExecuteBash\n        inputs:\n          commands:\n            - 'true'\n"
        );
    }
    text
}

/// A document as people write them; each number gives another one.
fn document(number: usize) -> String {
    let packages = [
        "nginx",
        "curl jq",
        "openssh-server",
        "postgresql",
        "chrony",
        "fail2ban",
        "git make gcc",
    ];
    let package = packages[number % packages.len()];
    let paths = [
        "/etc/app",
        "/opt/tools",
        "/var/lib/service",
        "/usr/local/share",
    ];
    let path = paths[number % paths.len()];
    let mut text = format!(
        "name: component-{number}\ndescription: installs {package} for team {}\nschemaVersion: 1.0\n\
         parameters:\n  - Version:\n      type: string\n      default: 1.{number}\n      description: what to install\n\
         constants:\n  - Root:\n      type: string\n      value: {path}-{number}\nphases:\n  - name: build\n    steps:\n",
        number % 13
    );
    let _ = write!(
        text,
        "      - name: Install\n        action: ExecuteBash\n        timeoutSeconds: {}\n        maxAttempts: {}\n        inputs:\n          commands:\n            - |\n              set -euo pipefail\n              apt-get update\n              apt-get install -y --no-install-recommends {package}\n              for unit in a{number} b{number}; do\n                if [ -e \"/lib/systemd/system/$unit.service\" ]; then systemctl enable \"$unit\"; fi\n              done\n              echo \"installed {package} {{{{ Version }}}}\"\n",
        60 + number,
        1 + number % 3
    );
    match number % 3 {
        0 => text.push_str("      - name: Download\n        action: WebDownload\n        inputs:\n          - source: 'https://example.com/{{ Version }}/tool.tar.gz'\n            destination: '{{ Root }}/tool.tar.gz'\n            algorithm: SHA256\n            checksum: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"),
        1 => text.push_str("      - name: Folders\n        action: CreateFolder\n        loop:\n          name: Folder\n          forEach: [bin, etc, var]\n        inputs:\n          - path: '{{ Root }}/{{ Folder.value }}'\n            permissions: 0750\n"),
        _ => text.push_str("      - name: Configure\n        action: CreateFile\n        if:\n          not:\n            fileExists: '{{ Root }}/app.conf'\n        inputs:\n          - path: '{{ Root }}/app.conf'\n            content: \"version={{ Version }}\\n\"\n"),
    }
    let _ = write!(
        text,
        "  - name: validate\n    steps:\n      - name: Check\n        action: ExecuteBash\n        inputs:\n          commands:\n            - test -d '{{{{ Root }}}}'\n      - name: Look\n        action: ExecuteBash\n        onFailure: Continue\n        inputs:\n          commands:\n            - count=$(find {path}-{number} -type f | wc -l); [ \"$count\" -ge {number} ] || echo too few\n"
    );
    text
}
