//! Where a format goes, and the place up to which it has been written.

use std::io;

use sha2::{Digest as _, Sha256};

/// Takes a file from its beginning to its end.
pub trait Target {
    /// Adds bytes.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Adds zeros, which need not be stored.
    fn skip(&mut self, length: u64) -> io::Result<()>;

    /// Writes over bytes that were appended. Only formats that say that they are
    /// [`unstreamed`](super::Format::unstreamed) ask for it.
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
}

/// A target that knows how far it is. Places are counted from where it began.
pub(super) struct Out<'t> {
    target: &'t mut dyn Target,
    at: u64,
}

impl<'t> Out<'t> {
    pub(super) fn new(target: &'t mut dyn Target) -> Self {
        Self { target, at: 0 }
    }

    /// Where the next byte goes.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.target.append(bytes)
    }

    /// Zeros up to a place that is not behind.
    pub(super) fn skip_to(&mut self, offset: u64) -> io::Result<()> {
        let length = offset
            .checked_sub(self.at)
            .expect("a format places what it writes in order");
        self.at = offset;
        if length == 0 {
            return Ok(());
        }
        self.target.skip(length)
    }

    /// Zeros up to the next multiple.
    pub(super) fn align(&mut self, to: u64) -> io::Result<()> {
        self.skip_to(self.at.next_multiple_of(to))
    }

    pub(super) fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.target.patch(offset, bytes)
    }
}

/// Passes on to a target, and digests what goes.
pub(super) struct Digested<'o, 't> {
    out: &'o mut Out<'t>,
    hasher: Sha256,
}

impl<'o, 't> Digested<'o, 't> {
    pub(super) fn new(out: &'o mut Out<'t>) -> Self {
        Self {
            out,
            hasher: Sha256::new(),
        }
    }

    /// The SHA-256 of all that went.
    pub(super) fn finish(self) -> [u8; 32] {
        self.hasher.finalize().into()
    }
}

impl Target for Digested<'_, '_> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.out.append(bytes)
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        let end = self.out.at() + length;
        zeros(length, |bytes| {
            self.hasher.update(bytes);
            Ok(())
        })?;
        self.out.skip_to(end)
    }

    fn patch(&mut self, _offset: u64, _bytes: &[u8]) -> io::Result<()> {
        Err(io::Error::other("what was digested cannot be patched"))
    }
}

/// Gives out as many zeros as asked for, in pieces.
pub fn zeros(mut length: u64, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
    while length > 0 {
        let piece = usize::try_from(length).map_or(ZEROS.len(), |n| n.min(ZEROS.len()));
        take(&ZEROS[..piece])?;
        length -= piece as u64;
    }
    Ok(())
}
