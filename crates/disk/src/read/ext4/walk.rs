//! From the root directory to the tree.

use std::collections::{BTreeMap, BTreeSet};

use super::ahead::Ahead;
use super::blocks::Extent;
use super::inode::{ENCRYPTED, INLINE_DATA, Inode, MAP, ROOT, Type};
use super::{Contents, Ext4, ReadError, broken};
use crate::tree::{Attributes, Content, Kind, Node, Tree, display};

/// The most names a system may have; a loop in a broken file system ends here.
const NODES_MAX: usize = 4_000_000;
/// The longest path, in bytes, as on Linux.
const PATH_MAX: usize = 4096;
/// The blocks that the data ranges of a tree are made of.
const TREE_BLOCK: u64 = 4096;

impl<'d> Ext4<'d> {
    /// The names in the root directory.
    pub fn top(&self) -> Result<BTreeSet<Vec<u8>>, ReadError> {
        Ok(self.names(&self.inode(ROOT)?)?.into_keys().collect())
    }

    /// A file's content by its path from the root, when it has `limit` bytes at most; links are not
    /// followed. `None`: there is no such file.
    pub fn read(&self, path: &[u8], limit: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let mut inode = self.inode(ROOT)?;
        for name in path.split(|byte| *byte == b'/') {
            if inode.kind()? != Type::Directory {
                return Ok(None);
            }
            let Some(number) = self.names(&inode)?.get(name).copied() else {
                return Ok(None);
            };
            inode = self.inode(number)?;
        }
        if inode.kind()? != Type::File {
            return Ok(None);
        }
        if inode.flags & INLINE_DATA != 0 {
            return self.inline(&inode).map(Some);
        }
        self.content(&inode, limit).map(Some)
    }

    /// Everything in it, and whence the contents of its files are read. Names of one file are hard
    /// links to the first of them; `lost+found` is left out, which every file system makes anew.
    pub fn tree(&self) -> Result<(Tree, Contents<'d>), ReadError> {
        self.walk(|path| path != b"lost+found")
    }

    /// The same with what stands in `lost+found`.
    pub fn everything(&self) -> Result<(Tree, Contents<'d>), ReadError> {
        self.walk(|_| true)
    }

    fn walk(&self, is_wanted: fn(&[u8]) -> bool) -> Result<(Tree, Contents<'d>), ReadError> {
        let root = self.inode(ROOT)?;
        if root.kind()? != Type::Directory {
            return Err(broken("its root is no directory"));
        }
        let mut walk = Walk {
            fs: self,
            tree: Tree::new(self.attributes(&root)?),
            files: BTreeMap::new(),
            shared: BTreeMap::new(),
            directories: BTreeSet::from([ROOT]),
            ahead: Ahead::of(self)?,
            names: 0,
            blocks: 0,
        };
        let mut open = vec![(Vec::new(), root)];
        while let Some((path, directory)) = open.pop() {
            for (name, number) in self.names(&directory)? {
                let mut child = path.clone();
                if !path.is_empty() {
                    child.push(b'/');
                }
                child.extend(name);
                if !is_wanted(&child) {
                    continue;
                }
                if let Some(inside) = walk.node(&child, number)? {
                    walk.ahead.directory(self, &inside)?;
                    open.push((child, inside));
                }
            }
        }
        Ok(walk.finish())
    }

    fn attributes(&self, inode: &Inode) -> Result<Attributes, ReadError> {
        Ok(Attributes {
            mode: inode.mode & 0o7777,
            uid: inode.uid,
            gid: inode.gid,
            mtime: inode.mtime,
            xattrs: self.xattrs(inode)?,
        })
    }
}

/// A file with several names.
struct Shared {
    node: Node,
    extents: Vec<Extent>,
    paths: Vec<Vec<u8>>,
}

struct Walk<'a, 'd> {
    fs: &'a Ext4<'d>,
    tree: Tree,
    files: BTreeMap<Vec<u8>, Vec<Extent>>,
    shared: BTreeMap<u32, Shared>,
    directories: BTreeSet<u32>,
    ahead: Ahead,
    names: usize,
    /// Blocks of all contents.
    blocks: u64,
}

