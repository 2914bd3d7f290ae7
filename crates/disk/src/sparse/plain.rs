//! Plain SHA-256 of a disk whose chunks come in any order.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{CHUNK, Chunk};

/// The SHA-256 that `sha256sum` gives for the raw disk, computed while it is written.
///
/// Costs by the size of the disk, holes included (about 2 GB/s with SHA instructions). Chunks
/// that come before their turn are held; file systems write little but their metadata early.
#[derive(Clone)]
pub struct PlainDigest {
    hasher: Sha256,
    size: u64,
    done: u64,
    early: BTreeMap<u64, Vec<u8>>,
}

impl std::fmt::Debug for PlainDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlainDigest")
            .field("size", &self.size)
            .field("done", &self.done)
            .field("held", &self.early.len())
            .finish_non_exhaustive()
    }
}

impl PlainDigest {
    /// Of a disk of `size` bytes.
    pub fn new(size: u64) -> Self {
        Self {
            hasher: Sha256::new(),
            size,
            done: 0,
            early: BTreeMap::new(),
        }
    }

    /// Adds a chunk; gives its buffer back when it is not needed any more.
    pub fn add(&mut self, chunk: Chunk) -> Option<Vec<u8>> {
        if chunk.index == self.done {
            self.hasher.update(&chunk.bytes);
            self.done += 1;
            self.catch_up();
            return Some(chunk.bytes);
        }
        self.early.insert(chunk.index, chunk.bytes);
        None
    }

    /// Learns that chunks below `index` that did not come are zeros.
    pub fn settled(&mut self, index: u64) {
        let end = index.min(self.size.div_ceil(CHUNK as u64));
        while self.done < end {
            if self.early.contains_key(&self.done) {
                self.catch_up();
            } else {
                self.zeros();
            }
        }
        self.catch_up();
    }

    fn catch_up(&mut self) {
        while let Some(bytes) = self.early.remove(&self.done) {
            self.hasher.update(&bytes);
            self.done += 1;
        }
    }

    fn zeros(&mut self) {
        static ZEROS: [u8; CHUNK] = [0; CHUNK];
        let rest = self.size - self.done * CHUNK as u64;
        let length = usize::try_from(rest).map_or(CHUNK, |rest| rest.min(CHUNK));
        self.hasher.update(&ZEROS[..length]);
        self.done += 1;
    }

    /// The digest, when every chunk has been added.
    pub fn finish(mut self) -> [u8; 32] {
        self.settled(u64::MAX);
        self.hasher.finalize().into()
    }
}
