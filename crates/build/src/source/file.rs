//! A file of the host as a disk, byte for byte.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use goldsmith_disk::read::Disk;
use rustix::fs::SeekFrom;
use rustix::io::Errno;

/// An open file. Its length is that of when it was opened.
#[derive(Debug)]
pub(super) struct RawFile {
    file: File,
    size: u64,
}

impl RawFile {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let meta = file.metadata()?;
        if meta.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // A block device says its size by where it ends.
        let size = rustix::fs::seek(&file, SeekFrom::End(0))?;
        Ok(Self { file, size })
    }
}

impl Disk for RawFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, at)
    }

    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        if at >= self.size {
            return Ok(None);
        }
        let start = match rustix::fs::seek(&self.file, SeekFrom::Data(at)) {
            Err(Errno::NXIO) => return Ok(None),
            Err(Errno::INVAL) => return Ok(Some(at..self.size)),
            other => other?,
        };
        let end = rustix::fs::seek(&self.file, SeekFrom::Hole(start))?;
        Ok(Some(start..end))
    }
}
