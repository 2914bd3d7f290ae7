//! A disk that starts as another one does: everything that starts it is taken over as it stands, and
//! the file systems with the tree are written anew in their places.
//!
//! ```text
//! source   table │ boot loader, EFI system, ... │ /boot │ root │            table
//!            │                │ byte for byte      │ ext4  │ ext4: UUID, label
//! new      table │ boot loader, EFI system, ... │ /boot │ root ─────────► │ table
//! ```
//!
//! The table's kind, identifiers, types, names, attributes, order and places stay, with one
//! exception: a root that is the last on the disk ends where the new disk does. What stands between
//! partitions is copied as well: boot loaders are kept there.

use std::iter;
use std::ops::Range;

use super::{FileSystem, ImageError, Layout, MIB, Region, SIZE_MAX};
use crate::fs::ext4::{self, Identity};
use crate::read::ext4::Ext4;
use crate::read::table::{Form, Gpt, Partition, Table};
use crate::read::{Disk, Part};
use crate::tree::Tree;

/// Blocks of a file system are of this many bytes.
const BLOCK: u64 = 4096;
const ENTRIES: usize = 446;
const PROTECTIVE: u8 = 0xEE;

/// What is kept of a disk.
pub struct Keep<'d> {
    /// The disk.
    pub disk: &'d dyn Disk,
    /// Its partitions; `None`: it is a bare file system.
    pub table: Option<&'d Table>,
    /// The number of the partition with the root, which is ext4; 0: the disk itself.
    pub root: usize,
    /// Mount points of the other partitions with ext4 that the tree is on, with their numbers;
    /// those inside of others later.
    pub mounts: Vec<(Vec<u8>, usize)>,
}

impl std::fmt::Debug for Keep<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keep")
            .field("root", &self.root)
            .field("mounts", &self.mounts)
            .finish_non_exhaustive()
    }
}

/// A tree by the partitions that it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trees {
    /// Mount point, number and tree; the root, whose mount point is empty, is the last.
    parts: Vec<(Vec<u8>, usize, Tree)>,
}

impl Keep<'_> {
    /// Takes the tree of the whole system apart.
    pub fn split(&self, mut tree: Tree) -> Result<Trees, ImageError> {
        tree.check()?;
        let mut parts = Vec::new();
        for (at, number) in self.mounts.iter().rev() {
            let (at, number) = (at.clone(), *number);
            match tree.split_off(&at) {
                Some(inner) => parts.push((at, number, inner)),
                None => return Err(ImageError::Mount { at, number }),
            }
        }
        parts.push((Vec::new(), self.root, tree));
        Ok(Trees { parts })
    }

    fn partition(&self, number: usize) -> Option<&Partition> {
        let mut partitions = self.table?.partitions.iter();
        partitions.find(|partition| partition.number == number)
    }

    /// Where a file system is on the source.
    fn range(&self, number: usize) -> Range<u64> {
        let whole = 0..self.disk.size();
        self.partition(number)
            .map_or(whole, |partition| partition.start..partition.end())
    }

    /// Where the partitions end.
    fn end(&self) -> u64 {
        let partitions = self.table.iter().flat_map(|table| &table.partitions);
        partitions.map(Partition::end).max().unwrap_or(0)
    }

    fn is_last(&self, number: usize) -> bool {
        self.range(number).end == self.end()
    }

    /// Bytes that the table takes at the end of the disk.
    fn tail(&self) -> u64 {
        match self.table.map(|table| &table.form) {
            Some(Form::Gpt(gpt)) => gpt.tail(),
            _ => 0,
        }
    }

    /// Where the root ends on a disk of `size` bytes.
    fn root_end(&self, size: u64) -> u64 {
        let end = self.range(self.root).end;
        if size == self.disk.size() || self.table.is_some() && !self.is_last(self.root) {
            return end;
        }
        size.saturating_sub(self.tail()) / MIB * MIB
    }
}

