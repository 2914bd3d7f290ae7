//! Disks that are there, read: our own, and those that other tools make.

mod ahead;
mod ext4;
mod qcow2;
mod table;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_disk::read::Disk;

/// A disk in a file, byte for byte.
#[derive(Debug)]
pub(crate) struct RawFile(File, u64);

impl RawFile {
    pub(crate) fn open(path: &Path) -> Self {
        let file = File::open(path).unwrap();
        let size = file.metadata().unwrap().len();
        Self(file, size)
    }
}

impl Disk for RawFile {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(bytes, at)
    }
}
