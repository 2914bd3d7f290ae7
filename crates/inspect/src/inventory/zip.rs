//! ZIP archives: what is in them, read wherever one wants.
//!
//! ```text
//! end:    "PK" 05 06, at most 64 KiB before the end of the file: entries u16 at 10, bytes of the list
//!         u32 at 12, its place u32 at 16; of larger archives 20 bytes before it "PK" 06 07 with the
//!         place u64 at 8 of "PK" 06 06: entries u64 at 32, bytes u64 at 40, place u64 at 48
//! list:   "PK" 01 02, method u16 at 10, packed u32 at 20, plain u32 at 24, lengths of name, extra and
//!         comment u16 at 28, 30, 32, place of the entry u32 at 42, name at 46
//! entry:  "PK" 03 04, lengths of name and extra u16 at 26 and 28; then the content
//! extra:  kind 1: plain, packed, place, u64 each, of those that are all ones above
//! ```
//!
//! Source: APPNOTE.TXT, PKWARE. Something may stand before the archive: places count from its start.

use std::io::{self, Read as _};

use goldsmith_disk::read::{Disk, Forward, Part};

use crate::view::{le16, le32};

const LIST_MAX: u64 = 128 << 20;
const ENTRIES_MAX: usize = 500_000;
const NONE: u64 = 0xFFFF_FFFF;

/// One file of an archive.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    packed: u64,
    method: u16,
    place: u64,
}

pub(super) struct Zip<'d> {
    file: &'d dyn Disk,
    /// What places count from.
    base: u64,
    pub(super) entries: Vec<Entry>,
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from(le32(bytes, at)) | u64::from(le32(bytes, at + 4)) << 32
}

impl<'d> Zip<'d> {
    pub(super) fn open(file: &'d dyn Disk) -> io::Result<Self> {
        let tail = file.size().min(22 + 65_535 + 20);
        let start = file.size() - tail;
        let mut bytes = vec![0; usize::try_from(tail).map_err(io::Error::other)?];
        file.read_at(start, &mut bytes)?;
        let places = (0..=bytes.len().saturating_sub(22)).rev();
        let mut places = places.filter(|at| bytes[*at..].starts_with(b"PK\x05\x06"));
        let at = places.next().filter(|at| at + 22 <= bytes.len());
        let at = at.ok_or_else(|| broken("it is no ZIP archive"))?;
        let end = &bytes[at..];
        let (mut count, mut length) = (u64::from(le16(end, 10)), u64::from(le32(end, 12)));
        let (mut place, mut end_of_list) = (u64::from(le32(end, 16)), start + at as u64);
        let is_large = count == 0xFFFF || length == NONE || place == NONE;
        let locator = at.checked_sub(20).map(|at| &bytes[at..at + 20]);
        if let Some(locator) = locator.filter(|l| is_large && l.starts_with(b"PK\x06\x07")) {
            let mut large = [0; 56];
            let at = le64(locator, 8);
            file.read_at(at, &mut large)?;
            if !large.starts_with(b"PK\x06\x06") {
                return Err(broken("the end of the archive"));
            }
            (count, length, place) = (le64(&large, 32), le64(&large, 40), le64(&large, 48));
            end_of_list = at;
        }
        if length > LIST_MAX || count > ENTRIES_MAX as u64 {
            return Err(broken("the archive has too many files"));
        }
        // A launcher may stand before the archive.
        let base = end_of_list
            .checked_sub(length)
            .and_then(|at| at.checked_sub(place));
        let base = base.ok_or_else(|| broken("the list of the archive is outside of it"))?;
        let mut list = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_at(base + place, &mut list)?;
        let entries = entries(&list)?;
        Ok(Self {
            file,
            base,
            entries,
        })
    }

    /// The part of the file with the content of an entry, packed or not.
    fn stored(&self, entry: &Entry) -> io::Result<Part<'d>> {
        let mut head = [0; 30];
        let at = self.base.checked_add(entry.place);
        let at = at.ok_or_else(|| broken("an entry is outside of the archive"))?;
        self.file.read_at(at, &mut head)?;
        if !head.starts_with(b"PK\x03\x04") {
            return Err(broken("an entry is not where the list says"));
        }
        let start = at + 30 + u64::from(le16(&head, 26)) + u64::from(le16(&head, 28));
        let end = start.checked_add(entry.packed);
        let end = end.filter(|end| *end <= self.file.size());
        let end = end.ok_or_else(|| broken("an entry is outside of the archive"))?;
        Ok(Part::new(self.file, start..end))
    }

    /// The content of an entry, read where it stands; `None`: it is packed.
    pub(super) fn plain(&self, entry: &Entry) -> io::Result<Option<Part<'d>>> {
        match entry.method {
            0 => self.stored(entry).map(Some),
            _ => Ok(None),
        }
    }

    /// The content of an entry; more than `limit` bytes are an error.
    pub(super) fn read(&self, entry: &Entry, limit: u64) -> io::Result<Vec<u8>> {
        let stored = Forward::new(self.stored(entry)?);
        let mut content = Vec::new();
        let read = match entry.method {
            0 => stored.take(limit + 1).read_to_end(&mut content)?,
            8 => {
                let plain = flate2::read::DeflateDecoder::new(stored);
                plain.take(limit + 1).read_to_end(&mut content)?
            }
            method => return Err(broken(&format!("an entry is packed by method {method}"))),
        };
        if read as u64 > limit {
            return Err(broken(&format!(
                "`{}` has more than {limit} bytes",
                entry.name
            )));
        }
        Ok(content)
    }
}

fn entries(list: &[u8]) -> io::Result<Vec<Entry>> {
    let short = || broken("the list of the archive is cut short");
    let mut entries = Vec::new();
    let mut rest = list;
    while rest.starts_with(b"PK\x01\x02") {
        let (head, after) = rest.split_at_checked(46).ok_or_else(short)?;
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(le16(head, at)));
        let (name, after) = after.split_at_checked(name).ok_or_else(short)?;
        let (extra, after) = after.split_at_checked(extra).ok_or_else(short)?;
        rest = after.get(comment..).ok_or_else(short)?;
        let mut numbers = [24, 20, 42].map(|at| u64::from(le32(head, at)));
        let mut wide = large(extra);
        for number in numbers.iter_mut().filter(|number| **number == NONE) {
            if let Some((next, more)) = wide.split_at_checked(8) {
                *number = le64(next, 0);
                wide = more;
            }
        }
        let [_, packed, place] = numbers;
        if entries.len() >= ENTRIES_MAX {
            return Err(broken("the archive has too many files"));
        }
        entries.push(Entry {
            name: String::from_utf8_lossy(name).into_owned(),
            packed,
            method: le16(head, 10),
            place,
        });
    }
    Ok(entries)
}

/// The numbers that do not fit.
fn large(extra: &[u8]) -> &[u8] {
    let mut rest = extra;
    while rest.len() >= 4 {
        let (kind, length) = (le16(rest, 0), usize::from(le16(rest, 2)));
        let Some(body) = rest.get(4..4 + length) else {
            break;
        };
        if kind == 1 {
            return body;
        }
        rest = &rest[4 + length..];
    }
    &[]
}
