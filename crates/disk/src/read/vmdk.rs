//! VMware's VMDK in one file: sparse as hypervisors keep it, and stream-optimized as it is handed
//! over.
//!
//! ```text
//! header, little-endian: "KDMV", version u32, flags u32, sectors of the disk u64 at 12, sectors of a
//!   grain u64 at 20, descriptor: sector u64 at 28, sectors u64 at 36; entries of a table u32 at 44,
//!   second directory u64 at 48, directory u64 at 56 (all ones: in the footer, which is a header
//!   1024 bytes before the end), compression u16 at 77
//! flags: bit 1 the second directory counts, bit 2 entry 1 is a grain of zeros,
//!        bit 16 grains are compressed
//! directory: sectors of tables, u32 each; table: sectors of grains, u32 each; 0: nothing there
//! compressed grain: its sector on the disk u64, bytes u32, then zlib
//! ```
//!
//! What needs another file is refused. Source: Virtual Disk Format 5.0, VMware.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::cache::Cache;
use super::form::FormError;
use super::{Disk, le16, le32, le64, units};

const SECTOR: u64 = 512;
/// Sectors of 64 TiB.
const CAPACITY_MAX: u64 = 64 << 31;
/// Sectors of a grain: 2 MiB.
const GRAIN_MAX: u64 = 4096;
/// Bytes of a directory, for 64 TiB in grains of 64 KiB.
const DIRECTORY_MAX: u64 = 16 << 20;
/// Bytes of the text that describes the disk.
const DESCRIPTOR_MAX: u64 = 1 << 20;
/// Bytes of tables, and of grains that were decompressed, that are kept.
const CACHE: usize = 16 << 20;

const SECOND_DIRECTORY: u32 = 1 << 1;
const ZERO_GRAINS: u32 = 1 << 2;
const COMPRESSED: u32 = 1 << 16;

/// The disk that a file holds.
#[derive(Debug)]
pub struct Vmdk<F> {
    file: F,
    size: u64,
    /// Bytes of a grain.
    grain: u64,
    /// Entries of a table.
    entries: u64,
    flags: u32,
    directory: Vec<u32>,
    tables: Mutex<Cache<Vec<u32>>>,
    grains: Mutex<Cache<Vec<u8>>>,
}

/// Whether a file is one, by its first bytes.
pub fn is_vmdk(start: &[u8]) -> bool {
    start.starts_with(b"KDMV")
}

fn broken(what: &'static str) -> FormError {
    FormError::Broken("VMDK", what)
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, broken(what))
}

fn unsupported(what: impl Into<String>) -> FormError {
    FormError::Unsupported("VMDK", what.into())
}

impl<F: Disk> Vmdk<F> {
    /// Opens the disk in a file.
    pub fn open(file: F) -> Result<Self, FormError> {
        let mut header = header(&file, Some(0))?;
        if le64(&header, 56) == u64::MAX {
            header = self::header(&file, file.size().checked_sub(1024))?;
        }
        let flags = le32(&header, 8);
        let (capacity, grain) = (le64(&header, 12), le64(&header, 20));
        let entries = u64::from(le32(&header, 44));
        if capacity > CAPACITY_MAX {
            return Err(unsupported("holds a disk of over 64 TiB"));
        }
        if !grain.is_power_of_two() || !(8..=GRAIN_MAX).contains(&grain) {
            return Err(broken("the size of its grains"));
        }
        if !(1..=4096).contains(&entries) {
            return Err(broken("the size of its tables"));
        }
        if flags & COMPRESSED != 0 && le16(&header, 77) != 1 {
            return Err(unsupported("is compressed by something but deflate"));
        }
        check_descriptor(&file, le64(&header, 28), le64(&header, 36))?;
        let place = match flags & SECOND_DIRECTORY {
            0 => le64(&header, 56),
            _ => le64(&header, 48),
        };
        let tables = capacity.div_ceil(grain).div_ceil(entries);
        if tables * 4 > DIRECTORY_MAX {
            return Err(broken("the size of its directory"));
        }
        let directory =
            words(&file, place, tables).map_err(|_| broken("its directory is outside of it"))?;
        Ok(Self {
            file,
            size: capacity * SECTOR,
            grain: grain * SECTOR,
            entries,
            flags,
            directory,
            tables: Mutex::new(Cache::new(CACHE)),
            grains: Mutex::new(Cache::new(CACHE)),
        })
    }

    /// The sector of a grain; `None`: zeros.
    fn place(&self, grain: u64) -> io::Result<Option<u64>> {
        let index = usize::try_from(grain / self.entries).ok();
        let table = index.and_then(|index| self.directory.get(index).copied());
        let Some(place) = table.map(u64::from).filter(|place| *place != 0) else {
            return Ok(None);
        };
        let table = {
            let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
            let weight = usize::try_from(self.entries * 4).expect("16 KiB at most");
            tables.get(place, weight, || words(&self.file, place, self.entries))?
        };
        let entry = table[usize::try_from(grain % self.entries).expect("within a table")];
        Ok(match entry {
            0 => None,
            1 if self.flags & ZERO_GRAINS != 0 => None,
            place => Some(u64::from(place)),
        })
    }

