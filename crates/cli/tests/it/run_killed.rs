//! A run that is killed before and after every write of its journal, by the real binary: whatever was
//! lost, the next run brings it to the same end, and nothing is left over.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Catalog as _, ImageFilter, RunId, RunStatus};
use goldsmith_core::digest::Sha256;
use goldsmith_pipeline::state::State;

use crate::env::{TestEnv, repository};
use crate::run::files;
use crate::small;

const PIPELINE: &str = r#"
pipeline "tiny" {
  recipe = recipe.tiny

  test "boot" {
    skip = true
  }
  scan {
    fail_on = "critical"
  }
  step "command" "look" {
    after   = "scan"
    command = ["sh", "-c", "echo ::output bytes=$(stat -c %s $GOLDSMITH_DISK)"]
  }
  distribution = distribution.lab
}

distribution "lab" {
  tags = { team = "platform", environment = "staging", compliance = "none" }

  target "local" "lab" {
    directory = "images"
    formats   = ["raw.zst"]
  }
  target "local" "shelf" {
    directory = "shelf"
    formats   = ["qcow2"]
  }
}
"#;
const NOW: &str = "2026-02-02 06:00:00";
const RUN: [&str; 5] = ["run", "tiny", "--offline", "--as", "dev@example.com"];

/// The library that kills, made with the compiler that links the tests.
#[expect(
    clippy::disallowed_methods,
    reason = "the compiler is a tool of the host"
)]
fn killer(folder: &Path) -> PathBuf {
    let source = repository("crates/cli/tests/it/run_killed/killer.c");
    let library = folder.join("killer.so");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status();
    assert!(made.unwrap().success(), "this test needs `cc`");
    library
}

/// Starts a run that is killed at the n-th moment; `true`: it came to its end before.
fn run_until(env: &TestEnv, killer: &Path, moment: usize) -> bool {
    let mut command = small::at(env.command(&RUN), NOW);
    let clock = command.get_envs().find(|(name, _)| *name == "LD_PRELOAD");
    let clock = clock.unwrap().1.unwrap().to_owned();
    let mut libraries = killer.as_os_str().to_owned();
    libraries.push(":");
    libraries.push(clock);
    let status = command
        .env("LD_PRELOAD", libraries)
        .env("KILL_AT", moment.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    if status.success() {
        return true;
    }
    assert_eq!(status.signal(), Some(9), "moment {moment}: {status}");
    false
}

/// Everything that a run makes, in lines.
fn picture(env: &TestEnv) -> Vec<String> {
    let mut lines = Vec::new();
    for folder in ["images", "shelf"] {
        let folder = env.project().join(folder);
        for file in files(&folder) {
            let is_disk = file.ends_with(".zst") || file.ends_with(".qcow2");
            let digest = is_disk.then(|| Sha256::of(&fs::read(folder.join(&file)).unwrap()));
            lines.push(format!("{file} {digest:?}"));
        }
    }
    let catalog = Sqlite::open(&env.home()).unwrap();
    for row in catalog.images(&ImageFilter::default(), None, 10).unwrap() {
        lines.push(format!(
            "{} {} {:?} {:?} {}",
            row.made.id,
            row.state.name(),
            row.channels,
            row.tags,
            row.made.digest
        ));
        for copy in catalog.copies(&row.made.id).unwrap() {
            lines.push(format!("{} {} {}", copy.target, copy.format, copy.name));
        }
        for statement in catalog.statements(&row.made.id).unwrap() {
            lines.push(statement.predicate_type);
        }
    }
    let audit = catalog.audit(None, 0, 1000).unwrap().into_iter();
    // A line for each time that a unit was begun.
    let audit = audit.filter(|line| line.action != "run");
    let audit = audit.map(|line| format!("{} {}", line.action, line.subject));
    let mut audit: Vec<String> = audit.collect();
    // Targets are served at once.
    audit.sort();
    lines.extend(audit);
    for run in catalog.runs(None, 10).unwrap() {
        lines.push(format!("run {} {}", run.id, run.status.name()));
    }
    let journal = catalog.journal(RunId(1)).unwrap();
    for (unit, state) in State::of(RunId(1), &journal).unwrap().units() {
        // Whether something was new is told once, by whoever came to the end of it.
        let words = format!("{state:?}");
        let word = words.split([' ', '(']).next().unwrap();
        lines.push(format!("{unit} {word}"));
    }
    lines
}

fn is_done(env: &TestEnv) -> bool {
    let runs = Sqlite::open(&env.home()).unwrap().runs(None, 1).unwrap();
    runs.iter().any(|run| run.status == RunStatus::Done)
}

/// Kills a run at a moment and has another go on; `false`: it came to its end before that.
fn killed_at(moment: usize, killer: &Path, expected: &[String]) -> bool {
    let env = small::project(PIPELINE);
    if run_until(&env, killer, moment) {
        return false;
    }
    // After the last write there is nothing to go on with.
    if !is_done(&env) {
        small::run_at(&env, NOW, &RUN).expect(0);
    }
    assert_eq!(picture(&env), expected, "killed at moment {moment}");
    env.run(&["doctor", "--store"]).expect(0);
    crate::crash::assert_swept(&env);
    let checked = Sqlite::open(&env.home()).unwrap().check(None).unwrap();
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    let images = fs::read_dir(env.home().join("images/tiny")).unwrap();
    assert_eq!(images.count(), 1, "killed at moment {moment}");
    true
}

#[test]
fn at_every_write() {
    let place = tempfile::tempdir().unwrap();
    let killer = killer(place.path());
    let whole = small::project(PIPELINE);
    assert!(run_until(&whole, &killer, 10_000));
    let expected = picture(&whole);
    let (next, through) = (AtomicUsize::new(1), AtomicUsize::new(usize::MAX));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let moment = next.fetch_add(1, Ordering::SeqCst);
                    if moment > through.load(Ordering::SeqCst) {
                        return;
                    }
                    if !killed_at(moment, &killer, &expected) {
                        through.fetch_min(moment, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    let moments = through.into_inner() - 1;
    println!("killed at {moments} moments, before and after each write");
    assert_eq!(moments % 2, 0, "each write has two");
    let said = format!("before and after each of its {} writes", moments / 2);
    let page = fs::read_to_string(repository("docs/runs.md")).unwrap();
    assert!(page.contains(&said), "docs/runs.md does not say: {said}");
}
