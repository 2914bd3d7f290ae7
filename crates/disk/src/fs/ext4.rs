//! ext4, written by `mkext4` at its place on the disk in one pass: all metadata first, then
//! contents in the order of the tree ([`crate::tree`]).
//!
//! What holds for every file system made here: 4 KiB blocks, 32-byte group descriptors (no
//! `64bit`: 16 TiB at most), no `resize_inode` (the kernel turns `meta_bg` on when the mounted file
//! system first grows past what its descriptors cover), `metadata_csum`, a journal sized as mke2fs
//! does, 1 % reserved. Unused inode tables and the journal's body are holes, flagged as zeroed: the
//! disk must read as zeros where nothing is written. Copies of the superblock hold no counts
//! ([`backup`]).

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;

use mkext4::{
    FsBuilder, InodeCount, InodeHandle, Meta, Options, RegionSink, SparseSeg, SpecialKind,
};

use crate::id::Guid;
use crate::sparse::Assembler;
use crate::tree::{Attributes, Content, ContentSource, Kind, Node, Tree, display, split, whole};

pub(crate) mod acl;
mod backup;
mod need;
mod xattr;

pub(crate) use need::needed;

const BLOCK: u64 = 4096;
/// Block numbers have 32 bits.
pub(crate) const SIZE_MAX: u64 = ((1 << 32) - 1) * BLOCK;
const RESERVED_PERCENT: u8 = 1;

/// A tree that cannot be written as ext4.
#[derive(Debug, thiserror::Error)]
pub enum Ext4Error {
    /// A name or link target that is not UTF-8.
    #[error("the {what} of `{}` is not UTF-8", display(.path))]
    NotUtf8 {
        /// `name` or `link target`.
        what: &'static str,
        /// The node.
        path: Vec<u8>,
    },
    /// An extended attribute ext4 cannot hold.
    #[error("extended attribute `{}` of `{}` {problem}", name.escape_ascii(), display(.path))]
    Xattr {
        /// The node.
        path: Vec<u8>,
        /// The attribute.
        name: Vec<u8>,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A node that the writer refuses, such as a link target or a device number out of range.
    #[error("`{}` cannot be written", display(.path))]
    Node {
        /// The node.
        path: Vec<u8>,
        /// What the writer says.
        #[source]
        source: mkext4::Error,
    },
    /// The file system as a whole.
    #[error("the file system cannot be laid out")]
    Layout(#[source] mkext4::Error),
    /// Reading a file's content.
    #[error("cannot read `{}`", display(.path))]
    Read {
        /// The file.
        path: Vec<u8>,
        /// What happened; an early end means that the file is shorter than it was said to be.
        #[source]
        source: io::Error,
    },
    /// Writing to the sink.
    #[error("cannot write the disk")]
    Write(#[source] io::Error),
}

/// What identifies a file system.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) uuid: Guid,
    pub(crate) hash_seed: Guid,
    /// 16 bytes at most; may be empty.
    pub(crate) label: String,
    /// Seconds since 1970 of the superblock's times.
    pub(crate) epoch: u32,
}

/// A file system laid out, with nothing written.
pub(crate) struct Planned<'t> {
    layout: mkext4::Layout,
    uuid: Guid,
    files: Vec<File<'t>>,
}

struct File<'t> {
    path: &'t [u8],
    handle: InodeHandle,
    content: &'t Content,
    data: Vec<Range<u64>>,
}

/// Lays out a checked tree on `size` bytes.
pub(crate) fn plan(tree: &Tree, size: u64, identity: Identity) -> Result<Planned<'_>, Ext4Error> {
    let mut options = Options::new(size, identity.uuid.bytes(), i64::from(identity.epoch));
    let uuid = identity.uuid;
    let seed = identity.hash_seed.bytes();
    options.hash_seed = std::array::from_fn(|word| {
        u32::from_le_bytes(std::array::from_fn(|byte| seed[word * 4 + byte]))
    });
    options.label = Some(identity.label).filter(|label| !label.is_empty());
    options.reserved_percent = RESERVED_PERCENT;
    options.inodes = need::inodes(tree, size).map_or(InodeCount::Auto, InodeCount::Exact);
    let mut declare = Declare {
        builder: FsBuilder::new(options).map_err(Ext4Error::Layout)?,
        handles: BTreeMap::from([(&[][..], mkext4::ROOT)]),
        files: vec![],
    };
    let nodes = tree.in_order();
    let is_link = |node: &Node| matches!(node.kind, Kind::HardLink(_));
    for (path, node) in nodes.iter().filter(|(_, node)| !is_link(node)) {
        declare.node(path, node)?;
    }
    for (path, node) in nodes {
        if let Kind::HardLink(target) = &node.kind {
            declare.link(path, target)?;
        }
    }
    Ok(Planned {
        layout: declare.builder.seal().map_err(Ext4Error::Layout)?,
        uuid,
        files: declare.files,
    })
}

