//! What a walk will read soon: the inodes in use, and directories that lie beside one another, as in
//! file systems that were written from a tree. Read one after the other, each would be waited for.

use std::collections::BTreeSet;

use super::inode::{EXTENTS, Inode};
use super::{Ext4, ReadError};
use crate::read::Disk as _;

/// Directories are asked for so many bytes at a time.
const WINDOW: u64 = 256 << 10;
/// More inodes than a file system of a system has: 64 MiB of them.
const TABLES_MAX: u64 = 64 << 20;

/// What was asked for.
pub(super) struct Ahead {
    last: Option<u64>,
    asked: BTreeSet<u64>,
}

impl Ahead {
    /// Asks for the inodes.
    pub(super) fn of(fs: &Ext4<'_>) -> Result<Self, ReadError> {
        let length = u64::from(fs.inodes_per_group) * u64::from(fs.inode_size);
        let mut left = TABLES_MAX;
        for table in &fs.tables {
            let Some(start) = table.checked_mul(fs.block_size) else {
                continue;
            };
            let end = start.saturating_add(length);
            let mut at = start;
            // Tables that nobody uses are holes.
            while let Some(data) = fs.part.next_data(at)? {
                let data = data.start..data.end.min(end);
                if data.is_empty() || left == 0 {
                    break;
                }
                left = left.saturating_sub(data.end - data.start);
                at = data.end;
                fs.part.soon(data);
            }
        }
        Ok(Self {
            last: None,
            asked: BTreeSet::new(),
        })
    }

    /// Learns of a directory that will be read.
    pub(super) fn directory(&mut self, fs: &Ext4<'_>, inode: &Inode) -> Result<(), ReadError> {
        // The older map of blocks would have to be read for it.
        if inode.flags & EXTENTS == 0 {
            return Ok(());
        }
        let Some(extent) = fs.extents(inode)?.first().copied() else {
            return Ok(());
        };
        let window = extent.place * fs.block_size / WINDOW;
        let last = self.last.replace(window);
        let is_beside = last.is_some_and(|last| last.abs_diff(window) <= 1);
        if is_beside && self.asked.insert(window) {
            fs.part.soon(window * WINDOW..(window + 1) * WINDOW);
        }
        Ok(())
    }
}
