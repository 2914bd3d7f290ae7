//! A header of rpm, as the database has it: without the magic of a file.
//!
//! ```text
//! entries u32, bytes u32, big-endian; entries of 16 bytes: tag, type, place, count, u32 each; bytes
//! types: 3 u16, 4 u32, 6 text, 8 texts, 9 texts of languages; texts end with a zero byte
//! ```

use std::io;

use super::{HEADER_MAX, broken};

/// What is read of a header: `rpmtag.h`.
pub(super) mod tag {
    pub(in super::super) const NAME: u32 = 1000;
    pub(in super::super) const VERSION: u32 = 1001;
    pub(in super::super) const RELEASE: u32 = 1002;
    pub(in super::super) const EPOCH: u32 = 1003;
    pub(in super::super) const VENDOR: u32 = 1011;
    pub(in super::super) const LICENSE: u32 = 1014;
    pub(in super::super) const PACKAGER: u32 = 1015;
    pub(in super::super) const ARCH: u32 = 1022;
    pub(super) const OLD_FILE_NAMES: u32 = 1027;
    pub(in super::super) const FILE_DIGESTS: u32 = 1035;
    pub(in super::super) const FILE_FLAGS: u32 = 1037;
    pub(in super::super) const SOURCE_RPM: u32 = 1044;
    pub(super) const FOLDER_INDICES: u32 = 1116;
    pub(super) const BASE_NAMES: u32 = 1117;
    pub(super) const FOLDER_NAMES: u32 = 1118;
    pub(in super::super) const MODULE: u32 = 5096;
}

/// A header whose places all lie within it.
pub(super) struct Header<'b> {
    entries: &'b [u8],
    data: &'b [u8],
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(std::array::from_fn(|i| bytes[at + i]))
}

impl<'b> Header<'b> {
    pub(super) fn read(blob: &'b [u8]) -> io::Result<Self> {
        let short = || broken("the header of a package is cut short");
        let (head, rest) = blob.split_at_checked(8).ok_or_else(short)?;
        let entries = u64::from(be32(head, 0)) * 16;
        let data = u64::from(be32(head, 4));
        if entries + data > HEADER_MAX {
            return Err(broken("the header of a package is too large"));
        }
        let entries = usize::try_from(entries).map_err(|_| short())?;
        let (entries, rest) = rest.split_at_checked(entries).ok_or_else(short)?;
        let data = usize::try_from(data).map_err(|_| short())?;
        let data = rest.get(..data).ok_or_else(short)?;
        Ok(Self { entries, data })
    }

    /// Type, count and bytes from its place on; `None`: it has no such tag.
    fn find(&self, tag: u32) -> Option<(u32, usize, &'b [u8])> {
        let mut rows = self.entries.chunks_exact(16);
        let row = rows.find(|row| be32(row, 0) == tag)?;
        let place = usize::try_from(be32(row, 8)).ok()?;
        let count = usize::try_from(be32(row, 12)).ok()?;
        Some((be32(row, 4), count, self.data.get(place..)?))
    }

    pub(super) fn text(&self, tag: u32) -> Option<String> {
        self.texts(tag).into_iter().next()
    }

    pub(super) fn texts(&self, tag: u32) -> Vec<String> {
        let Some((kind @ (6 | 8 | 9), count, data)) = self.find(tag) else {
            return Vec::new();
        };
        let count = if kind == 6 { 1 } else { count };
        let texts = data.split(|byte| *byte == 0).take(count);
        texts
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .collect()
    }

    pub(super) fn numbers(&self, tag: u32) -> Vec<u32> {
        match self.find(tag) {
            Some((3, count, data)) => {
                let rows = data.chunks_exact(2).take(count);
                rows.map(|row| u32::from(u16::from_be_bytes([row[0], row[1]])))
                    .collect()
            }
            Some((4, count, data)) => {
                let rows = data.chunks_exact(4).take(count);
                rows.map(|row| be32(row, 0)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The paths of its files, in their order.
    pub(super) fn paths(&self) -> Vec<String> {
        let old = self.texts(tag::OLD_FILE_NAMES);
        if !old.is_empty() {
            return old;
        }
        let folders = self.texts(tag::FOLDER_NAMES);
        let indices = self.numbers(tag::FOLDER_INDICES);
        let folder = |at: usize| {
            let index = usize::try_from(*indices.get(at)?).ok()?;
            folders.get(index)
        };
        let names = self.texts(tag::BASE_NAMES);
        let paths = names.iter().enumerate().map(|(at, name)| {
            // A broken row keeps its place: digests go by it.
            folder(at).map_or_else(String::new, |folder| format!("{folder}{name}"))
        });
        paths.collect()
    }
}
