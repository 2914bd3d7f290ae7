//! Contents of a scanned tree, read where they stand.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt as _;

use goldsmith_disk::tree::ContentSource;
use rustix::fs::OFlags;

use super::scan;

/// A file that is read whole is a boot loader's or a short text: the largest of GRUB's has 4 MiB.
const FILE_MAX: u64 = 64 << 20;

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

/// A file below `root`, whole; `None` when there is none.
pub(crate) fn read_file(root: BorrowedFd<'_>, path: &str) -> io::Result<Option<Vec<u8>>> {
    let file = match scan::open(root, path.as_bytes(), OFlags::NONBLOCK) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => File::from(other?),
    };
    let mut bytes = vec![];
    file.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(Some(bytes))
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
