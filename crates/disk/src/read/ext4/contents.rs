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
            part: self.part,
            block_size: self.block_size,
            extents,
            left: data.to_vec(),
            next: 0,
        }))
    }
}

struct Reader<'c> {
    part: Part<'c>,
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
        let end = |extent: &Extent| (extent.logical + extent.length) * self.block_size;
        let found = self.extents.partition_point(|extent| end(extent) <= at);
        // What lies between the runs are holes smaller than the blocks of a tree.
        let (place, until) = match self.extents.get(found) {
            Some(extent) if extent.logical * self.block_size <= at => {
                let inside = at - extent.logical * self.block_size;
                let place = extent.place * self.block_size + inside;
                (Some(place), end(extent).min(range.end))
            }
            Some(extent) => (None, (extent.logical * self.block_size).min(range.end)),
            None => (None, range.end),
        };
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
