//! A disk: its partition table, its root file system (ext2 to ext4), the others that its `fstab`
//! names, and its EFI system partition (FAT), read without mounting anything.
//!
//! Without a row of `fstab` the EFI system partition is listed under `/boot/efi`, where Debian
//! mounts it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use goldsmith_core::cx::Cx;
use goldsmith_disk::id::Guid;
use goldsmith_disk::read::ext4::{Contents, Ext4, ReadError};
use goldsmith_disk::read::signature::{self, Found};
use goldsmith_disk::read::table::{Partition, Table};
use goldsmith_disk::read::{Disk, Part, form};
use goldsmith_disk::tree::{self, Content, Tree};

use super::fat::Fat;
use super::file::FileDisk;
use super::{Kind, Node, View, ViewError, limit};

mod mounts;

/// Where the EFI system partition is listed.
const ESP_MOUNT: &str = "/boot/efi";

/// One row of the partition table, for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PartitionSummary {
    /// From 1.
    pub number: usize,
    /// Its label in the table.
    pub name: String,
    /// Type GUID, or its well-known name.
    pub kind: String,
    /// Own GUID; empty in a master boot record.
    pub id: String,
    /// First byte.
    pub start: u64,
    /// Bytes.
    pub size: u64,
}

/// A disk, opened for reading only.
pub struct DiskView {
    disk: Arc<dyn Disk>,
    partitions: Vec<Partition>,
    root: Part<'static>,
    uuid: Guid,
    /// The root file system first.
    mounts: Vec<Mount>,
    unread: Vec<String>,
}

/// A file system and where it is mounted: nothing for the root.
struct Mount {
    at: String,
    files: Files,
}

enum Files {
    Ext4(Tree, Contents<'static>),
    Fat(Fat),
}

impl std::fmt::Debug for DiskView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiskView")
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

impl DiskView {
    /// Opens a disk in a file, in whatever form it is.
    pub fn open(path: &Path) -> Result<Self, ViewError> {
        let file = FileDisk::open(path).map_err(|source| ViewError::Open {
            path: path.to_owned(),
            source,
        })?;
        Self::of(form::open(Arc::new(file))?.0)
    }

    /// Looks at a disk with a partition table, or a bare file system.
    pub fn of(disk: Arc<dyn Disk>) -> Result<Self, ViewError> {
        let table = Table::read(&disk)?;
        let part = |p: &Partition| Part::of(Arc::clone(&disk), p.start..p.end());
        let (root, root_number) = match &table {
            None => (Part::of(Arc::clone(&disk), 0..disk.size()), None),
            Some(table) => {
                let (number, root) = root_of(table, &part)?;
                (root, Some(number))
            }
        };
        let partitions = table.as_ref().map(|table| table.partitions.clone());
        let ext4 = match Ext4::open_replayed(root.clone()) {
            Ok(ext4) => ext4,
            Err(ReadError::Other) => return Err(no_root(&root)),
            Err(error) => return Err(broken("/", error)),
        };
        let (tree, contents) = ext4.everything().map_err(|e| broken("/", e))?;
        let mut view = Self {
            disk,
            partitions: partitions.unwrap_or_default(),
            root,
            uuid: ext4.uuid(),
            mounts: vec![Mount {
                at: String::new(),
                files: Files::Ext4(tree, contents),
            }],
            unread: Vec::new(),
        };
        if let (Some(table), Some(number)) = (&table, root_number) {
            view.mount_others(table, number)?;
        }
        Ok(view)
    }

    /// Bytes of the whole disk.
    pub fn size(&self) -> u64 {
        self.disk.size()
    }

    /// The partition table, in its order.
    pub fn partitions(&self) -> Vec<PartitionSummary> {
        let rows = self.partitions.iter();
        rows.map(|p| PartitionSummary {
            number: p.number,
            name: p.name.clone(),
            kind: p.kind.to_string(),
            id: p.id.map(|id| id.to_string()).unwrap_or_default(),
            start: p.start,
            size: p.length,
        })
        .collect()
    }

    /// UUID of the root file system.
    pub fn root_uuid(&self) -> String {
        self.uuid.to_string()
    }

    /// The bytes of the whole disk, for whoever compares them.
    pub fn disk(&self) -> &dyn Disk {
        &self.disk
    }

    /// Partitions of Linux that were not read, and why.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// Whether a file of this disk and one of another, of the same size, hold other bytes; where
    /// the first of them is.
    pub fn differs(&self, node: &Node, other: (&Self, &Node)) -> Result<Option<u64>, ViewError> {
        const PIECE: u64 = 128 << 10;
        let (a, b) = (self.open(node)?, other.0.open(other.1)?);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let size = a.size().min(b.size());
        let mut at = 0;
        while at < size {
            let length = usize::try_from(PIECE.min(size - at)).unwrap_or(0);
            for (file, bytes) in [(&a, &mut left), (&b, &mut right)] {
                bytes.resize(length, 0);
                let read = file.read_at(at, bytes);
                read.map_err(|source| ViewError::read(node, source))?;
            }
            if left != right {
                let same = left.iter().zip(&right).take_while(|(a, b)| a == b);
                return Ok(Some(at + same.count() as u64));
            }
            at += length as u64;
        }
        Ok((a.size() != b.size()).then_some(size))
    }

    pub(crate) fn root(&self) -> &Part<'static> {
        &self.root
    }

