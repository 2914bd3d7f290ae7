//! The table `Packages` of a database of SQLite, with what is still in its log.
//!
//! ```text
//! page 1: "SQLite format 3\0", bytes of a page u16 at 16 (1: 65536), bytes kept free u8 at 20; its
//!         tree begins at 100 and lists tables: type, name, table, root page, text
//! page:   kind u8 (5: pages below, 13: rows), cells u16 at 3, last page below u32 at 8; places of
//!         cells, u16 each, from 8 or 12 on
//! cell:   of kind 5: page u32; of kind 13: length, number (both of 1 to 9 bytes), row, and, where
//!         the row is longer than fits, the page it goes on in u32
//! row:    length of the head, kind of each column; the columns
//! log:    32 bytes, salt at 16; frames: page u32, pages of the database u32 (not 0: committed), salt
//!         of 8 bytes, sums of 8, the page
//! ```
//!
//! Numbers are big-endian. Source: `fileformat2.html` of SQLite.

use std::collections::BTreeMap;
use std::io;

use goldsmith_disk::read::Disk;

use super::{HEADER_MAX, broken};

/// As deep as trees of a billion rows.
const DEPTH_MAX: usize = 20;

struct Pages<'d> {
    file: &'d dyn Disk,
    log: Option<&'d dyn Disk>,
    size: usize,
    /// Without what is kept free.
    usable: usize,
    /// Where the log has a newer page.
    newer: BTreeMap<u32, u64>,
    /// Pages that may still be read: more than there are is a loop.
    left: u64,
}

fn be16(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(std::array::from_fn(|i| bytes[at + i]))
}

/// A number of 1 to 9 bytes, and the bytes behind it.
fn varint(bytes: &[u8]) -> io::Result<(u64, &[u8])> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Ok((number << 8 | u64::from(*byte), &bytes[9..]));
        }
        number = number << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Ok((number, &bytes[at + 1..]));
        }
    }
    Err(broken("a row is cut short"))
}

impl<'d> Pages<'d> {
    fn open(file: &'d dyn Disk, log: Option<&'d dyn Disk>) -> io::Result<Self> {
        let mut head = [0; 100];
        file.read_at(0, &mut head)?;
        let size = match be16(&head, 16) {
            1 => 65_536,
            size => size,
        };
        let usable = size.saturating_sub(usize::from(head[20]));
        if !head.starts_with(b"SQLite format 3\0") || !size.is_power_of_two() || usable < 480 {
            return Err(broken("it is no database of SQLite"));
        }
        let mut pages = Self {
            file,
            log,
            size,
            usable,
            newer: BTreeMap::new(),
            left: 0,
        };
        if let Some(log) = log {
            pages.read_log(log)?;
        }
        pages.left = file.size() / size as u64 + pages.newer.len() as u64 + 1;
        Ok(pages)
    }

    /// The newest committed version of each page in the log.
    fn read_log(&mut self, log: &dyn Disk) -> io::Result<()> {
        let mut head = [0; 32];
        if log.read_at(0, &mut head).is_err() || be32(&head, 8) as usize != self.size {
            return Ok(());
        }
        let frame = 24 + self.size as u64;
        let mut open = BTreeMap::new();
        let mut at = 32;
        while at + frame <= log.size() {
            let mut start = [0; 24];
            log.read_at(at, &mut start)?;
            // What is left of an older log has another salt.
            if start[8..16] != head[16..24] {
                break;
            }
            open.insert(be32(&start, 0), at + 24);
            if be32(&start, 4) != 0 {
                self.newer.append(&mut open);
            }
            at += frame;
        }
        Ok(())
    }

