//! What a build starts from when others made it: a disk, or the files of a root packed by tar. Both
//! become the directory of a layer.
//!
//! ```text
//! disk.qcow2, disk.raw ── SourceDisk::open ── unpack ──► directory of a layer ──► steps
//!    (ext4 without mounting; xfs and btrfs by the kernel)                           │
//!        └── keep: what starts it ──────────────────────► image::plan_kept ◄────────┘
//! root.tar[.gz|.xz|.zst] ──── unpack_archive ──────────► directory of a layer
//! ```
//!
//! Everything read is taken for hostile: nothing is written outside of the directory, whatever
//! names and links say.

mod archive;
mod error;
mod find;
mod lay;
mod mounted;
mod parts;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_core::recipe::Firmware;
use goldsmith_disk::boot::config;
use goldsmith_disk::image::Keep;
use goldsmith_disk::read::ext4::Ext4;
use goldsmith_disk::read::qcow2::{self, Qcow2};
use goldsmith_disk::read::signature::{self, Found};
use goldsmith_disk::read::table::Table;
use goldsmith_disk::read::{Disk, Part};
use goldsmith_disk::tree::{Attributes, ContentSource, Kind, Tree};
use goldsmith_inspect::view::file::FileDisk;

pub use archive::{is_archive, unpack_archive};
pub use error::SourceError;
use find::Root;
pub use mounted::KernelView;
use parts::Mount;

/// The most of an `fstab` that is read.
const FSTAB_MAX: u64 = 1 << 20;

/// What was written into a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unpacked {
    /// Files, directories, links, devices: names.
    pub nodes: u64,
    /// Bytes of files, holes included.
    pub bytes: u64,
    /// The newest time of a node, in seconds since 1970: with this as the epoch of the build no
    /// time of the source is changed.
    pub newest: i64,
}

impl Unpacked {
    fn count(&mut self, attributes: &Attributes, kind: &Kind) {
        self.nodes += 1;
        if let Kind::File(content) = kind {
            self.bytes += content.size();
        }
        if !matches!(kind, Kind::HardLink(_)) {
            self.newest = self.newest.max(attributes.mtime.seconds);
        }
    }
}

/// A disk to start from, raw or qcow2, open for reading.
pub struct SourceDisk {
    path: PathBuf,
    disk: Box<dyn Disk + Send>,
    is_raw: bool,
    table: Option<Table>,
    root: Root,
    mounts: Vec<Mount>,
}

impl std::fmt::Debug for SourceDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceDisk")
            .field("path", &self.path)
            .field("root", &self.root)
            .field("mounts", &self.mounts)
            .finish_non_exhaustive()
    }
}

