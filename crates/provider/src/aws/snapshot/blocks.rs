//! The blocks of a disk: their digests, and what differs from another disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_core::failure::Failure;
use rustix::buffer::spare_capacity;
use rustix::fs::SeekFrom;

use super::{BLOCK, SnapshotError, zero_digest};

const GIB: u64 = 1 << 30;
/// Most threads that read and digest: more wait for the disk.
const THREADS_MAX: usize = 8;
/// Bytes that are read and digested at once: what a processor keeps near it.
const PIECE: usize = 64 << 10;
const ZEROS: [u8; 4096] = [0; 4096];

/// The blocks of a disk, 512 KiB each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks {
    pub(super) size_bytes: u64,
    /// SHA-256 of every block that is not all zeros, by its index. The end of the disk is followed
    /// by zeros to the end of its block.
    pub(super) digests: BTreeMap<u32, Sha256>,
}

impl Blocks {
    /// Reads a raw disk; holes are not read.
    pub fn of(cx: &Cx, disk: &Path) -> Result<Self, Box<dyn Failure>> {
        let failed = || SnapshotError::file("read", disk);
        let file = File::open(disk).map_err(failed())?;
        let size_bytes = file.metadata().map_err(failed())?.len();
        let candidates = candidates(&file, size_bytes).map_err(failed())?;
        let next = AtomicUsize::new(0);
        let all = Mutex::new((BTreeMap::new(), None));
        let work = || {
            let mut piece = vec![0; PIECE];
            while let Some(index) = candidates.get(next.fetch_add(1, Ordering::Relaxed)) {
                if cx.cancel.is_cancelled() {
                    return;
                }
                let digest = digest(&file, size_bytes, *index, &mut piece);
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                match digest {
                    Ok(Some(digest)) => {
                        all.0.insert(*index, digest);
                    }
                    Ok(None) => {}
                    Err(error) => {
                        all.1 = Some(error);
                        return;
                    }
                }
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads.min(THREADS_MAX) {
                scope.spawn(work);
            }
        });
        cx.cancel.check()?;
        match all.into_inner().unwrap_or_else(PoisonError::into_inner) {
            (_, Some(error)) => Err(failed()(error).into()),
            (digests, None) => Ok(Self {
                size_bytes,
                digests,
            }),
        }
    }

    /// How many are not all zeros.
    pub fn count(&self) -> usize {
        self.digests.len()
    }

    /// The digest of the disk by its blocks: of their places and digests.
    pub fn digest(&self) -> Sha256 {
        let mut hasher = Hasher::new();
        for (index, digest) in &self.digests {
            hasher.update(&index.to_le_bytes());
            hasher.update(digest.as_bytes());
        }
        hasher.finish()
    }

    /// The size of a volume that the disk fits in, in GiB.
    pub fn gib(&self) -> u64 {
        self.size_bytes.div_ceil(GIB).max(1)
    }

    /// What has to be written over a disk with these blocks to have this one.
    pub(super) fn changes(&self, base: &BTreeMap<u32, Sha256>) -> BTreeMap<u32, Sha256> {
        let differs = |(index, digest): &(&u32, &Sha256)| base.get(index) != Some(digest);
        let own = self.digests.iter().filter(differs);
        let mut changes: BTreeMap<u32, Sha256> = own.map(|(i, digest)| (*i, *digest)).collect();
        let zero = zero_digest();
        for (index, digest) in base {
            if !self.digests.contains_key(index) && *digest != zero {
                changes.insert(*index, zero);
            }
        }
        changes
    }
}

/// The digest of the digests of blocks, in order: the form `LINEAR` of AWS.
pub(super) fn linear(blocks: &BTreeMap<u32, Sha256>) -> Sha256 {
    let mut hasher = Hasher::new();
    for digest in blocks.values() {
        hasher.update(digest.as_bytes());
    }
    hasher.finish()
}

