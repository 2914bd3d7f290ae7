//! The journal of a file system that was not unmounted: what it holds is read instead of what it
//! would be written over. Nothing is changed.
//!
//! ```text
//! its blocks are those of inode 8; numbers are big-endian
//! each but data:   magic C03B3998, kind u32, number of the transaction u32
//!   kind 3, 4, the first: block size u32 at 12, blocks u32 at 16, first of the log u32 at 20,
//!             first transaction u32 at 24 and where it begins u32 at 28, features u32 at 40
//!   kind 1    tags from 12 on, a block of data behind it for each
//!   kind 2    the transaction is whole
//!   kind 5    bytes used u32 at 12, from 16 on blocks whose older data does not count
//! tag: block u32, then flags u16 at 6 and block (high) u32 at 8, or, with checksums of version 3,
//!   flags u32 at 4 and block (high) u32 at 8; flag 1: the data begins with the magic, which is
//!   zeros in the log; flag 2: no UUID of 16 bytes behind the tag; flag 8: the last
//! ```
//!
//! Source: Linux, `Documentation/filesystems/ext4/journal.rst`.

use std::collections::BTreeMap;
use std::io;

use super::blocks::Extent;
use super::{Ext4, ReadError, broken};
use crate::read::{Disk, Part, be32};

const INODE: u32 = 8;
const MAGIC: u32 = 0xC03B_3998;
const BLOCKS_64: u32 = 2;
const CHECKSUM_2: u32 = 8;
const CHECKSUM_3: u32 = 0x10;
const FAST_COMMIT: u32 = 0x20;
const KNOWN: u32 = 1 | BLOCKS_64 | 4 | CHECKSUM_2 | CHECKSUM_3;
/// Blocks of a journal: 16 GiB in blocks of 4 KiB.
const BLOCKS_MAX: u64 = 4 << 20;

const ESCAPED: u32 = 1;
const SAME_UUID: u32 = 2;
const LAST: u32 = 8;

/// A file system as its journal has it.
#[derive(Debug)]
pub(super) struct Replayed<'d> {
    part: Part<'d>,
    block_size: u64,
    /// Where the newer data of a block is, and whether its first bytes are the magic.
    newer: BTreeMap<u64, (u64, bool)>,
}

struct Log<'a, 'd> {
    fs: &'a Ext4<'d>,
    /// The journal's own blocks.
    extents: Vec<Extent>,
    blocks: u64,
    first: u64,
    features: u32,
}

impl<'d> Ext4<'d> {
    /// The disk as it is once the journal is replayed.
    pub(super) fn replayed(&self) -> Result<Replayed<'d>, ReadError> {
        let inode = self.inode(INODE)?;
        let mut log = Log {
            fs: self,
            extents: self.extents(&inode)?,
            blocks: inode.size / self.block_size,
            first: 0,
            features: 0,
        };
        let head = log.block(0)?;
        let is_first = be32(&head, 0) == MAGIC && matches!(be32(&head, 4), 3 | 4);
        if !is_first || u64::from(be32(&head, 12)) != self.block_size {
            return Err(broken("its journal"));
        }
        if be32(&head, 4) == 4 {
            log.features = be32(&head, 40);
        }
        let unknown = log.features & !KNOWN;
        if unknown & FAST_COMMIT != 0 {
            let what = "a journal with fast commits".to_owned();
            return Err(ReadError::Unsupported(what));
        }
        if unknown != 0 {
            return Err(ReadError::Unsupported(format!(
                "a journal with features {unknown:#x}"
            )));
        }
        log.blocks = log.blocks.min(u64::from(be32(&head, 16))).min(BLOCKS_MAX);
        log.first = u64::from(be32(&head, 20));
        let newer = match u64::from(be32(&head, 28)) {
            0 => BTreeMap::new(),
            start => log.read(start, be32(&head, 24))?,
        };
        Ok(Replayed {
            part: self.part.clone(),
            block_size: self.block_size,
            newer,
        })
    }
}

impl Log<'_, '_> {
    /// The place of a block of the journal, in blocks.
    fn place(&self, number: u64) -> Result<u64, ReadError> {
        let end = |extent: &Extent| extent.logical + extent.length;
        let at = self.extents.partition_point(|extent| end(extent) <= number);
        let extent = self
            .extents
            .get(at)
            .filter(|extent| extent.logical <= number);
        let extent = extent.ok_or_else(|| broken("a hole in its journal"))?;
        Ok(extent.place + (number - extent.logical))
    }

    fn block(&self, number: u64) -> Result<Vec<u8>, ReadError> {
        self.fs.block(self.place(number)?)
    }

