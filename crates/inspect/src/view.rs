//! A read-only look at the files of an image: a tree on this machine or a finished disk.
//!
//! A view lists every node once and opens files, from several threads. It resolves no
//! link: [`crate::snapshot`] does that over the list, so that a link can never lead
//! out of the image. Everything read is taken for hostile: sizes, depths and counts
//! are limited, and a broken structure is an error.

use std::io;
use std::ops::Range;
use std::path::PathBuf;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_disk::read::Disk;
use goldsmith_disk::read::ext4::ReadError;
use goldsmith_disk::read::form::FormError;
use goldsmith_disk::read::table::TableError;
use goldsmith_disk::read::tar::TarError;
use goldsmith_disk::tree::{Kind as KindOfTree, Node as NodeOfTree};

pub mod archive;
pub mod disk;
mod fat;
pub mod file;
pub mod free;
mod layout;
pub mod map;
pub mod open;
pub mod tree;

/// The most nodes an image may have; a loop in a broken file system ends here.
const MAX_NODES: usize = 4_000_000;
/// The longest path, in bytes, as on Linux.
const MAX_PATH: usize = 4096;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, a pipe or a socket.
    Other,
}

/// One name in the image.
#[derive(Debug, Clone)]
pub struct Node {
    /// Absolute path inside the image. Bytes that are no UTF-8 stand as `\u{FFFD}`
    /// with two hexadecimal digits.
    pub path: String,
    /// The path as it is, where [`Self::path`] had to be changed.
    pub(crate) raw: Option<Box<[u8]>>,
    /// Which of its view's parts has it: a file system of a disk, a member of an archive.
    pub(crate) key: usize,
    /// What it is.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of a file, as `ls` shows them.
    pub size: u64,
    /// Where a link points.
    pub target: Option<String>,
}

impl Node {
    pub(crate) fn new(raw: &[u8], kind: Kind) -> Self {
        let (path, raw) = match std::str::from_utf8(raw) {
            Ok(path) => (path.to_owned(), None),
            Err(_) => (readable(raw), Some(raw.into())),
        };
        Self {
            path,
            raw,
            key: 0,
            kind,
            mode: 0,
            uid: 0,
            gid: 0,
            size: 0,
            target: None,
        }
    }

    /// A node of a tree, at a path of the image. Another name of a file is to come with that
    /// file's node.
    pub fn of(path: &[u8], node: &NodeOfTree) -> Self {
        let kind = match &node.kind {
            KindOfTree::File(_) => Kind::File,
            KindOfTree::Directory => Kind::Folder,
            KindOfTree::Symlink(_) => Kind::Link,
            _ => Kind::Other,
        };
        let mut new = Self::new(path, kind);
        new.mode = u32::from(node.attributes.mode);
        new.uid = node.attributes.uid;
        new.gid = node.attributes.gid;
        match &node.kind {
            KindOfTree::File(content) => new.size = content.size(),
            KindOfTree::Symlink(target) => {
                new.target = Some(String::from_utf8_lossy(target).into_owned());
            }
            _ => {}
        }
        new
    }

    /// The path as the file system has it.
    pub(crate) fn raw_path(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.path.as_bytes())
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

fn readable(raw: &[u8]) -> String {
    raw.utf8_chunks()
        .flat_map(|chunk| {
            let bytes = chunk.invalid().iter();
            std::iter::once(chunk.valid().to_owned())
                .chain(bytes.map(|byte| format!("\u{FFFD}{byte:02x}")))
        })
        .collect()
}

/// Files of an image, read only.
pub trait View: Send + Sync {
    /// Every node but the root itself, in any order. Folders on another file system
    /// are listed without what they hold.
    fn nodes(&self, cx: &Cx) -> Result<Vec<Node>, ViewError>;

    /// A regular file that [`Self::nodes`] listed, to be read wherever one wants.
    fn open<'v>(&'v self, node: &Node) -> Result<Box<dyn Disk + 'v>, ViewError>;

    /// The disk that the files are on, when its unused blocks can be looked at.
    fn disk(&self) -> Option<&disk::DiskView> {
        None
    }

