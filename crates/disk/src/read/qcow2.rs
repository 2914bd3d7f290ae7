//! QEMU's qcow2, versions 2 and 3, read as the disk it holds.
//!
//! ```text
//! header, big-endian: "QFI\xFB", version u32 at 4, name of a backing file at 8, cluster bits u32 at
//!   20, size of the disk u64 at 24, encryption u32 at 32, entries of L1 u32 at 36, place of L1 u64 at
//!   40; version 3: incompatible features u64 at 72, length u32 at 100, compression u8 at 104
//! L1:  places of L2 tables, u64 each; 0: that part of the disk was never written
//! L2:  a cluster of entries, u64 each, one for each cluster of the disk:
//!      bit 62 clear: bits 9 to 55 are the place of the cluster (0: never written), bit 0: zeros
//!      bit 62 set:   compressed; the low bits are a place in bytes, the rest how many sectors of 512
//!                    bytes the compressed bytes reach into beyond the first
//! ```
//!
//! What needs another file, a key, or a feature that is not known is refused; snapshots are not
//! looked at. Source of the format: QEMU, `docs/interop/qcow2.txt`.

use std::io::{self, Read as _};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::cache::Cache;
use super::{Disk, be32, be64};

const MAGIC: [u8; 4] = *b"QFI\xFB";
const CLUSTER_BITS: std::ops::RangeInclusive<u32> = 9..=21;
/// QEMU refuses larger ones.
const L1_MAX: u64 = 32 << 20;
/// The largest disk that is read, in bytes: what ext4 without `64bit` holds.
const SIZE_MAX: u64 = 16 << 40;
/// Places are bits 9 to 55 of an entry.
const PLACE: u64 = 0x00FF_FFFF_FFFF_FE00;
const COMPRESSED: u64 = 1 << 62;
const ZEROS: u64 = 1;
/// Bytes of tables, and of clusters that were decompressed, that are kept.
const CACHE: usize = 16 << 20;

/// Refcounts may be wrong, which does not matter to a reader.
const DIRTY: u64 = 1;
const CORRUPT: u64 = 1 << 1;
const EXTERNAL_DATA: u64 = 1 << 2;
const COMPRESSION_TYPE: u64 = 1 << 3;
const EXTENDED_L2: u64 = 1 << 4;

/// A file that cannot be read as a disk.
#[derive(Debug, thiserror::Error)]
pub enum Qcow2Error {
    /// Reading the file.
    #[error("cannot read the file")]
    Io(#[from] io::Error),
    /// It contradicts itself.
    #[error("the qcow2 file is broken: {0}")]
    Broken(&'static str),
    /// It has what is not read here.
    #[error("the qcow2 file {0}, which is not read here")]
    Unsupported(String),
}

/// How clusters are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    Deflate,
    Zstd,
}

/// The disk that a file holds.
#[derive(Debug)]
pub struct Qcow2<F> {
    file: F,
    size: u64,
    cluster_bits: u32,
    is_version_2: bool,
    compression: Compression,
    l1: Vec<u64>,
    tables: Mutex<Cache<Vec<u64>>>,
    clusters: Mutex<Cache<Vec<u8>>>,
}

/// Where a cluster of the disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Nowhere,
    At(u64),
    Compressed { at: u64, length: u64 },
}

/// Whether a file is one, by its first bytes.
pub fn is_qcow2(start: &[u8]) -> bool {
    start.starts_with(&MAGIC)
}

