//! ext4, and ext2 and ext3 with it, read without being mounted: the tree of a file system and the
//! contents of its files.
//!
//! ```text
//! superblock, at byte 1024: blocks at 4 and 336, first block at 20, block size 1024 << u32 at 24,
//!   blocks a group at 32, inodes a group at 40, magic at 56, inode size at 88, features at 92, 96,
//!   100, UUID at 104, label at 120, seed of directory hashes at 236, descriptor size at 254,
//!   first group of `meta_bg` at 260
//! group: its descriptor has the place of its inode table at 8 and 40
//! inode: mode, owner, size, time, and where its blocks are (`inode`, `blocks`); attributes (`xattr`)
//! directory: names with the numbers of their inodes (`directory`)
//! ```
//!
//! A file system whose journal has not been replayed is refused: what it says of itself may be old.
//! Whoever only looks can have it as the journal has it (`journal`).
//! Checksums are not looked at: whoever starts from a disk knows it by its digest.
//! Source of the format: Linux, `Documentation/filesystems/ext4`.

mod ahead;
mod blocks;
mod contents;
mod directory;
mod inode;
mod journal;
mod walk;
mod xattr;

use std::io;
use std::sync::Arc;

pub use contents::{Contents, FileContent};

use super::{Disk as _, Part, le16, le32};
use crate::id::Guid;

const MAGIC: u16 = 0xEF53;
/// Descriptors of a file system of 128 TiB.
const DESCRIPTORS_MAX: u64 = 64 << 20;

/// Features that change how a file system is read, and that are understood here.
mod incompat {
    pub(super) const FILETYPE: u32 = 0x2;
    pub(super) const RECOVER: u32 = 0x4;
    pub(super) const META_BG: u32 = 0x10;
    pub(super) const EXTENTS: u32 = 0x40;
    pub(super) const BITS_64: u32 = 0x80;
    pub(super) const MMP: u32 = 0x100;
    pub(super) const FLEX_BG: u32 = 0x200;
    pub(super) const EA_INODE: u32 = 0x400;
    pub(super) const CSUM_SEED: u32 = 0x2000;
    pub(super) const LARGEDIR: u32 = 0x4000;
    pub(super) const INLINE_DATA: u32 = 0x8000;
    pub(super) const ENCRYPT: u32 = 0x1_0000;
    pub(super) const CASEFOLD: u32 = 0x2_0000;
    pub(super) const KNOWN: u32 = FILETYPE
        | META_BG
        | EXTENTS
        | BITS_64
        | MMP
        | FLEX_BG
        | EA_INODE
        | CSUM_SEED
        | LARGEDIR
        | INLINE_DATA
        | ENCRYPT
        | CASEFOLD;
}

/// A file system that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Reading the disk.
    #[error("cannot read the disk")]
    Io(#[from] io::Error),
    /// Something else, or nothing, is there.
    #[error("there is no ext4 file system")]
    Other,
    /// It was not unmounted.
    #[error("the file system was not unmounted: its journal has not been replayed")]
    Unclean,
    /// It has what is not read here.
    #[error("the file system has {0}, which is not read here")]
    Unsupported(String),
    /// It contradicts itself.
    #[error("the file system is broken: {0}")]
    Broken(String),
}

/// A file system.
#[derive(Debug, Clone)]
pub struct Ext4<'d> {
    part: Part<'d>,
    block_size: u64,
    blocks: u64,
    first_block: u64,
    inodes: u32,
    inodes_per_group: u32,
    inode_size: u16,
    /// The place of every group's inode table, in blocks.
    tables: Vec<u64>,
    uuid: Guid,
    hash_seed: Guid,
    label: Vec<u8>,
}

fn broken(what: impl Into<String>) -> ReadError {
    ReadError::Broken(what.into())
}

impl<'d> Ext4<'d> {
    /// Opens the file system of a partition.
    pub fn open(part: Part<'d>) -> Result<Self, ReadError> {
        let (fs, is_unclean) = Self::load(part)?;
        if is_unclean {
            return Err(ReadError::Unclean);
        }
        Ok(fs)
    }

    /// The same, of one that was perhaps not unmounted: as it would be once its journal was
    /// replayed.
    pub fn open_replayed(part: Part<'d>) -> Result<Self, ReadError> {
        let (fs, is_unclean) = Self::load(part)?;
        if !is_unclean {
            return Ok(fs);
        }
        let replayed = fs.replayed()?;
        let size = replayed.size();
        let (fs, _) = Self::load(Part::of(Arc::new(replayed), 0..size))?;
        Ok(fs)
    }