impl SourceDisk {
    /// Opens a disk and finds its root file system. What the file holds decides what it is, not its
    /// name: qcow2, else the bytes of a disk, with a GUID partition table, a master boot record, or
    /// a bare file system.
    ///
    /// The root is the one partition that holds a system, or says by its type that it does. Other
    /// partitions with ext4 belong to the tree when its `fstab` mounts them, or their type says
    /// `/boot`.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let file = File::open(path).map_err(SourceError::io("open", path))?;
        let file = FileDisk::of(file).map_err(SourceError::io("open", path))?;
        let mut start = [0; 4];
        let is_long = file.size() >= 4;
        if is_long {
            let read = file.read_at(0, &mut start);
            read.map_err(SourceError::io("read", path))?;
        }
        let is_raw = !qcow2::is_qcow2(&start);
        let disk: Box<dyn Disk + Send> = if is_raw {
            Box::new(file)
        } else {
            let qcow2 = Qcow2::open(file).map_err(|source| {
                let path = path.to_owned();
                SourceError::Qcow2 { path, source }
            })?;
            Box::new(qcow2)
        };
        if let Found::Other(what) =
            signature::of_file(&*disk).map_err(SourceError::io("read", path))?
        {
            let path = path.to_owned();
            return Err(SourceError::NotADisk { path, what });
        }
        let table = Table::read(&*disk)?;
        let root = find::root(&*disk, table.as_ref())?;
        let mut source = Self {
            path: path.to_owned(),
            disk,
            is_raw,
            table,
            root,
            mounts: Vec::new(),
        };
        if let (Some(table), None) = (&source.table, source.root.mountable) {
            let fstab = source.fstab()?;
            source.mounts = parts::find(&fstab, &*source.disk, table, source.root.number)?;
        }
        Ok(source)
    }

    /// The newest time of a node, in seconds since 1970: with this as the epoch of a build no time
    /// of the source is changed. `None` when only the kernel reads its root.
    pub fn newest(&self) -> Result<Option<i64>, SourceError> {
        if self.root.mountable.is_some() {
            return Ok(None);
        }
        self.with_tree(|tree, _| {
            let mut unpacked = Unpacked::default();
            for (_, node) in tree.iter() {
                unpacked.count(&node.attributes, &node.kind);
            }
            Ok(Some(unpacked.newest))
        })
    }

    /// The bytes of the disk, whatever the file is.
    pub fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// The firmwares that find something to start on it: a boot loader behind the master boot
    /// record, an EFI system partition.
    pub fn firmwares(&self) -> Result<Vec<Firmware>, SourceError> {
        let Some(table) = &self.table else {
            return Ok(Vec::new());
        };
        let bios = table.has_bios_loader(self.disk())?;
        let found = [
            bios.then_some(Firmware::Bios),
            table.esp().map(|_| Firmware::Uefi),
        ];
        Ok(found.into_iter().flatten().collect())
    }

    /// What makes the disk start, for [`goldsmith_disk::image::plan_kept`]: its partition table and
    /// all of its bytes but those of the file systems that are written anew.
    ///
    /// Refused for a root that is not ext4: what starts it looks for that file system. What
    /// [`Self::firmwares`] finds on the source starts the new disk as well.
    pub fn keep(&self) -> Result<Keep<'_>, SourceError> {
        if let Some(name) = self.root.mountable {
            let partition = self.root.title();
            return Err(SourceError::NotKept { partition, name });
        }
        let mounts = self.mounts.iter();
        Ok(Keep {
            disk: self.disk(),
            table: self.table.as_ref(),
            root: self.root.number,
            mounts: mounts.map(|m| (m.at.clone(), m.number)).collect(),
        })
    }

    /// Writes the tree of the disk below `into`, the empty directory of a layer
    /// ([`crate::layer::Place::directory`]).
    ///
    /// Owners, modes, times to the nanosecond, hard links, holes, devices, `security.capability`,
    /// ACLs and `user.*` are as on the disk. Not taken are `lost+found`, what is below `/dev`,
    /// `/proc`, `/run`, `/sys`, `/tmp`, and other extended attributes, as `security.selinux`, of which
    /// a warning tells. When this fails, `into` is of no use.
    ///
    /// A root of xfs or btrfs is mounted for the time, read only and where nothing else sees it; it
    /// takes root, and a kernel that knows it.
    pub fn unpack(&self, cx: &Cx, into: &Path) -> Result<Unpacked, SourceError> {
        if let Some(name) = self.root.mountable {
            return mounted::unpack(cx, self, name, into);
        }
        self.with_tree(|tree, contents| lay::lay(cx, tree, contents, into))
    }

    fn root_ext4(&self) -> Result<Ext4<'_>, SourceError> {
        self.ext4(self.root.range.clone(), self.root.title())
    }

    fn ext4(
        &self,
        range: std::ops::Range<u64>,
        partition: String,
    ) -> Result<Ext4<'_>, SourceError> {
        let part = Part::new(self.disk(), range);
        Ext4::open(part).map_err(|source| SourceError::Ext4 { partition, source })
    }

    /// The tree of all of its file systems, and its contents.
    fn with_tree<T>(
        &self,
        take: impl FnOnce(Tree, &mut dyn ContentSource) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let (mut tree, contents) = tree_of(&self.root_ext4()?, self.root.title())?;
        let mut all = parts::Contents {
            parts: vec![(Vec::new(), Box::new(contents))],
        };
        let partitions = self.table.iter().flat_map(|table| &table.partitions);
        for mount in &self.mounts {
            let partition = partitions.clone().find(|p| p.number == mount.number);
            let partition = partition.expect("mounts are found in this table");
            let title = format!("partition {}", mount.number);
            let fs = self.ext4(partition.start..partition.end(), title.clone())?;
            let (inner, contents) = tree_of(&fs, title)?;
            tree.graft(&mount.at, inner);
            all.parts.push((mount.at.clone(), Box::new(contents)));
        }
        take(tree, &mut all)
    }

    /// A file of its root, when that is ext4, of at most `limit` bytes; `None` when it has none.
    /// `path` is from `/`, without it.
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let bytes = self.root_ext4()?.read(path.as_bytes(), limit);
        let partition = self.root.title();
        bytes.map_err(|source| SourceError::Ext4 { partition, source })
    }

    fn fstab(&self) -> Result<String, SourceError> {
        let text = self.read(config::FSTAB_PATH, FSTAB_MAX)?;
        Ok(String::from_utf8_lossy(&text.unwrap_or_default()).into_owned())
    }
}

fn tree_of<'d>(
    fs: &Ext4<'d>,
    partition: String,
) -> Result<(Tree, goldsmith_disk::read::ext4::Contents<'d>), SourceError> {
    fs.tree()
        .map_err(|source| SourceError::Ext4 { partition, source })
}

/// Compares a file with the SHA-256 that is pinned for it; reads all of it.
pub fn check_digest(cx: &Cx, path: &Path, expected: &Sha256) -> Result<(), SourceError> {
    let mut file = File::open(path).map_err(SourceError::io("open", path))?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        cx.cancel.check()?;
        let length = file
            .read(&mut buffer)
            .map_err(SourceError::io("read", path))?;
        if length == 0 {
            break;
        }
        hasher.update(&buffer[..length]);
    }
    let found = hasher.finish();
    if found == *expected {
        return Ok(());
    }
    Err(SourceError::Digest {
        path: path.to_owned(),
        expected: *expected,
        found,
    })
}