impl<F: Disk> Qcow2<F> {
    /// Opens the disk in a file.
    pub fn open(file: F) -> Result<Self, Qcow2Error> {
        let mut header = [0; 112];
        if file.size() < 72 {
            return Err(Qcow2Error::Broken("it is too short"));
        }
        let there = usize::try_from(file.size()).map_or(112, |size| size.min(112));
        file.read_at(0, &mut header[..there])?;
        if header[..4] != MAGIC {
            return Err(Qcow2Error::Broken("it has no header"));
        }
        let version = be32(&header, 4);
        let features = match version {
            2 => 0,
            3 if be32(&header, 100) >= 104 => be64(&header, 72),
            3 => return Err(Qcow2Error::Broken("its header is too short")),
            _ => return Err(unsupported(&format!("has version {version}"))),
        };
        if be64(&header, 8) != 0 {
            return Err(unsupported("has a backing file"));
        }
        if be32(&header, 32) != 0 {
            return Err(unsupported("is encrypted"));
        }
        let compression = check_features(features, &header)?;
        let cluster_bits = be32(&header, 20);
        if !CLUSTER_BITS.contains(&cluster_bits) {
            return Err(Qcow2Error::Broken("the size of its clusters"));
        }
        let mut disk = Self {
            file,
            size: be64(&header, 24),
            cluster_bits,
            is_version_2: version == 2,
            compression,
            l1: Vec::new(),
            tables: Mutex::new(Cache::new(CACHE)),
            clusters: Mutex::new(Cache::new(CACHE)),
        };
        disk.l1 = disk.read_l1(be32(&header, 36), be64(&header, 40))?;
        Ok(disk)
    }

    fn read_l1(&self, entries: u32, place: u64) -> Result<Vec<u64>, Qcow2Error> {
        if self.size > SIZE_MAX {
            return Err(unsupported("holds a disk of over 16 TiB"));
        }
        let covers = self.cluster() << (self.cluster_bits - 3);
        let needed = self.size.div_ceil(covers);
        if u64::from(entries) < needed || needed * 8 > L1_MAX {
            return Err(Qcow2Error::Broken("its first table does not fit its size"));
        }
        let length = needed * 8;
        let end = place.checked_add(length);
        if end.is_none_or(|end| end > self.file.size()) {
            return Err(Qcow2Error::Broken("its first table is outside of it"));
        }
        let mut bytes = vec![0; usize::try_from(length).expect("a few MiB")];
        self.file.read_at(place, &mut bytes)?;
        let entry = |bytes: &[u8]| be64(bytes, 0) & PLACE;
        Ok(bytes.chunks_exact(8).map(entry).collect())
    }

    /// Bytes of a cluster.
    fn cluster(&self) -> u64 {
        1 << self.cluster_bits
    }

    /// The table for a part of the disk; `None`: that was never written.
    fn table(&self, index: u64) -> io::Result<Option<Arc<Vec<u64>>>> {
        let place = usize::try_from(index).ok().and_then(|at| self.l1.get(at));
        let Some(place) = place.copied().filter(|place| *place != 0) else {
            return Ok(None);
        };
        let read = || {
            if !place.is_multiple_of(self.cluster()) || place >= self.file.size() {
                return Err(broken("a table is outside of it"));
            }
            let bytes = self.bytes(place, self.cluster())?;
            Ok(bytes.chunks_exact(8).map(|entry| be64(entry, 0)).collect())
        };
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let weight = usize::try_from(self.cluster()).expect("2 MiB at most");
        tables.get(place, weight, read).map(Some)
    }

    /// Where a cluster of the disk is.
    fn place(&self, cluster: u64) -> io::Result<Place> {
        let bits = self.cluster_bits - 3;
        let Some(table) = self.table(cluster >> bits)? else {
            return Ok(Place::Nowhere);
        };
        let index = cluster & ((1 << bits) - 1);
        self.read_entry(table[usize::try_from(index).expect("within a table")])
    }

    fn read_entry(&self, entry: u64) -> io::Result<Place> {
        if entry & COMPRESSED != 0 {
            let bits = 62 - (self.cluster_bits - 8);
            let at = entry & ((1 << bits) - 1);
            let sectors = (entry & (COMPRESSED - 1)) >> bits;
            if at >= self.file.size() {
                return Err(broken("a cluster is outside of it"));
            }
            let length = (sectors + 1) * 512 - at % 512;
            return Ok(Place::Compressed { at, length });
        }
        let is_zeros = !self.is_version_2 && entry & ZEROS != 0;
        let at = entry & PLACE;
        if at == 0 || is_zeros {
            return Ok(Place::Nowhere);
        }
        if !at.is_multiple_of(self.cluster()) || at >= self.file.size() {
            return Err(broken("a cluster is outside of it"));
        }
        Ok(Place::At(at))
    }