struct Declare<'t> {
    builder: FsBuilder,
    handles: BTreeMap<&'t [u8], InodeHandle>,
    files: Vec<File<'t>>,
}

impl<'t> Declare<'t> {
    fn node(&mut self, path: &'t [u8], node: &'t Node) -> Result<(), Ext4Error> {
        let meta = meta(&node.attributes);
        let refuse = |source| Ext4Error::Node {
            path: path.to_vec(),
            source,
        };
        let handle = if path.is_empty() {
            self.builder.set_meta(mkext4::ROOT, meta).map_err(refuse)?;
            mkext4::ROOT
        } else {
            let (parent, name) = self.place(path)?;
            let builder = &mut self.builder;
            let device = |kind| (kind, parent, name);
            match &node.kind {
                Kind::Directory => builder.mkdir(parent, name, meta),
                Kind::File(content) => {
                    let data = blocks(content);
                    let handle = match &segments(content.size(), &data)[..] {
                        [] | [SparseSeg::Data(_)] => {
                            builder.file(parent, name, meta, content.size())
                        }
                        segments => builder.file_sparse(parent, name, meta, segments),
                    };
                    if let (Ok(handle), false) = (&handle, data.is_empty()) {
                        self.files.push(File {
                            path,
                            handle: *handle,
                            content,
                            data,
                        });
                    }
                    handle
                }
                Kind::Symlink(target) => {
                    let target = utf8(target, "link target", path)?;
                    builder.symlink(parent, name, target, meta)
                }
                Kind::Char { major, minor } => {
                    let (major, minor) = (*major, *minor);
                    mknod(builder, device(SpecialKind::Char { major, minor }), meta)
                }
                Kind::Block { major, minor } => {
                    let (major, minor) = (*major, *minor);
                    mknod(builder, device(SpecialKind::Block { major, minor }), meta)
                }
                Kind::Fifo => mknod(builder, device(SpecialKind::Fifo), meta),
                Kind::Socket => mknod(builder, device(SpecialKind::Socket), meta),
                Kind::HardLink(_) => unreachable!("links are declared after what they link to"),
            }
            .map_err(refuse)?
        };
        for (name, value) in xattr::encode(path, &node.attributes.xattrs)? {
            self.builder
                .set_xattr(handle, name, &value)
                .map_err(refuse)?;
        }
        self.handles.insert(path, handle);
        Ok(())
    }

    fn link(&mut self, path: &'t [u8], target: &[u8]) -> Result<(), Ext4Error> {
        let (parent, name) = self.place(path)?;
        self.builder
            .hardlink(parent, name, self.handles[target])
            .map_err(|source| Ext4Error::Node {
                path: path.to_vec(),
                source,
            })
    }

    /// The directory above and the name.
    fn place(&self, path: &'t [u8]) -> Result<(InodeHandle, &'t str), Ext4Error> {
        let (parent, name) = split(path);
        Ok((self.handles[parent], utf8(name, "name", path)?))
    }
}

fn mknod(
    builder: &mut FsBuilder,
    (kind, parent, name): (SpecialKind, InodeHandle, &str),
    meta: Meta,
) -> mkext4::Result<InodeHandle> {
    builder.mknod(parent, name, meta, kind)
}

fn meta(attributes: &Attributes) -> Meta {
    let mtime = (attributes.mtime.seconds, attributes.mtime.nanos);
    Meta::new(
        attributes.mode & 0o7777,
        attributes.uid,
        attributes.gid,
        mtime,
    )
}

fn utf8<'b>(bytes: &'b [u8], what: &'static str, path: &[u8]) -> Result<&'b str, Ext4Error> {
    std::str::from_utf8(bytes).map_err(|_| Ext4Error::NotUtf8 {
        what,
        path: path.to_vec(),
    })
}

