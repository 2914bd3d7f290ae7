//! A process that is killed at any moment leaves a store that the next one can use.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use goldsmith_core::digest::Sha256;
use goldsmith_store::{Claim, GcPolicy, Problem, Shelf, Store, StoreError, layer_name};

use super::{at, open};

/// Names the directory for the process that is to be killed.
const VICTIM: &str = "GOLDSMITH_TEST_VICTIM";
/// Before which change it kills itself, counted from 0; without it, it works on and on.
const CHANGE: &str = "GOLDSMITH_TEST_CHANGE";

/// Sends a victim through everything once, with another beside it.
const RACE: &str = "GOLDSMITH_TEST_RACE";

/// One round of everything that writes.
fn work(store: &Store, round: u64) {
    let cx = at(i64::try_from(round).unwrap());
    let bytes = round.to_le_bytes().repeat(30_000);
    let digest = store.insert(&bytes[..], None).unwrap();
    // A download that comes wrong, and then right.
    let fetched = Sha256::of(&bytes[1..]);
    for content in [&bytes[2..], &bytes[1..]] {
        if let Some(download) = store.download(&cx, &fetched).unwrap() {
            fs::write(download.path(), content).unwrap();
            assert_eq!(download.finish().is_ok(), content.len() == bytes.len() - 1);
        }
    }
    if let Claim::Mine(draft) = store.claim(&cx, Shelf::Packages, &digest).unwrap() {
        fs::create_dir(draft.path().join("root")).unwrap();
        for name in ["root/a", "root/b", "c"] {
            fs::write(draft.path().join(name), &bytes[..1000]).unwrap();
        }
        store.publish(draft, &[]).unwrap();
    }
    store.pin("round", &[digest].into()).unwrap();
}

/// One round of layers: a chain of two, of which the upper one is made anew, something thrown away
/// and something repaired, and a collection.
fn work_on_layers(store: &Store, round: u64) {
    let cx = at(i64::try_from(round).unwrap());
    let bottom = Sha256::of(&round.to_le_bytes());
    let key = Sha256::of(bottom.as_bytes());
    let make = |name: &Sha256, needs: &[Sha256]| {
        if let Claim::Mine(draft) = store.claim_or_wait(&cx, Shelf::Layers, name).unwrap() {
            draft.say("half");
            for directory in [draft.path().join("tree"), draft.beside("work")] {
                fs::create_dir(directory).unwrap();
            }
            fs::write(draft.path().join("tree/a"), "content").unwrap();
            store.publish(draft, needs).unwrap();
        }
    };
    make(&bottom, &[]);
    make(&key, &[bottom]);
    let number = store.again(&key).unwrap() + 1;
    let anew = layer_name(&key, number);
    make(&anew, &[bottom]);
    store.set_again(&key, number).unwrap();
    store
        .set_chain("web", store.root(), &[bottom, anew])
        .unwrap();
    store.vouch(Shelf::Layers, &bottom).unwrap();
    store.unpin("round").unwrap();
    let bad = Sha256::of(key.as_bytes());
    make(&bad, &[bottom]);
    store.discard(Shelf::Layers, &bad).unwrap();
    let problem = Problem {
        path: store.root().join("partial/stranger"),
        what: String::new(),
    };
    fs::write(&problem.path, "").unwrap();
    alone(&store.repair(&cx, &[problem]));
    let policy = GcPolicy {
        unused_for: Some(Duration::ZERO),
        size_max: None,
    };
    let plan = store.gc_plan(&cx, policy).unwrap();
    alone(&store.gc(&cx, &plan));
    store.bury(&cx).unwrap();
    store.sweep().unwrap();
}

/// What is refused while another process works.
fn alone<T>(done: &Result<T, StoreError>) {
    assert!(matches!(done, Ok(_) | Err(StoreError::InUse(_))));
}

/// Whatever is visible is whole.
fn check_whole(root: &Path) -> usize {
    let mut blobs = 0;
    for prefix in fs::read_dir(root.join("blobs/sha256")).unwrap() {
        for blob in fs::read_dir(prefix.unwrap().path()).unwrap() {
            let blob = blob.unwrap();
            let digest = Sha256::of(&fs::read(blob.path()).unwrap());
            assert_eq!(blob.file_name().to_str().unwrap(), digest.to_string());
            blobs += 1;
        }
    }
    for package in fs::read_dir(root.join("packages")).unwrap() {
        for name in ["root/a", "root/b", "c", "entry.json"] {
            let path = package.as_ref().unwrap().path().join(name);
            assert!(fs::metadata(&path).unwrap().len() > 0, "{}", path.display());
        }
    }
    blobs
}