    /// Bytes of the file, zeros where it has ended: its last cluster need not be whole.
    fn bytes(&self, at: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).expect("a few MiB at most")];
        self.fill(at, &mut bytes)?;
        Ok(bytes)
    }

    fn fill(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let there = self.file.size().saturating_sub(at);
        let there = usize::try_from(there)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let (inside, outside) = bytes.split_at_mut(there);
        outside.fill(0);
        self.file.read_at(at, inside)
    }

    fn decompressed(&self, at: u64, length: u64) -> io::Result<Arc<Vec<u8>>> {
        let size = usize::try_from(self.cluster()).expect("2 MiB at most");
        let read = || {
            let there = length.min(self.file.size() - at);
            let packed = self.bytes(at, there)?;
            let mut plain = vec![0; size];
            let unpacked = match self.compression {
                Compression::Deflate => {
                    flate2::read::DeflateDecoder::new(&packed[..]).read_exact(&mut plain)
                }
                Compression::Zstd => zstd::stream::read::Decoder::with_buffer(&packed[..])
                    .and_then(|decoder| decoder.single_frame().read_exact(&mut plain)),
            };
            unpacked.map_err(|_| broken("a compressed cluster"))?;
            Ok(plain)
        };
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        clusters.get(at, size, read)
    }
}

impl<F: Disk> Disk for Qcow2<F> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let end = at.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut at = at;
        let mut rest = bytes;
        while !rest.is_empty() {
            let inside = at % self.cluster();
            let length = usize::try_from(self.cluster() - inside).expect("2 MiB at most");
            let (part, next) = rest.split_at_mut(length.min(rest.len()));
            match self.place(at >> self.cluster_bits)? {
                Place::Nowhere => part.fill(0),
                Place::At(place) => self.fill(place + inside, part)?,
                Place::Compressed { at, length } => {
                    let from = usize::try_from(inside).expect("2 MiB at most");
                    let plain = self.decompressed(at, length)?;
                    part.copy_from_slice(&plain[from..from + part.len()]);
                }
            }
            at += part.len() as u64;
            rest = next;
        }
        Ok(())
    }

    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        if at >= self.size {
            return Ok(None);
        }
        let per_table = 1 << (self.cluster_bits - 3);
        let clusters = self.size.div_ceil(self.cluster());
        let mut number = at >> self.cluster_bits;
        let mut first = None;
        while number < clusters {
            let Some(table) = self.table(number / per_table)? else {
                if first.is_some() {
                    break;
                }
                number = (number / per_table + 1) * per_table;
                continue;
            };
            let entry = table[usize::try_from(number % per_table).expect("within a table")];
            match (self.read_entry(entry)?, first) {
                (Place::Nowhere, Some(_)) => break,
                (Place::Nowhere, None) => {}
                (_, None) => first = Some(number),
                _ => {}
            }
            number += 1;
        }
        Ok(first.map(|first| {
            let start = (first << self.cluster_bits).max(at);
            start..(number << self.cluster_bits).min(self.size)
        }))
    }
}

fn check_features(features: u64, header: &[u8]) -> Result<Compression, Qcow2Error> {
    if features & CORRUPT != 0 {
        return Err(Qcow2Error::Broken("QEMU has marked it as corrupt"));
    }
    if features & EXTERNAL_DATA != 0 {
        return Err(unsupported("has its data in another file"));
    }
    if features & EXTENDED_L2 != 0 {
        return Err(unsupported("has subclusters"));
    }
    let unknown = features & !(DIRTY | COMPRESSION_TYPE);
    if unknown != 0 {
        return Err(unsupported(&format!("has features {unknown:#x}")));
    }
    let kind = if features & COMPRESSION_TYPE == 0 {
        0
    } else {
        header[104]
    };
    match kind {
        0 => Ok(Compression::Deflate),
        1 => Ok(Compression::Zstd),
        other => Err(unsupported(&format!("has compression {other}"))),
    }
}

fn unsupported(what: &str) -> Qcow2Error {
    Qcow2Error::Unsupported(what.to_owned())
}

fn broken(what: &'static str) -> io::Error {
    io::Error::other(Qcow2Error::Broken(what))
}

#[cfg(test)]
mod tests;
