//! A finished raw disk: its partition table, its root file system (ext4) and its EFI
//! system partition (FAT), read from the file without mounting anything.
//!
//! What the EFI system partition holds is listed under `/boot/efi`, where Debian mounts it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use ext4_view::{Ext4, Ext4Error, FileType};
use goldsmith_core::cx::Cx;

use super::fat::Fat;
use super::gpt::{self, Partition};
use super::{Kind, Node, View, ViewError, limit};

const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
/// Root for this architecture, by the Discoverable Partitions Specification.
const ROOTS: [&str; 2] = [
    "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
    "b921b045-1df0-41c3-af44-4c6f280d3fae",
];
const LINUX: &str = "0fc63daf-8483-4772-8e79-3d69d8477de4";
/// Where the EFI system partition is listed.
const ESP_MOUNT: &str = "/boot/efi";

/// Some bytes of the disk file.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    file: Arc<File>,
    start: u64,
    length: u64,
}

impl Slice {
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Fills `bytes` from `at`, which must both lie inside.
    pub(crate) fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let end = at.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.file.read_exact_at(bytes, self.start + at)
    }

    fn part(&self, partition: &Partition) -> Self {
        Self {
            file: self.file.clone(),
            start: partition.start,
            length: partition.length,
        }
    }
}

impl ext4_view::Ext4Read for Slice {
    fn read(
        &mut self,
        start: u64,
        bytes: &mut [u8],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.read_at(start, bytes)?)
    }
}

/// One row of the partition table, for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PartitionSummary {
    /// From 1.
    pub number: usize,
    /// Its label in the table.
    pub name: String,
    /// Type GUID, or its well-known name.
    pub kind: String,
    /// Own GUID.
    pub id: String,
    /// First byte.
    pub start: u64,
    /// Bytes.
    pub size: u64,
}

/// A disk file, opened for reading only.
pub struct DiskView {
    disk: Slice,
    partitions: Vec<Partition>,
    root: Slice,
    ext4: Ext4,
    esp: Option<Fat>,
}

impl std::fmt::Debug for DiskView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiskView")
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

impl DiskView {
    /// Opens a raw disk with a GPT, or a bare ext4 file system.
    pub fn open(path: &Path) -> Result<Self, ViewError> {
        let failed = |source| ViewError::Open {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let disk = Slice {
            file: Arc::new(file),
            start: 0,
            length,
        };
        let partitions = gpt::read(&disk).map_err(|error| match error {
            Ok(text) => ViewError::Layout(text),
            Err(source) => failed(source),
        })?;
        let root = match &partitions {
            None => disk.clone(),
            Some(partitions) => {
                let root = root_of(partitions).ok_or_else(|| {
                    ViewError::Layout("no partition of a Linux file system".to_owned())
                })?;
                disk.part(root)
            }
        };
        let partitions = partitions.unwrap_or_default();
        let ext4 = Ext4::load(Box::new(root.clone())).map_err(|e| broken("/", e))?;
        let esp = match partitions.iter().find(|p| p.kind == ESP) {
            Some(partition) => Some(
                Fat::open(disk.part(partition))
                    .map_err(|text| ViewError::Layout(format!("EFI system partition: {text}")))?,
            ),
            None => None,
        };
        Ok(Self {
            disk,
            partitions,
            root,
            ext4,
            esp,
        })
    }

    /// Bytes of the whole disk.
    pub fn size(&self) -> u64 {
        self.disk.length()
    }

    /// The partition table, in its order.
    pub fn partitions(&self) -> Vec<PartitionSummary> {
        let rows = self.partitions.iter().enumerate();
        rows.map(|(at, p)| PartitionSummary {
            number: at + 1,
            name: p.name.clone(),
            kind: kind_name(&p.kind).to_owned(),
            id: p.id.clone(),
            start: p.start,
            size: p.length,
        })
        .collect()
    }

    /// UUID of the root file system.
    pub fn root_uuid(&self) -> String {
        gpt::hyphenated(self.ext4.uuid().as_bytes())
    }

    /// The bytes of the whole disk, for whoever compares them.
    pub fn file(&self) -> &File {
        self.disk.file()
    }

    /// Whether a file of this disk and one of another, of the same size, hold other bytes; where
    /// the first of them is.
    pub fn differs(&self, node: &Node, other: (&Self, &Node)) -> Result<Option<u64>, ViewError> {
        if self.is_in_esp(node) || other.0.is_in_esp(other.1) {
            let (a, b) = (
                self.read(node, usize::MAX)?,
                other.0.read(other.1, usize::MAX)?,
            );
            return Ok(first_difference(&a, &b).map(|at| at as u64));
        }
        let failed = |e| broken(&node.path, e);
        let open = |view: &Self, node: &Node| view.ext4.open(node.raw_path()).map_err(failed);
        let (mut a, mut b) = (open(self, node)?, open(other.0, other.1)?);
        let (mut left, mut right) = (vec![0; 128 << 10], vec![0; 128 << 10]);
        let mut at = 0;
        loop {
            let length = fill(&mut a, &mut left).map_err(failed)?;
            let other = fill(&mut b, &mut right).map_err(failed)?;
            if let Some(found) = first_difference(&left[..length], &right[..other]) {
                return Ok(Some(at + found as u64));
            }
            if length == 0 {
                return Ok(None);
            }
            at += length as u64;
        }
    }

    fn is_in_esp(&self, node: &Node) -> bool {
        let inside = node.path.strip_prefix(ESP_MOUNT);
        self.esp.is_some() && inside.is_some_and(|path| path.starts_with('/'))
    }

    pub(crate) fn root(&self) -> &Slice {
        &self.root
    }

    fn walk(&self, folder: &[u8], out: &mut Vec<Node>, cx: &Cx) -> Result<(), ViewError> {
        cx.cancel.check()?;
        let entries = self
            .ext4
            .read_dir(folder)
            .map_err(|e| broken_at(folder, e))?;
        for entry in entries {
            let entry = entry.map_err(|e| broken_at(folder, e))?;
            let name = entry.file_name();
            if name == "." || name == ".." {
                continue;
            }
            let mut path = folder.to_vec();
            if path != b"/" {
                path.push(b'/');
            }
            path.extend_from_slice(name.as_ref());
            limit(out.len(), &path)?;
            let failed = |e| broken_at(&path, e);
            let metadata = entry.metadata().map_err(failed)?;
            let kind = match metadata.file_type() {
                FileType::Regular => Kind::File,
                FileType::Directory => Kind::Folder,
                FileType::Symlink => Kind::Link,
                _ => Kind::Other,
            };
            let mut node = Node::new(&path, kind);
            node.mode = u32::from(metadata.mode()) & 0o7777;
            node.uid = metadata.uid();
            node.gid = metadata.gid();
            if kind == Kind::File {
                node.size = metadata.len();
            }
            if kind == Kind::Link {
                let target = self.ext4.read_link(path.as_slice()).map_err(failed)?;
                node.target = Some(String::from_utf8_lossy(target.as_ref()).into_owned());
            }
            out.push(node);
            if kind == Kind::Folder {
                self.walk(&path, out, cx)?;
            }
        }
        Ok(())
    }
}

impl View for DiskView {
    fn nodes(&self, cx: &Cx) -> Result<Vec<Node>, ViewError> {
        let mut out = Vec::new();
        self.walk(b"/", &mut out, cx)?;
        for entry in self.esp.iter().flat_map(Fat::entries) {
            let path = format!("{ESP_MOUNT}/{}", entry.path);
            let kind = if entry.is_folder {
                Kind::Folder
            } else {
                Kind::File
            };
            let mut node = Node::new(path.as_bytes(), kind);
            node.mode = 0o700;
            node.size = entry.size;
            out.push(node);
        }
        Ok(out)
    }

