//! A process that is killed at any moment leaves a store that the next one can use.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use goldsmith_core::digest::Sha256;
use goldsmith_store::{Claim, Shelf, Store};

use super::{at, open};

/// Names the directory for the process that is to be killed.
const VICTIM: &str = "GOLDSMITH_TEST_VICTIM";

/// One round of everything that writes.
fn work(store: &Store, round: u64) {
    let cx = at(i64::try_from(round).unwrap());
    let bytes = round.to_le_bytes().repeat(30_000);
    let digest = store.insert(&bytes[..], None).unwrap();
    if let Claim::Mine(draft) = store.claim(&cx, Shelf::Packages, &digest).unwrap() {
        fs::create_dir(draft.path().join("root")).unwrap();
        for name in ["root/a", "root/b", "c"] {
            fs::write(draft.path().join(name), &bytes[..1000]).unwrap();
        }
        store.publish(vec![draft]).unwrap();
    }
    store.pin("round", &[digest].into()).unwrap();
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
        for round in 0.. {
            work(&store, round % 40);
        }
    }
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    work(&store, 1);
    assert_eq!(check_whole(store.root()), 1);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "needs a process to kill")]
fn killed_at_any_moment() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("store");
    let mut leftovers = 0;
    for kill in 0..20_u64 {
        let mut victims: Vec<_> = (0..2)
            .map(|_| {
                std::process::Command::new(std::env::current_exe().unwrap())
                    .args(["--exact", "crash::victim"])
                    .env(VICTIM, home.path())
                    .stdout(std::process::Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
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