    /// At most the first `limit` bytes of such a file.
    fn read(&self, node: &Node, limit: usize) -> Result<Vec<u8>, ViewError> {
        let file = self.open(node)?;
        let length = usize::try_from(file.size())
            .unwrap_or(usize::MAX)
            .min(limit);
        let mut bytes = Vec::new();
        // In pieces: a size that is a lie ends before memory does.
        while bytes.len() < length {
            let at = bytes.len();
            bytes.resize(length.min(at + (1 << 20)), 0);
            file.read_at(at as u64, &mut bytes[at..])
                .map_err(|source| ViewError::read(node, source))?;
        }
        Ok(bytes)
    }
}

/// An image that cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The tree or the disk file cannot be opened.
    #[error("cannot open `{}`", path.display())]
    Open {
        /// As it was given.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A node cannot be read.
    #[error("cannot read `{path}` of the image")]
    Read {
        /// Inside the image.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The ext4 file system is broken, or has a feature we do not read.
    #[error("cannot read `{path}` on the root file system")]
    Ext4 {
        /// Inside the image.
        path: String,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// The disk file has no layout we understand.
    #[error("not a disk we can read: {0}")]
    Layout(String),
    /// The root file system is one that only the kernel reads, or is in something.
    #[error("the root file system is on {name}, which is not read here")]
    FileSystem {
        /// `xfs`, `LVM`.
        name: &'static str,
        /// Where on the disk one is that the kernel can be asked for, in bytes.
        mountable: Option<Range<u64>>,
    },
    /// The kernel was asked for it.
    #[error("the root file system is on {name}, which only the kernel reads, and it does not")]
    Kernel {
        /// `xfs`.
        name: &'static str,
        /// Why.
        #[source]
        source: open::KernelError,
    },
    /// The partition table is broken.
    #[error("not a disk we can read")]
    Table(#[from] TableError),
    /// The disk is in a form that is broken, or that is not read.
    #[error("not a disk we can read")]
    Form(#[from] FormError),
    /// The archive is broken.
    #[error("not an archive we can read")]
    Archive(#[from] TarError),
    /// What is compressed is broken.
    #[error("cannot unpack its `{packing}`")]
    Packed {
        /// How it is compressed.
        packing: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no place for what is unpacked.
    #[error("cannot write to `{}`", path.display())]
    Scratch {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// More names, or longer paths, than a file system of ours can have.
    #[error("more than {MAX_NODES} names or a path of over {MAX_PATH} bytes at `{0}`")]
    TooMuch(String),
    /// Asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Failure for ViewError {
    fn class(&self) -> Class {
        match self {
            Self::Open { .. } | Self::Read { .. } | Self::Scratch { .. } | Self::Kernel { .. } => {
                Class::Environment
            }
            Self::Ext4 { .. }
            | Self::Layout(_)
            | Self::FileSystem { .. }
            | Self::Table(_)
            | Self::Form(_)
            | Self::Archive(_)
            | Self::Packed { .. }
            | Self::TooMuch(_) => Class::Test,
            Self::Cancelled(cancelled) => cancelled.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::FileSystem { name, .. } | Self::Kernel { name, .. } => {
                let volumes = match *name {
                    "LVM" => ", `vgchange --activate y`",
                    _ => "",
                };
                vec![
                    format!(
                        "have the kernel read {name} where it can, as root: `qemu-nbd --read-only \
                         --connect=/dev/nbd0 DISK` (or `losetup --read-only --partscan --find --show \
                         DISK`){volumes}, mount it read-only"
                    ),
                    "then give the folder that it is mounted on instead of the disk".to_owned(),
                ]
            }
            Self::Scratch { .. } => {
                vec!["the folder needs room for the whole disk, unpacked".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}

impl ViewError {
    pub(crate) fn read(node: &Node, source: io::Error) -> Self {
        Self::Read {
            path: node.path.clone(),
            source,
        }
    }
}

pub(crate) fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from(le16(bytes, at)) | u32::from(le16(bytes, at + 2)) << 16
}

/// Whether one more node is allowed.
pub(crate) fn limit(count: usize, path: &[u8]) -> Result<(), ViewError> {
    if count >= MAX_NODES || path.len() > MAX_PATH {
        return Err(ViewError::TooMuch(readable(path)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_text_stay_apart() {
        let a = Node::new(b"/tmp/a\xff", Kind::File);
        let b = Node::new(b"/tmp/a\xfe", Kind::File);
        assert_ne!(a.path, b.path);
        assert_eq!(a.raw_path(), b"/tmp/a\xff");
        assert_eq!(Node::new("/tmp/é".as_bytes(), Kind::File).path, "/tmp/é");
    }
}
