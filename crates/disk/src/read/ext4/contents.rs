//! The contents of the files of a tree that was read.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;

use super::blocks::Extent;
use crate::read::{Disk as _, Part};
use crate::tree::ContentSource;

/// Reads contents where they stand.
#[derive(Debug)]
pub struct Contents<'d> {
    pub(super) part: Part<'d>,
    pub(super) block_size: u64,
    pub(super) files: BTreeMap<Vec<u8>, Vec<Extent>>,
}

impl ContentSource for Contents<'_> {
    fn open(&mut self, path: &[u8], data: &[Range<u64>]) -> io::Result<Box<dyn Read + '_>> {
        let extents = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Reader {
            part: &self.part,
            block_size: self.block_size,
            extents,
            left: data.to_vec(),
            next: 0,
        }))
    }
}

/// The content of one file, read wherever one wants.
#[derive(Debug, Clone)]
pub struct FileContent<'c> {
    part: &'c Part<'c>,
    block_size: u64,
    extents: &'c [Extent],
    size: u64,
}

impl Contents<'_> {
    /// The content of the file at `path`, of so many bytes as the tree says.
    pub fn file(&self, path: &[u8], size: u64) -> Option<FileContent<'_>> {
        Some(FileContent {
            part: &self.part,
            block_size: self.block_size,
            extents: self.files.get(path)?,
            size,
        })
    }
}

/// Where the bytes of a file from `at` on are, at most to `end`: their place (none: a hole), and the
/// end of what lies there.
fn stretch(extents: &[Extent], block_size: u64, at: u64, end: u64) -> (Option<u64>, u64) {
    let end_of = |extent: &Extent| (extent.logical + extent.length) * block_size;
    let found = extents.partition_point(|extent| end_of(extent) <= at);
    match extents.get(found) {
        Some(extent) if extent.logical * block_size <= at => {
            let inside = at - extent.logical * block_size;
            let place = extent.place * block_size + inside;
            (Some(place), end_of(extent).min(end))
        }
        Some(extent) => (None, (extent.logical * block_size).min(end)),
        None => (None, end),
    }
}

impl crate::read::Disk for FileContent<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, mut at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let end = at.checked_add(bytes.len() as u64);
        let Some(end) = end.filter(|end| *end <= self.size) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let (place, until) = stretch(self.extents, self.block_size, at, end);
            let length = usize::try_from(until - at).unwrap_or(usize::MAX);
            let (part, next) = rest.split_at_mut(length);
            match place {
                Some(place) => self.part.read_at(place, part)?,
                None => part.fill(0),
            }
            at = until;
            rest = next;
        }
        Ok(())
    }

    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        let mut at = at;
        while at < self.size {
            let (place, until) = stretch(self.extents, self.block_size, at, self.size);
            if place.is_some() {
                return Ok(Some(at..until));
            }
            at = until;
        }
        Ok(None)
    }
}

struct Reader<'c> {
    part: &'c Part<'c>,
    block_size: u64,
    extents: &'c [Extent],
    left: Vec<Range<u64>>,
    next: usize,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(range) = self.left.get_mut(self.next) else {
            return Ok(0);
        };
        let at = range.start;
        // What lies between the runs are holes smaller than the blocks of a tree.
        let (place, until) = stretch(self.extents, self.block_size, at, range.end);
        let length = usize::try_from(until - at).unwrap_or(usize::MAX);
        let length = length.min(buffer.len());
        let bytes = &mut buffer[..length];
        match place {
            Some(place) => self.part.read_at(place, bytes)?,
            None => bytes.fill(0),
        }
        range.start += bytes.len() as u64;
        if range.is_empty() {
            self.next += 1;
        }
        Ok(bytes.len())
    }
}