/// Alone: one round is whole. As the victim: rounds until it is killed.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent reaches its victim"
)]
fn victim() {
    if let Ok(directory) = std::env::var(VICTIM) {
        let store = open(Path::new(&directory));
        if let Ok(change) = std::env::var(CHANGE) {
            let left = AtomicU64::new(change.parse().unwrap());
            let store = store.with_faults(Arc::new(move |_| {
                if left.fetch_sub(1, Ordering::SeqCst) == 0 {
                    let own = rustix::process::getpid();
                    rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
                }
            }));
            work(&store, 1);
            work_on_layers(&store, 1);
            return;
        }
        if std::env::var(RACE).is_ok() {
            drop(store);
            for round in 0..60 {
                let store = open(Path::new(&directory));
                work(&store, round % 7);
                work_on_layers(&store, round % 5);
            }
            return;
        }
        for round in 0.. {
            work(&store, round % 40);
        }
    }
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    work(&store, 1);
    assert_eq!(check_whole(store.root()), 2);
}

/// Another process of this test at work.
#[expect(clippy::disallowed_methods, reason = "needs another process")]
fn start(home: &Path, variables: &[(&str, &str)]) -> std::process::Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::victim"])
        .env(VICTIM, home)
        .envs(variables.iter().copied())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn two_processes_at_once() {
    let home = tempfile::tempdir().unwrap();
    drop(open(home.path()));
    let racers = [0, 1].map(|_| start(home.path(), &[(RACE, "1")]));
    for mut racer in racers {
        assert!(racer.wait().unwrap().success());
    }
    let store = open(home.path());
    store.sweep().unwrap();
    let mut problems = store.check(&at(2), true).unwrap().problems;
    // One of them put it there while the other one kept it from being repaired.
    problems.retain(|problem| !problem.path.ends_with("stranger"));
    assert_eq!(problems, []);
    check_whole(store.root());
    for empty in ["scratch", "locks"] {
        let left = fs::read_dir(store.root().join(empty)).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(
            left.iter().all(|name| name == "users" || name == "sweep"),
            "{left:?}"
        );
    }
}

#[test]
fn killed_at_any_moment() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("store");
    let mut leftovers = 0;
    for kill in 0..20_u64 {
        let mut victims = [0, 1].map(|_| start(home.path(), &[]));
        sleep(Duration::from_millis(30 + kill * 7 % 50));
        for victim in &mut victims {
            victim.kill().unwrap();
            victim.wait().unwrap();
        }
        let store = Store::open(&root).unwrap();
        leftovers += store.sweep().unwrap().removed.len();
        assert_eq!(fs::read_dir(root.join("scratch")).unwrap().count(), 0);
        check_whole(&root);
        work(&store, 1000 + kill);
        assert_eq!(store.pinned().unwrap().len(), 1);
    }
    assert!(check_whole(&root) >= 20);
    assert!(leftovers > 0, "no kill hit a victim at work: no test");
}

/// Before every single change, one after the other.
#[test]
fn killed_before_every_change() {
    let mut changes = 0;
    loop {
        let home = tempfile::tempdir().unwrap();
        let mut victim = start(home.path(), &[(CHANGE, &changes.to_string())]);
        let status = victim.wait().unwrap();
        if status.success() {
            break;
        }
        assert_eq!(status.code(), None, "change {changes}: it was not killed");
        let store = open(home.path());
        store.sweep().unwrap();
        let mut problems = store.check(&at(2), true).unwrap().problems;
        // What the victim itself put there, to repair it.
        problems.retain(|problem| !problem.path.ends_with("stranger"));
        assert_eq!(problems, [], "change {changes}");
        // What one key stands for is there whenever something says so.
        for layer in store.chain("web").unwrap() {
            assert!(store.entry(&at(2), Shelf::Layers, &layer).is_some());
        }
        drop(store);
        let store = open(home.path());
        work(&store, 1);
        work_on_layers(&store, 1);
        let store = open(home.path());
        assert_eq!(store.usage().unwrap().layers.0, 2, "change {changes}");
        assert_eq!(store.check(&at(2), true).unwrap().problems, []);
        for empty in ["scratch", "partial"] {
            let left = fs::read_dir(store.root().join(empty)).unwrap().count();
            assert_eq!(left, 0, "change {changes}: {empty}");
        }
        changes += 1;
    }
    assert!(changes > 60, "only {changes} changes");
}

#[test]
fn the_living_keep_their_scratch() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let scratch = store.scratch("alive").unwrap();
    fs::create_dir(store.root().join("scratch/dead-1-1")).unwrap();
    let swept = open(home.path()).sweep().unwrap();
    assert_eq!(swept.removed, ["dead-1-1"]);
    assert!(scratch.path().exists());
}
