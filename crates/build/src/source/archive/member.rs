//! The members of a tar archive, one after the other, with what headers in front of them say.
//!
//! ```text
//! member:   a header of 512 bytes, then its bytes, filled up to 512
//! in front: "x" PAX records of the next member, "g" of all that follow, "L" and "K" GNU's long name
//!           and link target
//! "S":      GNU's old form of a file with holes: pairs of place and length in the header, and in
//!           blocks of 21 pairs behind it; the bytes are those of the pairs
//! PAX 1.0:  the pairs in decimal lines before the bytes, their number first, filled up to 512
//! end:      a block of zeros
//! ```
//!
//! The `tar` crate reads the fields; what is between members it takes by lines, and records with
//! an end of line in them, as attributes may have, by mistake.

use std::io::{self, Read};
use std::ops::Range;

use goldsmith_disk::tree::{Attributes, Time, Xattrs};
use tar::{EntryType, GnuExtSparseHeader, Header};

use super::pax::Pax;

const BLOCK: u64 = 512;
/// The longest header in front of a member; attributes of a file have 64 KiB at most.
const EXTRA_MAX: u64 = 4 << 20;
/// The most stretches of a file with holes.
const RANGES_MAX: u64 = 1 << 20;

/// What is wrong with an archive, or with the reading of it.
#[derive(Debug)]
pub(super) enum Problem {
    Refused(String),
    Io(io::Error),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Refused("it is cut short".to_owned()),
            _ => Self::Io(error),
        }
    }
}

pub(super) fn refuse<T>(detail: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Refused(detail.into()))
}

/// One member.
#[derive(Debug)]
pub(super) struct Member {
    /// As the archive has it.
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) kind: EntryType,
    pub(super) attributes: Attributes,
    pub(super) device: (u32, u32),
    /// Length of a file, and where it has data.
    pub(super) size: u64,
    pub(super) data: Vec<Range<u64>>,
}

/// Reads members; as a reader the bytes of the one that came last.
pub(super) struct Members<R> {
    reader: R,
    /// Bytes of the member that are still to be read, and what fills them up.
    left: u64,
    padding: u64,
    global: Pax,
}

