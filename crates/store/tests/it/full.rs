//! A full disk: a clear error, and nothing half-written. On a real one: a tmpfs of 2 MiB.

use std::fs;
use std::io::Read as _;

use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure as _};
use goldsmith_store::{Claim, Shelf, Store, StoreError};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::at;

#[test]
fn full_disk() {
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
    let store = Store::open(&home.path().join("store")).unwrap();
    let result = std::panic::catch_unwind(|| check(&store));
    drop(store);
    unmount(home.path(), UnmountFlags::DETACH).unwrap();
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

fn check(store: &Store) {
    let endless = std::io::repeat(7).take(100 << 20);
    let error = store.insert(endless, None).unwrap_err();
    assert!(matches!(error, StoreError::NoSpace { .. }), "{error}");
    assert_eq!(error.class(), Class::Environment);

    let digest = Sha256::of(b"x");
    let Claim::Mine(draft) = store.claim(&at(0), Shelf::Layers, &digest).unwrap() else {
        panic!("a fresh store")
    };
    fs::write(draft.path().join("a"), vec![1; 8 << 20]).unwrap_err();
    let error = store.publish(vec![draft]).unwrap_err();
    assert!(matches!(error, StoreError::NoSpace { .. }), "{error}");
    assert_eq!(store.entry(&at(0), Shelf::Layers, &digest), None);
    for empty in ["layers", "scratch", "partial"] {
        let path = store.root().join(empty);
        assert_eq!(fs::read_dir(path).unwrap().count(), 0, "{empty}");
    }
    store.insert(&b"small"[..], None).expect("space is back");
}
