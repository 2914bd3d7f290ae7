//! The partitions of a finished disk.
//!
//! ```text
//! sector 1: "EFI PART", header size at 12, header CRC-32 at 16 (taken as 0),
//!           entries: first sector at 72, count at 80, size at 84, CRC-32 at 88
//! entry:    type GUID at 0, own GUID at 16, first and last sector at 32 and 40,
//!           name in UTF-16 at 56
//! ```
//!
//! Only the primary table is read: a disk whose primary table is broken is broken.

use std::io;

use super::disk::Slice;

/// The most entries read; a table has 128.
const MAX_ENTRIES: u32 = 1024;

/// One partition. Offsets in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partition {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) start: u64,
    pub(super) length: u64,
}

/// The table, `None` when the disk has none. `Err(Ok(text))` is a broken one.
pub(super) fn read(disk: &Slice) -> Result<Option<Vec<Partition>>, Result<String, io::Error>> {
    let broken = |text: &str| Err(Ok(format!("its GPT {text}")));
    for sector in [512, 4096] {
        let mut header = [0; 512];
        if disk.length() < 2 * sector || disk.read_at(sector, &mut header).is_err() {
            continue;
        }
        if &header[..8] != b"EFI PART" {
            continue;
        }
        let size = le32(&header, 12) as usize;
        if !(92..=512).contains(&size) {
            return broken("has a header of a wrong size");
        }
        let recorded = le32(&header, 16);
        header[16..20].fill(0);
        if crc32fast::hash(&header[..size]) != recorded {
            return broken("header has a wrong checksum");
        }
        let (count, entry) = (le32(&header, 80), le32(&header, 84));
        if count > MAX_ENTRIES || !(128..=4096).contains(&entry) {
            return broken("has a table of a wrong size");
        }
        let Some(at) = le64(&header, 72).checked_mul(sector) else {
            return broken("has its table outside of the disk");
        };
        let mut table = vec![0; count as usize * entry as usize];
        disk.read_at(at, &mut table).map_err(Err)?;
        if crc32fast::hash(&table) != le32(&header, 88) {
            return broken("table has a wrong checksum");
        }
        let mut partitions = Vec::new();
        for row in table.chunks_exact(entry as usize) {
            if row[..16] != [0; 16] {
                match partition(row, sector, disk.length()) {
                    Some(partition) => partitions.push(partition),
                    None => return broken("has a partition outside of the disk"),
                }
            }
        }
        return Ok(Some(partitions));
    }
    Ok(None)
}

fn partition(row: &[u8], sector: u64, disk: u64) -> Option<Partition> {
    let start = le64(row, 32).checked_mul(sector)?;
    let end = le64(row, 40).checked_add(1)?.checked_mul(sector)?;
    let units: Vec<u16> = row[56..128]
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .take_while(|unit| *unit != 0)
        .collect();
    (start < end && end <= disk).then(|| Partition {
        kind: guid(&row[..16]),
        id: guid(&row[16..32]),
        name: String::from_utf16_lossy(&units),
        start,
        length: end - start,
    })
}

/// The first three groups of a GUID are little-endian numbers.
fn guid(bytes: &[u8]) -> String {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    hyphenated(&ORDER.map(|at| bytes[at]))
}

/// Sixteen bytes as `8-4-4-4-12` digits.
pub(super) fn hyphenated(bytes: &[u8; 16]) -> String {
    bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| match at {
            4 | 6 | 8 | 10 => format!("-{byte:02x}"),
            _ => format!("{byte:02x}"),
        })
        .collect()
}

pub(super) fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from(le16(bytes, at)) | u32::from(le16(bytes, at + 2)) << 16
}

pub(super) fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from(le32(bytes, at)) | u64::from(le32(bytes, at + 4)) << 32
}
