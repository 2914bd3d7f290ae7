//! What lies where on a disk: of every place the file, or the part of the file system or of the
//! disk, that has its bytes there.
//!
//! ```text
//! inode:   mode at 0, size at 4 and 108, flags at 32, extents at 40, attributes' block at 104, 118
//! extents: header (magic at 0, entries at 2, depth at 6), then 12 bytes each:
//!          of a leaf  first block of the file 4, blocks 2, place 2 (high) and 4 (low)
//!          of a node  first block of the file 4, place of the block below 4 (low) and 2 (high)
//! name:    inode 4, length of the entry 2, length of the name 1, kind 1, the name
//! ```
//!
//! Only files in extents are followed, as ext4 has them since 2008. Everything read is taken for
//! hostile.

use std::collections::BTreeMap;
use std::io;

use goldsmith_core::cx::Cx;
use goldsmith_disk::read::{Disk as _, Part};

use super::disk::{DiskView, PartitionSummary};
use super::layout::Layout;
use super::{Kind, Node, ViewError, le16, le32, limit};

const ROOT: u32 = 2;
const JOURNAL: u32 = 8;
const EXTENTS: u32 = 0x8_0000;
const MAGIC: u16 = 0xf30a;
/// Extents are nested at most so deep.
const DEPTH_MAX: u16 = 5;
/// In the entries of a directory: this one is a directory.
const DIRECTORY: u8 = 2;
/// Blocks of a directory that are read: some millions of names.
const DIRECTORY_MAX: u64 = 1 << 18;

/// What has its bytes at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The partition table, boot code, or nothing: outside of all partitions.
    Table,
    /// A partition that is not the root file system, by what it is for.
    Partition(String),
    /// A part of the root file system that belongs to no file.
    FileSystem(&'static str),
    /// The description of a file or directory: mode, owner, time, size, places.
    Inode(String),
    /// The content of a file or directory.
    Content(String),
    /// Nothing.
    Free,
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Table => f.write_str("partition table"),
            Self::Partition(name) => write!(f, "partition {name}"),
            Self::FileSystem(part) => f.write_str(part),
            Self::Inode(path) => write!(f, "inode of {path}"),
            Self::Content(path) => f.write_str(path),
            Self::Free => f.write_str("unused"),
        }
    }
}

/// Consecutive blocks of one thing.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: u64,
    count: u64,
    of: Of,
    /// Of a file: which of its blocks is the first.
    logical: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Part(&'static str),
    /// An inode table, of the inodes from this one on.
    Inodes(u64),
    Node(u32),
}

/// What lies where on a disk.
#[derive(Debug)]
pub struct DiskMap {
    partitions: Vec<PartitionSummary>,
    root_start: u64,
    root_length: u64,
    block_size: u64,
    inode_size: u64,
    pieces: Vec<Piece>,
    paths: BTreeMap<u32, String>,
}

impl DiskMap {
    /// Reads the tables of a disk. `None`: its root file system has them in a way that is not
    /// followed here.
    pub fn of(view: &DiskView, cx: &Cx) -> Result<Option<Self>, ViewError> {
        let slice = view.root();
        let failed = |source| ViewError::Read {
            path: "tables of the file system".to_owned(),
            source,
        };
        let Some(layout) = Layout::read(slice).map_err(failed)? else {
            return Ok(None);
        };
        let mut reader = Reader {
            cx,
            slice,
            layout: &layout,
            pieces: Vec::new(),
            paths: BTreeMap::new(),
        };
        reader.tables();
        reader.nodes()?;
        let mut pieces = reader.pieces;
        pieces.sort_unstable_by_key(|piece| piece.start);
        Ok(Some(Self {
            partitions: view.partitions(),
            root_start: slice.start(),
            root_length: slice.size(),
            block_size: layout.block_size,
            inode_size: layout.inode_size,
            pieces,
            paths: reader.paths,
        }))
    }

