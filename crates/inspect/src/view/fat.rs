//! The files of a FAT file system: FAT12, FAT16 and FAT32, long names, read only.
//!
//! ```text
//! boot sector | reserved | FAT x n | root folder (12, 16) | clusters 2, 3, ...
//! folder entry, 32 bytes: short name 11, attributes at 11, case at 12,
//!                         cluster high at 20, low at 26, size at 28
//! long name entry (attributes 0x0f), before it and backwards: 13 UTF-16 units each
//! ```
//!
//! Chains that loop, lead outside or are longer than the disk are errors.

use std::collections::BTreeSet;
use std::io;

use goldsmith_disk::read::{Disk, Part};

use super::{le16, le32};

/// As deep as folders may be nested.
const MAX_DEPTH: usize = 32;
/// The largest folder that FAT allows, in bytes.
const MAX_FOLDER: usize = 65536 * 32;
/// The most entries listed.
const MAX_ENTRIES: usize = 100_000;
/// The largest allocation table that is read (a FAT32 of 64 Gi clusters' worth is not).
const MAX_TABLE: u64 = 64 << 20;

/// A file or folder.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Without a first slash.
    pub(super) path: String,
    pub(super) is_folder: bool,
    pub(super) size: u64,
    cluster: u32,
}

#[derive(Debug)]
pub(super) struct Fat {
    disk: Part<'static>,
    table: Vec<u8>,
    bits: u8,
    cluster_size: u64,
    data: u64,
    clusters: u32,
    entries: Vec<Entry>,
}

impl Fat {
    /// Reads the boot sector, the table and every folder.
    pub(super) fn open(disk: Part<'static>) -> Result<Self, String> {
        let mut boot = [0; 512];
        disk.read_at(0, &mut boot).map_err(|e| e.to_string())?;
        if boot[510..] != [0x55, 0xaa] {
            return Err("no FAT boot sector".to_owned());
        }
        let sector = u64::from(le16(&boot, 11));
        let per_cluster = u64::from(boot[13]);
        if ![512, 1024, 2048, 4096].contains(&sector) || !per_cluster.is_power_of_two() {
            return Err("no FAT geometry".to_owned());
        }
        let or32 = |small: u16, at| match small {
            0 => u64::from(le32(&boot, at)),
            small => u64::from(small),
        };
        let total = or32(le16(&boot, 19), 32) * sector;
        let table_size = or32(le16(&boot, 22), 36) * sector;
        let reserved = u64::from(le16(&boot, 14)) * sector;
        let root_size = u64::from(le16(&boot, 17)) * 32;
        let root = reserved + u64::from(boot[16]) * table_size;
        let data = root + root_size.next_multiple_of(sector);
        let cluster_size = per_cluster * sector;
        if total > disk.size() || data >= total || table_size > MAX_TABLE {
            return Err("its FAT is larger than its partition".to_owned());
        }
        let clusters = u32::try_from((total - data) / cluster_size)
            .map_err(|_| "more clusters than FAT has".to_owned())?;
        let bits = match clusters {
            0..4085 => 12,
            4085..65525 => 16,
            _ => 32,
        };
        let needed = ((u64::from(clusters) + 2) * u64::from(bits)).div_ceil(8);
        if table_size < needed {
            return Err("its allocation table is too short".to_owned());
        }
        let table_bytes = usize::try_from(table_size).map_err(|e| e.to_string())?;
        let mut table = vec![0; table_bytes];
        disk.read_at(reserved, &mut table)
            .map_err(|e| e.to_string())?;
        let mut fat = Self {
            disk,
            table,
            bits,
            cluster_size,
            data,
            clusters,
            entries: Vec::new(),
        };
        let top = if root_size > 0 {
            let mut bytes = vec![0; usize::try_from(root_size).map_err(|e| e.to_string())?];
            fat.disk
                .read_at(root, &mut bytes)
                .map_err(|e| e.to_string())?;
            bytes
        } else {
            fat.chain(le32(&boot, 44), MAX_FOLDER)
                .map_err(|e| e.to_string())?
        };
        let mut seen = BTreeSet::from([le32(&boot, 44)]);
        fat.walk(&top, "", 0, &mut seen)?;
        Ok(fat)
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The content of a file.
    pub(super) fn file(&self, entry: &Entry) -> io::Result<FatFile<'_>> {
        let mut clusters = Vec::new();
        let wanted = entry.size.div_ceil(self.cluster_size);
        if wanted > u64::from(self.clusters) {
            return Err(broken());
        }
        let mut next = Some(entry.cluster);
        while (clusters.len() as u64) < wanted {
            let cluster = next.ok_or_else(broken)?;
            clusters.push(self.place(cluster)?);
            next = self.next(cluster);
        }
        Ok(FatFile {
            fat: self,
            size: entry.size,
            clusters,
        })
    }

