//! Where the blocks of a file are.
//!
//! ```text
//! extents: header of 12 bytes: F30A, entries, most entries, depth, generation
//!          leaf of 12 bytes:   first block of the file u32, length u16 (beyond 32768: never
//!                              written, so zeros), place u16 high, u32 low
//!          index of 12 bytes:  first block of the file u32, block of the next node u32 low, u16 high
//! before extents: 12 places of blocks, then of a block of places, of one of those, of one of those
//! ```

use std::ops::Range;

use super::inode::{EXTENTS, Inode};
use super::{Ext4, ReadError, broken};
use crate::read::{Disk as _, le16, le32};

const EXTENT_MAGIC: u16 = 0xF30A;
const DEPTH_MAX: u16 = 5;
const UNWRITTEN: u16 = 32_768;
/// Blocks of a file are numbered with 32 bits.
const LOGICAL_MAX: u64 = 1 << 32;

/// A run of blocks, in blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The first of the file.
    pub(super) logical: u64,
    /// Where it stands.
    pub(super) place: u64,
    pub(super) length: u64,
}

impl Ext4<'_> {
    /// The blocks of a file that hold something, ascending, none beyond its size.
    pub(super) fn extents(&self, inode: &Inode) -> Result<Vec<Extent>, ReadError> {
        let mut map = Map {
            fs: self,
            number: inode.number,
            wanted: inode.size.div_ceil(self.block_size),
            next: 0,
            total: 0,
            found: Vec::new(),
        };
        if inode.flags & EXTENTS != 0 {
            map.node(&inode.map, None)?;
        } else {
            map.places(inode)?;
        }
        Ok(map.found)
    }

    /// The data of a small file that the file system itself uses: directories, long link targets.
    pub(super) fn content(&self, inode: &Inode, limit: u64) -> Result<Vec<u8>, ReadError> {
        if inode.size > limit {
            let number = inode.number;
            return Err(broken(format!(
                "inode {number} is too large for what it is"
            )));
        }
        let mut bytes = vec![0; usize::try_from(inode.size).expect("within the limit")];
        for extent in self.extents(inode)? {
            let range = self.bytes_of(extent, inode.size);
            let start = usize::try_from(range.start).expect("within the limit");
            let end = usize::try_from(range.end).expect("within the limit");
            let place = extent.place * self.block_size;
            self.part.read_at(place, &mut bytes[start..end])?;
        }
        Ok(bytes)
    }

    /// Which bytes of a file of this size a run holds.
    pub(super) fn bytes_of(&self, extent: Extent, size: u64) -> Range<u64> {
        let start = extent.logical * self.block_size;
        start..(start + extent.length * self.block_size).min(size)
    }
}

struct Map<'a, 'd> {
    fs: &'a Ext4<'d>,
    number: u32,
    /// Blocks that the file has by its size.
    wanted: u64,
    /// The first block that the next run may begin with.
    next: u64,
    /// Blocks so far.
    total: u64,
    found: Vec<Extent>,
}

impl Map<'_, '_> {
    fn broken(&self) -> ReadError {
        broken(format!("the blocks of inode {}", self.number))
    }

    /// Adds a run, which begins where those before it have ended, or later.
    fn add(&mut self, logical: u64, place: u64, length: u64) -> Result<(), ReadError> {
        let end = place.checked_add(length);
        let is_outside = place == 0 || end.is_none_or(|end| end > self.fs.blocks);
        if length == 0 || logical < self.next || is_outside {
            return Err(self.broken());
        }
        self.next = logical + length;
        self.total += length;
        // A file of more blocks than there are has some of them many times.
        if self.next > LOGICAL_MAX || self.total > self.fs.blocks {
            return Err(self.broken());
        }
        let length = length.min(self.wanted.saturating_sub(logical));
        if length == 0 {
            return Ok(());
        }
        match self.found.last_mut() {
            Some(last)
                if last.logical + last.length == logical && last.place + last.length == place =>
            {
                last.length += length;
            }
            _ => self.found.push(Extent {
                logical,
                place,
                length,
            }),
        }
        Ok(())
    }

    /// A node of the tree of extents. `depth` is what the node above makes of it.
    fn node(&mut self, node: &[u8], depth: Option<u16>) -> Result<(), ReadError> {
        let (count, own) = (usize::from(le16(node, 2)), le16(node, 6));
        let is_fit = le16(node, 0) == EXTENT_MAGIC
            && own <= DEPTH_MAX
            && depth.is_none_or(|depth| depth == own)
            && 12 + count * 12 <= node.len();
        if !is_fit {
            return Err(self.broken());
        }
        for entry in node[12..12 + count * 12].chunks_exact(12) {
            let logical = u64::from(le32(entry, 0));
            if own > 0 {
                let below = u64::from(le16(entry, 8)) << 32 | u64::from(le32(entry, 4));
                if logical < self.next || below == 0 {
                    return Err(self.broken());
                }
                let block = self.fs.block(below)?;
                self.node(&block, Some(own - 1))?;
                // Whoever points to one node twice would never end.
                self.next = self.next.max(logical + 1);
                continue;
            }
            let length = le16(entry, 4);
            let place = u64::from(le16(entry, 6)) << 32 | u64::from(le32(entry, 8));
            if length > UNWRITTEN {
                let end = logical + u64::from(length - UNWRITTEN);
                if logical < self.next {
                    return Err(self.broken());
                }
                self.next = end;
                continue;
            }
            self.add(logical, place, u64::from(length))?;
        }
        Ok(())
    }

    /// The map of ext2 and ext3.
    fn places(&mut self, inode: &Inode) -> Result<(), ReadError> {
        for at in 0..12 {
            let place = u64::from(le32(&inode.map, at * 4));
            if place != 0 {
                self.add(at as u64, place, 1)?;
            }
        }
        let per_block = self.fs.block_size / 4;
        let mut first = 12;
        for (level, at) in (1..=3).zip([48, 52, 56]) {
            let covers = per_block.pow(level);
            let place = u64::from(le32(&inode.map, at));
            if place != 0 && first < self.wanted {
                self.indirect(place, first, covers / per_block)?;
            }
            first += covers;
        }
        Ok(())
    }

    /// A block of places, each of which covers `each` blocks of the file.
    fn indirect(&mut self, block: u64, first: u64, each: u64) -> Result<(), ReadError> {
        let places = self.fs.block(block)?;
        for (at, place) in places.chunks_exact(4).enumerate() {
            let (place, logical) = (u64::from(le32(place, 0)), first + at as u64 * each);
            if logical >= self.wanted {
                break;
            }
            if place == 0 {
                continue;
            }
            if each == 1 {
                self.add(logical, place, 1)?;
            } else {
                // Blocks of places count as well: they may not be pointed to for ever.
                self.total += 1;
                if self.total > self.fs.blocks {
                    return Err(self.broken());
                }
                self.indirect(place, logical, each / (self.fs.block_size / 4))?;
            }
        }
        Ok(())
    }
}
