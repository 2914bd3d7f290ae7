//! Two disks in blocks of 512 KiB, as a cloud's snapshots have them: how many differ, and what has
//! its bytes there.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use goldsmith_core::cx::Cx;
use goldsmith_disk::read::Disk;
use goldsmith_disk::sparse::is_zero;
use goldsmith_inspect::view::ViewError;
use goldsmith_inspect::view::disk::DiskView;
use goldsmith_inspect::view::map::{DiskMap, What};
use serde::Serialize;

use super::{DiffError, Side};

/// Bytes of a block.
const BLOCK: usize = 512 << 10;
/// Within a block differences are told apart by this: no file system has smaller pieces that
/// belong to one thing, but for inodes.
const PAGE: usize = 4096;

/// How two disks differ in blocks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BlockDiff {
    /// The old image.
    pub old: String,
    /// The new image.
    pub new: String,
    /// Bytes of a block.
    pub block_bytes: u64,
    /// Blocks of the new disk that are not all zeros.
    pub allocated: u64,
    /// Blocks that differ.
    pub changed: u64,
    /// Bytes in pieces of 4 KiB that differ.
    pub changed_bytes: u64,
    /// Blocks that differ, of those allocated.
    pub share: f64,
    /// What has bytes that differ, most blocks first; a block may count for several.
    pub of: Vec<Share>,
}

/// What differs of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// A file, or a part of the file system or of the disk.
    pub what: String,
    /// Blocks in which it has bytes that differ.
    pub blocks: u64,
    /// Bytes in pieces of 4 KiB, or of one inode, that differ.
    pub bytes: u64,
}

/// Compares two disks block by block.
pub fn blocks(cx: &Cx, old: &Side, new: &Side) -> Result<BlockDiff, DiffError> {
    let open = |side: &Side| DiskView::open(&side.disk).map_err(DiffError::view(side));
    let (a, b) = (open(old)?, open(new)?);
    let map = |view: &DiskView, side| DiskMap::of(view, cx).map_err(DiffError::view(side));
    let maps = (map(&a, old)?, map(&b, new)?);
    let mut count = Count {
        maps,
        diff: BlockDiff {
            old: old.title.clone(),
            new: new.title.clone(),
            block_bytes: BLOCK as u64,
            allocated: 0,
            changed: 0,
            changed_bytes: 0,
            share: 0.0,
            of: Vec::new(),
        },
        shares: BTreeMap::new(),
    };
    let phase = cx.phase("compare blocks", None);
    each(cx, (&a, old), (&b, new), |start, left, right| {
        count.block(start, left, right);
        true
    })?;
    let diff = count.finish();
    phase.finish(format!("{} of {} differ", diff.changed, diff.allocated));
    Ok(diff)
}

/// The first byte in which two disks differ, and what lies there on the second.
pub(crate) fn first_difference(
    cx: &Cx,
    old: &Side,
    new: &Side,
) -> Result<Option<(u64, What)>, DiffError> {
    let open = |side: &Side| DiskView::open(&side.disk).map_err(DiffError::view(side));
    let (a, b) = (open(old)?, open(new)?);
    let mut found = None;
    each(cx, (&a, old), (&b, new), |start, left, right| {
        let at = left.iter().zip(right).position(|(a, b)| a != b);
        found = at.map(|at| start + at as u64);
        found.is_none()
    })?;
    let Some(at) = found else { return Ok(None) };
    let map = DiskMap::of(&b, cx).map_err(DiffError::view(new))?;
    Ok(Some((at, map.map_or(What::Table, |map| map.at(at).0))))
}

