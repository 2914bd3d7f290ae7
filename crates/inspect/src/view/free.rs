//! Whether the unused blocks of an ext4 file system are empty.
//!
//! A deleted file's bytes stay in blocks that nothing refers to. A file system written
//! from a tree has none; this proves it. Holes of a sparse disk file are not read.

use goldsmith_core::cx::Cx;
use goldsmith_disk::read::Disk as _;

use super::ViewError;
use super::disk::DiskView;
use super::layout::Layout;

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
    let start = disk.root().start();
    let (mut dirty_blocks, mut first) = (0, None);
    let looked_at = dirty(disk, cx, &mut |at, _| {
        dirty_blocks += 1;
        first.get_or_insert(at - start);
    })?;
    Ok(looked_at.map(|looked_at| Residue {
        looked_at,
        dirty_blocks,
        first,
    }))
}

/// Hands over every unused block with something in it, and where on the disk it begins. Gives how
/// many bytes were looked at; `None` as [`residue`].
pub(crate) fn dirty(
    disk: &DiskView,
    cx: &Cx,
    visit: &mut dyn FnMut(u64, &[u8]),
) -> Result<Option<u64>, ViewError> {
    let slice = disk.root();
    let failed = |source| ViewError::Read {
        path: "unused blocks".to_owned(),
        source,
    };
    let Some(layout) = Layout::read(slice).map_err(failed)? else {
        return Ok(None);
    };
    let mut looked_at = 0;
    let mut bitmap = (u64::MAX, Vec::new());
    let end = layout
        .blocks
        .saturating_mul(layout.block_size)
        .min(slice.size());
    let mut at = 0;
    let mut block = vec![0; usize::try_from(layout.block_size).unwrap_or(1024)];
    while let Some(found) = slice.next_data(at).map_err(failed)? {
        let (start, stop) = (found.start, found.end.min(end));
        if start >= stop {
            break;
        }
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
            looked_at += layout.block_size;
            if block.iter().any(|b| *b != 0) {
                visit(slice.start() + from, &block);
            }
        }
        at = stop;
    }
    Ok(Some(looked_at))
}