/// The bytes of a block; what is past the end of the disk is zeros.
pub(super) fn read(file: &File, size: u64, index: u32) -> io::Result<Vec<u8>> {
    let start = u64::from(index) * BLOCK as u64;
    let there = size.saturating_sub(start).min(BLOCK as u64);
    let there = usize::try_from(there).unwrap_or(BLOCK);
    // Memory that is cleared before it is read into is gone over twice.
    let mut block = Vec::with_capacity(BLOCK);
    while block.len() < there {
        let at = start + block.len() as u64;
        match rustix::io::pread(file, spare_capacity(&mut block), at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    block.truncate(there);
    block.resize(BLOCK, 0);
    Ok(block)
}

/// The digest of a block; `None` when it is all zeros.
fn digest(file: &File, size: u64, index: u32, piece: &mut [u8]) -> io::Result<Option<Sha256>> {
    let mut at = u64::from(index) * BLOCK as u64;
    let end = at + BLOCK as u64;
    let mut hasher = Hasher::new();
    let mut is_zero = true;
    while at < end {
        let there = size.saturating_sub(at).min(piece.len() as u64);
        let (inside, outside) = piece.split_at_mut(usize::try_from(there).unwrap_or(PIECE));
        outside.fill(0);
        file.read_exact_at(inside, at)?;
        is_zero = is_zero
            && inside
                .chunks(ZEROS.len())
                .all(|part| part == &ZEROS[..part.len()]);
        hasher.update(piece);
        at += piece.len() as u64;
    }
    Ok((!is_zero).then(|| hasher.finish()))
}

/// Blocks that are no holes.
fn candidates(file: &File, size: u64) -> io::Result<Vec<u32>> {
    let mut all: Vec<u32> = Vec::new();
    let mut at = 0;
    while at < size {
        let start = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(start) => start,
            // No data after this place.
            Err(rustix::io::Errno::NXIO) => break,
            Err(error) => return Err(error.into()),
        };
        at = rustix::fs::seek(file, SeekFrom::Hole(start))?;
        let blocks = start / BLOCK as u64..at.div_ceil(BLOCK as u64);
        let blocks = blocks.filter_map(|block| u32::try_from(block).ok());
        let last = all.last().copied();
        all.extend(blocks.filter(|block| last.is_none_or(|last| *block > last)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use goldsmith_testing::clock::FakeClock;

    use super::*;

    const SIZE: u64 = 5 * BLOCK as u64 + 100;

    fn disk(writes: &[(u64, &[u8])]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(SIZE).unwrap();
        for (at, bytes) in writes {
            file.as_file().write_all_at(bytes, *at).unwrap();
        }
        file
    }

    fn blocks(disk: &tempfile::NamedTempFile) -> Blocks {
        let cx = Cx::silent(Arc::new(FakeClock::at(0)));
        Blocks::of(&cx, disk.path()).unwrap()
    }

    fn padded(bytes: &[u8], at: usize) -> Sha256 {
        let mut block = vec![0; BLOCK];
        block[at..at + bytes.len()].copy_from_slice(bytes);
        Sha256::of(&block)
    }

    #[test]
    fn holes_and_zeros_are_left_out() {
        let block = BLOCK as u64;
        // The third is written, and zeros.
        let disk = disk(&[(10, b"a"), (2 * block, &[0; 4096]), (SIZE - 1, b"z")]);
        let blocks = blocks(&disk);
        let expected = BTreeMap::from([(0, padded(b"a", 10)), (5, padded(b"z", 99))]);
        assert_eq!(blocks.digests, expected);
        assert_eq!((blocks.count(), blocks.gib()), (2, 1));
    }

    #[test]
    fn changes_write_zeros_where_something_was() {
        let block = BLOCK as u64;
        let old = blocks(&disk(&[(0, b"a"), (block, b"b"), (2 * block, b"c")]));
        let new = blocks(&disk(&[(0, b"a"), (2 * block, b"C"), (3 * block, b"d")]));
        let changes = new.changes(&old.digests);
        let expected = BTreeMap::from([
            (1, zero_digest()),
            (2, padded(b"C", 0)),
            (3, padded(b"d", 0)),
        ]);
        assert_eq!(changes, expected);
        // Zeros that are written already are not written again.
        let mut whole = old.digests.clone();
        whole.extend(changes);
        assert_eq!(new.changes(&whole), BTreeMap::new());
        assert_eq!(new.changes(&BTreeMap::new()), new.digests);
        assert_ne!(old.digest(), new.digest());
    }

    #[test]
    fn linear_is_over_the_bytes_of_digests() {
        let digests = BTreeMap::from([(3, Sha256::of(b"b")), (1, Sha256::of(b"a"))]);
        let mut bytes = Sha256::of(b"a").as_bytes().to_vec();
        bytes.extend(Sha256::of(b"b").as_bytes());
        assert_eq!(linear(&digests), Sha256::of(&bytes));
    }
}
