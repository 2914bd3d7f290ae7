//! Disks that are there already, as bytes: their partitions and what is on them.
//!
//! Everything read is taken for hostile. What a disk says of itself is checked before it is used:
//! sizes, places, depths and counts are limited, and a broken structure is an error.

mod cache;
pub mod ext4;
pub mod form;
pub mod packed;
pub mod qcow2;
pub mod signature;
pub mod table;
pub mod tar;
mod units;
pub mod vhd;
pub mod vhdx;
pub mod vmdk;

use std::io;
use std::ops::Range;
use std::sync::Arc;

/// A disk as bytes, whatever it is stored as; also one file of it. Read from several threads.
pub trait Disk: Send + Sync {
    /// Its length in bytes.
    fn size(&self) -> u64;

    /// Fills `bytes` from `at`. An error when not all of that is on the disk.
    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()>;

    /// The first stretch at or after `at` that is not known to be zeros; `None`: there is none.
    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        let size = self.size();
        Ok((at < size).then_some(at..size))
    }

    /// Learns what will be read soon: a disk that is far away can begin to fetch it.
    fn soon(&self, _range: Range<u64>) {}
}

impl Disk for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.as_slice().read_at(at, bytes)
    }
}

impl Disk for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(at).ok();
        let found = from
            .and_then(|from| self.get(from..)?.get(..bytes.len()))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(found);
        Ok(())
    }
}

impl<D: Disk + ?Sized> Disk for &D {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        (**self).read_at(at, bytes)
    }

    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        (**self).next_data(at)
    }

    fn soon(&self, range: Range<u64>) {
        (**self).soon(range);
    }
}

impl<D: Disk + ?Sized> Disk for Arc<D> {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        (**self).read_at(at, bytes)
    }

    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        (**self).next_data(at)
    }

    fn soon(&self, range: Range<u64>) {
        (**self).soon(range);
    }
}

/// A part of a disk, as if it were one.
#[derive(Clone)]
pub struct Part<'d> {
    disk: Arc<dyn Disk + 'd>,
    start: u64,
    length: u64,
}

impl std::fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part")
            .field("start", &self.start)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl<'d> Part<'d> {
    /// These bytes of a disk, cut off where it ends.
    pub fn new(disk: &'d dyn Disk, range: Range<u64>) -> Self {
        Self::of(Arc::new(disk), range)
    }

    /// The same, of a disk that is shared.
    pub fn of(disk: Arc<dyn Disk + 'd>, range: Range<u64>) -> Self {
        let end = range.end.min(disk.size());
        let start = range.start.min(end);
        Self {
            disk,
            start,
            length: end - start,
        }
    }

    /// Where on the disk it begins, in bytes.
    pub fn start(&self) -> u64 {
        self.start
    }
}

impl Disk for Part<'_> {
    fn size(&self) -> u64 {
        self.length
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let end = at.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.disk.read_at(self.start + at, bytes)
    }

    fn soon(&self, range: Range<u64>) {
        let end = range.end.min(self.length);
        if range.start < end {
            self.disk.soon(self.start + range.start..self.start + end);
        }
    }

    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        if at >= self.length {
            return Ok(None);
        }
        let Some(found) = self.disk.next_data(self.start + at)? else {
            return Ok(None);
        };
        let start = found.start.max(self.start + at) - self.start;
        let end = found.end.saturating_sub(self.start).min(self.length);
        Ok((start < end).then_some(start..end))
    }
}

pub(crate) fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from(le16(bytes, at)) | u32::from(le16(bytes, at + 2)) << 16
}

pub(crate) fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from(le32(bytes, at)) | u64::from(le32(bytes, at + 4)) << 32
}

pub(crate) fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(std::array::from_fn(|i| bytes[at + i]))
}

pub(crate) fn be64(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(std::array::from_fn(|i| bytes[at + i]))
}

/// Reads forward through a disk, for whoever takes a stream.
#[derive(Debug)]
pub struct Forward<D> {
    disk: D,
    at: u64,
}

impl<D: Disk> Forward<D> {
    /// From its first byte.
    pub fn new(disk: D) -> Self {
        Self { disk, at: 0 }
    }
}

impl<D: Disk> io::Read for Forward<D> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.disk.size().saturating_sub(self.at);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.disk.read_at(self.at, &mut bytes[..length])?;
        self.at += length as u64;
        Ok(length)
    }
}

impl<D: Disk> io::Seek for Forward<D> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let at = match to {
            io::SeekFrom::Start(at) => Some(at),
            io::SeekFrom::End(by) => self.disk.size().checked_add_signed(by),
            io::SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_where_it_says() {
        let disk = vec![1, 2, 3, 4, 5, 6];
        let part = Part::new(&disk, 2..5);
        let mut bytes = [0; 2];
        part.read_at(1, &mut bytes).unwrap();
        assert_eq!(bytes, [4, 5]);
        assert!(part.read_at(2, &mut bytes).is_err());
        assert!(part.read_at(u64::MAX, &mut bytes).is_err());
        assert_eq!(part.next_data(1).unwrap(), Some(1..3));
        assert_eq!(part.next_data(3).unwrap(), None);
        assert_eq!(Part::new(&disk, 4..99).size(), 2);
        assert_eq!(Part::new(&disk, 8..99).size(), 0);
    }
}