    /// What has its bytes at a place of the disk, and how far from its beginning that is; both in
    /// bytes.
    pub fn at(&self, offset: u64) -> (What, u64) {
        let Some(inside) = offset
            .checked_sub(self.root_start)
            .filter(|inside| *inside < self.root_length)
        else {
            let around = self
                .partitions
                .iter()
                .find(|p| (p.start..p.start.saturating_add(p.size)).contains(&offset));
            return match around {
                Some(partition) => (
                    What::Partition(partition.kind.clone()),
                    offset - partition.start,
                ),
                None => (What::Table, offset),
            };
        };
        let block = inside / self.block_size;
        let after = self.pieces.partition_point(|piece| piece.start <= block);
        let piece = after.checked_sub(1).map(|at| self.pieces[at]);
        let Some(piece) = piece.filter(|piece| block - piece.start < piece.count) else {
            return (What::Free, 0);
        };
        let within = inside - piece.start * self.block_size;
        match piece.of {
            Of::Part(name) => (What::FileSystem(name), within),
            Of::Node(inode) => {
                let at = piece.logical * self.block_size + within;
                (What::Content(self.path(inode)), at)
            }
            Of::Inodes(first) => {
                let inode = first + within / self.inode_size;
                let inode = u32::try_from(inode).unwrap_or(u32::MAX);
                match self.paths.get(&inode) {
                    Some(path) => (What::Inode(path.clone()), within % self.inode_size),
                    None => (What::FileSystem("inode table"), within),
                }
            }
        }
    }

    fn path(&self, inode: u32) -> String {
        self.paths.get(&inode).cloned().unwrap_or_default()
    }

    /// Bytes of one inode: differences in a table are told apart by it.
    pub fn inode_size(&self) -> u64 {
        self.inode_size
    }
}

struct Reader<'a> {
    cx: &'a Cx,
    slice: &'a Part<'static>,
    layout: &'a Layout,
    pieces: Vec<Piece>,
    paths: BTreeMap<u32, String>,
}

/// What of an inode is looked at.
struct Inode {
    bytes: Vec<u8>,
}

impl Inode {
    fn has_extents(&self) -> bool {
        le32(&self.bytes, 32) & EXTENTS != 0
    }

    fn attributes_block(&self) -> u64 {
        u64::from(le16(&self.bytes, 118)) << 32 | u64::from(le32(&self.bytes, 104))
    }
}

/// Where a file has its bytes.
#[derive(Default)]
struct Extents {
    /// First block in the file, first block of the file system, number of blocks.
    leaves: Vec<(u64, u64, u64)>,
    /// Blocks that hold the extents themselves.
    own: Vec<u64>,
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl Reader<'_> {
    /// Everything but files.
    fn tables(&mut self) {
        for group in 0..self.layout.groups() {
            let [blocks, inodes, table] = self.layout.tables(group);
            let copy = self.layout.copy(group);
            let mut add = |(start, count): (u64, u64), of| {
                self.pieces.push(Piece {
                    start,
                    count,
                    of,
                    logical: 0,
                });
            };
            add(blocks, Of::Part("block bitmap"));
            add(inodes, Of::Part("inode bitmap"));
            add(table, Of::Inodes(group * self.layout.inodes_per_group + 1));
            if let Some(copy) = copy {
                add(copy, Of::Part("superblock and group descriptors"));
            }
        }
    }

    /// Every file and directory, from the root.
    fn nodes(&mut self) -> Result<(), ViewError> {
        let failed = |path: &str| {
            let path = path.to_owned();
            move |source| ViewError::Read { path, source }
        };
        if let Ok(journal) = self.inode(JOURNAL)
            && journal.has_extents()
        {
            let extents = self.extents(&journal).map_err(failed("journal"))?;
            self.add(&extents, Of::Part("journal"));
        }
        self.paths.insert(ROOT, "/".to_owned());
        let mut open = vec![(ROOT, Vec::new())];
        let mut count = 0;
        while let Some((inode, path)) = open.pop() {
            self.cx.cancel.check()?;
            let shown = Node::new(if path.is_empty() { b"/" } else { &path }, Kind::Folder).path;
            let entries = self.directory(inode).map_err(failed(&shown))?;
            for (inode, kind, name) in entries {
                let mut inner = path.clone();
                inner.push(b'/');
                inner.extend(name);
                limit(count, &inner)?;
                count += 1;
                let shown = Node::new(&inner, Kind::File).path;
                // A file of several names goes by the first of them.
                if let Some(known) = self.paths.get_mut(&inode) {
                    if shown < *known {
                        *known = shown;
                    }
                    continue;
                }
                self.paths.insert(inode, shown.clone());
                if kind == DIRECTORY {
                    open.push((inode, inner));
                } else {
                    let node = self.inode(inode).map_err(failed(&shown))?;
                    self.place(inode, &node).map_err(failed(&shown))?;
                }
            }
        }
        Ok(())
    }

