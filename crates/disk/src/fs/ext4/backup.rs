//! The copies of the superblock and of the group descriptors that lie in some groups, for whoever has
//! to rescue a file system.
//!
//! ```text
//! group 1, 3, 5, 7, 9, 25, ...   block 0       superblock, with the number of its group
//!                                block 1 ...   descriptors of all groups, 32 bytes each
//! ```
//!
//! The kernel never brings their counts up to date, and a rescue counts anew: e2fsck does not believe
//! a copy what is used. So here they say nothing of what is in the file system, with checksums that
//! fit; else a file more would change a block of the disk in each of these groups.
//! Sources: "Super Block" and "Block Group Descriptors" in the kernel's documentation of ext4;
//! `ext2fs_open2` of e2fsprogs, which clears the same of a copy.

use std::borrow::Cow;

use mkext4::csum;

use super::BLOCK;
use crate::id::Guid;

/// Bytes of a group: a block of bits says which of its blocks are used.
const GROUP: u64 = BLOCK * 8 * BLOCK;
const DESCRIPTOR: usize = 32;
/// The file system is known to have its unused inode tables zeroed.
const INODE_ZEROED: u16 = 4;

/// What is written at `offset` of the file system, in its place.
pub(super) fn settled(uuid: Guid, offset: u64, bytes: &[u8]) -> Cow<'_, [u8]> {
    let group = offset / GROUP;
    if !has_copy(group) {
        return bytes.into();
    }
    match offset % GROUP {
        0 => superblock(bytes).into(),
        BLOCK => descriptors(uuid, bytes).into(),
        _ => bytes.into(),
    }
}

fn has_copy(group: u64) -> bool {
    let is_power = |base: u64| {
        let mut power = base;
        while power < group {
            power *= base;
        }
        power == group
    };
    group == 1 || [3, 5, 7].into_iter().any(is_power)
}

fn superblock(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[0x0C..0x14].fill(0); // free blocks, free inodes
    bytes[0x178..0x180].fill(0); // KiB written
    let checksum = csum::superblock(&bytes[..1024]);
    bytes[0x3FC..0x400].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn descriptors(uuid: Guid, bytes: &[u8]) -> Vec<u8> {
    let seed = csum::fs_seed(&uuid.bytes());
    let mut bytes = bytes.to_vec();
    for (group, descriptor) in (0..).zip(bytes.chunks_exact_mut(DESCRIPTOR)) {
        // After the last group.
        if descriptor.iter().all(|byte| *byte == 0) {
            break;
        }
        descriptor[0x0C..0x12].fill(0); // free blocks, free inodes, directories
        descriptor[0x12..0x14].copy_from_slice(&INODE_ZEROED.to_le_bytes());
        descriptor[0x18..0x1E].fill(0); // checksums of the bitmaps, unused inodes
        let checksum = csum::group_desc(seed, group, descriptor);
        descriptor[0x1E..].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_with_a_copy() {
        let found: Vec<u64> = (0..130).filter(|group| has_copy(*group)).collect();
        assert_eq!(found, [1, 3, 5, 7, 9, 25, 27, 49, 81, 125]);
    }
}
