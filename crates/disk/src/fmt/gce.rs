//! `disk.raw` in a compressed tar archive: what Google Compute Engine takes.
//!
//! ```text
//! gzip: one member, deflate blocks for each unit of 1 MiB, which end on a byte
//!   tar header, old GNU kind, type `S`: name `disk.raw`; bytes that follow; 4 places of data
//!       (offset, length); whether more follow; the size of the disk, whole GiB
//!   further places of data, 21 in 512 bytes, until all are named
//!   the data
//!   zeros up to 512 bytes, and 1024 more
//! ```
//!
//! The last place is at the end of the disk and of no length, as GNU tar writes it. Owner, mode
//! and time are fixed. Sources: Google's page on importing a disk ("`--format=oldgnu -S`, named
//! disk.raw, whole GB"); "Storing sparse files" in GNU tar's manual; RFC 1951 and 1952.

mod blocks;

use std::borrow::Cow;
use std::io;

use crc32fast::Hasher;
use libdeflater::{CompressionLvl, Compressor};
use tar::{EntryType, GnuExtSparseHeader, GnuSparseHeader, Header};

use super::target::Out;
use super::unit::{Todo, Unit, convert, survey};
use super::{Disk, FmtError, Format, Target};
use crate::sparse::CHUNK;

const GIB: u64 = 1 << 30;
const BLOCK: u64 = 512;
/// By measure: smaller than what `gzip` makes, which is at level 6 of its own.
const LEVEL: i32 = 6;

pub(super) static FORMAT: Format = Format {
    name: "gce",
    endings: &[".tar.gz", ".tgz"],
    summary: "sparse disk.raw of whole GiB in a tar.gz: Google Compute Engine",
    unstreamed: None,
    write,
};

fn write(disk: &Disk<'_>, target: &mut dyn Target) -> Result<[u8; 32], FmtError> {
    let units = survey(disk, CHUNK)?;
    let places = places(disk.size, &units);
    let length: u64 = places.iter().map(|(_, length)| length).sum();
    let mut gzip = Gzip::begin(Out::new(target))?;
    let mut deflater = Deflater::new();
    let head = head(disk.size.next_multiple_of(GIB), length, places);
    let head = deflater.deflate(&[&head], false);
    gzip.add(&head)?;
    let work = || {
        let mut deflater = Deflater::new();
        move |unit: &mut Unit| {
            let runs: Vec<&[u8]> = unit.runs().map(|(_, bytes)| bytes).collect();
            deflater.deflate(&runs, false)
        }
    };
    let found = convert(disk, &units, CHUNK, work, |deflated| gzip.add(&deflated))?;
    let padding = length.next_multiple_of(BLOCK) - length + 2 * BLOCK;
    let padding = vec![0; usize::try_from(padding).expect("three blocks at most")];
    let last = deflater.deflate(&[&padding], true);
    gzip.add(&last)?;
    gzip.finish()?;
    Ok(found)
}

/// Where there is data, ascending: offset and length in bytes.
fn places(size: u64, units: &[Todo]) -> Vec<(u64, u64)> {
    let mut places: Vec<(u64, u64)> = Vec::new();
    for unit in units {
        for (from, to) in unit.runs() {
            let from = unit.index * CHUNK as u64 + from as u64;
            let to = (unit.index * CHUNK as u64 + to as u64).min(size);
            match places.last_mut() {
                Some((offset, length)) if *offset + *length == from => *length = to - *offset,
                _ => places.push((from, to - from)),
            }
        }
    }
    places
}

/// The tar header and the blocks of places after it.
fn head(size: u64, length: u64, mut places: Vec<(u64, u64)>) -> Vec<u8> {
    let ends_with_data = places
        .last()
        .is_some_and(|(offset, length)| offset + length == size);
    if !ends_with_data {
        places.push((size, 0));
    }
    let set = |slots: &mut [GnuSparseHeader], places: &[(u64, u64)]| {
        for (slot, (offset, length)) in slots.iter_mut().zip(places) {
            slot.set_offset(*offset);
            slot.set_length(*length);
        }
    };
    let mut header = Header::new_gnu();
    let gnu = header.as_gnu_mut().expect("made as one");
    gnu.name[..8].copy_from_slice(b"disk.raw");
    let (first, mut rest) = places.split_at(places.len().min(gnu.sparse.len()));
    set(&mut gnu.sparse, first);
    gnu.set_is_extended(!rest.is_empty());
    gnu.set_real_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(length);
    header.set_entry_type(EntryType::GNUSparse);
    header.set_cksum();
    let mut head = header.as_bytes().to_vec();
    while !rest.is_empty() {
        let mut block = GnuExtSparseHeader::new();
        let (here, later) = rest.split_at(rest.len().min(block.sparse.len()));
        rest = later;
        set(&mut block.sparse, here);
        block.set_is_extended(!rest.is_empty());
        head.extend(block.as_bytes());
    }
    head
}

/// Compressed bytes, and what the gzip member has to know of those that they were.
struct Deflated {
    bytes: Vec<u8>,
    crc: Hasher,
    length: u64,
}

struct Deflater {
    deflate: Compressor,
}

impl Deflater {
    fn new() -> Self {
        let level = CompressionLvl::new(LEVEL).expect("a level that there is");
        Self {
            deflate: Compressor::new(level),
        }
    }

    /// Blocks that need nothing of those before them, and end on a byte; the last bytes' end the
    /// stream.
    fn deflate(&mut self, parts: &[&[u8]], is_last: bool) -> Deflated {
        let whole = match parts {
            [part] => Cow::Borrowed(*part),
            parts => Cow::Owned(parts.concat()),
        };
        let mut bytes = vec![0; self.deflate.deflate_compress_bound(whole.len())];
        let length = self.deflate.deflate_compress(&whole, &mut bytes);
        bytes.truncate(length.expect("the buffer is as large as it may have to be"));
        if !is_last {
            blocks::go_on(&mut bytes).expect("the compressor makes whole streams");
        }
        let mut crc = Hasher::new();
        crc.update(&whole);
        let length = whole.len() as u64;
        Deflated { bytes, crc, length }
    }
}

/// One gzip member.
struct Gzip<'t> {
    out: Out<'t>,
    crc: Hasher,
    length: u64,
}

impl<'t> Gzip<'t> {
    fn begin(mut out: Out<'t>) -> io::Result<Self> {
        // No name, no time, no system.
        out.append(&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])?;
        Ok(Self {
            out,
            crc: Hasher::new(),
            length: 0,
        })
    }

    fn add(&mut self, deflated: &Deflated) -> io::Result<()> {
        self.crc.combine(&deflated.crc);
        self.length += deflated.length;
        self.out.append(&deflated.bytes)
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.append(&self.crc.finalize().to_le_bytes())?;
        // The length as far as 32 bits hold it.
        self.out.append(&self.length.to_le_bytes()[..4])
    }
}