impl<'d> Walk<'_, 'd> {
    /// Takes one name; gives the inode of a directory, which is still to be read.
    fn node(&mut self, path: &[u8], number: u32) -> Result<Option<Inode>, ReadError> {
        self.names += 1;
        if self.names > NODES_MAX || path.len() > PATH_MAX {
            return Err(broken(format!("too many names at `{}`", display(path))));
        }
        if let Some(shared) = self.shared.get_mut(&number) {
            shared.paths.push(path.to_vec());
            return Ok(None);
        }
        let inode = self.fs.inode(number)?;
        if inode.flags & ENCRYPTED != 0 {
            let what = format!("encrypted files such as `{}`", display(path));
            return Err(ReadError::Unsupported(what));
        }
        let mut extents = Vec::new();
        let (major, minor) = inode.device();
        let kind = match inode.kind()? {
            Type::Directory => {
                if !self.directories.insert(number) {
                    return Err(broken(format!("directory {number} has two names")));
                }
                Kind::Directory
            }
            Type::File => {
                let (content, found) = self.content(&inode)?;
                extents = found;
                Kind::File(content)
            }
            Type::Symlink => Kind::Symlink(self.target(&inode)?),
            Type::Char => Kind::Char { major, minor },
            Type::Block => Kind::Block { major, minor },
            Type::Fifo => Kind::Fifo,
            Type::Socket => Kind::Socket,
        };
        let attributes = self.fs.attributes(&inode)?;
        let node = Node { attributes, kind };
        if node.kind == Kind::Directory {
            self.tree.insert(path, node);
            return Ok(Some(inode));
        }
        if inode.links > 1 {
            let paths = vec![path.to_vec()];
            let shared = Shared {
                node,
                extents,
                paths,
            };
            self.shared.insert(number, shared);
            return Ok(None);
        }
        self.put(path.to_vec(), node, extents);
        Ok(None)
    }

    fn put(&mut self, path: Vec<u8>, node: Node, extents: Vec<Extent>) {
        if matches!(node.kind, Kind::File(Content::Source { .. })) {
            self.files.insert(path.clone(), extents);
        }
        self.tree.insert(path, node);
    }

    fn content(&mut self, inode: &Inode) -> Result<(Content, Vec<Extent>), ReadError> {
        if inode.flags & INLINE_DATA != 0 {
            return Ok((Content::Bytes(self.fs.inline(inode)?), Vec::new()));
        }
        let extents = self.fs.extents(inode)?;
        self.blocks += extents.iter().map(|extent| extent.length).sum::<u64>();
        if self.blocks > self.fs.blocks {
            return Err(broken("its files have more blocks than there are"));
        }
        let size = inode.size;
        let mut data: Vec<std::ops::Range<u64>> = Vec::new();
        for extent in &extents {
            let bytes = self.fs.bytes_of(*extent, size);
            let start = bytes.start / TREE_BLOCK * TREE_BLOCK;
            let end = bytes.end.next_multiple_of(TREE_BLOCK).min(size);
            match data.last_mut() {
                Some(last) if last.end >= start => last.end = end.max(last.end),
                _ => data.push(start..end),
            }
        }
        Ok((Content::Source { size, data }, extents))
    }

    fn target(&self, inode: &Inode) -> Result<Vec<u8>, ReadError> {
        let target = if inode.flags & INLINE_DATA != 0 || inode.size < MAP as u64 {
            self.fs.inline(inode)?
        } else {
            self.fs.content(inode, PATH_MAX as u64)?
        };
        if target.is_empty() || target.contains(&0) {
            return Err(broken(format!("the target of link {}", inode.number)));
        }
        Ok(target)
    }

    fn finish(mut self) -> (Tree, Contents<'d>) {
        for mut shared in std::mem::take(&mut self.shared).into_values() {
            shared.paths.sort_unstable();
            let first = shared.paths[0].clone();
            for path in &shared.paths[1..] {
                // The content can be opened by each of its names.
                self.files.insert(path.clone(), shared.extents.clone());
                let node = Node {
                    attributes: Attributes::default(),
                    kind: Kind::HardLink(first.clone()),
                };
                self.tree.insert(path.clone(), node);
            }
            self.put(first, shared.node, shared.extents);
        }
        let contents = Contents {
            part: self.fs.part.clone(),
            block_size: self.fs.block_size,
            files: self.files,
        };
        (self.tree, contents)
    }
}
