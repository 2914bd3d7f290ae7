//! A file of this machine as the bytes of a disk.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::num::NonZero;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_disk::read::Disk;
use rustix::fs::{Advice, fadvise};
use rustix::io::Errno;

/// A file or a block device, read where one wants.
#[derive(Debug)]
pub struct FileDisk {
    file: File,
    size: u64,
}

impl FileDisk {
    /// Opens it for reading.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::of(File::open(path)?)
    }

    /// The same, of a file that is open. Its length is that of now.
    pub fn of(mut file: File) -> io::Result<Self> {
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // A block device has a length only for who seeks.
        let size = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, size })
    }
}

impl Disk for FileDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, at)
    }

    fn soon(&self, range: Range<u64>) {
        let length = NonZero::new(range.end.saturating_sub(range.start));
        // Only a hint: a file system need not take it.
        let _hinted = fadvise(&self.file, range.start, length, Advice::WillNeed);
    }

    /// Holes of a sparse file are passed over.
    fn next_data(&self, at: u64) -> io::Result<Option<Range<u64>>> {
        if at >= self.size {
            return Ok(None);
        }
        let start = match rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Data(at)) {
            Ok(start) => start,
            Err(Errno::NXIO) => return Ok(None),
            // A block device does not know.
            Err(Errno::INVAL) => return Ok(Some(at..self.size)),
            Err(error) => return Err(error.into()),
        };
        let end = rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Hole(start))?;
        Ok(Some(start..end.min(self.size)))
    }
}
