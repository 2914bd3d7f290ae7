//! Several processes at once, and processes that are killed at any moment.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Catalog, CatalogError, Change, ImageFilter, RunId};

use crate::sample::{batch, image, new_run, part, tag};

/// Names the home for the other process.
const HOME: &str = "GOLDSMITH_TEST_HOME";
/// What it does there: `keep`, `race`, `open`, or how far it goes with a thing.
const WORK: &str = "GOLDSMITH_TEST_WORK";

/// Images in each batch of a victim.
const IMAGES: u32 = 12;

/// How many entries the racers add to a run, all of them together.
const ENTRIES: usize = 60;

/// Batches without end, each of an entry, images and tags, with a mark while one is being kept.
fn keep_on(home: &Path) {
    let catalog = Sqlite::open(home).unwrap();
    let run = catalog.begin_run(&new_run("victim")).unwrap();
    let mark = home.join(format!("at-work-{run}"));
    for seq in 0.. {
        let mut changes = Vec::new();
        for build in 1..=IMAGES {
            let name = format!("run-{run}@{seq}.0.0/{build}");
            changes.push(Change::Image(image(&name, 1)));
            changes.push(tag(&name, "team", Some("web")));
        }
        let mut whole = batch(changes);
        whole.run = Some(part(run, seq, &["kept"]));
        fs::write(&mark, "").unwrap();
        catalog.keep(&whole).unwrap();
        fs::remove_file(&mark).unwrap();
    }
}

/// Adds to run 1 until it is long enough, however many others do.
fn race(home: &Path) {
    let catalog = Sqlite::open(home).unwrap();
    let name = std::process::id().to_string();
    loop {
        let after = catalog.journal(RunId(1)).unwrap().len();
        if after >= ENTRIES {
            return;
        }
        let mut next = batch(vec![]);
        next.run = Some(part(RunId(1), after as u64, &[&name]));
        match catalog.keep(&next) {
            Ok(seq) => assert_eq!(seq, after as u64 + 1),
            Err(CatalogError::Raced { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Nothing by itself; in another process what it is told.
#[test]
#[expect(clippy::disallowed_methods, reason = "how the parent reaches it")]
fn other_process() {
    let Ok(home) = std::env::var(HOME) else {
        return;
    };
    let home = Path::new(&home);
    match std::env::var(WORK).unwrap().as_str() {
        "keep" => keep_on(home),
        "race" => race(home),
        "open" => drop(Sqlite::open(home).unwrap()),
        step @ ("begun" | "made" | "gone") => crate::ledger::go_as_far_as(home, step),
        other => panic!("{other}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "needs another process")]
pub(crate) fn start(home: &Path, work: &str) -> std::process::Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::other_process"])
        .env(HOME, home)
        .env(WORK, work)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_fresh_catalog_opened_by_several_at_once() {
    for _ in 0..5 {
        let home = tempfile::tempdir().unwrap();
        for mut process in [0; 4].map(|_| start(home.path(), "open")) {
            assert!(process.wait().unwrap().success());
        }
        let catalog = Sqlite::open(home.path()).unwrap();
        assert_eq!(catalog.check(None).unwrap().problems, []);
    }
}

#[test]
fn processes_that_race_for_a_run() {
    let home = tempfile::tempdir().unwrap();
    let catalog = Sqlite::open(home.path()).unwrap();
    let run = catalog.begin_run(&new_run("web")).unwrap();
    for mut racer in [0; 3].map(|_| start(home.path(), "race")) {
        assert!(racer.wait().unwrap().success());
    }
    assert_eq!(catalog.journal(run).unwrap().len(), ENTRIES);
    assert_eq!(catalog.check(None).unwrap().problems, []);
}

#[test]
fn killed_while_it_keeps_a_batch() {
    let home = tempfile::tempdir().unwrap();
    let mut hits = 0;
    for kill in 0..16_u64 {
        let mut victims = [0, 1].map(|_| start(home.path(), "keep"));
        sleep(Duration::from_millis(150 + kill * 17 % 60));
        for victim in &mut victims {
            victim.kill().unwrap();
            victim.wait().unwrap();
        }
        for entry in fs::read_dir(home.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains("at-work-") {
                hits += 1;
                fs::remove_file(path).unwrap();
            }
        }
        let catalog = Sqlite::open(home.path()).unwrap();
        assert_eq!(catalog.check(None).unwrap().problems, []);
        whole(&catalog);
    }
    assert!(hits > 0, "no kill hit a victim at work: no test");
}

/// Every batch is there with all of its images, or not at all.
fn whole(catalog: &dyn Catalog) {
    for run in catalog.open_runs().unwrap() {
        let batches = catalog.journal(run.id).unwrap().len();
        let filter = ImageFilter {
            name: Some(format!("run-{}", run.id)),
            tags: [("team".to_owned(), "web".to_owned())].into(),
            ..ImageFilter::default()
        };
        let images = catalog.images(&filter, None, usize::MAX).unwrap();
        assert_eq!(images.len(), batches * IMAGES as usize, "run {}", run.id);
    }
}
