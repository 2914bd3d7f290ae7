//! Packages of two images.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::debversion;

/// A package as it is installed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its architecture.
    pub arch: String,
    /// Its version.
    pub version: String,
}

/// A package in two versions.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// Its architecture.
    pub arch: String,
    /// The version it had.
    pub old: String,
    /// The version it has.
    pub new: String,
    /// Whether that is a lower one.
    pub is_downgrade: bool,
}

/// What changed, in the order of names.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct PackageDiff {
    /// Only in the new image.
    pub added: Vec<Package>,
    /// Only in the old image.
    pub removed: Vec<Package>,
    /// In another version.
    pub changed: Vec<Change>,
}

impl PackageDiff {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares two lists, whatever their order. A package is known by its name and architecture.
pub fn packages(old: &[Package], new: &[Package]) -> PackageDiff {
    fn by_id(list: &[Package]) -> BTreeMap<(&str, &str), &Package> {
        let ids = list.iter();
        ids.map(|p| ((p.name.as_str(), p.arch.as_str()), p))
            .collect()
    }
    let (before, after) = (by_id(old), by_id(new));
    let ids: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut diff = PackageDiff::default();
    for id in ids {
        match (before.get(id), after.get(id)) {
            (None, Some(new)) => diff.added.push((*new).clone()),
            (Some(old), None) => diff.removed.push((*old).clone()),
            (Some(old), Some(new)) if old.version != new.version => diff.changed.push(Change {
                name: new.name.clone(),
                arch: new.arch.clone(),
                old: old.version.clone(),
                new: new.version.clone(),
                is_downgrade: debversion::compare(&old.version, &new.version) == Ordering::Greater,
            }),
            _ => {}
        }
    }
    diff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &str) -> Vec<Package> {
        let package = |word: &str| {
            let (name, version) = word.split_once('=').unwrap();
            let (name, arch) = name.split_once(':').unwrap_or((name, "amd64"));
            Package {
                name: name.to_owned(),
                arch: arch.to_owned(),
                version: version.to_owned(),
            }
        };
        words.split(' ').map(package).collect()
    }

    #[test]
    fn added_removed_changed() {
        let old = list("curl=1.0-2 nginx=1.9-1 tree=2 libc6:i386=2 libc6=2");
        let new = list("nginx=1.10-1 less=590 curl=1.0-1 libc6=2 libc6:i386=2");
        let diff = packages(&old, &new);
        assert_eq!(diff.added, list("less=590"));
        assert_eq!(diff.removed, list("tree=2"));
        let changed: Vec<_> = diff
            .changed
            .iter()
            .map(|c| (c.name.as_str(), c.is_downgrade))
            .collect();
        assert_eq!(changed, [("curl", true), ("nginx", false)]);
        assert!(packages(&new, &new).is_empty());
    }
}
