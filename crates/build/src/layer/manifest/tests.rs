use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use goldsmith_core::cx::Cx;
use goldsmith_testing::clock::FakeClock;
use rustix::fs::{CWD, FileType, Mode, XattrFlags, makedev, mknodat, setxattr};

use super::*;
use crate::assemble::scan::walk;

fn of(directory: &std::path::Path) -> Manifest {
    let cx = Cx::silent(Arc::new(FakeClock::at(0)));
    let root = File::open(directory).unwrap();
    Manifest::of(walk(&cx, root.as_fd(), 1_000, true).unwrap())
}

#[test]
fn a_layer_of_every_kind_comes_back_from_its_stored_form() {
    let home = tempfile::tempdir().unwrap();
    let tree = home.path().join("tree");
    fs::create_dir_all(tree.join("a/hides")).unwrap();
    fs::create_dir_all(tree.join("run/not taken")).unwrap();
    fs::write(tree.join("a/file"), "content").unwrap();
    fs::hard_link(tree.join("a/file"), tree.join("a/other")).unwrap();
    fs::hard_link(tree.join("a/file"), tree.join("third")).unwrap();
    fs::write(tree.join("shared"), "a name elsewhere").unwrap();
    fs::hard_link(tree.join("shared"), home.path().join("elsewhere")).unwrap();
    symlink("a/file", tree.join("link")).unwrap();
    let node = |name: &str, kind, number| {
        mknodat(CWD, tree.join(name), kind, Mode::from(0o600), number).unwrap();
    };
    node("gone", FileType::CharacterDevice, makedev(0, 0));
    node("null", FileType::CharacterDevice, makedev(1, 3));
    node("disk", FileType::BlockDevice, makedev(7, 0));
    node("pipe", FileType::Fifo, 0);
    let socket = std::os::unix::net::UnixListener::bind(tree.join("socket")).unwrap();
    let set = |path: &str, name: &str, value: &[u8]| {
        setxattr(tree.join(path), name, value, XattrFlags::empty()).unwrap();
    };
    set("a/hides", "trusted.overlay.opaque", b"y");
    set("a/file", "user.colour", b"gold");
    let holes = File::create(tree.join("holes")).unwrap();
    holes.set_len(1 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&holes, b"x", 500_000).unwrap();

    let manifest = of(&tree);
    let (bytes, digest) = manifest.write();
    assert_eq!(Manifest::read(&bytes).as_ref(), Some(&manifest));
    assert_eq!(of(&tree).write().1, digest);
    let what = |path: &str| {
        let row = manifest.rows.iter().find(|row| row.path == path.as_bytes());
        row.map(|row| row.what.clone())
    };
    assert_eq!(what("gone"), Some(What::Gone));
    assert_eq!(what("run/not taken"), None);
    assert!(matches!(
        what("a/hides"),
        Some(What::Node {
            is_opaque: true,
            ..
        })
    ));
    let group = |path: &str| match what(path) {
        Some(What::Node { group, .. }) => group,
        other => panic!("{path}: {other:?}"),
    };
    assert_eq!(
        ["a/file", "a/other", "third", "shared", "null"].map(group),
        [1, 1, 1, 0, 0]
    );
    let changes = manifest.changes();
    assert_eq!((changes.count, changes.removed), (10, 1));
    assert!(changes.named.contains(&Change {
        path: "/shared".into(),
        bytes: Some(16)
    }));
    drop(socket);
}

#[test]
fn damage_is_seen() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "content").unwrap();
    let (bytes, _) = of(home.path()).write();
    assert!(Manifest::read(&bytes).is_some());
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 0x20;
        assert_eq!(Manifest::read(&other), None, "byte {at}");
        assert_eq!(Manifest::read(&bytes[..at]), None, "cut at {at}");
    }
}
