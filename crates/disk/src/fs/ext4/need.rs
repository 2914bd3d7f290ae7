//! How much room a tree takes, before it is laid out. Errs on the large side.

use super::BLOCK;
use crate::tree::{Kind, Tree, split};

const INODE: u64 = 256;
/// mke2fs's and mkext4's ratio: an inode per so many bytes.
const BYTES_PER_INODE: u64 = 16_384;
const GROUP: u64 = 128 << 20;
const INODES_PER_GROUP_MAX: u64 = 32_768;
/// Room that must stay free, so that the image can boot and grow: host keys, logs, machine-id.
const FREE: u64 = 32 << 20;

/// The inode count to ask for when the usual ratio is not enough; a quarter stays free.
pub(super) fn inodes(tree: &Tree, size: u64) -> Option<u32> {
    let wanted = (tree.len() as u64 + 11) * 5 / 4;
    let usual = size / BYTES_PER_INODE;
    (wanted > usual).then(|| u32::try_from(wanted).unwrap_or(u32::MAX))
}

/// The size in bytes, in whole MiB, of the smallest file system that surely holds the tree.
pub(crate) fn needed(tree: &Tree) -> u64 {
    let content = content(tree);
    let inodes = (tree.len() as u64 + 11) * 5 / 4;
    let groups_before = (inodes - 1) / INODES_PER_GROUP_MAX;
    let mut size: u64 = groups_before * GROUP + (8 << 20);
    loop {
        let enough = content
            .saturating_add(overhead(size, inodes))
            .saturating_add(size / 100)
            .saturating_add(FREE)
            .checked_next_multiple_of(1 << 20)
            .unwrap_or(u64::MAX);
        if enough <= size {
            return size;
        }
        size = enough;
    }
}

/// Blocks of files, directories, long link targets and extended attributes, in bytes.
fn content(tree: &Tree) -> u64 {
    let mut total: u64 = 0;
    let mut names: u64 = 0;
    let mut directories: u64 = 0;
    for (path, node) in tree.iter() {
        names += 8 + (split(path).1.len() as u64).next_multiple_of(4);
        let blocks = match &node.kind {
            Kind::File(content) => {
                let data: u64 = super::blocks(content)
                    .iter()
                    .map(|range| (range.end - range.start).div_ceil(BLOCK))
                    .sum();
                // Extents beyond the four of the inode: 340 in a block.
                data + data / 4096
            }
            Kind::Symlink(target) => u64::from(target.len() > 59),
            Kind::Directory => {
                directories += 1;
                0
            }
            _ => 0,
        };
        let attributes = u64::from(!node.attributes.xattrs.is_empty());
        total = total.saturating_add((blocks + attributes).saturating_mul(BLOCK));
    }
    // A directory takes a block, large ones half as much again as their names for the index.
    total
        .saturating_add(directories * BLOCK)
        .saturating_add(names + names / 2)
}

/// What the file system itself takes of `size` bytes.
fn overhead(size: u64, inodes: u64) -> u64 {
    let groups = size.div_ceil(GROUP);
    let tables = inodes.max(size / BYTES_PER_INODE) * INODE + groups * BLOCK;
    let bitmaps = groups * 2 * BLOCK;
    let descriptors = (groups * 32).next_multiple_of(BLOCK) + BLOCK;
    let copies = 2 + groups.checked_ilog2().map_or(0, |n| u64::from(n) * 2);
    // mke2fs's tiers, in bytes.
    let journal = match size >> 20 {
        0..128 => 4 << 20,
        128..1024 => 16 << 20,
        1024..2048 => 32 << 20,
        2048..16_384 => 64 << 20,
        16_384..32_768 => 128 << 20,
        32_768..65_536 => 256 << 20,
        65_536..131_072 => 512 << 20,
        _ => 1 << 30,
    };
    tables + bitmaps + descriptors * copies + journal
}
