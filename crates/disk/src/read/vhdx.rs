//! VHDX; see [`crate::fmt`] for the drawing of the form, which we write as well.
//!
//! ```text
//! headers at 64 and 128 KiB: "head", CRC-32C at 4, number u64 at 8, log GUID at 48; the valid one
//!   with the higher number counts
//! regions at 192 KiB: "regi", CRC-32C at 4, count u32 at 8, from 16 on: GUID, place u64, length u32,
//!   required u32
//! metadata: "metadata", count u16 at 10, from 32 on: GUID, place u32 (in the region), length u32,
//!   flags u32, zeros u32
//! table: u64 for each block, state in bits 0-2 (6: there), place in MiB from bit 20; after every
//!   so many blocks as 2^23 sectors are, an entry for a bitmap
//! ```
//!
//! A file whose log has not been replayed, and a difference to another disk, are refused.
//! Source: MS-VHDX, Microsoft.

use std::io;
use std::ops::Range;

use crc::{CRC_32_ISCSI, Crc, Table};

use super::form::FormError;
use super::{Disk, le16, le32, le64, units};
use crate::id::Guid;

const KIB_64: u64 = 64 << 10;
const MIB: u64 = 1 << 20;
const PRESENT: u64 = 6;
/// 64 TiB: the specification's limit.
const SIZE_MAX: u64 = 64 << 40;
/// Bytes of the table for that in blocks of 1 MiB, and the bitmaps' entries.
const TABLE_MAX: u64 = 513 << 20;

const REGION_TABLE: Guid = Guid::new(0x2DC2_7766_F623_4200_9D64_115E_9BFD_4A08);
const REGION_METADATA: Guid = Guid::new(0x8B7C_A206_4790_4B9A_B8FE_575F_050F_886E);
const FILE_PARAMETERS: Guid = Guid::new(0xCAA1_6737_FA36_4D43_B3B6_33F0_AA44_E76B);
const DISK_SIZE: Guid = Guid::new(0x2FA5_4224_CD1B_4876_B211_5DBE_D83B_F4B8);
const LOGICAL_SECTOR: Guid = Guid::new(0x8141_BF1D_A96F_4709_BA47_F233_A8FA_AB5F);

/// The disk that a file holds.
#[derive(Debug)]
pub struct Vhdx<F> {
    file: F,
    size: u64,
    /// Bytes of a block.
    block: u64,
    /// Blocks between two entries for bitmaps.
    turn: u64,
    table: Vec<u64>,
}

/// Whether a file is one, by its first bytes.
pub fn is_vhdx(start: &[u8]) -> bool {
    start.starts_with(b"vhdxfile")
}

fn broken(what: &'static str) -> FormError {
    FormError::Broken("VHDX", what)
}

fn unsupported(what: &str) -> FormError {
    FormError::Unsupported("VHDX", what.to_owned())
}

impl<F: Disk> Vhdx<F> {
    /// Opens the disk in a file.
    pub fn open(file: F) -> Result<Self, FormError> {
        let headers = [KIB_64, 2 * KIB_64].map(|at| checked(&file, at, 4096, b"head"));
        let header = headers
            .into_iter()
            .flatten()
            .max_by_key(|header| le64(header, 8))
            .ok_or_else(|| broken("it has no header"))?;
        if header[48..64] != [0; 16] {
            return Err(unsupported("was not closed: its log has not been replayed"));
        }
        let regions = checked(&file, 3 * KIB_64, KIB_64, b"regi")
            .ok_or_else(|| broken("it has no table of regions"))?;
        let count = le32(&regions, 8);
        let mut table = None;
        let mut metadata = None;
        for row in rows(&regions, 16, count) {
            let place = (le64(row, 16), u64::from(le32(row, 24)));
            match guid(row) {
                REGION_TABLE => table = Some(place),
                REGION_METADATA => metadata = Some(place),
                _ if le32(row, 28) & 1 != 0 => return Err(unsupported("has an unknown region")),
                _ => {}
            }
        }
        let (Some(table), Some((metadata, _))) = (table, metadata) else {
            return Err(broken("a region is missing"));
        };
        let items = Items::read(&file, metadata)?;
        let turn = (u64::from(items.sector) << 23) / items.block;
        let blocks = items.size.div_ceil(items.block);
        let entries = blocks + blocks.saturating_sub(1) / turn;
        if entries * 8 > table.1.min(TABLE_MAX) {
            return Err(broken("its table does not fit its size"));
        }
        let mut bytes = vec![0; usize::try_from(entries * 8).expect("513 MiB at most")];
        let end = table.0.checked_add(entries * 8);
        if end.is_none_or(|end| end > file.size()) {
            return Err(broken("its table is outside of it"));
        }
        file.read_at(table.0, &mut bytes)?;
        Ok(Self {
            file,
            size: items.size,
            block: items.block,
            turn,
            table: bytes.chunks_exact(8).map(|word| le64(word, 0)).collect(),
        })
    }

