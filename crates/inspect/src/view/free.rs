//! Whether the unused blocks of an ext4 file system are empty.
//!
//! A deleted file's bytes stay in blocks that nothing refers to. A file system written
//! from a tree has none; this proves it. Holes of a sparse disk file are not read.
//!
//! ```text
//! superblock, at byte 1024: blocks at 4 and 336, first block at 20, block size 1024 << u32 at 24,
//!   blocks a group at 32, inodes a group at 40, magic at 56, inode size at 88,
//!   features at 92, 96, 100, reserved table blocks at 206, descriptor size at 254
//! descriptor of a group: bitmap at 0 and 32, inode bitmap at 4 and 36, inodes at 8 and 40,
//!   flags at 18
//! ```

use std::io;

use goldsmith_core::cx::Cx;
use rustix::fs::SeekFrom;
use rustix::io::Errno;

use super::ViewError;
use super::disk::{DiskView, Slice};
use super::gpt::{le16, le32};

/// Descriptors of a file system of 128 TiB.
const MAX_TABLE: u64 = 64 << 20;

/// What was found in the unused blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Residue {
    /// Bytes of unused blocks that are not in a hole of the disk file.
    pub looked_at: u64,
    /// Unused blocks with something in them.
    pub dirty_blocks: u64,
    /// Where the first of them begins, in bytes from the start of the file system.
    pub first: Option<u64>,
}

/// Looks at every unused block. `None`: the file system places its tables in a way
/// (`meta_bg`, `bigalloc`, `sparse_super2`) that is not followed here.
pub fn residue(disk: &DiskView, cx: &Cx) -> Result<Option<Residue>, ViewError> {
    let slice = disk.root();
    let failed = |source| ViewError::Read {
        path: "unused blocks".to_owned(),
        source,
    };
    let Some(layout) = Layout::read(slice).map_err(failed)? else {
        return Ok(None);
    };
    let mut residue = Residue {
        looked_at: 0,
        dirty_blocks: 0,
        first: None,
    };
    let mut bitmap = (u64::MAX, Vec::new());
    let end = layout
        .blocks
        .saturating_mul(layout.block_size)
        .min(slice.length());
    let mut at = 0;
    let mut block = vec![0; usize::try_from(layout.block_size).unwrap_or(1024)];
    while let Some((start, stop)) = next_data(slice, at, end).map_err(failed)? {
        for number in start / layout.block_size..stop.div_ceil(layout.block_size) {
            let Some(group) = layout.group_of(number) else {
                continue;
            };
            if bitmap.0 != group {
                cx.cancel.check()?;
                bitmap = (group, layout.bitmap(slice, group).map_err(failed)?);
            }
            let bit = (number - layout.first_block) % layout.per_group;
            let byte = usize::try_from(bit / 8).unwrap_or(usize::MAX);
            let used = bitmap.1.get(byte).is_none_or(|b| b & (1 << (bit % 8)) != 0);
            if used || (number + 1) * layout.block_size > end {
                continue;
            }
            let from = number * layout.block_size;
            slice.read_at(from, &mut block).map_err(failed)?;
            residue.looked_at += layout.block_size;
            if block.iter().any(|b| *b != 0) {
                residue.dirty_blocks += 1;
                residue.first.get_or_insert(from);
            }
        }
        at = stop;
    }
    Ok(Some(residue))
}

