//! Disks that are there already, as bytes: their partitions and what is on them.
//!
//! Everything read is taken for hostile. What a disk says of itself is checked before it is used:
//! sizes, places, depths and counts are limited, and a broken structure is an error.

pub mod ext4;
pub mod qcow2;
pub mod signature;
pub mod table;

use std::io;
use std::ops::Range;

/// A disk as bytes, whatever it is stored as.
pub trait Disk: Sync {
    /// Its length in bytes.
    fn size(&self) -> u64;

    /// Fills `bytes` from `at`. An error when not all of that is on the disk.
    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()>;

    /// The first stretch at or after `at` that is not known to be zeros; `None`: there is none.
    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        let size = self.size();
        Ok((at < size).then_some(at..size))
    }
}

impl Disk for Vec<u8> {
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

/// A part of a disk, as if it were one.
#[derive(Clone, Copy)]
pub struct Part<'d> {
    disk: &'d dyn Disk,
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
        let end = range.end.min(disk.size());
        let start = range.start.min(end);
        Self {
            disk,
            start,
            length: end - start,
        }
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
