//! A tree as the kernel shows it, a line per node.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use goldsmith_core::digest::Sha256;

/// One line per node, as the kernel shows it.
pub(crate) fn listing(root: &Path) -> Vec<String> {
    let mut lines = vec![];
    let mut inodes = std::collections::BTreeMap::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(path) = pending.pop() {
        let full = root.join(&path);
        let info = fs::symlink_metadata(&full).unwrap();
        let is_directory = info.is_dir();
        let mut line = format!(
            "{} {:o} {}:{} dev {} at {}.{}",
            path.display(),
            info.mode(),
            info.uid(),
            info.gid(),
            info.rdev(),
            info.mtime(),
            info.mtime_nsec(),
        );
        if !is_directory {
            write!(line, " size {} links {}", info.size(), info.nlink()).unwrap();
            let first = inodes.entry(info.ino()).or_insert_with(|| path.clone());
            if *first != path {
                write!(line, " is {}", first.display()).unwrap();
            }
        }
        if info.is_file() {
            write!(line, " {}", Sha256::of(&fs::read(&full).unwrap())).unwrap();
        } else if info.is_symlink() {
            write!(line, " -> {}", fs::read_link(&full).unwrap().display()).unwrap();
        }
        for (name, value) in attributes(&full) {
            write!(line, " {name}={}", value.escape_ascii()).unwrap();
        }
        lines.push(line);
        if is_directory {
            let mut names: Vec<_> = fs::read_dir(&full)
                .unwrap()
                .map(|e| e.unwrap().file_name())
                .collect();
            names.sort_unstable();
            names.reverse();
            pending.extend(names.iter().map(|name| path.join(name)));
        }
    }
    lines
}

pub(crate) fn attributes(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut list = vec![0; 4096];
    let length = rustix::fs::llistxattr(path, &mut list[..]).unwrap();
    let mut names: Vec<&[u8]> = list[..length]
        .split(|b| *b == 0)
        .filter(|n| !n.is_empty())
        .collect();
    names.sort_unstable();
    let value = |name: &[u8]| {
        let mut value = vec![0; 4096];
        let length = rustix::fs::lgetxattr(path, name, &mut value[..]).unwrap();
        value.truncate(length);
        value
    };
    names
        .iter()
        .map(|name| (String::from_utf8_lossy(name).into_owned(), value(name)))
        .collect()
}
