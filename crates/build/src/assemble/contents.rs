//! Contents of a scanned tree, read where they stand.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt as _;

use goldsmith_disk::tree::ContentSource;
use rustix::fs::OFlags;

use super::scan;

/// Opens the files of a tree below a directory, through no link.
#[derive(Debug, Clone, Copy)]
pub struct TreeContents<'r> {
    root: BorrowedFd<'r>,
}

impl<'r> TreeContents<'r> {
    /// Of the tree at `root`.
    pub fn new(root: BorrowedFd<'r>) -> Self {
        Self { root }
    }
}

impl ContentSource for TreeContents<'_> {
    fn open(&mut self, path: &[u8], data: &[Range<u64>]) -> io::Result<Box<dyn Read + '_>> {
        let file = File::from(scan::open(self.root, path, OFlags::NONBLOCK)?);
        if let [Range { start: 0, .. }] = data {
            return Ok(Box::new(file));
        }
        Ok(Box::new(Ranges {
            file,
            left: data.to_vec(),
            next: 0,
        }))
    }
}

/// Reads ranges of a file one after the other.
struct Ranges {
    file: File,
    left: Vec<Range<u64>>,
    next: usize,
}

impl Read for Ranges {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(range) = self.left.get_mut(self.next) else {
            return Ok(0);
        };
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let length = length.min(buffer.len());
        let read = self.file.read_at(&mut buffer[..length], range.start)?;
        range.start += read as u64;
        if range.is_empty() {
            self.next += 1;
        }
        Ok(read)
    }
}
