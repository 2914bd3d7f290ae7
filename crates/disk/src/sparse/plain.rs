//! Plain SHA-256 of a disk whose chunks come in any order.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{CHUNK, Chunk};

/// The SHA-256 that `sha256sum` gives for the raw disk, computed while it is written.
///
/// Costs by the size of the disk, holes included (about 2 GB/s with SHA instructions). Chunks
/// that come before their turn are held; file systems write little but their metadata early.
#[derive(Clone)]
pub struct PlainDigest<C = Chunk> {
    hasher: Sha256,
    size: u64,
    done: u64,
    early: BTreeMap<u64, C>,
}

impl<C> std::fmt::Debug for PlainDigest<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlainDigest")
            .field("size", &self.size)
            .field("done", &self.done)
            .field("held", &self.early.len())
            .finish_non_exhaustive()
    }
}

impl<C: Borrow<Chunk>> PlainDigest<C> {
    /// Of a disk of `size` bytes.
    pub fn new(size: u64) -> Self {
        Self {
            hasher: Sha256::new(),
            size,
            done: 0,
            early: BTreeMap::new(),
        }
    }

    /// Adds a chunk; it is held until those before it have come or are known to be zeros.
    pub fn add(&mut self, chunk: C) {
        self.early.insert(chunk.borrow().index, chunk);
        self.catch_up();
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
        while let Some(chunk) = self.early.remove(&self.done) {
            self.hasher.update(&chunk.borrow().bytes);
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