impl<R: Read> Members<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            left: 0,
            padding: 0,
            global: Pax::default(),
        }
    }

    /// The next member; `None` at the end mark.
    pub(super) fn next(&mut self) -> Result<Option<Member>, Problem> {
        let mut pax = self.global.clone();
        let (mut path, mut link) = (None, None);
        loop {
            self.skip()?;
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let kind = header.entry_type();
            let size = header.entry_size().map_err(number)?;
            match kind {
                EntryType::XHeader => {
                    let records = self.extra(size)?;
                    pax.add(&records).map_or_else(broken_records, Ok)?;
                }
                EntryType::XGlobalHeader => {
                    let records = self.extra(size)?;
                    self.global
                        .add(&records)
                        .and_then(|()| pax.add(&records))
                        .map_or_else(broken_records, Ok)?;
                }
                EntryType::GNULongName => path = Some(text(self.extra(size)?)),
                EntryType::GNULongLink => link = Some(text(self.extra(size)?)),
                _ => return self.member(&header, &pax, path, link).map(Some),
            }
        }
    }

    /// Reads a header; `None` for a block of zeros.
    fn header(&mut self) -> Result<Option<Header>, Problem> {
        let mut header = Header::new_old();
        self.reader.read_exact(header.as_mut_bytes())?;
        let bytes = header.as_bytes();
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        // The checksum's own place counts as spaces.
        let sum = |range: Range<usize>| bytes[range].iter().map(|b| u32::from(*b)).sum::<u32>();
        let expected = sum(0..148) + 8 * u32::from(b' ') + sum(156..512);
        match header.cksum() {
            Ok(found) if found == expected => Ok(Some(header)),
            _ => refuse("it is no tar archive, or is broken"),
        }
    }

    /// All bytes of a header in front of a member.
    fn extra(&mut self, size: u64) -> Result<Vec<u8>, Problem> {
        if size > EXTRA_MAX {
            return refuse("a header in it is too long");
        }
        self.stored(size);
        let mut bytes = vec![0; usize::try_from(size).expect("within the limit")];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn stored(&mut self, size: u64) {
        self.left = size;
        self.padding = size.next_multiple_of(BLOCK) - size;
    }

    /// Goes to the end of a member.
    fn skip(&mut self) -> Result<(), Problem> {
        let rest = self.left.saturating_add(self.padding);
        let skipped = io::copy(&mut (&mut self.reader).take(rest), &mut io::sink())?;
        if skipped < rest {
            return refuse("it is cut short");
        }
        (self.left, self.padding) = (0, 0);
        Ok(())
    }

    fn member(
        &mut self,
        header: &Header,
        pax: &Pax,
        path: Option<Vec<u8>>,
        link: Option<Vec<u8>>,
    ) -> Result<Member, Problem> {
        let path = pax
            .get("GNU.sparse.name")
            .or_else(|| pax.get("path"))
            .map(<[u8]>::to_vec)
            .or(path)
            .unwrap_or_else(|| header.path_bytes().into_owned());
        let link = pax
            .get("linkpath")
            .map(<[u8]>::to_vec)
            .or(link)
            .or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned))
            .unwrap_or_default();
        let shown = path.escape_ascii().to_string();
        let bad = |what: &str| Problem::Refused(format!("`{shown}` has no usable {what}"));
        let field = |key: &str, own: io::Result<u64>| match pax.number(key) {
            Some(found) => found.ok_or_else(|| bad(key)),
            None => own.map_err(|_| bad(key)),
        };
        let stored = field("size", header.entry_size())?;
        let id = |key: &str, own| u32::try_from(field(key, own)?).map_err(|_| bad(key));
        let (uid, gid) = (id("uid", header.uid())?, id("gid", header.gid())?);
        let mtime = match pax.time("mtime") {
            Some(found) => found.ok_or_else(|| bad("mtime"))?,
            None => Time {
                seconds: header.mtime().map_err(|_| bad("mtime"))?.cast_signed(),
                nanos: 0,
            },
        };
        let mode = header.mode().map_err(|_| bad("mode"))? & 0o7777;
        let attributes = pax.with(b"SCHILY.xattr.");
        let xattrs: Xattrs = attributes
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect();
        let kind = header.entry_type();
        let device = |part: io::Result<Option<u32>>| part.ok().flatten().unwrap_or(0);
        let mut member = Member {
            path,
            link,
            kind,
            attributes: Attributes {
                mode: u16::try_from(mode).expect("twelve bits"),
                uid,
                gid,
                mtime,
                xattrs,
            },
            device: (device(header.device_major()), device(header.device_minor())),
            size: stored,
            data: Vec::new(),
        };
        let is_file = matches!(
            kind,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse
        );
        // Some writers give links a size, of bytes that are not there.
        self.stored(if is_file { stored } else { 0 });
        if is_file {
            (member.size, member.data) = self.ranges(header, pax, stored)?;
            check(&member, self.left)?;
        }
        Ok(member)
    }

    /// Length of a file, and where it has data; the bytes of it come next.
    fn ranges(
        &mut self,
        header: &Header,
        pax: &Pax,
        stored: u64,
    ) -> Result<(u64, Vec<Range<u64>>), Problem> {
        if header.entry_type() == EntryType::GNUSparse {
            return self.old_ranges(header);
        }
        if pax.get("GNU.sparse.major").is_some() {
            let real = pax.number("GNU.sparse.realsize").flatten();
            let version = (pax.text("GNU.sparse.major"), pax.text("GNU.sparse.minor"));
            let (Some(real), (Some("1"), Some("0"))) = (real, version) else {
                return refuse("its files with holes are of an unknown form");
            };
            return Ok((real, self.listed_ranges()?));
        }
        if let Some(map) = pax.text("GNU.sparse.map") {
            let real = pax.number("GNU.sparse.size").flatten();
            let numbers: Option<Vec<u64>> = map.split(',').map(|n| n.parse().ok()).collect();
            let (Some(real), Some(numbers)) = (real, numbers) else {
                return refuse("its files with holes are broken");
            };
            let pairs = numbers.chunks_exact(2).map(|pair| (pair[0], pair[1]));
            return Ok((real, ranges_of(pairs)?));
        }
        if pax.get("GNU.sparse.numblocks").is_some() {
            return refuse("its files with holes are of an unknown form");
        }
        let whole = std::iter::once(0..stored).filter(|range| !range.is_empty());
        Ok((stored, whole.collect()))
    }

    fn old_ranges(&mut self, header: &Header) -> Result<(u64, Vec<Range<u64>>), Problem> {
        let Some(gnu) = header.as_gnu() else {
            return refuse("its files with holes are of an unknown form");
        };
        let mut pairs = Vec::new();
        let mut take = |sparse: &[tar::GnuSparseHeader]| -> Result<(), Problem> {
            for pair in sparse.iter().filter(|pair| !pair.is_empty()) {
                let place = pair.offset().map_err(number)?;
                pairs.push((place, pair.length().map_err(number)?));
            }
            Ok(())
        };
        take(&gnu.sparse)?;
        let mut is_extended = gnu.is_extended();
        let mut blocks = 0;
        while is_extended {
            let mut more = GnuExtSparseHeader::new();
            self.reader.read_exact(more.as_mut_bytes())?;
            take(more.sparse())?;
            is_extended = more.is_extended();
            blocks += 1;
            if blocks > RANGES_MAX / 21 {
                return refuse("a file in it has too many holes");
            }
        }
        let real = gnu.real_size().map_err(number)?;
        Ok((real, ranges_of(pairs.into_iter())?))
    }

    /// The pairs of PAX 1.0, which stand before the bytes of the file.
    fn listed_ranges(&mut self) -> Result<Vec<Range<u64>>, Problem> {
        let before = self.left;
        let count = self.line()?;
        if count > RANGES_MAX {
            return refuse("a file in it has too many holes");
        }
        let mut pairs = Vec::new();
        for _ in 0..count {
            pairs.push((self.line()?, self.line()?));
        }
        let used = before - self.left;
        let fill = used.next_multiple_of(BLOCK) - used;
        let mut rest = vec![0; usize::try_from(fill).expect("less than a block")];
        self.read_exact(&mut rest)?;
        ranges_of(pairs.into_iter())
    }

    /// A number on a line of its own.
    fn line(&mut self) -> Result<u64, Problem> {
        let mut value: u64 = 0;
        loop {
            let mut byte = [0];
            self.read_exact(&mut byte)?;
            let next = match byte[0] {
                b'\n' => return Ok(value),
                digit @ b'0'..=b'9' => value
                    .checked_mul(10)
                    .and_then(|value| value.checked_add(u64::from(digit - b'0'))),
                _ => None,
            };
            match next {
                Some(next) => value = next,
                None => return refuse("its files with holes are broken"),
            }
        }
    }

    /// Reads on to the end of the bytes, so that whoever unpacks them can check them.
    pub(super) fn drain(mut self) -> Result<(), Problem> {
        io::copy(&mut self.reader, &mut io::sink())?;
        Ok(())
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self.reader.read(&mut buffer[..length])?;
        if read == 0 && length > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

fn number(_: io::Error) -> Problem {
    Problem::Refused("a header in it is broken".to_owned())
}

fn broken_records() -> Result<(), Problem> {
    refuse("a header in it is broken")
}

/// A name that ends with a zero.
fn text(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    bytes
}

/// Pairs of place and length as ranges; empty ones, which say where a file ends, are left out.
fn ranges_of(pairs: impl Iterator<Item = (u64, u64)>) -> Result<Vec<Range<u64>>, Problem> {
    let mut ranges = Vec::new();
    for (start, length) in pairs.filter(|(_, length)| *length > 0) {
        match start.checked_add(length) {
            Some(end) => ranges.push(start..end),
            None => return refuse("its files with holes are broken"),
        }
    }
    Ok(ranges)
}

/// Whether the ranges of a file are in order and as long as what is stored of it.
fn check(member: &Member, stored: u64) -> Result<(), Problem> {
    let (mut end, mut total) = (0, 0_u64);
    for range in &member.data {
        if range.start < end || range.end > member.size {
            return refuse("its files with holes are broken");
        }
        end = range.end;
        total += range.end - range.start;
    }
    if total == stored && member.size <= i64::MAX.cast_unsigned() {
        return Ok(());
    }
    refuse("its files with holes are broken")
}
