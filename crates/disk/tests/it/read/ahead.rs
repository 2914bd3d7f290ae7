//! What is asked for before it is read.

use std::io;
use std::ops::Range;
use std::sync::Mutex;

use goldsmith_disk::read::ext4::Ext4;
use goldsmith_disk::read::{Disk, Part};
use goldsmith_disk::tree::Tree;

use super::RawFile;
use crate::disk::{MTIME, small_tree, spec, write};

/// A disk that writes down what it is asked and told.
struct Watched {
    file: RawFile,
    soon: Mutex<Vec<Range<u64>>>,
    /// Reads that nobody had announced, and all.
    reads: Mutex<(usize, usize)>,
}

impl Disk for Watched {
    fn size(&self) -> u64 {
        self.file.size()
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let end = at + bytes.len() as u64;
        let soon = self.soon.lock().unwrap();
        let is_known = soon
            .iter()
            .any(|range| range.start <= at && end <= range.end);
        let mut reads = self.reads.lock().unwrap();
        reads.0 += usize::from(!is_known);
        reads.1 += 1;
        self.file.read_at(at, bytes)
    }

    fn soon(&self, range: Range<u64>) {
        self.soon.lock().unwrap().push(range);
    }
}

#[test]
fn inodes_and_directories_are_asked_for() {
    let mut tree: Tree = small_tree();
    for number in 0..600 {
        tree.ensure_directory(&format!("srv/{number}/inside"), MTIME);
    }
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("disk");
    let (root, ..) = write(&spec(1 << 30, false), &tree, &path);
    let disk = Watched {
        file: RawFile::open(&path),
        soon: Mutex::default(),
        reads: Mutex::default(),
    };
    let fs = Ext4::open(Part::new(&disk, root..disk.size())).unwrap();
    let (read, _) = fs.tree().unwrap();
    assert!(read.len() > 1200);
    let (unknown, all) = *disk.reads.lock().unwrap();
    assert!(all > 2400 && unknown < 20, "{unknown} of {all}");
    let soon = disk.soon.lock().unwrap();
    assert!(soon.len() < 100, "{} announcements", soon.len());
    assert!(soon.iter().all(|range| range.end <= disk.size()));
}
