//! The formats in which a disk is handed over: what clouds and hypervisors take, compressed or not.
//!
//! ```text
//! Disk: size, where there may be data, how to read it
//!   │   units of 1 MiB or more, read, digested and compressed on every processor  (unit)
//!   ▼
//! one format, a file each: places what comes, in the order of the disk             (raw, qcow2, ...)
//!   ▼
//! Target: append, skip, and for some formats patch: a file or a pipe of the caller (target)
//! ```
//!
//! A format costs by what is allocated: holes are never read, zeros never stored. Its bytes are a
//! function of the disk's content and of [`Machine`]: identifiers come from the disk digest, no
//! clock and no number of threads gets in. To add a format: a file with its record and its
//! drawing, a line in [`all`]; the oracles of `tests/it/fmt.rs` then hold it against the raw disk.

mod gce;
mod ova;
mod qcow2;
mod raw;
mod target;
#[cfg(test)]
mod tests;
mod unit;
mod vhd;
mod vhdx;
mod vmdk;
mod zst;

use std::io;
use std::num::NonZero;
use std::ops::Range;

pub use target::{Target, zeros};

/// Bytes of a disk. Called from several threads at once.
pub trait Source: Sync {
    /// Fills the buffer with what begins at `offset`, in bytes.
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// A disk to be handed over.
pub struct Disk<'d> {
    /// Its bytes.
    pub source: &'d dyn Source,
    /// Its size in bytes.
    pub size: u64,
    /// Where there may be data: ascending, apart, within the size. All else is zeros, and is
    /// not read.
    pub data: &'d [Range<u64>],
    /// The disk digest it should have ([`crate::sparse`]): identifiers are derived from it.
    pub digest: [u8; 32],
    /// What formats that describe a machine say of it.
    pub machine: Machine<'d>,
    /// How many threads read and compress.
    pub threads: NonZero<usize>,
    /// Learns, on the caller's thread, up to where the disk has been written. An error ends the work.
    pub progress: &'d (dyn Fn(u64) -> io::Result<()> + Sync),
}

impl std::fmt::Debug for Disk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk")
            .field("size", &self.size)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// The machine that a disk is for, as far as an image can know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine<'d> {
    /// Its name: a file name and an XML text.
    pub name: &'d str,
    /// Whether its firmware is UEFI; else BIOS.
    pub is_uefi: bool,
}

/// A disk that could not be handed over.
#[derive(Debug, thiserror::Error)]
pub enum FmtError {
    /// The disk cannot be read.
    #[error("cannot read the disk")]
    Read(#[source] io::Error),
    /// The target cannot be written, or `progress` said stop: every error that a format meets is
    /// this one.
    #[error("cannot write the file")]
    Write(#[from] io::Error),
    /// The format cannot hold so large a disk.
    #[error("`{format}` holds {max} bytes at most, the disk has {size}")]
    TooLarge {
        /// Name of the format.
        format: &'static str,
        /// Bytes of the disk.
        size: u64,
        /// Bytes that it can hold.
        max: u64,
    },
}

/// A format: its record.
#[derive(Debug)]
pub struct Format {
    /// What `--format` calls it.
    pub name: &'static str,
    /// How names of its files end; the first is the usual one.
    pub endings: &'static [&'static str],
    /// One line: what it is and who takes it.
    pub summary: &'static str,
    /// Why it cannot be written to a pipe, if it cannot.
    pub unstreamed: Option<&'static str>,
    write: fn(&Disk<'_>, &mut dyn Target) -> Result<[u8; 32], FmtError>,
}

/// Every format.
pub fn all() -> &'static [&'static Format] {
    ALL
}

static ALL: &[&Format] = &[
    &raw::FORMAT,
    &zst::FORMAT,
    &qcow2::ZSTD,
    &qcow2::ZLIB,
    &vmdk::FORMAT,
    &ova::FORMAT,
    &vhd::FIXED,
    &vhd::DYNAMIC,
    &vhdx::FORMAT,
    &gce::FORMAT,
];

impl Format {
    /// The format of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|format| format.name == name)
    }

    /// The format that a file of this name has: the longest ending decides.
    pub fn of_file(name: &str) -> Option<&'static Self> {
        let endings = ALL
            .iter()
            .flat_map(|format| format.endings.iter().map(|ending| (*ending, *format)));
        endings
            .filter(|(ending, _)| name.ends_with(ending))
            .max_by_key(|(ending, _)| ending.len())
            .map(|(_, format)| format)
    }

    /// Writes a disk in this format. Gives the disk digest of what was read: what was written is
    /// worth something only if it is the expected one.
    pub fn write(&self, disk: &Disk<'_>, target: &mut dyn Target) -> Result<[u8; 32], FmtError> {
        (self.write)(disk, target)
    }
}
