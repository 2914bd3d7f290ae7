//! What a tree holds, in a form in which two trees can be compared: owners by
//! name, since numbers depend on the order in which packages asked for them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use goldsmith_core::digest::Sha256;

/// Every path below `tree` with a line on each thing known of it.
pub(crate) fn scan(tree: &Path, by_lines: &dyn Fn(&str) -> bool) -> BTreeMap<String, Vec<String>> {
    let names = Names {
        users: ids(&tree.join("etc/passwd")),
        groups: ids(&tree.join("etc/group")),
    };
    let mut found = BTreeMap::new();
    let mut directories = vec![tree.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let inside = path.strip_prefix(tree).unwrap().to_str().unwrap();
            let inside = format!("/{inside}");
            let facts = names.facts(&path, by_lines(&inside));
            found.insert(inside, facts);
            if path.symlink_metadata().unwrap().is_dir() {
                directories.push(path);
            }
        }
    }
    found
}

struct Names {
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
}

impl Names {
    fn facts(&self, path: &Path, by_lines: bool) -> Vec<String> {
        let meta = path.symlink_metadata().unwrap();
        let kind = meta.file_type();
        let owner = |names: &BTreeMap<u32, String>, id: u32| {
            names.get(&id).cloned().unwrap_or_else(|| id.to_string())
        };
        let content = if kind.is_symlink() {
            format!("link to {}", fs::read_link(path).unwrap().display())
        } else if kind.is_file() {
            content(path, by_lines)
        } else if kind.is_dir() {
            "directory".to_owned()
        } else {
            let char = kind.is_char_device();
            format!("node {} {char}", meta.rdev())
        };
        let mut facts = vec![
            format!("mode {:o}", meta.mode()),
            format!("user {}", owner(&self.users, meta.uid())),
            format!("group {}", owner(&self.groups, meta.gid())),
            content,
        ];
        facts.extend(attributes(path));
        facts
    }
}

fn content(path: &Path, by_lines: bool) -> String {
    let bytes = fs::read(path).unwrap();
    if !by_lines {
        return format!("{} bytes {}", bytes.len(), Sha256::of(&bytes).short());
    }
    // Users and groups without their numbers.
    let number_at = match path.file_name().unwrap().to_str().unwrap() {
        "passwd" => &[2, 3][..],
        "group" => &[2],
        _ => &[],
    };
    let text = String::from_utf8(bytes).unwrap();
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| {
            let fields = line.split(':').enumerate();
            let kept: Vec<&str> = fields
                .filter(|(n, _)| !number_at.contains(n))
                .map(|(_, f)| f)
                .collect();
            kept.join(":")
        })
        .collect();
    lines.sort();
    lines.join(" | ")
}

fn attributes(path: &Path) -> Vec<String> {
    let mut names = vec![0; 4096];
    let length = rustix::fs::llistxattr(path, &mut names[..]).unwrap();
    names[..length]
        .split(|b| *b == 0)
        .filter(|name| !name.is_empty())
        .map(|name| {
            let name = str::from_utf8(name).unwrap();
            let mut value = vec![0; 4096];
            let length = rustix::fs::lgetxattr(path, name, &mut value[..]).unwrap();
            format!("{name} {:02x?}", &value[..length])
        })
        .collect()
}

/// Names by number, of `passwd` or `group`.
fn ids(path: &Path) -> BTreeMap<u32, String> {
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            (fields[2].parse().unwrap(), fields[0].to_owned())
        })
        .collect()
}