/// Data ranges of a file, rounded outwards to blocks and joined where they then meet.
fn blocks(content: &Content) -> Vec<Range<u64>> {
    let Content::Source { size, data } = content else {
        return whole(content.size());
    };
    let mut rounded: Vec<Range<u64>> = vec![];
    for range in data {
        let start = range.start / BLOCK * BLOCK;
        let end = range.end.next_multiple_of(BLOCK).min(*size);
        match rounded.last_mut() {
            Some(last) if last.end >= start => last.end = end,
            _ => rounded.push(start..end),
        }
    }
    rounded
}

fn segments(size: u64, data: &[Range<u64>]) -> Vec<SparseSeg> {
    let mut segments = vec![];
    let mut at = 0;
    for range in data {
        if range.start > at {
            segments.push(SparseSeg::Hole(range.start - at));
        }
        segments.push(SparseSeg::Data(range.end - range.start));
        at = range.end;
    }
    if size > at {
        segments.push(SparseSeg::Hole(size - at));
    }
    segments
}

impl Planned<'_> {
    /// Bytes of contents to be read and written.
    pub(crate) fn data_bytes(&self) -> u64 {
        let ranges = self.files.iter().flat_map(|file| &file.data);
        ranges.map(|range| range.end - range.start).sum()
    }

    /// The files that are opened, in order.
    pub(crate) fn reads(&self) -> impl Iterator<Item = (&[u8], &[Range<u64>])> {
        let files = self.files.iter();
        let sources = files.filter(|file| matches!(file.content, Content::Source { .. }));
        sources.map(|file| (file.path, file.data.as_slice()))
    }

    /// Writes all of it to the disk, from `offset` on.
    pub(crate) fn write(
        &self,
        contents: &mut dyn ContentSource,
        disk: &mut Assembler<'_>,
        offset: u64,
    ) -> Result<(), Ext4Error> {
        let end = std::cell::Cell::new(0);
        let disk = std::cell::RefCell::new(disk);
        let region = Region {
            disk: &disk,
            uuid: self.uuid,
            offset,
            end: &end,
        };
        let mut writer = self.layout.writer(region).map_err(write_error)?;
        end.set(offset);
        for file in &self.files {
            let failed = |source| Ext4Error::Read {
                path: file.path.to_vec(),
                source,
            };
            let mut reader = Watched {
                inner: match file.content {
                    Content::Bytes(bytes) => Box::new(bytes.as_slice()),
                    Content::Source { .. } => {
                        contents.open(file.path, &file.data).map_err(failed)?
                    }
                },
                error: None,
            };
            let filled = writer.fill(file.handle, &mut reader);
            if let Some(error) = reader.error {
                return Err(failed(error));
            }
            filled.map_err(write_error)?;
            disk.borrow_mut()
                .settle(end.get())
                .map_err(Ext4Error::Write)?;
        }
        writer.finish().map_err(write_error)?;
        Ok(())
    }
}

fn write_error(error: mkext4::Error) -> Ext4Error {
    match error {
        mkext4::Error::Io(error) => Ext4Error::Write(error),
        other => Ext4Error::Layout(other),
    }
}

/// Remembers why reading failed, and takes an early end for a failure.
struct Watched<'r> {
    inner: Box<dyn Read + 'r>,
    error: Option<io::Error>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(0) if !buffer.is_empty() => {
                self.error = Some(io::ErrorKind::UnexpectedEof.into());
                Ok(0)
            }
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.error = Some(error);
                Err(io::ErrorKind::Other.into())
            }
            other => other,
        }
    }
}

/// The part of the disk that the file system has.
struct Region<'a, 's, 'd> {
    disk: &'a std::cell::RefCell<&'d mut Assembler<'s>>,
    uuid: Guid,
    offset: u64,
    /// Where on the disk the last data ended.
    end: &'a std::cell::Cell<u64>,
}

impl RegionSink for Region<'_, '_, '_> {
    fn data(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.end.set(self.offset + offset + bytes.len() as u64);
        let bytes = backup::settled(self.uuid, offset, bytes);
        self.disk.borrow_mut().data(self.offset + offset, &bytes)
    }

    fn zeros(&mut self, offset: u64, len: u64) -> io::Result<()> {
        self.disk.borrow_mut().zeros(self.offset + offset, len)
    }
}