/// The next stretch of the file that is no hole, in bytes of the slice.
fn next_data(slice: &Slice, at: u64, end: u64) -> io::Result<Option<(u64, u64)>> {
    let (base, file) = (slice.start(), slice.file());
    if at >= end {
        return Ok(None);
    }
    let start = match rustix::fs::seek(file, SeekFrom::Data(base + at)) {
        Ok(start) => start - base,
        Err(Errno::NXIO) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if start >= end {
        return Ok(None);
    }
    let stop = rustix::fs::seek(file, SeekFrom::Hole(base + start))? - base;
    Ok(Some((start, stop.min(end))))
}

struct Layout {
    block_size: u64,
    blocks: u64,
    first_block: u64,
    per_group: u64,
    /// Bytes of the descriptors, and of one.
    table: Vec<u8>,
    descriptor: usize,
    inode_blocks: u64,
    /// Blocks of superblock, descriptors and reserved descriptors where a group has them.
    backup: u64,
    sparse: bool,
}

impl Layout {
    fn read(slice: &Slice) -> io::Result<Option<Self>> {
        const META_BG: u32 = 0x10;
        const BITS_64: u32 = 0x80;
        const BIGALLOC: u32 = 0x200;
        const SPARSE_SUPER: u32 = 0x1;
        const SPARSE_SUPER2: u32 = 0x200;
        let mut sb = [0; 1024];
        slice.read_at(1024, &mut sb)?;
        let (compat, incompat, ro) = (le32(&sb, 92), le32(&sb, 96), le32(&sb, 100));
        let log = le32(&sb, 24);
        if le16(&sb, 56) != 0xef53
            || log > 6
            || incompat & META_BG != 0
            || ro & BIGALLOC != 0
            || compat & SPARSE_SUPER2 != 0
        {
            return Ok(None);
        }
        let wide = incompat & BITS_64 != 0;
        let block_size = 1024 << log;
        let high = if wide { le32(&sb, 336) } else { 0 };
        let blocks = u64::from(high) << 32 | u64::from(le32(&sb, 4));
        let first_block = u64::from(le32(&sb, 20));
        let per_group = u64::from(le32(&sb, 32));
        let descriptor = if wide {
            usize::from(le16(&sb, 254))
        } else {
            32
        };
        let least = if wide { 64 } else { 32 };
        let one_bitmap = 1..=block_size * 8;
        if !one_bitmap.contains(&per_group) || descriptor < least || blocks <= first_block {
            return Ok(None);
        }
        let groups = (blocks - first_block).div_ceil(per_group);
        let table_bytes = groups.saturating_mul(descriptor as u64);
        if table_bytes > MAX_TABLE {
            return Ok(None);
        }
        let mut table = vec![0; usize::try_from(table_bytes).unwrap_or(0)];
        slice.read_at((first_block + 1) * block_size, &mut table)?;
        let inode_bytes = u64::from(le32(&sb, 40)) * u64::from(le16(&sb, 88));
        Ok(Some(Self {
            block_size,
            blocks,
            first_block,
            per_group,
            descriptor,
            inode_blocks: inode_bytes.div_ceil(block_size),
            backup: 1 + table_bytes.div_ceil(block_size) + u64::from(le16(&sb, 206)),
            sparse: ro & SPARSE_SUPER != 0,
            table,
        }))
    }

    fn groups(&self) -> u64 {
        (self.table.len() / self.descriptor) as u64
    }

    fn group_of(&self, block: u64) -> Option<u64> {
        let group = block.checked_sub(self.first_block)? / self.per_group;
        (group < self.groups()).then_some(group)
    }

    fn descriptor(&self, group: u64) -> &[u8] {
        let at = usize::try_from(group).unwrap_or(0) * self.descriptor;
        &self.table[at..at + self.descriptor]
    }

    /// A block number of a descriptor, from its low half's place.
    fn place(&self, descriptor: &[u8], at: usize) -> u64 {
        let high = if self.descriptor >= 64 {
            le32(descriptor, at + 32)
        } else {
            0
        };
        u64::from(high) << 32 | u64::from(le32(descriptor, at))
    }

    /// The bitmap of a group: from the disk, or worked out where it was never written.
    fn bitmap(&self, slice: &Slice, group: u64) -> io::Result<Vec<u8>> {
        const BLOCK_UNINIT: u16 = 2;
        let descriptor = self.descriptor(group);
        let mut bitmap = vec![0; usize::try_from(self.block_size).unwrap_or(1024)];
        if le16(descriptor, 18) & BLOCK_UNINIT == 0 {
            let at = self.place(descriptor, 0).saturating_mul(self.block_size);
            slice.read_at(at, &mut bitmap)?;
            return Ok(bitmap);
        }
        let start = self.first_block + group * self.per_group;
        let mut mark = |from: u64, count: u64| {
            let first = from.max(start) - start;
            let last = from.saturating_add(count).saturating_sub(start);
            for bit in first..last.min(self.per_group) {
                if let Some(byte) = usize::try_from(bit / 8)
                    .ok()
                    .and_then(|b| bitmap.get_mut(b))
                {
                    *byte |= 1 << (bit % 8);
                }
            }
        };
        if !self.sparse || has_backup(group) {
            mark(start, self.backup);
        }
        for other in 0..self.groups() {
            let descriptor = self.descriptor(other);
            mark(self.place(descriptor, 0), 1);
            mark(self.place(descriptor, 4), 1);
            mark(self.place(descriptor, 8), self.inode_blocks);
        }
        Ok(bitmap)
    }
}

/// Groups 0 and 1 and the powers of 3, 5 and 7 carry a copy of the superblock.
fn has_backup(group: u64) -> bool {
    let power_of = |base: u64| {
        let mut power = base;
        while power < group {
            power = power.saturating_mul(base);
        }
        power == group
    };
    group <= 1 || power_of(3) || power_of(5) || power_of(7)
}
