//! The partitions of a master boot record: four at most. Those that stand in an extended one are
//! not looked at.
//!
//! ```text
//! 446  four entries of 16 bytes: 80 or 0, 3 bytes of geometry, type, 3 bytes, first sector u32,
//!      sectors u32
//! 510  55 AA
//! ```

use super::{Kind, Partition, TableError};
use crate::read::{Disk, le32};

const SECTOR: u64 = 512;
const ENTRIES: usize = 446;
/// What says that there is a GUID partition table, which has been looked for.
const PROTECTIVE: u8 = 0xEE;

/// A record's own bytes.
#[derive(Debug, Clone)]
pub struct Mbr {
    record: Vec<u8>,
}

pub(super) fn read(disk: &dyn Disk) -> Result<Option<(Mbr, Vec<Partition>)>, TableError> {
    if disk.size() < SECTOR {
        return Ok(None);
    }
    let mut record = vec![0; 512];
    disk.read_at(0, &mut record)?;
    if record[510..] != [0x55, 0xAA] {
        return Ok(None);
    }
    let mut partitions = Vec::new();
    for (at, entry) in record[ENTRIES..510].chunks_exact(16).enumerate() {
        if entry[4] == PROTECTIVE {
            return Err(TableError::Broken(
                "is gone: only what protects it is there",
            ));
        }
        if entry[4] == 0 {
            continue;
        }
        let start = u64::from(le32(entry, 8)) * SECTOR;
        let length = u64::from(le32(entry, 12)) * SECTOR;
        // The boot sector of a bare file system ends with the same two bytes.
        let is_entry = matches!(entry[0], 0 | 0x80) && start > 0 && length > 0;
        if !is_entry || start + length > disk.size() {
            return Ok(None);
        }
        partitions.push(Partition {
            number: at + 1,
            kind: Kind::Byte(entry[4]),
            id: None,
            name: String::new(),
            start,
            length,
        });
    }
    let is_table = !partitions.is_empty();
    Ok(is_table.then_some((Mbr { record }, partitions)))
}

impl Mbr {
    /// The record with partition `number` of `length` bytes, whole sectors; `None` when that is
    /// more than it can say.
    #[must_use]
    pub fn resized(&self, number: usize, length: u64) -> Option<Vec<u8>> {
        let sectors = u32::try_from(length / SECTOR).ok()?;
        let mut record = self.record.clone();
        let at = ENTRIES + (number - 1) * 16;
        record[at + 12..at + 16].copy_from_slice(&sectors.to_le_bytes());
        Some(record)
    }
}