    fn inode(&self, number: u32) -> io::Result<Inode> {
        let index = u64::from(number)
            .checked_sub(1)
            .ok_or_else(|| broken("inode 0"))?;
        let layout = self.layout;
        let group = index / layout.inodes_per_group;
        if group >= layout.groups() {
            return Err(broken("an inode past the last"));
        }
        let [_, _, (table, _)] = layout.tables(group);
        let at = (index % layout.inodes_per_group) * layout.inode_size;
        let at = table.checked_mul(layout.block_size).map(|start| start + at);
        let mut bytes = vec![0; usize::try_from(layout.inode_size).unwrap_or(256)];
        self.slice
            .read_at(at.ok_or_else(|| broken("an inode outside"))?, &mut bytes)?;
        Ok(Inode { bytes })
    }

    /// Writes down where an inode's content is.
    fn place(&mut self, number: u32, inode: &Inode) -> io::Result<()> {
        let attributes = inode.attributes_block();
        if attributes > 0 {
            self.pieces.push(Piece {
                start: attributes,
                count: 1,
                of: Of::Node(number),
                logical: 0,
            });
        }
        if inode.has_extents() {
            let extents = self.extents(inode)?;
            self.add(&extents, Of::Node(number));
        }
        Ok(())
    }

    fn add(&mut self, extents: &Extents, of: Of) {
        let own = extents.own.iter().map(|block| (0, *block, 1));
        let pieces = extents.leaves.iter().copied().chain(own);
        self.pieces
            .extend(pieces.map(|(logical, start, count)| Piece {
                start,
                count,
                of,
                logical,
            }));
    }

    fn extents(&self, inode: &Inode) -> io::Result<Extents> {
        let mut found = Extents::default();
        self.extents_of(&inode.bytes[40..100], DEPTH_MAX, &mut found)?;
        Ok(found)
    }

    fn extents_of(&self, bytes: &[u8], most: u16, found: &mut Extents) -> io::Result<()> {
        let (entries, depth) = (usize::from(le16(bytes, 2)), le16(bytes, 6));
        if le16(bytes, 0) != MAGIC || depth > most || 12 + entries * 12 > bytes.len() {
            return Err(broken("a tree of extents that is none"));
        }
        for entry in bytes[12..12 + entries * 12].chunks_exact(12) {
            if depth == 0 {
                let start = u64::from(le16(entry, 6)) << 32 | u64::from(le32(entry, 8));
                let count = u64::from(le16(entry, 4));
                // Longer ones are of blocks that were never written.
                let count = if count > 32768 { count - 32768 } else { count };
                found.leaves.push((u64::from(le32(entry, 0)), start, count));
                continue;
            }
            let below = u64::from(le16(entry, 8)) << 32 | u64::from(le32(entry, 4));
            found.own.push(below);
            let inner = self.block(below)?;
            if le16(&inner, 6) + 1 != depth {
                return Err(broken("a tree of extents that is none"));
            }
            self.extents_of(&inner, depth - 1, found)?;
        }
        Ok(())
    }

    fn block(&self, number: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.layout.block_size).unwrap_or(4096)];
        let at = number.checked_mul(self.layout.block_size);
        self.slice
            .read_at(at.ok_or_else(|| broken("a block outside"))?, &mut bytes)?;
        Ok(bytes)
    }

    /// The entries of a directory but itself and the one above, whose place is written down.
    fn directory(&mut self, number: u32) -> io::Result<Vec<(u32, u8, Vec<u8>)>> {
        let inode = self.inode(number)?;
        self.place(number, &inode)?;
        if !inode.has_extents() {
            return Err(broken("a directory without extents"));
        }
        let mut entries = Vec::new();
        let mut left = DIRECTORY_MAX;
        for (_, start, count) in self.extents(&inode)?.leaves {
            for block in start..start.saturating_add(count) {
                left = left
                    .checked_sub(1)
                    .ok_or_else(|| broken("a directory that is too large"))?;
                names(&self.block(block)?, &mut entries)?;
            }
        }
        Ok(entries)
    }
}

fn names(bytes: &[u8], entries: &mut Vec<(u32, u8, Vec<u8>)>) -> io::Result<()> {
    let mut at = 0;
    while at + 8 <= bytes.len() {
        let length = usize::from(le16(bytes, at + 4));
        let name = at + 8..at + 8 + usize::from(bytes[at + 6]);
        if length < 8 || at + length > bytes.len() || name.end > bytes.len() {
            return Err(broken("a directory that is none"));
        }
        let inode = le32(bytes, at);
        let kind = bytes[at + 7];
        let name = &bytes[name];
        if inode != 0 && name != b"." && name != b".." {
            entries.push((inode, kind, name.to_vec()));
        }
        at += length;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
