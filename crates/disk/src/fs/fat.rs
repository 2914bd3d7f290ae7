//! FAT16 and FAT32, for the EFI system partition.
//!
//! ```text
//! boot sector, FSInfo and copies (FAT32)   reserved sectors: 1 (FAT16) or 32 (FAT32)
//! FAT, FAT                                 a chain of clusters per file and directory
//! root directory                           512 entries (FAT16); a chain like any other (FAT32)
//! clusters                                 from number 2, each file in one run
//! ```
//!
//! FAT32 from 33 MiB, FAT16 below. Everything that mkfs.fat takes from the clock or from chance is
//! given. Source of the format: Microsoft's "FAT: General Overview of On-Disk Format" 1.03.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::id::VolumeId;

mod directory;
mod geometry;
mod name;

use directory::{Directory, Entry};
use geometry::{FAT16_ROOT_ENTRIES, Geometry, SECTOR};

const DIRECTORY_ENTRIES_MAX: u64 = 65_535;

/// What a file system is made of, its files apart.
#[derive(Debug, Clone)]
pub struct Fat<'a> {
    /// Length in bytes: whole sectors.
    pub size: u64,
    /// Sectors of the disk before the partition.
    pub hidden_sectors: u32,
    /// Volume identifier.
    pub volume: VolumeId,
    /// Label: 11 upper-case letters, digits or `_` at most.
    pub label: &'a str,
    /// Time of everything, in seconds since 1970; held to what FAT can say (1980 to 2107).
    pub time: i64,
}

/// Files by path (`EFI/BOOT/BOOTX64.EFI`); directories are made as needed.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Bytes of a file system that are not zeros: offset in it, ascending.
pub type Regions<'a> = Vec<(u64, Cow<'a, [u8]>)>;

/// A FAT file system that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FatError {
    /// A size that is not whole sectors, or that no FAT has.
    #[error("a FAT file system cannot have {0} bytes")]
    Size(u64),
    /// A label FAT cannot hold.
    #[error("`{0}` cannot be the label of a FAT file system")]
    Label(String),
    /// A name FAT cannot hold, or one that is there already in other case.
    #[error("`{0}` cannot be a file name on a FAT file system, or is there twice")]
    Name(String),
    /// A directory with more names than one can have.
    #[error("directory `/{0}` has too many files for a FAT file system")]
    Entries(String),
    /// The files do not fit.
    #[error("the files need {needed} bytes, the FAT file system has room for {room}")]
    Full {
        /// Bytes of clusters the files and directories take.
        needed: u64,
        /// Bytes of clusters there are.
        room: u64,
    },
}

/// Chains of clusters, handed out one after the other.
struct Chains {
    fat: Vec<u32>,
    cluster_bytes: u64,
}

impl Chains {
    /// A chain of as many clusters as `bytes` take; 0 when they take none.
    fn take(&mut self, bytes: u64) -> u64 {
        let first = self.fat.len() as u64;
        let count = bytes.div_ceil(self.cluster_bytes);
        for at in 1..=count {
            let next = if at == count { u64::MAX } else { first + at };
            self.fat.push(u32::try_from(next).unwrap_or(u32::MAX));
        }
        if count == 0 { 0 } else { first }
    }
}

/// Lays out a file system that holds `files`, and gives its bytes.
pub fn write<'f>(fat: &Fat<'_>, files: &'f Files) -> Result<Regions<'f>, FatError> {
    let geometry = Geometry::of(fat.size)?;
    let label = name::label(fat.label).ok_or_else(|| FatError::Label(fat.label.into()))?;
    let stamp = directory::stamp(fat.time);
    let mut directories = directory::plan(files)?;

    let cluster_bytes = geometry.cluster_bytes();
    let of = |bytes: u64| bytes.div_ceil(cluster_bytes);
    let sizes = files.values().map(|bytes| bytes.len() as u64);
    let listings = directories.values().map(Directory::size);
    let needed: u64 = sizes.chain(listings).map(of).sum();
    for (path, directory) in &directories {
        let limit = if path.is_empty() && !geometry.is_fat32 {
            FAT16_ROOT_ENTRIES
        } else {
            DIRECTORY_ENTRIES_MAX
        };
        if directory.size() / 32 > limit {
            return Err(FatError::Entries(path.clone()));
        }
    }
    let too_large = files.values().any(|b| u32::try_from(b.len()).is_err());
    if needed > geometry.clusters || too_large {
        return Err(FatError::Full {
            needed: needed * cluster_bytes,
            room: geometry.clusters * cluster_bytes,
        });
    }

    let mut chains = Chains {
        fat: vec![0x0FFF_FFF8, u32::MAX],
        cluster_bytes,
    };
    let mut regions: Regions<'f> = vec![];
    for (path, directory) in &mut directories {
        let in_clusters = geometry.is_fat32 || !path.is_empty();
        directory.cluster = if in_clusters {
            chains.take(directory.size())
        } else {
            0
        };
    }
    let clusters: BTreeMap<String, u64> = directories
        .iter()
        .map(|(path, directory)| (path.clone(), directory.cluster))
        .collect();
    let mut contents: Regions<'f> = vec![];
    for (path, directory) in &directories {
        let listing = directory.render(&label, stamp, &clusters, |entry: &Entry| {
            let bytes = &files[&entry.path];
            let cluster = chains.take(bytes.len() as u64);
            if cluster != 0 {
                contents.push((geometry.cluster_offset(cluster), Cow::Borrowed(bytes)));
            }
            (cluster, bytes.len())
        });
        let offset = if path.is_empty() && !geometry.is_fat32 {
            geometry.root_offset()
        } else {
            geometry.cluster_offset(directory.cluster)
        };
        regions.push((offset, Cow::Owned(listing)));
    }
    regions.append(&mut contents);

    let table = chains.render(geometry.is_fat32);
    let used = chains.fat.len() as u64;
    let free = geometry.clusters + 2 - used;
    let second = (geometry.reserved + geometry.fat) * SECTOR;
    regions.push((geometry.reserved * SECTOR, Cow::Owned(table.clone())));
    regions.push((second, Cow::Owned(table)));
    regions.extend(reserved(fat, &geometry, &label, free, used));
    regions.sort_by_key(|(offset, _)| *offset);
    Ok(regions)
}