    fn page(&mut self, number: u32) -> io::Result<Vec<u8>> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| broken("its pages go round in a circle"))?;
        let mut page = vec![0; self.size];
        if let (Some(place), Some(log)) = (self.newer.get(&number), self.log) {
            log.read_at(*place, &mut page)?;
            return Ok(page);
        }
        let index = number.checked_sub(1);
        let index = index.ok_or_else(|| broken("a page is outside of it"))?;
        let place = u64::from(index) * self.size as u64;
        self.file.read_at(place, &mut page)?;
        Ok(page)
    }

    /// Gives every row of the tree at a page.
    fn rows(
        &mut self,
        root: u32,
        depth: usize,
        each: &mut dyn FnMut(&mut Self, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if depth > DEPTH_MAX {
            return Err(broken("its pages go round in a circle"));
        }
        let page = self.page(root)?;
        let start = if root == 1 { 100 } else { 0 };
        let (kind, cells) = (page[start], be16(&page, start + 3));
        let head = match kind {
            5 => 12,
            13 => 8,
            _ => return Err(broken("a page of another kind")),
        };
        let places = page.get(start + head..start + head + cells * 2);
        let places = places.ok_or_else(|| broken("a page has too many cells"))?;
        for place in places.chunks_exact(2) {
            let cell = page.get(be16(place, 0)..self.usable);
            let cell = cell.filter(|cell| cell.len() >= 4);
            let cell = cell.ok_or_else(|| broken("a cell is outside of its page"))?;
            if kind == 5 {
                self.rows(be32(cell, 0), depth + 1, each)?;
                continue;
            }
            let row = self.row(cell)?;
            each(self, &row)?;
        }
        if kind == 5 {
            self.rows(be32(&page, start + 8), depth + 1, each)?;
        }
        Ok(())
    }

    /// The whole of a row, with what stands in pages of its own.
    fn row(&mut self, cell: &[u8]) -> io::Result<Vec<u8>> {
        let (length, rest) = varint(cell)?;
        let (_, rest) = varint(rest)?;
        if length > HEADER_MAX {
            return Err(broken("a row is too long"));
        }
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let most = self.usable - 35;
        let here = if length <= most {
            length
        } else {
            let least = (self.usable - 12) * 32 / 255 - 23;
            let fit = least + (length - least) % (self.usable - 4);
            if fit <= most { fit } else { least }
        };
        let short = || broken("a row is cut short");
        let (part, rest) = rest.split_at_checked(here).ok_or_else(short)?;
        let mut row = part.to_vec();
        if here == length {
            return Ok(row);
        }
        let mut next = be32(rest.get(..4).ok_or_else(short)?, 0);
        while row.len() < length {
            let page = self.page(next)?;
            let more = (length - row.len()).min(self.usable - 4);
            row.extend(&page[4..4 + more]);
            next = be32(&page, 0);
        }
        Ok(row)
    }
}

/// The columns of a row: bytes of texts and blobs, numbers as their big-endian bytes.
fn columns(row: &[u8]) -> io::Result<Vec<&[u8]>> {
    let short = || broken("a row is cut short");
    let (length, rest) = varint(row)?;
    let length = usize::try_from(length).map_err(|_| short())?;
    let head = row.len() - rest.len();
    let mut kinds = row.get(head..length).ok_or_else(short)?;
    let mut body = row.get(length..).ok_or_else(short)?;
    let mut columns = Vec::new();
    while !kinds.is_empty() {
        let (kind, rest) = varint(kinds)?;
        kinds = rest;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            kind => kind.saturating_sub(12) / 2,
        };
        let length = usize::try_from(length).map_err(|_| short())?;
        let (column, rest) = body.split_at_checked(length).ok_or_else(short)?;
        columns.push(column);
        body = rest;
    }
    Ok(columns)
}

pub(super) fn blobs(
    file: &dyn Disk,
    log: Option<&dyn Disk>,
    each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut pages = Pages::open(file, log)?;
    let mut root = None;
    pages.rows(1, 0, &mut |_, row| {
        if let [kind, name, _, page, ..] = columns(row)?[..]
            && kind == b"table"
            && name == b"Packages"
        {
            let page = page.iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
            root = u32::try_from(page).ok();
        }
        Ok(())
    })?;
    let root = root.ok_or_else(|| broken("it has no table of packages"))?;
    pages.rows(root, 0, &mut |_, row| match columns(row)?[..] {
        [_, blob, ..] => each(blob),
        _ => Err(broken("a row without a header")),
    })
}
