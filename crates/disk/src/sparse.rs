//! A disk as chunks of 1 MiB, of which those of nothing but zeros are never written, and the
//! digest of such a disk.
//!
//! Writers give regions in any order ([`Assembler`]); each byte exactly once. A chunk goes to the
//! [`Sink`] when its last byte is known, so that whoever takes it can hash it and write it in one go.
//!
//! The **disk digest** names the content of a disk at the cost of what is allocated, not of its
//! size, whatever the disk is stored as. It is the SHA-256 of
//!
//! ```text
//! "goldsmith disk digest 1\n"                  24 bytes
//! size of the disk in bytes                     8 bytes, little-endian
//! for every chunk that is not all zeros, ascending:
//!     index of the chunk                        8 bytes, little-endian
//!     SHA-256 of the chunk                     32 bytes; the last chunk may be shorter
//! ```

use std::collections::BTreeMap;
use std::io;

use sha2::{Digest as _, Sha256};

mod plain;
pub use plain::PlainDigest;

/// Length of a chunk in bytes.
pub const CHUNK: usize = 1 << 20;

/// A chunk of a disk that is not all zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Which one: it begins at `index * CHUNK` bytes.
    pub index: u64,
    /// Its bytes, [`CHUNK`] of them but for the end of the disk.
    pub bytes: Vec<u8>,
}

impl Chunk {
    /// Where it begins on the disk, in bytes.
    pub fn offset(&self) -> u64 {
        self.index * CHUNK as u64
    }

    /// Its digest, as [`DiskDigest::add`] takes it.
    pub fn digest(&self) -> [u8; 32] {
        digest(&self.bytes)
    }
}

/// The digest of the bytes of a chunk.
pub(crate) fn digest(chunk: &[u8]) -> [u8; 32] {
    Sha256::digest(chunk).into()
}

/// Takes the chunks of a disk. What is never put is zeros.
pub trait Sink {
    /// Takes a chunk. Each index comes once at most, in no particular order.
    fn put(&mut self, chunk: Chunk) -> io::Result<()>;

    /// Learns that all chunks up to (not including) this index that have not been put are zeros:
    /// for whoever needs the disk in order.
    fn settled(&mut self, _index: u64) -> io::Result<()> {
        Ok(())
    }

    /// A buffer of a chunk that is done, to be used again.
    fn spare(&mut self) -> Option<Vec<u8>> {
        None
    }
}

/// Computes the disk digest (see the module).
#[derive(Debug, Clone, Default)]
pub struct DiskDigest {
    chunks: BTreeMap<u64, [u8; 32]>,
}

impl DiskDigest {
    /// Adds a chunk that is not all zeros, in any order.
    pub fn add(&mut self, index: u64, digest: [u8; 32]) {
        self.chunks.insert(index, digest);
    }

    /// How many chunks were added.
    pub fn chunks(&self) -> u64 {
        self.chunks.len() as u64
    }

    /// The digest of a disk of `size` bytes.
    pub fn finish(self, size: u64) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"goldsmith disk digest 1\n");
        hasher.update(size.to_le_bytes());
        for (index, digest) in self.chunks {
            hasher.update(index.to_le_bytes());
            hasher.update(digest);
        }
        hasher.finalize().into()
    }
}

/// Whether all bytes are zero. Stops at the first that is not.
pub fn is_zero(bytes: &[u8]) -> bool {
    static ZEROS: [u8; 4096] = [0; 4096];
    // Comparing is done by the processor's widest means, optimized or not.
    let mut blocks = bytes.chunks(ZEROS.len());
    blocks.all(|block| *block == ZEROS[..block.len()])
}

/// Makes chunks of regions.
pub(crate) struct Assembler<'s> {
    sink: &'s mut dyn Sink,
    size: u64,
    covered: u64,
    open: BTreeMap<u64, Open>,
}

/// A chunk of which some bytes are still to come.
struct Open {
    covered: usize,
    /// `None` while all of it is zeros.
    bytes: Option<Vec<u8>>,
}

