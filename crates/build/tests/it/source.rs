//! Disks and archives that others made become layers, and ours become what they were made of.

mod archive;
mod debian;
mod foreign;
mod mounted;
mod own;
mod refused;

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use goldsmith_build::source::SourceDisk;

use super::assemble::listing::listing;
use super::assemble::odd_tree::{odd_tree, put};
use super::assemble::{cx, tool};

/// A tool with plain words.
fn run(package: &str, name: &str, words: &[&str]) -> String {
    let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
    tool(package, name, &words)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The tree with one of everything, without what no layer takes.
fn tree(root: &Path) {
    odd_tree(root);
    fs::remove_file(root.join("tmp/leftover")).unwrap();
    fs::remove_dir(root.join("lost+found")).unwrap();
    rustix::fs::lremovexattr(root.join("srv/listed"), "trusted.host").unwrap();
    put(&root.join("etc/hostname"), b"golden\n", 0o644);
    fs::create_dir(root.join("home")).unwrap();
    for (path, mode) in [("proc", 0o555), ("sys", 0o555), ("tmp", 0o1777)] {
        fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Unpacks a disk into a directory of its own.
fn unpacked(disk: &Path) -> tempfile::TempDir {
    let into = tempfile::tempdir().unwrap();
    let source = SourceDisk::open(disk).unwrap_or_else(|error| panic!("{}", told(&error)));
    let done = source.unpack(&cx(), into.path());
    let done = done.unwrap_or_else(|error| panic!("{}", told(&error)));
    let lines = listing(into.path());
    assert!(done.nodes >= lines.len() as u64);
    into
}

/// Two trees, a line a node.
fn compare(expected: &Path, got: &Path) {
    // What a layer has a mode and time of its own for.
    let is_fixed = |line: &String| {
        let name = line.split(' ').next();
        matches!(name, Some("dev" | "proc" | "run" | "sys" | "tmp"))
    };
    // mke2fs makes the root of a file system itself, at its own time.
    let timeless = |line: String| match line.split_once(" at ") {
        Some((root, _)) if root.starts_with([' ']) || root.starts_with("boot ") => root.to_owned(),
        _ => line,
    };
    let lines = |path: &Path| -> Vec<String> {
        let lines = listing(path).into_iter();
        lines.filter(|line| !is_fixed(line)).map(timeless).collect()
    };
    let (expected, got) = (lines(expected), lines(got));
    for (expected, got) in expected.iter().zip(&got) {
        assert_eq!(got, expected);
    }
    assert_eq!(got.len(), expected.len());
}

/// An error with its causes.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error;
    while let Some(source) = cause.source() {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source;
    }
    text
}

/// A file system of `mib` MiB with a tree in it, in a file.
fn ext4(scratch: &Path, name: &str, mib: u64, tree: &Path, options: &[&str]) -> PathBuf {
    let path = scratch.join(name);
    let size = format!("{mib}M");
    let mut words = vec!["-q", "-b", "4096", "-d", text(tree)];
    words.extend(options);
    words.extend([text(&path), size.as_str()]);
    run("e2fsprogs", "mkfs.ext4", &words);
    path
}

/// Copies the bytes of a file to a place of another, holes left out.
fn place(from: &Path, disk: &Path, mib: u64) {
    let (from, to) = (format!("if={}", text(from)), format!("of={}", text(disk)));
    let seek = format!("seek={mib}");
    let words = [
        &from,
        &to,
        "bs=1M",
        &seek,
        "conv=notrunc,sparse",
        "status=none",
    ];
    run("coreutils", "dd", &words);
}

fn blocks(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().blocks()
}
