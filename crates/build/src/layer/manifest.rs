//! What is in a layer: every path of it, and what it says of the layers below.

use std::collections::BTreeMap;

use goldsmith_core::digest::Sha256;
use goldsmith_disk::tree::{Content, Kind, Node};

use crate::assemble::scan::Found;

mod format;

/// How many changed paths are named in a record.
const NAMED_MAX: usize = 50;

/// A layer's paths, in order; directories come before what is in them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Manifest {
    pub(crate) rows: Vec<Row>,
}

/// One path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Relative to the root of the tree; empty for itself.
    pub(crate) path: Vec<u8>,
    pub(crate) what: What,
}

/// What a layer says of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// Whatever stands there in the layers below is gone.
    Gone,
    /// This stands there.
    Node {
        /// Never a hard link.
        node: Node,
        /// Names of one file have the same number; 0 is no other name.
        group: u32,
        /// A directory that hides what the layers below have in it.
        is_opaque: bool,
    },
}

/// What a layer changed, for people.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Changes {
    /// Files made or changed, links and devices as well.
    pub count: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Names that are gone.
    pub removed: u64,
    /// The first of them, by path: bytes of those that are there, nothing of those that are gone.
    pub named: Vec<Change>,
}

/// A path that a layer changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// From `/`.
    pub path: String,
    /// Bytes of a file; `None`: it is gone.
    pub bytes: Option<u64>,
}

impl Manifest {
    /// Of a layer that was walked.
    pub(crate) fn of(mut found: Vec<Found>) -> Self {
        found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let mut names: BTreeMap<(u64, u64), u32> = BTreeMap::new();
        for identity in found.iter().filter_map(|found| found.shared) {
            *names.entry(identity).or_default() += 1;
        }
        // Numbered by first path: an inode is an accident. A file whose other names stand
        // elsewhere, in the store, has none here.
        let mut groups: BTreeMap<(u64, u64), u32> = BTreeMap::new();
        let mut group = |identity: (u64, u64)| {
            if names[&identity] == 1 {
                return 0;
            }
            let next = u32::try_from(groups.len() + 1).unwrap_or(u32::MAX);
            *groups.entry(identity).or_insert(next)
        };
        let row = |found: Found| Row {
            path: found.path,
            what: match found.node {
                None => What::Gone,
                Some(node) => What::Node {
                    node,
                    group: found.shared.map_or(0, &mut group),
                    is_opaque: found.is_opaque,
                },
            },
        };
        Self {
            rows: found.into_iter().map(row).collect(),
        }
    }

    /// The stored form, and the digest that names its content.
    pub(crate) fn write(&self) -> (Vec<u8>, Sha256) {
        format::write(self)
    }

    /// Reads the stored form; `None` when it is damaged.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        format::read(bytes)
    }

    /// What it changed.
    pub(crate) fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        for row in &self.rows {
            let bytes = match &row.what {
                What::Gone => {
                    changes.removed += 1;
                    None
                }
                What::Node { node, .. } => {
                    let bytes = match &node.kind {
                        Kind::Directory => continue,
                        Kind::File(content) => content.size(),
                        _ => 0,
                    };
                    changes.count += 1;
                    changes.bytes += bytes;
                    Some(bytes)
                }
            };
            if changes.named.len() < NAMED_MAX {
                changes.named.push(Change {
                    path: goldsmith_disk::tree::display(&row.path),
                    bytes,
                });
            }
        }
        changes
    }

    /// Files with their sizes, and every other path without one: what a look at the directory can
    /// hold against it.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (&[u8], Option<u64>)> {
        self.rows.iter().map(|row| {
            let size = match &row.what {
                What::Node {
                    node:
                        Node {
                            kind: Kind::File(Content::Source { size, .. }),
                            ..
                        },
                    ..
                } => Some(*size),
                _ => None,
            };
            (row.path.as_slice(), size)
        })
    }
}

#[cfg(test)]
mod tests;