    /// The text of a small file of the root file system.
    fn text(&self, path: &str) -> Option<String> {
        const TEXT_MAX: usize = 1 << 20;
        let mut node = Node::new(path.as_bytes(), Kind::File);
        node.key = 0;
        let bytes = self.read(&node, TEXT_MAX).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The partition with the root file system: of those that may have it the first that looks like a
/// system, else the first of ext4.
fn root_of(
    table: &Table,
    part: &dyn Fn(&Partition) -> Part<'static>,
) -> Result<(usize, Part<'static>), ViewError> {
    let mut candidates = table.roots();
    // Disks are made whose tables call a file system of Linux something else.
    let others = table.partitions.iter().filter(|p| !p.kind.is_esp());
    let mut others: Vec<&Partition> = others
        .filter(|p| candidates.iter().all(|known| known.number != p.number))
        .collect();
    others.sort_by_key(|partition| std::cmp::Reverse(partition.length));
    candidates.extend(others);
    let mut first: Option<(usize, Part<'static>)> = None;
    for partition in &candidates {
        let root = part(partition);
        let Ok(ext4) = Ext4::open_replayed(root.clone()) else {
            continue;
        };
        let top = ext4.top().map_err(|e| broken("/", e))?;
        if [&b"etc"[..], b"usr"].iter().any(|name| top.contains(*name)) {
            return Ok((partition.number, root));
        }
        first.get_or_insert((partition.number, root));
    }
    let first = first.or_else(|| {
        // What cannot be read is named by the likeliest.
        let partition = candidates.first()?;
        Some((partition.number, part(partition)))
    });
    first.ok_or_else(|| ViewError::Layout("no partition of a Linux file system".to_owned()))
}

fn no_root(root: &Part<'static>) -> ViewError {
    match signature::on_partition(root) {
        Ok(Found::Mountable(name)) => ViewError::FileSystem {
            name,
            mountable: Some(root.start()..root.start() + root.size()),
        },
        Ok(Found::Container(name) | Found::Other(name)) => ViewError::FileSystem {
            name,
            mountable: None,
        },
        _ => ViewError::Layout("there is neither a partition table nor a file system".to_owned()),
    }
}

impl View for DiskView {
    fn nodes(&self, cx: &Cx) -> Result<Vec<Node>, ViewError> {
        let mut out = Vec::new();
        for (key, mount) in self.mounts.iter().enumerate() {
            cx.cancel.check()?;
            match &mount.files {
                Files::Ext4(tree, _) => of_tree(mount, key, tree, &mut out)?,
                Files::Fat(fat) => {
                    for entry in fat.entries() {
                        let path = format!("{}/{}", mount.at, entry.path);
                        let kind = if entry.is_folder {
                            Kind::Folder
                        } else {
                            Kind::File
                        };
                        let mut node = Node::new(path.as_bytes(), kind);
                        node.key = key;
                        node.mode = 0o700;
                        node.size = entry.size;
                        out.push(node);
                    }
                }
            }
        }
        self.without_covered(&mut out);
        Ok(out)
    }

    fn disk(&self) -> Option<&DiskView> {
        Some(self)
    }

    fn open<'v>(&'v self, node: &Node) -> Result<Box<dyn Disk + 'v>, ViewError> {
        let missing = || ViewError::read(node, io::ErrorKind::NotFound.into());
        let mount = self.mounts.get(node.key).ok_or_else(missing)?;
        let inner = node.raw_path().get(mount.at.len() + 1..);
        let inner = inner.ok_or_else(missing)?;
        match &mount.files {
            Files::Fat(fat) => {
                let mut entries = fat.entries().iter();
                let entry = entries.find(|entry| entry.path.as_bytes() == inner);
                let file = fat.file(entry.ok_or_else(missing)?);
                Ok(Box::new(
                    file.map_err(|source| ViewError::read(node, source))?,
                ))
            }
            Files::Ext4(tree, contents) => {
                let mut path = inner;
                let mut found = tree.get(path).ok_or_else(missing)?;
                if let tree::Kind::HardLink(target) = &found.kind {
                    path = target;
                    found = tree.get(path).ok_or_else(missing)?;
                }
                match &found.kind {
                    tree::Kind::File(Content::Bytes(bytes)) => Ok(Box::new(bytes.as_slice())),
                    tree::Kind::File(Content::Source { size, .. }) => {
                        let file = contents.file(path, *size).ok_or_else(missing)?;
                        Ok(Box::new(file))
                    }
                    _ => Err(missing()),
                }
            }
        }
    }
}

fn of_tree(mount: &Mount, key: usize, tree: &Tree, out: &mut Vec<Node>) -> Result<(), ViewError> {
    for (inner, found) in tree.iter() {
        if inner.is_empty() {
            continue;
        }
        let path = [mount.at.as_bytes(), b"/", inner].concat();
        limit(out.len(), &path)?;
        // Another name of a file has all but the name of the first.
        let found = match &found.kind {
            tree::Kind::HardLink(first) => tree.get(first).unwrap_or(found),
            _ => found,
        };
        let mut node = Node::of(&path, found);
        node.key = key;
        out.push(node);
    }
    Ok(())
}

fn broken(path: &str, source: ReadError) -> ViewError {
    ViewError::Ext4 {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
pub(crate) mod tests;
