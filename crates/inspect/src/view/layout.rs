//! Where an ext4 file system has its tables.
//!
//! ```text
//! superblock, at byte 1024: blocks at 4 and 336, first block at 20, block size 1024 << u32 at 24,
//!   blocks a group at 32, inodes a group at 40, magic at 56, inode size at 88,
//!   features at 92, 96, 100, reserved table blocks at 206, descriptor size at 254
//! descriptor of a group: bitmap at 0 and 32, inode bitmap at 4 and 36, inodes at 8 and 40,
//!   flags at 18
//! ```

use std::io;

use goldsmith_disk::read::{Disk as _, Part};

use super::{le16, le32};

/// Descriptors of a file system of 128 TiB.
const MAX_TABLE: u64 = 64 << 20;

/// The places of an ext4 file system's tables.
pub(super) struct Layout {
    /// In bytes.
    pub(super) block_size: u64,
    pub(super) blocks: u64,
    pub(super) first_block: u64,
    /// Blocks of a group.
    pub(super) per_group: u64,
    pub(super) inodes_per_group: u64,
    /// In bytes.
    pub(super) inode_size: u64,
    /// Bytes of the descriptors, and of one.
    table: Vec<u8>,
    descriptor: usize,
    /// Blocks of the inode table of a group.
    inode_blocks: u64,
    /// Blocks of superblock, descriptors and reserved descriptors where a group has them.
    backup: u64,
    sparse: bool,
}

impl Layout {
    /// Reads it; `None` when tables are placed in a way that is not followed here.
    pub(super) fn read(slice: &Part<'static>) -> io::Result<Option<Self>> {
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
        let (inodes_per_group, inode_size) = (u64::from(le32(&sb, 40)), u64::from(le16(&sb, 88)));
        if inodes_per_group == 0 || !(128..=block_size).contains(&inode_size) {
            return Ok(None);
        }
        Ok(Some(Self {
            block_size,
            blocks,
            first_block,
            per_group,
            inodes_per_group,
            inode_size,
            descriptor,
            inode_blocks: (inodes_per_group * inode_size).div_ceil(block_size),
            backup: 1 + table_bytes.div_ceil(block_size) + u64::from(le16(&sb, 206)),
            sparse: ro & SPARSE_SUPER != 0,
            table,
        }))
    }

    pub(super) fn groups(&self) -> u64 {
        (self.table.len() / self.descriptor) as u64
    }

    pub(super) fn group_of(&self, block: u64) -> Option<u64> {
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

    /// First block and number of blocks of a group's block bitmap, inode bitmap and inode table.
    pub(super) fn tables(&self, group: u64) -> [(u64, u64); 3] {
        let descriptor = self.descriptor(group);
        [(0, 1), (4, 1), (8, self.inode_blocks)]
            .map(|(at, count)| (self.place(descriptor, at), count))
    }

    /// First block and number of blocks of a group's superblock and descriptors, if it has any.
    pub(super) fn copy(&self, group: u64) -> Option<(u64, u64)> {
        let start = self.first_block + group * self.per_group;
        (!self.sparse || has_backup(group)).then_some((start, self.backup))
    }

    /// The bitmap of a group: from the disk, or worked out where it was never written.
    pub(super) fn bitmap(&self, slice: &Part<'static>, group: u64) -> io::Result<Vec<u8>> {
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
        if let Some((from, count)) = self.copy(group) {
            mark(from, count);
        }
        for (from, count) in (0..self.groups()).flat_map(|other| self.tables(other)) {
            mark(from, count);
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