impl Chains {
    fn render(&self, is_fat32: bool) -> Vec<u8> {
        let entries = self.fat.iter().map(|next| next.to_le_bytes());
        if is_fat32 {
            // The four upper bits of an entry are not part of it.
            entries
                .flat_map(|[a, b, c, d]| [a, b, c, d & 0x0F])
                .collect()
        } else {
            entries.flat_map(|[a, b, _, _]| [a, b]).collect()
        }
    }
}

/// The boot sector and, for FAT32, `FSInfo` and the copies of both.
fn reserved(
    fat: &Fat<'_>,
    geometry: &Geometry,
    label: &[u8; 11],
    free: u64,
    next: u64,
) -> Regions<'static> {
    let low16 = |n: u64| u16::try_from(n).unwrap_or(0).to_le_bytes();
    let low32 = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let byte = |n: u64| u8::try_from(n).expect("fits by construction");
    let mut boot = if geometry.is_fat32 {
        vec![0xEB, 0x58, 0x90]
    } else {
        vec![0xEB, 0x3C, 0x90]
    };
    boot.extend(b"GOLDSMTH");
    boot.extend(low16(SECTOR));
    boot.push(byte(geometry.per_cluster));
    boot.extend(low16(geometry.reserved));
    boot.push(2); // FATs
    boot.extend(low16(if geometry.is_fat32 {
        0
    } else {
        FAT16_ROOT_ENTRIES
    }));
    let small = !geometry.is_fat32 && geometry.sectors < 1 << 16;
    boot.extend(low16(if small { geometry.sectors } else { 0 }));
    boot.push(0xF8); // a fixed disk
    boot.extend(low16(if geometry.is_fat32 { 0 } else { geometry.fat }));
    boot.extend(low16(63)); // sectors per track and heads: what BIOSes make of large disks
    boot.extend(low16(255));
    boot.extend(fat.hidden_sectors.to_le_bytes());
    boot.extend(low32(if small { 0 } else { geometry.sectors }));
    if geometry.is_fat32 {
        boot.extend(low32(geometry.fat));
        boot.extend([0; 4]); // both FATs are live; version 0.0
        boot.extend(low32(2)); // cluster of the root directory
        boot.extend(low16(1)); // FSInfo
        boot.extend(low16(6)); // copy of the boot sector
        boot.extend([0; 12]);
    }
    boot.extend([0x80, 0, 0x29]);
    boot.extend(fat.volume.0.to_le_bytes());
    boot.extend(label);
    boot.extend(if geometry.is_fat32 {
        b"FAT32   "
    } else {
        b"FAT16   "
    });
    boot.resize(510, 0);
    boot.extend([0x55, 0xAA]);
    if !geometry.is_fat32 {
        return vec![(0, Cow::Owned(boot))];
    }
    let mut info = b"RRaA".to_vec();
    info.resize(484, 0);
    info.extend(b"rrAa");
    info.extend(low32(free));
    info.extend(low32(next));
    info.resize(510, 0);
    info.extend([0x55, 0xAA]);
    boot.extend(info);
    let copy = boot.clone();
    vec![(0, Cow::Owned(boot)), (6 * SECTOR, Cow::Owned(copy))]
}

#[cfg(test)]
mod tests;
