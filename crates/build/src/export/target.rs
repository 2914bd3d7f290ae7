//! Where the bytes of a format go: a file with holes, or a stream without.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::os::unix::fs::FileExt as _;

use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_disk::fmt::{Target, zeros};

use super::flush::Flusher;

/// Zeros that are not stored cost as much to hash as others: of more the digest is not known.
const ZEROS_MAX: u64 = 4 << 30;
const BUFFER: usize = 256 << 10;

/// Hashes what goes, until there are too many zeros.
struct Digest {
    hasher: Option<Hasher>,
    zeros: u64,
}

impl Digest {
    fn new(is_wanted: bool) -> Self {
        Self {
            hasher: is_wanted.then(Hasher::new),
            zeros: 0,
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
    }

    fn zeros(&mut self, length: u64) -> io::Result<()> {
        self.zeros = self.zeros.saturating_add(length);
        if self.zeros > ZEROS_MAX {
            self.hasher = None;
        }
        match &mut self.hasher {
            None => Ok(()),
            Some(hasher) => zeros(length, |bytes| hasher.write_all(bytes)),
        }
    }

    fn finish(self) -> Option<Sha256> {
        self.hasher.map(Hasher::finish)
    }
}

/// An empty file.
pub(super) struct FileTarget<'f> {
    file: BufWriter<&'f File>,
    at: u64,
    digest: Digest,
    flusher: Flusher,
}

impl<'f> FileTarget<'f> {
    pub(super) fn new(file: &'f File, is_digested: bool, flusher: Flusher) -> Self {
        Self {
            file: BufWriter::with_capacity(BUFFER, file),
            at: 0,
            digest: Digest::new(is_digested),
            flusher,
        }
    }

    /// Its length in bytes, and its SHA-256 if that was wanted and could be had. The rest of it is
    /// on its way to the disk.
    pub(super) fn finish(mut self) -> io::Result<(u64, Option<Sha256>)> {
        self.file.flush()?;
        // A hole at the end.
        self.file.get_ref().set_len(self.at)?;
        self.flusher.finish();
        Ok((self.at, self.digest.finish()))
    }
}

impl Target for FileTarget<'_> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.digest.bytes(bytes);
        self.file.write_all(bytes)?;
        self.flusher.written(bytes.len());
        Ok(())
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        self.at += length;
        self.digest.zeros(length)?;
        let length = i64::try_from(length).map_err(io::Error::other)?;
        self.file.seek_relative(length)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().write_all_at(bytes, offset)
    }
}

/// A pipe, standard output.
pub(super) struct StreamTarget<'s> {
    out: BufWriter<&'s mut dyn Write>,
    at: u64,
    digest: Digest,
}

impl<'s> StreamTarget<'s> {
    pub(super) fn new(out: &'s mut dyn Write, is_digested: bool) -> Self {
        Self {
            out: BufWriter::with_capacity(BUFFER, out),
            at: 0,
            digest: Digest::new(is_digested),
        }
    }

    /// How many bytes went, and their SHA-256 if that was wanted and could be had.
    pub(super) fn finish(mut self) -> io::Result<(u64, Option<Sha256>)> {
        self.out.flush()?;
        Ok((self.at, self.digest.finish()))
    }
}

impl Target for StreamTarget<'_> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.digest.bytes(bytes);
        self.out.write_all(bytes)
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        self.at += length;
        self.digest.zeros(length)?;
        zeros(length, |bytes| self.out.write_all(bytes))
    }

    fn patch(&mut self, _offset: u64, _bytes: &[u8]) -> io::Result<()> {
        Err(io::Error::other("a stream cannot be gone back in"))
    }
}