    /// Where a block begins; `None`: it is zeros.
    fn place(&self, number: u64) -> Option<u64> {
        let entry = usize::try_from(number + number / self.turn).ok()?;
        let entry = *self.table.get(entry)?;
        (entry & 7 == PRESENT).then_some((entry >> 20) * MIB)
    }
}

struct Items {
    block: u64,
    size: u64,
    sector: u32,
}

impl Items {
    fn read(file: &impl Disk, at: u64) -> Result<Self, FormError> {
        let missing = || broken("its metadata");
        let mut bytes = vec![0; usize::try_from(KIB_64).expect("64 KiB")];
        file.read_at(at, &mut bytes).map_err(|_| missing())?;
        if !bytes.starts_with(b"metadata") {
            return Err(missing());
        }
        let item = |wanted: Guid| {
            let mut rows = rows(&bytes, 32, u32::from(le16(&bytes, 10)));
            let row = rows.find(|row| guid(row) == wanted)?;
            let mut value = [0; 8];
            let length = usize::try_from(le32(row, 20)).ok()?.min(8);
            let place = at.checked_add(u64::from(le32(row, 16)))?;
            file.read_at(place, &mut value[..length]).ok()?;
            Some(value)
        };
        let parameters = item(FILE_PARAMETERS).ok_or_else(missing)?;
        if le32(&parameters, 4) & 2 != 0 {
            return Err(unsupported("is a difference to another disk"));
        }
        let found = Self {
            block: u64::from(le32(&parameters, 0)),
            size: le64(&item(DISK_SIZE).ok_or_else(missing)?, 0),
            sector: le32(&item(LOGICAL_SECTOR).ok_or_else(missing)?, 0),
        };
        let is_fit = found.block.is_power_of_two()
            && (MIB..=256 * MIB).contains(&found.block)
            && matches!(found.sector, 512 | 4096)
            && found.size <= SIZE_MAX;
        if !is_fit {
            return Err(missing());
        }
        Ok(found)
    }
}

/// A structure with its mark and its checksum; `None` when either is wrong.
fn checked(file: &impl Disk, at: u64, length: u64, mark: &[u8]) -> Option<Vec<u8>> {
    const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.read_at(at, &mut bytes).ok()?;
    let sum = le32(&bytes, 4);
    bytes[4..8].fill(0);
    (bytes.starts_with(mark) && CRC.checksum(&bytes) == sum).then_some(bytes)
}

/// Rows of 32 bytes, as far as they are there.
fn rows(bytes: &[u8], from: usize, count: u32) -> impl Iterator<Item = &[u8]> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    bytes[from..].chunks_exact(32).take(count)
}

fn guid(row: &[u8]) -> Guid {
    Guid::from_mixed_endian(std::array::from_fn(|at| row[at]))
}

impl<F: Disk> Disk for Vhdx<F> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        units::read(self.size, self.block, at, bytes, |number, inside, part| {
            let place = self.place(number);
            let place = place.map(|place| place.saturating_add(inside));
            units::fill(&self.file, place, part)
        })
    }

    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        let is_there = |number| Ok(self.place(number).is_some());
        units::next_data(self.size, self.block, at, is_there)
    }
}

#[cfg(test)]
mod tests;
