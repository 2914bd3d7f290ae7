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
                    store.publish(draft, &[]).unwrap();
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

#[test]
fn unflushed_entries_are_doubted_after_a_boot() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let (cx, digest) = (at(0), Sha256::of(b"layer"));
    let Claim::Mine(draft) = store.claim(&cx, Shelf::Layers, &digest).unwrap() else {
        panic!("nobody else makes it")
    };
    let path = store.publish(draft, &[]).unwrap();
    assert!(!store.is_doubtful(Shelf::Layers, &digest));
    let text = fs::read_to_string(path.join("entry.json")).unwrap();
    let (before, _) = text.split_once("\"boot\":").unwrap();
    fs::write(path.join("entry.json"), format!("{before}\"boot\":\"x\"}}")).unwrap();
    assert!(store.is_doubtful(Shelf::Layers, &digest));
    store.vouch(Shelf::Layers, &digest).unwrap();
    assert!(!store.is_doubtful(Shelf::Layers, &digest));
    assert_eq!(store.check(&cx, true).unwrap().problems, []);
}

#[test]
fn those_who_wait_hear_of_it() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let digest = Sha256::of(b"layer");
    let Claim::Mine(draft) = store.claim(&at(0), Shelf::Layers, &digest).unwrap() else {
        panic!("nobody else makes it")
    };
    draft.say("configure packages");
    let (sender, heard) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut said = |line: &str| sender.send(line.to_owned()).unwrap();
            store
                .claim_and_listen(&at(0), Shelf::Layers, &digest, &mut said)
                .unwrap();
        });
        assert_eq!(heard.recv().unwrap(), "configure packages");
        draft.say("make initramfs");
        assert_eq!(heard.recv().unwrap(), "make initramfs");
        store.publish(draft, &[]).unwrap();
    });
}

#[test]
fn a_check_finds_what_is_wrong() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let blob = store.insert(&b"gold"[..], None).unwrap();
    let path = store.blob_path(&blob);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "lead").unwrap();
    let root = store.root();
    fs::create_dir_all(root.join("layers").join(Sha256::of(b"x").to_string())).unwrap();
    for (file, text) in [("pins/a.json", "{"), ("again/b", "1"), ("partial/c", "")] {
        fs::write(root.join(file), text).unwrap();
    }
    let found = |digests| {
        let problems = store.check(&at(0), digests).unwrap().problems;
        let places = problems.iter().map(|p| {
            let inside = p.path.strip_prefix(root).unwrap().to_owned();
            inside.components().next().unwrap().as_os_str().to_owned()
        });
        places.collect::<Vec<_>>()
    };
    assert_eq!(found(false), ["again", "layers", "partial", "pins"]);
    assert_eq!(found(true), ["again", "blobs", "layers", "partial", "pins"]);
}