    fn read(&self, node: &Node, limit: usize) -> Result<Vec<u8>, ViewError> {
        if let Some(fat) = &self.esp
            && let Some(inner) = node
                .path
                .strip_prefix(ESP_MOUNT)
                .and_then(|p| p.strip_prefix('/'))
            && let Some(entry) = fat.entries().iter().find(|e| e.path == inner)
        {
            return fat.read(entry, limit).map_err(|source| ViewError::Read {
                path: node.path.clone(),
                source,
            });
        }
        let failed = |e| broken(&node.path, e);
        let mut file = self.ext4.open(node.raw_path()).map_err(failed)?;
        let wanted = usize::try_from(file.metadata().len())
            .unwrap_or(usize::MAX)
            .min(limit);
        let mut bytes = Vec::new();
        let mut chunk = vec![0; wanted.min(1 << 20)];
        while bytes.len() < wanted {
            let most = chunk.len().min(wanted - bytes.len());
            let read = file.read_bytes(&mut chunk[..most]).map_err(failed)?;
            if read == 0 {
                break;
            }
            bytes.extend_from_slice(&chunk[..read]);
        }
        Ok(bytes)
    }
}

/// Where two texts begin to differ; one that ends sooner differs there.
fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    if a == b {
        return None;
    }
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    Some(same)
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut ext4_view::File, buffer: &mut [u8]) -> Result<usize, Ext4Error> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read_bytes(&mut buffer[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

fn root_of(partitions: &[Partition]) -> Option<&Partition> {
    partitions
        .iter()
        .find(|p| ROOTS.contains(&p.kind.as_str()))
        .or_else(|| {
            let linux = partitions.iter().filter(|p| p.kind == LINUX);
            linux.max_by_key(|p| p.length)
        })
}

fn kind_name(kind: &str) -> &str {
    match kind {
        ESP => "EFI system",
        LINUX => "Linux file system",
        "21686148-6449-6e6f-744e-656564454649" => "BIOS boot",
        "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f" => "Linux swap",
        kind if ROOTS.contains(&kind) => "Linux root",
        other => other,
    }
}

fn broken(path: &str, source: Ext4Error) -> ViewError {
    ViewError::Ext4 {
        path: path.to_owned(),
        source,
    }
}

fn broken_at(path: &[u8], source: Ext4Error) -> ViewError {
    broken(&super::readable(path), source)
}

#[cfg(test)]
pub(crate) mod tests;