    /// Reads the superblock and the groups; gives whether the journal has still to be replayed.
    fn load(part: Part<'d>) -> Result<(Self, bool), ReadError> {
        let mut sb = [0; 1024];
        if part.size() < 2048 {
            return Err(ReadError::Other);
        }
        part.read_at(1024, &mut sb)?;
        if le16(&sb, 56) != MAGIC {
            return Err(ReadError::Other);
        }
        let features = le32(&sb, 96);
        let is_unclean = features & incompat::RECOVER != 0;
        let unknown = features & !(incompat::KNOWN | incompat::RECOVER);
        if unknown != 0 {
            return Err(ReadError::Unsupported(format!("features {unknown:#x}")));
        }
        let is_wide = features & incompat::BITS_64 != 0;
        let high = if is_wide { le32(&sb, 336) } else { 0 };
        let log = le32(&sb, 24);
        if log > 6 {
            return Err(broken("its block size"));
        }
        let is_old = le32(&sb, 76) == 0;
        let mut fs = Self {
            part,
            block_size: 1024 << log,
            blocks: u64::from(high) << 32 | u64::from(le32(&sb, 4)),
            first_block: u64::from(le32(&sb, 20)),
            inodes: le32(&sb, 0),
            inodes_per_group: le32(&sb, 40),
            inode_size: if is_old { 128 } else { le16(&sb, 88) },
            tables: Vec::new(),
            uuid: Guid::from_bytes(std::array::from_fn(|at| sb[104 + at])),
            hash_seed: Guid::from_bytes(std::array::from_fn(|at| sb[236 + at])),
            label: sb[120..136]
                .split(|byte| *byte == 0)
                .next()
                .unwrap_or_default()
                .to_vec(),
        };
        let size = u64::from(fs.inode_size);
        if !size.is_power_of_two() || !(128..=fs.block_size).contains(&size) {
            return Err(broken("the size of its inodes"));
        }
        let end = fs.blocks.checked_mul(fs.block_size);
        if fs.blocks <= fs.first_block || end.is_none_or(|end| end > fs.part.size()) {
            return Err(broken("it is larger than its partition"));
        }
        let descriptor = if is_wide { le16(&sb, 254) } else { 32 };
        let meta_groups = (features & incompat::META_BG != 0).then(|| u64::from(le32(&sb, 260)));
        fs.tables = fs.read_tables(le32(&sb, 32), descriptor, meta_groups)?;
        Ok((fs, is_unclean))
    }

    /// Its UUID.
    pub fn uuid(&self) -> Guid {
        self.uuid
    }

    /// The seed of its directories' hashes.
    pub fn hash_seed(&self) -> Guid {
        self.hash_seed
    }

    /// Its label; empty when it has none.
    pub fn label(&self) -> &[u8] {
        &self.label
    }

    /// The descriptors of all groups, of which only the place of the inode table matters here.
    fn read_tables(
        &self,
        per_group: u32,
        descriptor: u16,
        meta_groups: Option<u64>,
    ) -> Result<Vec<u64>, ReadError> {
        let (per_group, size) = (u64::from(per_group), u64::from(descriptor));
        let is_fit = size.is_power_of_two() && (32..=self.block_size).contains(&size);
        if per_group == 0 || self.inodes_per_group == 0 || !is_fit {
            return Err(broken("its groups"));
        }
        let groups = (self.blocks - self.first_block).div_ceil(per_group);
        if groups * size > DESCRIPTORS_MAX {
            return Err(broken("the number of its groups"));
        }
        let per_block = self.block_size / size;
        // With blocks of 1 KiB the superblock is block 1, also where the first group begins at 0.
        let superblock = 1024 / self.block_size;
        let mut tables = Vec::new();
        for number in 0..groups.div_ceil(per_block) {
            let place = match meta_groups {
                // Each of these blocks stands in the first group that it describes, behind the
                // copy of the superblock that some groups have.
                Some(first) if number >= first && number > 0 => {
                    let group = number * per_block;
                    let start = self.first_block + group * per_group;
                    start + u64::from(is_copy_holder(group))
                }
                _ => superblock + 1 + number,
            };
            let block = self.block(place)?;
            let size = usize::from(descriptor);
            tables.extend(block.chunks_exact(size).map(|descriptor| {
                let high = if size >= 64 { le32(descriptor, 40) } else { 0 };
                u64::from(high) << 32 | u64::from(le32(descriptor, 8))
            }));
        }
        tables.truncate(usize::try_from(groups).unwrap_or(usize::MAX));
        Ok(tables)
    }

    /// One block.
    fn block(&self, number: u64) -> Result<Vec<u8>, ReadError> {
        if number >= self.blocks {
            return Err(broken(format!("block {number} is outside of it")));
        }
        let mut block = vec![0; usize::try_from(self.block_size).expect("64 KiB at most")];
        self.part.read_at(number * self.block_size, &mut block)?;
        Ok(block)
    }
}

/// Groups 1 and the powers of 3, 5 and 7 carry a copy of the superblock.
fn is_copy_holder(group: u64) -> bool {
    let is_power_of = |base: u64| {
        let mut power = base;
        while power < group {
            power = power.saturating_mul(base);
        }
        power == group
    };
    group <= 1 || is_power_of(3) || is_power_of(5) || is_power_of(7)
}
