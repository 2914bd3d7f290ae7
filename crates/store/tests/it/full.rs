//! A full disk: a clear error, and nothing half-written. On real ones: a tmpfs of 2 MiB, an ext4
//! of 8 MiB, of which even a new directory takes some.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure as _};
use goldsmith_store::{Claim, GcPolicy, Shelf, Store, StoreError};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::at;

/// Runs a check in a store on a disk of its own, which goes whatever comes of it.
fn on(place: &Path, check: fn(&Store, &Path)) {
    let store = Store::open(&place.join("store")).unwrap();
    let result = std::panic::catch_unwind(|| check(&store, place));
    drop(store);
    unmount(place, UnmountFlags::DETACH).unwrap();
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

fn on_memory(check: fn(&Store, &Path)) {
    let home = tempfile::tempdir().unwrap();
    let size = c"size=2m";
    mount(
        "tmpfs",
        home.path(),
        "tmpfs",
        MountFlags::empty(),
        Some(size),
    )
    .expect("this test needs root: it mounts a tmpfs");
    on(home.path(), check);
}

#[expect(clippy::disallowed_methods, reason = "a disk is made by its own tools")]
fn on_ext4(check: fn(&Store, &Path)) {
    let home = tempfile::tempdir().unwrap();
    let (file, place) = (home.path().join("disk"), home.path().join("place"));
    fs::create_dir(&place).unwrap();
    fs::File::create(&file).unwrap().set_len(8 << 20).unwrap();
    let run = |command: &mut Command| assert!(command.status().unwrap().success());
    run(Command::new("mkfs.ext4")
        .args(["-q", "-F", "-m", "0"])
        .arg(&file));
    // The loop device goes with the mount.
    run(Command::new("mount")
        .args(["-o", "loop"])
        .arg(&file)
        .arg(&place));
    on(&place, check);
}

#[test]
fn full_disk() {
    on_memory(bytes_that_do_not_fit);
    on_memory(every_operation);
    on_ext4(every_operation);
}

fn bytes_that_do_not_fit(store: &Store, _place: &Path) {
    let endless = std::io::repeat(7).take(100 << 20);
    let error = store.insert(endless, None).unwrap_err();
    assert!(matches!(error, StoreError::NoSpace { .. }), "{error}");
    assert_eq!(error.class(), Class::Environment);

    let digest = Sha256::of(b"x");
    let Claim::Mine(draft) = store.claim(&at(0), Shelf::Layers, &digest).unwrap() else {
        panic!("a fresh store")
    };
    fs::write(draft.path().join("a"), vec![1; 8 << 20]).unwrap_err();
    let error = store.publish(draft, &[]).unwrap_err();
    assert!(matches!(error, StoreError::NoSpace { .. }), "{error}");
    assert_eq!(store.entry(&at(0), Shelf::Layers, &digest), None);
    for empty in ["layers", "scratch", "partial"] {
        let path = store.root().join(empty);
        assert_eq!(fs::read_dir(path).unwrap().count(), 0, "{empty}");
    }
    store.insert(&b"small"[..], None).expect("space is back");
}

/// Takes every free byte.
fn fill(place: &Path, name: &str) {
    let mut filler = fs::File::create(place.join(name)).unwrap();
    for size in [4096, 512, 1] {
        while filler.write_all(&vec![1; size]).is_ok() {}
        // What was removed just now is free once it is written down.
        filler.sync_all().ok();
    }
}

/// Every operation on a disk without a free byte: it works, or it says that there is no space.
fn every_operation(store: &Store, place: &Path) {
    let cx = at(9);
    let blob = store.insert(&vec![7; 50_000][..], None).unwrap();
    let pinned: BTreeSet<Sha256> = [blob].into();
    store.pin("web", &pinned).unwrap();
    let make = |name: &[u8]| {
        let digest = Sha256::of(name);
        let Claim::Mine(draft) = store.claim(&cx, Shelf::Layers, &digest)? else {
            panic!("nobody else is here")
        };
        fs::write(draft.path().join("file"), vec![1; 20_000]).ok();
        store.publish(draft, &[]).map(|_| digest)
    };
    let layers = [make(b"one").unwrap(), make(b"two").unwrap()];
    store.set_chain("web", place, &layers).unwrap();

    fill(place, "filler");
    let no_space = |done: Result<(), StoreError>| match done {
        Ok(()) | Err(StoreError::NoSpace { .. }) => {}
        Err(error) => panic!("{error}"),
    };
    no_space(store.insert(&vec![8; 50_000][..], None).map(drop));
    no_space(make(b"three").map(drop));
    no_space(store.pin("web", &BTreeSet::new()));
    no_space(store.set_chain("web", place, &[]));
    no_space(store.set_again(&layers[0], 1));
    no_space(store.vouch(Shelf::Layers, &layers[0]));
    no_space(store.scratch("test").map(drop));
    no_space(store.discard(Shelf::Layers, &layers[1]));
    assert_eq!(store.check(&cx, true).unwrap().problems, []);
    // Whatever is needed is either as it was or as it was to be.
    assert!(store.pinned().unwrap() == pinned || store.pinned().unwrap().is_empty());

    // What frees space works without any, also when there are only layers to remove.
    fs::remove_file(store.blob_path(&blob)).unwrap();
    store.unpin("web").unwrap();
    fs::remove_file(store.root().join("chains/web.json")).unwrap();
    fill(place, "more");
    let everything = GcPolicy {
        unused_for: Some(Duration::ZERO),
        size_max: None,
    };
    let plan = store.gc_plan(&at(20), everything).unwrap();
    assert!(!plan.remove.is_empty(), "{plan:?}");
    store.gc(&at(20), &plan).unwrap();
    store.bury(&at(20)).unwrap();
    assert_eq!(store.usage().unwrap(), goldsmith_store::Usage::default());
    assert_eq!(store.check(&cx, true).unwrap().problems, []);
    store.insert(&b"small"[..], None).expect("space is back");
}