    fn decompressed(&self, grain: u64, sector: u64) -> io::Result<Arc<Vec<u8>>> {
        let size = usize::try_from(self.grain).expect("2 MiB at most");
        let read = || {
            let outside = || invalid("a grain is outside of it");
            let at = sector * SECTOR;
            let mut marker = [0; 12];
            self.file.read_at(at, &mut marker).map_err(|_| outside())?;
            let length = u64::from(le32(&marker, 8));
            if le64(&marker, 0) != grain * (self.grain / SECTOR) || length > 2 * self.grain {
                return Err(invalid("a grain is not what its table says"));
            }
            let mut packed = vec![0; usize::try_from(length).expect("4 MiB at most")];
            self.file
                .read_at(at + 12, &mut packed)
                .map_err(|_| outside())?;
            let mut plain = vec![0; size];
            let mut zlib = libdeflater::Decompressor::new();
            let unpacked = zlib.zlib_decompress(&packed, &mut plain);
            // The last grain of a disk may be cut where the disk ends.
            unpacked.map_err(|_| invalid("a compressed grain"))?;
            Ok(plain)
        };
        let mut grains = self.grains.lock().unwrap_or_else(PoisonError::into_inner);
        grains.get(sector, size, read)
    }
}

impl<F: Disk> Disk for Vmdk<F> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        units::read(self.size, self.grain, at, bytes, |number, inside, part| {
            match self.place(number)? {
                None => part.fill(0),
                Some(sector) if self.flags & COMPRESSED != 0 => {
                    let from = usize::try_from(inside).expect("2 MiB at most");
                    let plain = self.decompressed(number, sector)?;
                    part.copy_from_slice(&plain[from..from + part.len()]);
                }
                Some(sector) => self
                    .file
                    .read_at(sector * SECTOR + inside, part)
                    .map_err(|_| invalid("a grain is outside of it"))?,
            }
            Ok(())
        })
    }

    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        let mut at = at;
        // Whole tables that are not there are passed at once.
        let covers = self.grain * self.entries;
        while at < self.size {
            let index = usize::try_from(at / covers).ok();
            if index.is_some_and(|index| self.directory.get(index).is_none_or(|t| *t == 0)) {
                at = (at / covers + 1) * covers;
                continue;
            }
            let end = ((at / covers + 1) * covers).min(self.size);
            let is_there = |grain| self.place(grain).map(|place| place.is_some());
            match units::next_data(end, self.grain, at, is_there)? {
                Some(found) => return Ok(Some(found)),
                None => at = end,
            }
        }
        Ok(None)
    }
}

fn header(file: &impl Disk, at: Option<u64>) -> Result<[u8; 512], FormError> {
    let mut header = [0; 512];
    let read = at.is_some_and(|at| file.read_at(at, &mut header).is_ok());
    if !read || !is_vmdk(&header) {
        return Err(broken("it has no header"));
    }
    Ok(header)
}

/// Numbers that stand at a sector.
fn words(file: &impl Disk, sector: u64, count: u64) -> io::Result<Vec<u32>> {
    let place = sector.checked_mul(SECTOR);
    let length = count * 4;
    let end = place.and_then(|place| place.checked_add(length));
    let (Some(place), true) = (place, end.is_some_and(|end| end <= file.size())) else {
        return Err(invalid("a table is outside of it"));
    };
    let mut bytes = vec![0; usize::try_from(length).expect("16 MiB at most")];
    file.read_at(place, &mut bytes)?;
    Ok(bytes.chunks_exact(4).map(|word| le32(word, 0)).collect())
}

/// The text in the file says whether the disk needs another one.
fn check_descriptor(file: &impl Disk, sector: u64, sectors: u64) -> Result<(), FormError> {
    let length = sectors.saturating_mul(SECTOR);
    if sector == 0 || length == 0 {
        return Ok(());
    }
    if length > DESCRIPTOR_MAX {
        return Err(broken("the size of its descriptor"));
    }
    let mut text = vec![0; usize::try_from(length).expect("1 MiB at most")];
    file.read_at(sector.saturating_mul(SECTOR), &mut text)
        .map_err(|_| broken("its descriptor is outside of it"))?;
    let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
    let parent = text
        .lines()
        .find_map(|line| line.strip_prefix("parentcid="));
    if parent.is_some_and(|parent| parent.trim() != "ffffffff") {
        return Err(unsupported("is a difference to another disk"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
