//! Blobs, entries, scratch and pins.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::thread;

use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure as _};
use goldsmith_store::{Claim, Shelf, Store, StoreError};

use super::{at, open};

#[test]
fn blobs_are_verified() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let digest = Sha256::of(b"gold");
    assert_eq!(store.insert(&b"gold"[..], Some(&digest)).unwrap(), digest);
    assert_eq!(fs::read(store.blob_path(&digest)).unwrap(), b"gold");
    let other = Sha256::of(b"other");
    let error = store.insert(&b"lead"[..], Some(&other)).unwrap_err();
    assert!(matches!(error, StoreError::Mismatch { .. }), "{error}");
    assert!(!store.has_blob(&other));
    assert_eq!(
        fs::read_dir(store.root().join("scratch")).unwrap().count(),
        0
    );
}

#[test]
fn downloads_are_adopted_or_refused() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let cx = at(0);
    let digest = Sha256::of(b"gold");
    let download = store.download(&cx, &digest).unwrap().expect("missing");
    fs::write(download.path(), b"lead").unwrap();
    let path = download.path().to_owned();
    assert!(matches!(
        download.finish().unwrap_err(),
        StoreError::Mismatch { .. }
    ));
    assert!(!path.exists());

    let download = store.download(&cx, &digest).unwrap().expect("missing");
    let waiting = thread::spawn({
        let (store, cx) = (store.clone(), at(0));
        move || store.download(&cx, &digest).unwrap().is_none()
    });
    fs::write(download.path(), b"gold").unwrap();
    assert_eq!(download.finish().unwrap(), store.blob_path(&digest));
    assert!(waiting.join().unwrap(), "the other one finds it there");
}

#[test]
fn an_entry_is_made_once() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let digest = Sha256::of(b"entry");
    let made: usize = thread::scope(|scope| {
        let work = || {
            let cx = at(7);
            match store.claim_or_wait(&cx, Shelf::Packages, &digest).unwrap() {
                Claim::Mine(draft) => {
                    fs::write(draft.path().join("a"), "content").unwrap();
                    store.publish(vec![draft]).unwrap();
                    1
                }
                Claim::Ready(path) => {
                    assert_eq!(fs::read(path.join("a")).unwrap(), b"content");
                    0
                }
                Claim::Busy => panic!("it waits"),
            }
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(made, 1);
    store.discard(Shelf::Packages, &digest).unwrap();
    store.discard(Shelf::Packages, &digest).unwrap();
    assert_eq!(store.entry(&at(8), Shelf::Packages, &digest), None);
    assert_eq!(fs::read_dir(store.root().join("locks")).unwrap().count(), 2);
}

#[test]
fn a_dropped_draft_never_was() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let (cx, digest) = (at(0), Sha256::of(b"layer"));
    let Claim::Mine(draft) = store.claim(&cx, Shelf::Layers, &digest).unwrap() else {
        panic!("nobody else makes it")
    };
    assert!(matches!(
        store.claim(&cx, Shelf::Layers, &digest).unwrap(),
        Claim::Busy
    ));
    drop(draft);
    assert_eq!(store.entry(&cx, Shelf::Layers, &digest), None);
    assert!(matches!(
        store.claim(&cx, Shelf::Layers, &digest).unwrap(),
        Claim::Mine(_)
    ));
}

#[test]
fn scratch_goes_whatever_is_in_it() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let outside = home.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("kept"), "").unwrap();

    let scratch = store.scratch("test").unwrap();
    let path = scratch.path().to_owned();
    symlink(&outside, path.join("link")).unwrap();
    fs::create_dir_all(path.join("work/work")).unwrap();
    fs::set_permissions(path.join("work/work"), fs::Permissions::from_mode(0o0)).unwrap();
    // Deeper than a path can name: made with the directory's descriptor, as scripts do by `cd`.
    let mut at = fs::File::open(&path).unwrap();
    for _ in 0..3000 {
        rustix::fs::mkdirat(&at, "d", rustix::fs::Mode::from(0o755)).unwrap();
        let flags = rustix::fs::OFlags::DIRECTORY;
        at = rustix::fs::openat(&at, "d", flags, rustix::fs::Mode::empty())
            .unwrap()
            .into();
    }
    let frozen = fs::File::create(path.join("work/frozen")).unwrap();
    let flags = rustix::fs::IFlags::IMMUTABLE;
    let can_freeze = rustix::fs::ioctl_setflags(&frozen, flags).is_ok();
    assert_eq!(
        can_freeze,
        fs::write(path.join("work/frozen"), "x").is_err()
    );
    drop((frozen, at));

    drop(scratch);
    assert!(!path.exists());
    assert!(outside.join("kept").exists());
    for bad in ["", "..", "a/b", ".x"] {
        assert!(matches!(
            store.scratch(bad).unwrap_err(),
            StoreError::Name(_)
        ));
    }
}

#[test]
fn another_version_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    fs::write(store.root().join("version"), "2\n").unwrap();
    let error = Store::open(store.root()).unwrap_err();
    assert_eq!(error.class(), Class::Environment);
    assert!(error.to_string().contains("version `2`"), "{error}");
}