impl<'s> Assembler<'s> {
    pub(crate) fn new(size: u64, sink: &'s mut dyn Sink) -> Self {
        Self {
            sink,
            size,
            covered: 0,
            open: BTreeMap::new(),
        }
    }

    /// Length of a chunk: all but the last are whole.
    fn length(&self, index: u64) -> usize {
        let rest = self.size - index * CHUNK as u64;
        usize::try_from(rest).map_or(CHUNK, |rest| rest.min(CHUNK))
    }

    fn check(&self, offset: u64, len: u64) -> io::Result<()> {
        match offset.checked_add(len) {
            Some(end) if end <= self.size => Ok(()),
            _ => Err(io::Error::other("a region ends past the disk")),
        }
    }

    pub(crate) fn data(&mut self, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
        self.check(offset, bytes.len() as u64)?;
        while !bytes.is_empty() {
            let (index, from) = place(offset);
            let length = self.length(index);
            let take = bytes.len().min(length - from);
            let sink = &mut self.sink;
            let open = self.open.entry(index).or_insert(Open {
                covered: 0,
                bytes: None,
            });
            let buffer = open.bytes.get_or_insert_with(|| {
                let mut buffer = sink.spare().unwrap_or_default();
                buffer.clear();
                if take < length {
                    buffer.resize(length, 0);
                }
                buffer
            });
            if buffer.is_empty() {
                buffer.extend_from_slice(&bytes[..take]);
            } else {
                buffer[from..from + take].copy_from_slice(&bytes[..take]);
            }
            self.cover(index, take)?;
            offset += take as u64;
            bytes = &bytes[take..];
        }
        Ok(())
    }

    pub(crate) fn zeros(&mut self, offset: u64, len: u64) -> io::Result<()> {
        self.check(offset, len)?;
        let end = offset + len;
        let mut at = offset;
        while at < end {
            let (index, from) = place(at);
            let length = self.length(index);
            let take = usize::try_from(end - at).map_or(length - from, |n| n.min(length - from));
            if from == 0 && take == length {
                // Whole chunks of zeros are the bulk of a large disk: they cost nothing.
                let last = end / CHUNK as u64;
                let whole = self
                    .open
                    .range(index..)
                    .next()
                    .map_or(last, |(open, _)| last.min(*open))
                    .max(index + 1);
                let jump = (whole * CHUNK as u64).min(self.size) - at;
                self.covered += jump;
                at += jump;
                continue;
            }
            self.open.entry(index).or_insert(Open {
                covered: 0,
                bytes: None,
            });
            self.cover(index, take)?;
            at += take as u64;
        }
        Ok(())
    }

    fn cover(&mut self, index: u64, len: usize) -> io::Result<()> {
        self.covered += len as u64;
        let length = self.length(index);
        let open = self.open.get_mut(&index).expect("the caller opened it");
        open.covered += len;
        if open.covered > length {
            return Err(twice());
        }
        if open.covered == length
            && let Some(bytes) = self.open.remove(&index).and_then(|open| open.bytes)
            && !is_zero(&bytes)
        {
            self.sink.put(Chunk { index, bytes })?;
        }
        Ok(())
    }

    /// Says that whatever is below `offset` has been given: see [`Sink::settled`].
    pub(crate) fn settle(&mut self, offset: u64) -> io::Result<()> {
        let index = offset / CHUNK as u64;
        let first_open = self.open.keys().next().copied().unwrap_or(u64::MAX);
        self.sink.settled(index.min(first_open))
    }

    /// Ends the disk: every byte must have been given once.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if !self.open.is_empty() || self.covered != self.size {
            return Err(twice());
        }
        self.settle(u64::MAX)
    }
}

fn place(offset: u64) -> (u64, usize) {
    let from = offset % CHUNK as u64;
    (
        offset / CHUNK as u64,
        usize::try_from(from).expect("less than a chunk"),
    )
}

fn twice() -> io::Error {
    io::Error::other("regions of the disk overlap or leave gaps")
}

#[cfg(test)]
mod tests;
