//! VHD, fixed and dynamic; see [`crate::fmt`] for the drawing of the form, which we write as well.
//!
//! ```text
//! footer, big-endian, the last 512 bytes: "conectix"; place of a dynamic disk's header u64 at 16;
//!   size of the disk u64 at 48; kind u32 at 60 (2 fixed, 3 dynamic, 4 a difference); sum at 64
//! header: "cxsparse"; place of the table u64 at 16; its entries u32 at 28; bytes of a block u32 at 32
//! table:  sector of each block u32, or all ones; a block begins with a bit for each of its sectors
//! ```
//!
//! The size in bytes counts, not the geometry; bits of sectors are not looked at, as QEMU does.
//! Source: Virtual Hard Disk Image Format Specification 1.0, Microsoft.

use std::io;
use std::ops::Range;

use super::form::FormError;
use super::{Disk, be32, be64, units};

const SECTOR: u64 = 512;
const NOWHERE: u32 = u32::MAX;
/// Bytes of a block; 2 MiB is usual.
const BLOCK_MAX: u64 = 256 << 20;
/// Entries of the table: 2 TiB in blocks of 512 KiB.
const ENTRIES_MAX: u64 = 4 << 20;

/// The disk that a file holds.
#[derive(Debug)]
pub struct Vhd<F> {
    file: F,
    size: u64,
    /// Of a dynamic one.
    blocks: Option<Blocks>,
}

#[derive(Debug)]
struct Blocks {
    /// Bytes of a block.
    size: u64,
    /// Bytes before it.
    bitmap: u64,
    table: Vec<u32>,
}

fn broken(what: &'static str) -> FormError {
    FormError::Broken("VHD", what)
}

/// Whether a file is one, by its last bytes.
pub fn is_vhd(file: &impl Disk) -> io::Result<bool> {
    Ok(footer(file)?.starts_with(b"conectix"))
}

fn footer(file: &impl Disk) -> io::Result<[u8; 512]> {
    let mut footer = [0; 512];
    if let Some(at) = file.size().checked_sub(512) {
        file.read_at(at, &mut footer)?;
    }
    Ok(footer)
}

impl<F: Disk> Vhd<F> {
    /// Opens the disk in a file.
    pub fn open(file: F) -> Result<Self, FormError> {
        let footer = footer(&file)?;
        let sum: u32 = footer.iter().map(|byte| u32::from(*byte)).sum();
        let own: u32 = footer[64..68].iter().map(|byte| u32::from(*byte)).sum();
        if be32(&footer, 64) != !(sum - own) {
            return Err(broken("its footer has a wrong sum"));
        }
        let size = be64(&footer, 48);
        let blocks = match be32(&footer, 60) {
            2 if size > file.size() - SECTOR => return Err(broken("it is cut short")),
            2 => None,
            3 => Some(Blocks::read(&file, size, be64(&footer, 16))?),
            4 => {
                let what = "is a difference to another disk".to_owned();
                return Err(FormError::Unsupported("VHD", what));
            }
            _ => return Err(broken("its kind")),
        };
        Ok(Self { file, size, blocks })
    }
}

impl Blocks {
    fn read(file: &impl Disk, size: u64, place: u64) -> Result<Self, FormError> {
        let mut header = [0; 1024];
        let read = file.read_at(place, &mut header);
        if read.is_err() || !header.starts_with(b"cxsparse") {
            return Err(broken("it has no header"));
        }
        let block = u64::from(be32(&header, 32));
        if !block.is_power_of_two() || !(SECTOR..=BLOCK_MAX).contains(&block) {
            return Err(broken("the size of its blocks"));
        }
        let needed = size.div_ceil(block);
        if needed > u64::from(be32(&header, 28)) || needed > ENTRIES_MAX {
            return Err(broken("its table does not fit its size"));
        }
        let mut bytes = vec![0; usize::try_from(needed * 4).expect("16 MiB at most")];
        let read = file.read_at(be64(&header, 16), &mut bytes);
        read.map_err(|_| broken("its table is outside of it"))?;
        Ok(Self {
            size: block,
            bitmap: (block / SECTOR / 8).next_multiple_of(SECTOR),
            table: bytes.chunks_exact(4).map(|word| be32(word, 0)).collect(),
        })
    }

    /// Where a block begins; `None`: it is zeros.
    fn place(&self, number: u64) -> Option<u64> {
        let entry = usize::try_from(number).ok();
        let sector = entry.and_then(|entry| self.table.get(entry).copied());
        let sector = sector.filter(|sector| *sector != NOWHERE)?;
        Some(u64::from(sector) * SECTOR + self.bitmap)
    }
}

impl<F: Disk> Disk for Vhd<F> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let unit = self.blocks.as_ref().map_or(u64::MAX, |blocks| blocks.size);
        units::read(self.size, unit, at, bytes, |number, inside, part| {
            let place = match &self.blocks {
                None => Some(inside),
                Some(blocks) => blocks.place(number).map(|place| place + inside),
            };
            units::fill(&self.file, place, part)
        })
    }

    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        let Some(blocks) = &self.blocks else {
            let found = self.file.next_data(at)?;
            let found = found.map(|found| found.start..found.end.min(self.size));
            return Ok(found.filter(|found| found.start < found.end));
        };
        let is_there = |number| Ok(blocks.place(number).is_some());
        units::next_data(self.size, blocks.size, at, is_there)
    }
}

#[cfg(test)]
mod tests;
