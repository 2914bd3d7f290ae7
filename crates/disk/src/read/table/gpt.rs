//! A GUID partition table that is there: read, and changed without a change of what it does not
//! concern.
//!
//! ```text
//! sector 1: "EFI PART", header size at 12, header CRC-32 at 16 (taken as 0), its own sector at 24,
//!           that of the copy at 32, last usable sector at 48, entries: first sector at 72, count at
//!           80, size at 84, CRC-32 at 88
//! entry:    type GUID at 0, own GUID at 16, first and last sector at 32 and 40, name in UTF-16 at 56
//! ```
//!
//! Only the table at the start is read: a disk whose first table is broken is broken. Sectors are of
//! 512 or of 4096 bytes.

use super::{Kind, Partition, TableError};
use crate::id::Guid;
use crate::read::{Disk, le32, le64};

/// The most entries read; a table has 128.
const ENTRIES_MAX: u32 = 1024;

/// A table's own bytes.
#[derive(Debug, Clone)]
pub struct Gpt {
    /// Bytes of a sector.
    pub sector: u64,
    /// The header's sector.
    header: Vec<u8>,
    entries: Vec<u8>,
    entry: usize,
}

/// Both copies of a table, each at its place in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    /// Header and entries at the start of the disk.
    pub primary: Vec<(u64, Vec<u8>)>,
    /// Entries and header at its end.
    pub backup: Vec<(u64, Vec<u8>)>,
}

pub(super) fn read(disk: &dyn Disk) -> Result<Option<(Gpt, Vec<Partition>)>, TableError> {
    for sector in [512, 4096] {
        let mut header = vec![0; 512];
        if disk.size() < 2 * sector {
            continue;
        }
        disk.read_at(sector, &mut header)?;
        if &header[..8] != b"EFI PART" {
            continue;
        }
        let size = le32(&header, 12) as usize;
        if !(92..=512).contains(&size) {
            return Err(TableError::Broken("has a header of a wrong size"));
        }
        if checksum(&header[..size]) != le32(&header, 16) {
            return Err(TableError::Broken("has a wrong checksum in its header"));
        }
        let (count, entry) = (le32(&header, 80), le32(&header, 84));
        if count > ENTRIES_MAX || !(128..=4096).contains(&entry) {
            return Err(TableError::Broken("has a wrong size"));
        }
        let place = le64(&header, 72).checked_mul(sector);
        let mut entries = vec![0; count as usize * entry as usize];
        let end = place.and_then(|place| place.checked_add(entries.len() as u64));
        let (Some(place), true) = (place, end.is_some_and(|end| end <= disk.size())) else {
            return Err(TableError::Broken("is outside of the disk"));
        };
        disk.read_at(place, &mut entries)?;
        if crc32fast::hash(&entries) != le32(&header, 88) {
            return Err(TableError::Broken("has a wrong checksum"));
        }
        let gpt = Gpt {
            sector,
            header,
            entries,
            entry: entry as usize,
        };
        let partitions = gpt.partitions(disk.size())?;
        return Ok(Some((gpt, partitions)));
    }
    Ok(None)
}

/// The CRC-32 of a header, whose own place for it counts as zeros.
fn checksum(header: &[u8]) -> u32 {
    let mut blank = header.to_vec();
    blank[16..20].fill(0);
    crc32fast::hash(&blank)
}

impl Gpt {
    fn partitions(&self, disk: u64) -> Result<Vec<Partition>, TableError> {
        let mut partitions = Vec::new();
        for (at, row) in self.entries.chunks_exact(self.entry).enumerate() {
            if row[..16] == [0; 16] {
                continue;
            }
            let start = le64(row, 32).checked_mul(self.sector);
            let end = le64(row, 40).checked_add(1);
            let end = end.and_then(|end| end.checked_mul(self.sector));
            let (Some(start), Some(end)) = (start, end) else {
                return Err(TableError::Broken("has a partition outside of the disk"));
            };
            if start >= end || end > disk {
                return Err(TableError::Broken("has a partition outside of the disk"));
            }
            let units: Vec<u16> = row[56..128]
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .take_while(|unit| *unit != 0)
                .collect();
            partitions.push(Partition {
                number: at + 1,
                kind: Kind::Guid(guid(&row[..16])),
                id: Some(guid(&row[16..32])),
                name: String::from_utf16_lossy(&units),
                start,
                length: end - start,
            });
        }
        Ok(partitions)
    }

    /// Bytes that the table takes at the end of a disk.
    pub fn tail(&self) -> u64 {
        (self.entries.len() as u64).next_multiple_of(self.sector) + self.sector
    }

    /// The table for a disk of `size` bytes, whole sectors, on which partition `number` ends before
    /// byte `end`. All else stays what it is.
    #[must_use]
    pub fn resized(&self, size: u64, number: usize, end: u64) -> Pieces {
        let mut entries = self.entries.clone();
        let row = &mut entries[(number - 1) * self.entry..number * self.entry];
        row[40..48].copy_from_slice(&(end / self.sector - 1).to_le_bytes());
        let last = size / self.sector - 1;
        let table = (entries.len() as u64).div_ceil(self.sector);
        let mut primary = self.header.clone();
        let mut put = |at: usize, value: u64| {
            primary[at..at + 8].copy_from_slice(&value.to_le_bytes());
        };
        put(32, last);
        put(48, last - table - 1);
        primary[88..92].copy_from_slice(&crc32fast::hash(&entries).to_le_bytes());
        let mut backup = primary.clone();
        backup[24..32].copy_from_slice(&last.to_le_bytes());
        backup[32..40].copy_from_slice(&le64(&self.header, 24).to_le_bytes());
        backup[72..80].copy_from_slice(&(last - table).to_le_bytes());
        for header in [&mut primary, &mut backup] {
            let length = le32(header, 12) as usize;
            let sum = checksum(&header[..length]);
            header[16..20].copy_from_slice(&sum.to_le_bytes());
        }
        let place = |header: &[u8]| le64(header, 72) * self.sector;
        let (first, second) = (place(&primary), place(&backup));
        Pieces {
            primary: vec![(self.sector, primary), (first, entries.clone())],
            backup: vec![(second, entries), (last * self.sector, backup)],
        }
    }
}

fn guid(bytes: &[u8]) -> Guid {
    Guid::from_mixed_endian(std::array::from_fn(|at| bytes[at]))
}
