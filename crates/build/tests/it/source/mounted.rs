//! Roots that only the kernel reads. Where it knows none of them, that is what is said.

use std::fs::{self, File};
use std::path::Path;

use goldsmith_build::source::{KernelView, SourceDisk};
use goldsmith_core::failure::{Class, Failure as _};

use goldsmith_inspect::view::open::open;
use goldsmith_inspect::view::{Kind, ViewError};

use super::super::assemble::{Mounted, cx};
use super::{compare, run, text, told, tree, unpacked};

fn is_known(kind: &str) -> bool {
    let known = fs::read_to_string("/proc/filesystems").unwrap();
    known.lines().any(|line| line.trim() == kind)
}

/// Unpacks a disk of a file system, raw and as qcow2; says so where the kernel does not know it.
fn check(kind: &str, before: &Path, disk: &Path) {
    if !is_known(kind) {
        let into = tempfile::tempdir().unwrap();
        let error = SourceDisk::open(disk).unwrap().unpack(&cx(), into.path());
        let error = error.unwrap_err();
        assert_eq!(error.class(), Class::Environment);
        let expected = format!(
            "the disk itself holds {kind}, which the kernel has to read: \
             this kernel has no support for {kind}"
        );
        assert_eq!(told(&error), expected);
        let error = shown(disk).unwrap_err();
        assert_eq!(error.class(), Class::Environment);
        let expected = format!(
            "the root file system is on {kind}, which only the kernel reads, and it does not: \
             this kernel has no support for {kind}"
        );
        assert_eq!(told(&error), expected);
        return;
    }
    compare(before, unpacked(disk).path());
    let packed = disk.with_extension("qcow2");
    run(
        "qemu-utils",
        "qemu-img",
        &["convert", "-O", "qcow2", text(disk), text(&packed)],
    );
    compare(before, unpacked(&packed).path());
    for disk in [disk, &packed] {
        let files = shown(disk).unwrap();
        assert!(files.len() > 3, "{files:?}");
        for (path, bytes) in files {
            let path = before.join(path.trim_start_matches('/'));
            assert!(fs::read(&path).unwrap() == bytes, "{}", path.display());
        }
    }
    let devices = run(
        "mount",
        "losetup",
        &["--list", "--noheadings", "--output", "BACK-FILE"],
    );
    assert!(!devices.contains(text(disk)), "a device stays: {devices}");
    let error = SourceDisk::open(disk).unwrap().keep().unwrap_err();
    assert_eq!(
        told(&error),
        format!("the disk itself holds {kind}: what starts the disk would not find it as ext4")
    );
}

/// What a scan sees of the files that have text for names.
fn shown(disk: &Path) -> Result<Vec<(String, Vec<u8>)>, ViewError> {
    let scratch = tempfile::tempdir().unwrap();
    let kernel = KernelView {
        scratch: scratch.path().to_owned(),
    };
    let opened = open(disk, scratch.path(), Some(&kernel), &cx())?;
    let nodes = opened.view.nodes(&cx())?;
    let files = nodes.iter().filter(|node| node.kind == Kind::File);
    let files = files.filter(|node| !node.path.contains('\u{FFFD}'));
    files
        .map(|node| Ok((node.path.clone(), opened.view.read(node, usize::MAX)?)))
        .collect()
}

/// Makes a file system with a tree in it, in a directory `inside` of it.
fn made(kind: &str, package: &str, inside: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let (before, disk) = (scratch.path().join("before"), scratch.path().join("disk"));
    tree(&before);
    File::create(&disk).unwrap().set_len(320 << 20).unwrap();
    run(package, &format!("mkfs.{kind}"), &["-q", text(&disk)]);
    if is_known(kind) {
        let at = scratch.path().join("mounted");
        let mounted = Mounted::writable(&disk, at.clone());
        let to = at.join(inside);
        if !inside.is_empty() {
            run(package, "btrfs", &["-q", "subvolume", "create", text(&to)]);
        }
        let from = before.join(".");
        run("coreutils", "cp", &["-a", text(&from), text(&to)]);
        drop(mounted);
    }
    check(kind, &before, &disk);
}

#[test]
fn xfs() {
    made("xfs", "xfsprogs", "");
}

#[test]
fn btrfs() {
    made("btrfs", "btrfs-progs", "");
    made("btrfs", "btrfs-progs", "@");
}
