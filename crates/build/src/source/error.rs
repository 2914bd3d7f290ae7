//! Why a disk or an archive of others could not be taken.

use std::io;
use std::path::{Path, PathBuf};

use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_disk::read::ext4::ReadError;
use goldsmith_disk::read::qcow2::Qcow2Error;
use goldsmith_disk::read::table::TableError;
use goldsmith_disk::tree::{TreeError, display};
use goldsmith_exec::mount::MountError;

use crate::assemble::ScanError;

/// A disk or an archive that nothing can be built from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file, or the host's own files.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// `open`, `read`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is another one than was pinned.
    #[error("`{}` has the SHA-256 {found}, not {expected}", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
        /// What it should have.
        expected: Sha256,
        /// What it has.
        found: Sha256,
    },
    /// The file is something else.
    #[error("`{}` is no disk but {what}", path.display())]
    NotADisk {
        /// The file.
        path: PathBuf,
        /// `a VMDK file`.
        what: &'static str,
    },
    /// A qcow2 file that cannot be read.
    #[error("cannot read `{}` as a disk", path.display())]
    Qcow2 {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Qcow2Error,
    },
    /// Its partition table.
    #[error("cannot read the partitions of the disk")]
    Table(#[from] TableError),
    /// None of its partitions holds a system.
    #[error("the disk has no root file system: {}", list(.0))]
    NoRoot(Vec<String>),
    /// Several do.
    #[error("the disk has more than one root file system: {}", list(.0))]
    Several(Vec<String>),
    /// The system is hidden in what is not opened here.
    #[error("{partition} holds {what}, which is not opened here")]
    Container {
        /// `partition 3`, `the disk itself`.
        partition: String,
        /// `LVM`, `LUKS, which is encrypted`.
        what: &'static str,
    },
    /// A part of the system is where it cannot be read.
    #[error("`{at}` of the system is on {place}, which is not read here")]
    Elsewhere {
        /// The mount point.
        at: String,
        /// `partition 3, xfs`, or as `fstab` names it.
        place: String,
    },
    /// A file system of it.
    #[error("cannot read the file system on {partition}")]
    Ext4 {
        /// `partition 3`.
        partition: String,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// The tree that it says makes no sense.
    #[error("the file system is broken")]
    Tree(#[from] TreeError),
    /// A file system that only the kernel reads.
    #[error("{partition} holds {name}, which the kernel has to read")]
    Mount {
        /// `partition 3`.
        partition: String,
        /// `xfs`.
        name: &'static str,
        /// Why it does not.
        #[source]
        source: MountError,
    },
    /// What starts the disk looks for a file system that is not written here.
    #[error("{partition} holds {name}: what starts the disk would not find it as ext4")]
    NotKept {
        /// `partition 3`.
        partition: String,
        /// `xfs`.
        name: &'static str,
    },
    /// What the kernel shows of it.
    #[error("cannot read the mounted file system")]
    Scan(#[from] ScanError),
    /// A node that a layer cannot hold.
    #[error("`{}` {problem}", display(.path))]
    Node {
        /// The node.
        path: Vec<u8>,
        /// `is a device 0/0, which means "removed" in a layer`.
        problem: &'static str,
    },
    /// A node of the tree cannot be read from the source, or written into the layer.
    #[error("cannot write `{}`", display(.path))]
    Write {
        /// The node.
        path: Vec<u8>,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The archive.
    #[error("the archive is refused: {0}")]
    Archive(String),
    /// The archive's bytes.
    #[error("cannot read the archive")]
    Unreadable(#[source] io::Error),
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

fn list(lines: &[String]) -> String {
    lines.join("; ")
}

impl SourceError {
    /// For `map_err`: what was done to which file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

impl Failure for SourceError {
    fn class(&self) -> Class {
        match self {
            Self::Cancelled(error) => error.class(),
            Self::Scan(ScanError::Cancelled(error)) => error.class(),
            Self::Io { .. } | Self::Mount { .. } | Self::Scan(_) | Self::Write { .. } => {
                Class::Environment
            }
            _ => Class::Config,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Digest { .. } => {
                "if the file was meant to change, write its new `sha256` into the `source` block; else fetch it again"
            }
            Self::NotADisk { .. } => "unpack it, or convert it with `qemu-img convert -O qcow2`",
            Self::Several(_) => {
                "give the partition that is to be the root the type \"Linux root\" (`sgdisk -t N:8304`)"
            }
            Self::Container { what, .. } if what.contains("encrypted") => {
                "start from a disk that is not encrypted"
            }
            Self::Container { .. } => {
                "start from a disk with its root on a partition, or from a tar archive of its root"
            }
            Self::Elsewhere { .. } => "start from a tar archive of the whole root",
            Self::Ext4 {
                source: ReadError::Unclean,
                ..
            } => {
                "start and shut down a machine with the disk, or run `e2fsck -fy` on its partition"
            }
            Self::Ext4 {
                source: ReadError::Broken(_),
                ..
            }
            | Self::Qcow2 {
                source: Qcow2Error::Broken(_) | Qcow2Error::Io(_),
                ..
            }
            | Self::Table(_)
            | Self::NoRoot(_) => "the file may be cut short: compare its size and SHA-256",
            Self::NotKept { .. } => {
                "start from a disk whose root is ext4; the tree alone can be read"
            }
            Self::Qcow2 { .. } => "convert it with `qemu-img convert -O qcow2`",
            Self::Mount { .. } => {
                "run it as root on a host whose kernel has the file system, or start from ext4 or a tar archive of the root"
            }
            Self::Write { source, .. } if is_owner(source) => {
                "an ordinary user has no devices and owners up to 65535 only: run it as root"
            }
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "`goldsmith gc` frees what no image needs"
            }
            _ => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

/// What a namespace of users answers to owners that it has not, and to devices.
fn is_owner(error: &io::Error) -> bool {
    let is_refused = matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::PermissionDenied
    );
    is_refused && goldsmith_exec::user_ns::is_inside()
}