/// Lays a disk out as another one is. `size` is its size in bytes, rounded up to whole MiB unless it
/// is that of the source; a root that is not the last on the disk stays as large as it is. `epoch`
/// is what file systems say they were made at, in seconds since 1970. Finds every problem that is
/// not one of reading or writing.
pub fn plan_kept<'t>(
    keep: &Keep<'t>,
    trees: &'t Trees,
    size: u64,
    epoch: u32,
) -> Result<Layout<'t>, ImageError> {
    let is_same = size == keep.disk.size();
    if size > SIZE_MAX {
        return Err(ImageError::TooLarge { size });
    }
    let wanted = size;
    let size = if is_same {
        size
    } else {
        size.next_multiple_of(MIB)
    };
    let root = keep.range(keep.root);
    let root_end = keep.root_end(size);
    let grows = keep.table.is_none() || keep.is_last(keep.root);
    let (least, needed) = room(keep, trees, grows);
    if size < least {
        let size = wanted;
        return Err(ImageError::TooSmall { size, needed });
    }
    let end = if grows { root_end } else { keep.end() };
    if is_over_another(keep) || end > size - keep.tail() {
        return Err(ImageError::Overlap);
    }
    let mut regions = Vec::new();
    // What is not copied, because it is written.
    let mut written: Vec<Range<u64>> = Vec::new();
    for (at, number, tree) in &trees.parts {
        let place = keep.range(*number);
        let end = if at.is_empty() { root_end } else { place.end };
        let length = (end - place.start) / BLOCK * BLOCK;
        let needed = ext4::needed(tree);
        if length < needed {
            let (number, size) = (*number, length);
            return Err(ImageError::Partition {
                number,
                size,
                needed,
            });
        }
        if length > ext4::SIZE_MAX {
            return Err(ImageError::TooLarge { size: wanted });
        }
        let identity = identity(keep, *number, epoch)?;
        let file_system = FileSystem {
            at: place.start,
            mounted: at.clone(),
            planned: ext4::plan(tree, length, identity)?,
        };
        regions.push(Region::file_system(file_system, length));
        written.push(place.start..end.max(place.end));
    }
    for (at, bytes) in table(keep, size, root_end, wanted)? {
        let end = at + bytes.len() as u64;
        if at < keep.end() {
            written.push(at..end);
        }
        regions.push(Region::bytes(at, bytes));
    }
    if keep.table.is_some() {
        written.sort_by_key(|range| range.start);
        let end = keep.end();
        let mut at = 0;
        for range in written.into_iter().chain(iter::once(end..end)) {
            if at < range.start {
                regions.push(Region::copy(at..range.start, keep.disk));
            }
            at = range.end.max(at);
        }
    }
    Ok(Layout::new(size, root.start, regions))
}

/// The size of the smallest disk that surely does, and that in whole MiB.
fn room(keep: &Keep<'_>, trees: &Trees, grows: bool) -> (u64, u64) {
    let least = if grows {
        let root = trees
            .parts
            .last()
            .map_or(0, |(_, _, tree)| ext4::needed(tree));
        let end = keep.range(keep.root).start.saturating_add(root);
        let end = end.checked_next_multiple_of(MIB).unwrap_or(u64::MAX);
        // The table takes whole MiB, as the root ends with one.
        end.saturating_add(keep.tail().next_multiple_of(MIB))
    } else {
        keep.end() + keep.tail()
    };
    let whole = least.checked_next_multiple_of(MIB).unwrap_or(u64::MAX);
    (least, whole)
}

/// Whether partitions of the source lie over one another.
fn is_over_another(keep: &Keep<'_>) -> bool {
    let partitions = keep.table.iter().flat_map(|table| &table.partitions);
    let mut places: Vec<(u64, u64)> = partitions.map(|p| (p.start, p.end())).collect();
    places.sort_unstable();
    places.windows(2).any(|pair| pair[0].1 > pair[1].0)
}

/// By what the source's file system is found.
fn identity(keep: &Keep<'_>, number: usize, epoch: u32) -> Result<Identity, ImageError> {
    let part = Part::new(keep.disk, keep.range(number));
    let mut sector = [0; 512];
    part.read_at(0, &mut sector).map_err(ImageError::Read)?;
    // mke2fs leaves zeros there.
    if sector[510..] == [0x55, 0xAA] && number != 0 {
        return Err(ImageError::BootSector { number });
    }
    let source = Ext4::open(part);
    let source = source.map_err(|source| ImageError::Source { number, source })?;
    Ok(Identity {
        uuid: source.uuid(),
        hash_seed: source.hash_seed(),
        label: String::from_utf8_lossy(source.label()).into_owned(),
        epoch,
    })
}

/// The bytes of the table for the new size, each at its place.
fn table(
    keep: &Keep<'_>,
    size: u64,
    root_end: u64,
    wanted: u64,
) -> Result<Vec<(u64, Vec<u8>)>, ImageError> {
    match keep.table.map(|table| &table.form) {
        None => Ok(Vec::new()),
        Some(Form::Gpt(gpt)) => {
            let pieces = gpt.resized(size, keep.root, root_end);
            let mut all = vec![(0, protective(keep.disk, gpt, size)?)];
            all.extend(pieces.primary);
            all.extend(pieces.backup);
            Ok(all)
        }
        Some(Form::Mbr(mbr)) => {
            let length = root_end - keep.range(keep.root).start;
            let record = mbr.resized(keep.root, length);
            let record = record.ok_or(ImageError::TooLarge { size: wanted })?;
            Ok(vec![(0, record)])
        }
    }
}

/// The master boot record that protects a GUID partition table, which says how long the disk is.
fn protective(disk: &dyn Disk, gpt: &Gpt, size: u64) -> Result<Vec<u8>, ImageError> {
    let mut record = vec![0; 512];
    disk.read_at(0, &mut record).map_err(ImageError::Read)?;
    let sectors = u32::try_from(size / gpt.sector - 1).unwrap_or(u32::MAX);
    for entry in record[ENTRIES..510].chunks_exact_mut(16) {
        let is_open = entry[12..16] == [0xFF; 4];
        if entry[4] == PROTECTIVE && !is_open {
            entry[12..16].copy_from_slice(&sectors.to_le_bytes());
        }
    }
    Ok(record)
}
