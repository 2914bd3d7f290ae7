//! The manifest of a file system: every node by its path, and where contents come from.
//!
//! Paths are bytes relative to the root, without a leading or trailing `/`; the root itself is
//! the empty path. A tree is ordered by these bytes.
//!
//! It is written in another order, so that a small change of a tree is a small change of the disk:
//! by rank, which whoever makes the tree gives to what came later; among nodes of one rank `usr`,
//! which nothing but packages writes to, comes before the rest; then by path. Where a node lies
//! then depends on nothing that comes after it.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;

mod check;
mod graft;
pub use check::TreeError;

/// A moment: seconds since 1970-01-01 UTC and nanoseconds after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time {
    /// Seconds, negative before 1970.
    pub seconds: i64,
    /// Nanoseconds, under 1,000,000,000.
    pub nanos: u32,
}

/// Extended attributes by name, values as `getxattr` gives them. POSIX ACLs as well: whoever
/// writes a file system converts them to its form.
pub type Xattrs = BTreeMap<Vec<u8>, Vec<u8>>;

/// Who may do what, and when it last changed. There is no other time: access and change times
/// are accidents of how a tree came to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    /// Permission bits: `0o7777` at most.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Time of the last modification.
    pub mtime: Time,
    /// Extended attributes.
    pub xattrs: Xattrs,
}

impl Attributes {
    /// Root's, without extended attributes.
    pub fn root_owned(mode: u16, mtime: Time) -> Self {
        Self {
            mode,
            mtime,
            ..Self::default()
        }
    }
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Mode, owner, time, extended attributes. Ignored for a [`Kind::HardLink`], which has its target's.
    pub attributes: Attributes,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File(Content),
    /// A symbolic link and its target.
    Symlink(Vec<u8>),
    /// A character device.
    Char {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A block device.
    Block {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// Another name of the node at this path, which is no directory and no hard link itself.
    HardLink(Vec<u8>),
}

/// The content of a regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Held here: files that Goldsmith itself writes.
    Bytes(Vec<u8>),
    /// Read from the [`ContentSource`] when it is written.
    Source {
        /// Length in bytes, holes included.
        size: u64,
        /// Where data is, ascending and apart; the rest is holes. Begins and ends of the ranges
        /// are rounded outwards to blocks of 4 KiB (the end of the last one to `size`).
        data: Vec<Range<u64>>,
    },
}

impl Content {
    /// A file of the source without holes.
    pub fn dense(size: u64) -> Self {
        Self::Source {
            size,
            data: whole(size),
        }
    }

    /// Length in bytes, holes included.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Source { size, .. } => *size,
        }
    }
}

/// Where the contents of [`Content::Source`] come from.
pub trait ContentSource {
    /// Opens the file at `path` for reading its `data` ranges one after the other, without what is
    /// between them. Whoever reads stops when it has as many bytes as the ranges say; fewer are an error.
    fn open(&mut self, path: &[u8], data: &[Range<u64>]) -> io::Result<Box<dyn Read + '_>>;
}

/// The nodes of a file system, by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    nodes: BTreeMap<Vec<u8>, Node>,
    /// Of those that are not 0.
    ranks: BTreeMap<Vec<u8>, u32>,
}

/// The rank of files that are put into a tree for the disk's sake.
const LAST: u32 = u32::MAX;

impl Tree {
    /// A tree of nothing but its root directory.
    pub fn new(root: Attributes) -> Self {
        let root = Node {
            attributes: root,
            kind: Kind::Directory,
        };
        Self {
            nodes: BTreeMap::from([(Vec::new(), root)]),
            ranks: BTreeMap::new(),
        }
    }

    /// Puts a node at `path`; what was there is given back. Parents must be there when the tree is
    /// used, not before.
    pub fn insert(&mut self, path: impl Into<Vec<u8>>, node: Node) -> Option<Node> {
        self.nodes.insert(path.into(), node)
    }

    /// Says when a node is written: a higher rank is later, and 0, which nodes have by themselves,
    /// the first. What is in a directory has at least its rank.
    pub fn set_rank(&mut self, path: impl Into<Vec<u8>>, rank: u32) {
        if rank > 0 {
            self.ranks.insert(path.into(), rank);
        }
    }

    /// Makes the directory `path` and those above it where there is nothing yet: root's, mode
    /// `0o755`, written last.
    pub fn ensure_directory(&mut self, path: &str, mtime: Time) {
        for (at, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let path = path.as_bytes()[..at].to_vec();
            if !self.nodes.contains_key(&path) {
                self.set_rank(path.clone(), LAST);
                let attributes = Attributes::root_owned(0o755, mtime);
                let kind = Kind::Directory;
                self.nodes.insert(path, Node { attributes, kind });
            }
        }
    }

    /// Puts a file that root owns, with its content, at `path`, and makes the directories above it.
    /// It is written last.
    pub fn insert_file(&mut self, path: &str, mode: u16, mtime: Time, bytes: Vec<u8>) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.ensure_directory(parent, mtime);
        }
        let node = Node {
            attributes: Attributes::root_owned(mode, mtime),
            kind: Kind::File(Content::Bytes(bytes)),
        };
        self.set_rank(path, LAST);
        self.insert(path, node);
    }

    /// The node at `path`.
    pub fn get(&self, path: &[u8]) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// All nodes, ordered by path; the root, whose path is empty, is the first.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Node)> {
        self.nodes
            .iter()
            .map(|(path, node)| (path.as_slice(), node))
    }

    /// All nodes in the order in which they are written; the root is the first.
    pub(crate) fn in_order(&self) -> Vec<(&[u8], &Node)> {
        // Of directories, those that are not 0; a directory comes before what is in it.
        let mut directories: BTreeMap<&[u8], u32> = BTreeMap::new();
        let mut ranked = Vec::with_capacity(self.len());
        for (path, node) in self.iter() {
            let own = self.ranks.get(path).copied().unwrap_or(0);
            let around = directories.get(split(path).0).copied().unwrap_or(0);
            let rank = own.max(around);
            if rank > 0 && node.kind == Kind::Directory {
                directories.insert(path, rank);
            }
            let is_usr = path == b"usr" || path.starts_with(b"usr/");
            ranked.push(((!path.is_empty(), rank, !is_usr), path, node));
        }
        // Stable: paths stay in order.
        ranked.sort_by_key(|(order, ..)| *order);
        let nodes = ranked.into_iter();
        nodes.map(|(_, path, node)| (path, node)).collect()
    }

    /// How many nodes there are, the root and hard links included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing but the root.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 1
    }

    /// The names right below the directory `path`, in order.
    pub fn names<'t>(&'t self, path: &str) -> impl Iterator<Item = &'t [u8]> + use<'t> {
        let mut prefix = path.as_bytes().to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        let length = prefix.len();
        self.nodes
            .range(prefix.clone()..)
            .take_while(move |(path, _)| path.starts_with(&prefix))
            .map(move |(path, _)| &path[length..])
            .filter(|name| !name.is_empty() && !name.contains(&b'/'))
    }
}

/// The one data range of a file without holes.
pub(crate) fn whole(size: u64) -> Vec<Range<u64>> {
    std::iter::once(0..size)
        .filter(|range| !range.is_empty())
        .collect()
}

/// The path of the directory above, and the last name.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|b| *b == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[], path),
    }
}

/// A path as a person reads it: from `/`, with what is no text escaped.
pub fn display(path: &[u8]) -> String {
    format!("/{}", path.escape_ascii())
}