    /// Where a cluster begins.
    fn place(&self, cluster: u32) -> io::Result<u64> {
        if cluster < 2 || cluster - 2 >= self.clusters {
            return Err(broken());
        }
        Ok(self.data + u64::from(cluster - 2) * self.cluster_size)
    }

    /// The bytes of a chain, whole clusters, at least `limit` where it is that long.
    fn chain(&self, first: u32, limit: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut cluster = first;
        let mut steps = 0;
        while bytes.len() < limit {
            if steps > self.clusters {
                return Err(broken());
            }
            let at = self.place(cluster)?;
            let length = bytes.len();
            let size = usize::try_from(self.cluster_size).map_err(|_| broken())?;
            bytes.resize(length + size, 0);
            self.disk.read_at(at, &mut bytes[length..])?;
            steps += 1;
            cluster = match self.next(cluster) {
                Some(next) => next,
                None => break,
            };
        }
        Ok(bytes)
    }

    /// The cluster after this one; `None` at the end.
    fn next(&self, cluster: u32) -> Option<u32> {
        let at = cluster as usize;
        let (next, end) = match self.bits {
            12 => {
                let pair = le16(&self.table, at * 3 / 2);
                let next = if at.is_multiple_of(2) {
                    pair & 0xfff
                } else {
                    pair >> 4
                };
                (u32::from(next), 0xff8)
            }
            16 => (u32::from(le16(&self.table, at * 2)), 0xfff8),
            _ => (le32(&self.table, at * 4) & 0x0fff_ffff, 0x0fff_fff8),
        };
        (next < end).then_some(next)
    }

    fn walk(
        &mut self,
        folder: &[u8],
        prefix: &str,
        depth: usize,
        seen: &mut BTreeSet<u32>,
    ) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err("folders are nested too deep".to_owned());
        }
        let mut long: Vec<[u16; 13]> = Vec::new();
        for row in folder.chunks_exact(32) {
            match (row[0], row[11]) {
                (0, _) => break,
                (0xe5, _) => long.clear(),
                (_, 0x0f) if long.len() < 20 => long.push(long_part(row)),
                // A volume label is no file.
                (_, attributes) if attributes & 0x08 != 0 => long.clear(),
                _ => {
                    let name = name_of(row, &long);
                    long.clear();
                    if name == "." || name == ".." {
                        continue;
                    }
                    let entry = Entry {
                        path: format!("{prefix}{}", name.replace('/', "_")),
                        is_folder: row[11] & 0x10 != 0,
                        size: u64::from(le32(row, 28)),
                        cluster: u32::from(le16(row, 20)) << 16 | u32::from(le16(row, 26)),
                    };
                    if self.entries.len() >= MAX_ENTRIES {
                        return Err("more files than we list".to_owned());
                    }
                    self.entries.push(entry.clone());
                    if entry.is_folder {
                        if !seen.insert(entry.cluster) {
                            return Err(format!("folder `{}` is in itself", entry.path));
                        }
                        let inner = self
                            .chain(entry.cluster, MAX_FOLDER)
                            .map_err(|e| format!("`{}`: {e}", entry.path))?;
                        self.walk(&inner, &format!("{}/", entry.path), depth + 1, seen)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The content of a file, read wherever one wants.
#[derive(Debug)]
pub(super) struct FatFile<'f> {
    fat: &'f Fat,
    size: u64,
    /// Where its clusters begin.
    clusters: Vec<u64>,
}

impl Disk for FatFile<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, mut at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let end = at.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let unit = self.fat.cluster_size;
        let mut rest = bytes;
        while !rest.is_empty() {
            let cluster = usize::try_from(at / unit).ok();
            let place = cluster.and_then(|cluster| self.clusters.get(cluster));
            let place = place.ok_or_else(broken)? + at % unit;
            let length = usize::try_from(unit - at % unit).unwrap_or(usize::MAX);
            let (part, next) = rest.split_at_mut(length.min(rest.len()));
            self.fat.disk.read_at(place, part)?;
            at += part.len() as u64;
            rest = next;
        }
        Ok(())
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a broken chain of clusters")
}

fn long_part(row: &[u8]) -> [u16; 13] {
    const AT: [usize; 13] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
    AT.map(|at| le16(row, at))
}

fn name_of(row: &[u8], long: &[[u16; 13]]) -> String {
    if !long.is_empty() {
        let units: Vec<u16> = long
            .iter()
            .rev()
            .flatten()
            .copied()
            .take_while(|unit| *unit != 0)
            .collect();
        return String::from_utf16_lossy(&units);
    }
    let part = |bytes: &[u8], lower: bool| {
        let text: String = bytes.iter().map(|b| char::from(*b)).collect();
        let text = text.trim_end().to_owned();
        if lower { text.to_lowercase() } else { text }
    };
    let name = part(&row[..8], row[12] & 0x08 != 0);
    let suffix = part(&row[8..11], row[12] & 0x10 != 0);
    if suffix.is_empty() {
        name
    } else {
        format!("{name}.{suffix}")
    }
}