    /// Goes through whole transactions; where the log ends they do.
    fn read(&self, start: u64, first: u32) -> Result<BTreeMap<u64, (u64, bool)>, ReadError> {
        if self.first == 0 || self.first >= self.blocks || start >= self.blocks {
            return Err(broken("its journal"));
        }
        let next = |at: u64| {
            if at + 1 < self.blocks {
                at + 1
            } else {
                self.first
            }
        };
        let mut newer: BTreeMap<u64, (u64, bool)> = BTreeMap::new();
        let mut open: Vec<(u64, u64, bool)> = Vec::new();
        let mut revoked: Vec<u64> = Vec::new();
        let (mut at, mut number) = (start, first);
        let mut left = self.blocks;
        while let Some(rest) = left.checked_sub(1) {
            left = rest;
            let block = self.block(at)?;
            if be32(&block, 0) != MAGIC || be32(&block, 8) != number {
                break;
            }
            at = next(at);
            match be32(&block, 4) {
                1 => {
                    for (target, is_escaped) in self.tags(&block)? {
                        open.push((target, self.place(at)?, is_escaped));
                        at = next(at);
                        left = left.saturating_sub(1);
                    }
                }
                2 => {
                    let whole = open.drain(..);
                    newer.extend(whole.map(|(target, place, escaped)| (target, (place, escaped))));
                    // It had been journaled by this transaction or one before it.
                    for target in revoked.drain(..) {
                        newer.remove(&target);
                    }
                    number = number.wrapping_add(1);
                }
                5 => revoked.extend(self.revoked(&block)?),
                _ => break,
            }
        }
        Ok(newer)
    }

    /// The blocks that data follows for, and whether it begins with the magic.
    fn tags(&self, block: &[u8]) -> Result<Vec<(u64, bool)>, ReadError> {
        let is_wide = self.features & BLOCKS_64 != 0;
        let is_3 = self.features & CHECKSUM_3 != 0;
        let size = match (is_3, is_wide) {
            (true, _) => 16,
            (false, wide) => {
                8 + if wide { 4 } else { 0 }
                    + if self.features & CHECKSUM_2 != 0 {
                        2
                    } else {
                        0
                    }
            }
        };
        let mut tags = Vec::new();
        let mut rest = &block[12..];
        loop {
            let cut = || broken("a list of blocks in its journal");
            let (tag, after) = rest.split_at_checked(size).ok_or_else(cut)?;
            let flags = if is_3 {
                be32(tag, 4)
            } else {
                be32(tag, 4) & 0xFFFF
            };
            let high = if is_wide { be32(tag, 8) } else { 0 };
            let target = u64::from(high) << 32 | u64::from(be32(tag, 0));
            if target >= self.fs.blocks {
                return Err(cut());
            }
            tags.push((target, flags & ESCAPED != 0));
            let uuid = if flags & SAME_UUID == 0 { 16 } else { 0 };
            rest = after.get(uuid..).ok_or_else(cut)?;
            if flags & LAST != 0 {
                return Ok(tags);
            }
        }
    }

    fn revoked(&self, block: &[u8]) -> Result<Vec<u64>, ReadError> {
        let used = usize::try_from(be32(block, 12)).unwrap_or(usize::MAX);
        let rows = block.get(16..used);
        let rows = rows.ok_or_else(|| broken("a list of blocks in its journal"))?;
        Ok(if self.features & BLOCKS_64 != 0 {
            rows.chunks_exact(8)
                .map(|row| crate::read::be64(row, 0))
                .collect()
        } else {
            rows.chunks_exact(4)
                .map(|row| u64::from(be32(row, 0)))
                .collect()
        })
    }
}

impl Disk for Replayed<'_> {
    fn size(&self) -> u64 {
        self.part.size()
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.part.read_at(at, bytes)?;
        let end = at + bytes.len() as u64;
        let first = at / self.block_size;
        let blocks = self.newer.range(first..end.div_ceil(self.block_size));
        for (number, (place, is_escaped)) in blocks {
            let mut block = vec![0; usize::try_from(self.block_size).expect("64 KiB at most")];
            self.part.read_at(place * self.block_size, &mut block)?;
            if *is_escaped {
                block[..4].copy_from_slice(&MAGIC.to_be_bytes());
            }
            // What of the block is asked for.
            let start = number * self.block_size;
            let (from, to) = (start.max(at), (start + self.block_size).min(end));
            let [from_there, to_there] = [from - start, to - start].map(index);
            let [from_here, to_here] = [from - at, to - at].map(index);
            bytes[from_here..to_here].copy_from_slice(&block[from_there..to_there]);
        }
        Ok(())
    }
}

fn index(at: u64) -> usize {
    usize::try_from(at).expect("within a buffer")
}
