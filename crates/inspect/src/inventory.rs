//! What an image is made of: the packages that its own databases know, and the software that says
//! what it is in its files.
//!
//! ```text
//! system   deb: /var/lib/dpkg   rpm: /var/lib/rpm   apk: /lib/apk/db    packages, and who owns which file
//! files    python: METADATA     node: package.json  java: *.jar         found on the walk of `scan`
//!          go, rust: programs
//! ```
//!
//! To add one of files: copy a file, list it in `KINDS`, and give it a test.

use std::io;

use goldsmith_core::inventory::{Ecosystem, Inventory, Package};
use goldsmith_disk::read::Disk;

use crate::snapshot::Snapshot;
use crate::view::{Node, ViewError};

pub mod distribution;
mod elf;
mod java;
mod node;
mod program;
mod python;
pub mod system;
mod zip;

/// A kind of software that is told by a file.
pub(crate) struct FileKind {
    /// Whether a file may say it, by its path and mode.
    pub(crate) is_wanted: fn(&Node) -> bool,
    /// Adds what a file says. An error says that the file is broken, not that it is another.
    pub(crate) read: fn(&Subject<'_>, &mut Vec<Package>) -> io::Result<()>,
}

/// A file that is looked at.
pub(crate) struct Subject<'a> {
    pub(crate) path: &'a str,
    pub(crate) file: &'a dyn Disk,
}

impl Subject<'_> {
    /// The whole file; larger ones than `limit` are an error.
    pub(crate) fn bytes(&self, limit: u64) -> io::Result<Vec<u8>> {
        let size = self.file.size();
        if size > limit {
            return Err(io::Error::other(format!("more than {limit} bytes")));
        }
        let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
        self.file.read_at(0, &mut bytes)?;
        Ok(bytes)
    }
}

/// A package of which only this is known.
pub(crate) fn plain(ecosystem: Ecosystem, name: &str, version: &str, path: &str) -> Package {
    Package {
        evidence: vec![path.to_owned()],
        ..Package::new(ecosystem, name, version)
    }
}

/// The kinds that want a file.
pub(crate) fn kinds_of(node: &Node) -> impl Iterator<Item = &'static FileKind> {
    KINDS.iter().copied().filter(|kind| (kind.is_wanted)(node))
}

static KINDS: &[&FileKind] = &[&java::KIND, &node::KIND, &program::KIND, &python::KIND];

/// The inventory of an image: what its databases say and what was found in files, put in order.
/// The same software at several places is one, with all of them as evidence.
pub fn inventory(
    snapshot: &Snapshot<'_>,
    found: impl IntoIterator<Item = Package>,
) -> Result<Inventory, ViewError> {
    let mut packages: Vec<Package> = snapshot.system().packages().to_vec();
    packages.extend(found);
    Ok(Inventory {
        distribution: distribution::read(snapshot)?,
        packages: in_order(packages),
    })
}

fn in_order(mut packages: Vec<Package>) -> Vec<Package> {
    packages.sort_unstable();
    let mut merged: Vec<Package> = Vec::with_capacity(packages.len());
    for mut package in packages {
        let evidence = std::mem::take(&mut package.evidence);
        match merged.last_mut() {
            Some(last) if is_same(last, &package) => last.evidence.extend(evidence),
            _ => {
                package.evidence = evidence;
                merged.push(package);
            }
        }
    }
    for package in &mut merged {
        package.evidence.sort_unstable();
        package.evidence.dedup();
    }
    merged
}

fn is_same(a: &Package, b: &Package) -> bool {
    let all = |p: &Package| Package {
        evidence: Vec::new(),
        ..p.clone()
    };
    a.name == b.name && a.version == b.version && all(a) == all(b)
}

#[cfg(test)]
pub(crate) mod tests;