/// Gives every block that is not a hole in both, as long as more is wanted.
fn each(
    cx: &Cx,
    (a, old): (&DiskView, &Side),
    (b, new): (&DiskView, &Side),
    mut block: impl FnMut(u64, &[u8], &[u8]) -> bool,
) -> Result<(), DiffError> {
    let size = a.size().max(b.size());
    let (mut left, mut right) = (vec![0; BLOCK], vec![0; BLOCK]);
    let mut at = 0;
    loop {
        cx.cancel.check()?;
        let next = |view: &DiskView, side| {
            next_data(view.disk(), at, size).map_err(|source| read_error(side, source))
        };
        let start = next(a, old)?.min(next(b, new)?) / BLOCK as u64 * BLOCK as u64;
        if start >= size {
            return Ok(());
        }
        read(a.disk(), start, &mut left).map_err(|source| read_error(old, source))?;
        read(b.disk(), start, &mut right).map_err(|source| read_error(new, source))?;
        if !block(start, &left, &right) {
            return Ok(());
        }
        at = start + BLOCK as u64;
    }
}

fn read_error(side: &Side, source: io::Error) -> DiffError {
    DiffError::view(side)(ViewError::Open {
        path: side.disk.clone(),
        source,
    })
}

/// Where the disk has its next data, `end` when it has none.
fn next_data(disk: &dyn Disk, at: u64, end: u64) -> io::Result<u64> {
    let found = disk.next_data(at)?;
    Ok(found.map_or(end, |found| found.start))
}

/// Fills a block; what is past the end is zeros.
fn read(disk: &dyn Disk, at: u64, block: &mut [u8]) -> io::Result<()> {
    let there = disk.size().saturating_sub(at);
    let there = usize::try_from(there).unwrap_or(usize::MAX);
    let (inside, outside) = block.split_at_mut(there.min(block.len()));
    outside.fill(0);
    disk.read_at(at, inside)
}

struct Count {
    /// What lies where on the old disk, and on the new one.
    maps: (Option<DiskMap>, Option<DiskMap>),
    diff: BlockDiff,
    /// Blocks and bytes by what they belong to.
    shares: BTreeMap<What, (BTreeSet<u64>, u64)>,
}

impl Count {
    fn block(&mut self, start: u64, old: &[u8], new: &[u8]) {
        if !is_zero(new) {
            self.diff.allocated += 1;
        }
        if old == new {
            return;
        }
        self.diff.changed += 1;
        for (number, (a, b)) in old.chunks(PAGE).zip(new.chunks(PAGE)).enumerate() {
            if a != b {
                self.diff.changed_bytes += a.len() as u64;
                self.page(start, start + (number * PAGE) as u64, a, b);
            }
        }
    }

    fn page(&mut self, block: u64, at: u64, old: &[u8], new: &[u8]) {
        match self.what(at) {
            // One of them, or several.
            What::Inode(_) | What::FileSystem("inode table") => {
                let size = self.maps.1.as_ref().map_or(256, DiskMap::inode_size);
                let size = usize::try_from(size).unwrap_or(256);
                for (number, (a, b)) in old.chunks(size).zip(new.chunks(size)).enumerate() {
                    if a != b {
                        let what = self.what(at + (number * size) as u64);
                        self.add(what, block, a.len());
                    }
                }
            }
            what => self.add(what, block, new.len()),
        }
    }

    /// On the new disk; where that has nothing, on the old one.
    fn what(&self, at: u64) -> What {
        let on = |map: &Option<DiskMap>| map.as_ref().map(|map| map.at(at).0);
        match on(&self.maps.1) {
            Some(What::Free) | None => on(&self.maps.0).unwrap_or(What::Free),
            Some(what) => what,
        }
    }

    fn add(&mut self, what: What, block: u64, bytes: usize) {
        let share = self.shares.entry(what).or_default();
        share.0.insert(block);
        share.1 += bytes as u64;
    }

    fn finish(mut self) -> BlockDiff {
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        let share = self.diff.changed as f64 / (self.diff.allocated.max(1)) as f64;
        self.diff.share = share;
        self.diff.of = self
            .shares
            .into_iter()
            .map(|(what, (blocks, bytes))| Share {
                what: what.to_string(),
                blocks: blocks.len() as u64,
                bytes,
            })
            .collect();
        let most_first = |share: &Share| std::cmp::Reverse((share.blocks, share.bytes));
        self.diff.of.sort_by_key(most_first);
        self.diff
    }
}
