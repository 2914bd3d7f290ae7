//! A hash of Berkeley DB, `Packages`, as rpm used it up to 4.16.
//!
//! ```text
//! page 0: magic 061561 at 12, which tells the byte order; bytes of a page u32 at 20; kind 8 at 25;
//!         number of the last page u32 at 32
//! page:   next page u32 at 16, entries u16 at 20, used bytes u16 at 22, kind u8 at 25
//!   kind 2, 13: places of keys and values by turns, u16 each from 26 on
//!               a value of kind 3 stands elsewhere: its page u32 at 4, its bytes u32 at 8
//!   kind 7:     used bytes from 26 on, the rest in the next page
//! ```
//!
//! Headers of packages are too large to stand in a page of a hash. Source: Berkeley DB,
//! `dbinc/db_page.h`.

use std::io;

use goldsmith_disk::read::Disk;

use super::{HEADER_MAX, broken};

const MAGIC: u32 = 0x0006_1561;
const KIND_META: u8 = 8;
const KIND_HASH: [u8; 2] = [2, 13];
const KIND_OVERFLOW: u8 = 7;
/// In a hash: the value stands in other pages.
const OFF_PAGE: u8 = 3;
const HEAD: usize = 26;

struct Pages<'d> {
    file: &'d dyn Disk,
    is_big: bool,
    size: usize,
    last: u32,
}

impl Pages<'_> {
    fn u16(&self, bytes: &[u8], at: usize) -> usize {
        let pair = [bytes[at], bytes[at + 1]];
        usize::from(if self.is_big {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        })
    }

    fn u32(&self, bytes: &[u8], at: usize) -> u32 {
        let four = std::array::from_fn(|i| bytes[at + i]);
        if self.is_big {
            u32::from_be_bytes(four)
        } else {
            u32::from_le_bytes(four)
        }
    }

    fn page(&self, number: u32) -> io::Result<Vec<u8>> {
        if number > self.last {
            return Err(broken("a page is outside of it"));
        }
        let mut page = vec![0; self.size];
        self.file
            .read_at(u64::from(number) * self.size as u64, &mut page)?;
        Ok(page)
    }

    /// What stands in pages of its own.
    fn value(&self, first: u32, length: u32) -> io::Result<Vec<u8>> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        if length as u64 > HEADER_MAX.min(self.file.size()) {
            return Err(broken("a value is too large"));
        }
        let mut value = Vec::with_capacity(length);
        let mut next = first;
        while value.len() < length {
            let page = self.page(next)?;
            let used = self.u16(&page, 22);
            let part = page.get(HEAD..HEAD + used).filter(|part| !part.is_empty());
            let part = part.filter(|_| page[25] == KIND_OVERFLOW);
            value.extend(part.ok_or_else(|| broken("a value is cut short"))?);
            next = self.u32(&page, 16);
        }
        value.truncate(length);
        Ok(value)
    }
}

pub(super) fn blobs(
    file: &dyn Disk,
    each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut head = [0; 72];
    file.read_at(0, &mut head)?;
    let mut pages = Pages {
        file,
        is_big: false,
        size: 0,
        last: 0,
    };
    pages.is_big = pages.u32(&head, 12) != MAGIC;
    if pages.u32(&head, 12) != MAGIC || head[25] != KIND_META {
        return Err(broken("it is no hash of Berkeley DB"));
    }
    pages.size = usize::try_from(pages.u32(&head, 20)).map_err(io::Error::other)?;
    if !pages.size.is_power_of_two() || !(512..=65_536).contains(&pages.size) {
        return Err(broken("the size of its pages"));
    }
    pages.last = pages.u32(&head, 32);
    if u64::from(pages.last) >= file.size().div_ceil(pages.size as u64) {
        return Err(broken("it is cut short"));
    }
    for number in 1..=pages.last {
        let page = pages.page(number)?;
        if !KIND_HASH.contains(&page[25]) {
            continue;
        }
        let places = page[HEAD..].chunks_exact(2).take(pages.u16(&page, 20));
        // Keys and values by turns.
        for place in places.skip(1).step_by(2) {
            let place = pages.u16(place, 0);
            let Some(entry) = page.get(place..).filter(|entry| entry.len() >= 12) else {
                continue;
            };
            if entry[0] == OFF_PAGE {
                let value = pages.value(pages.u32(entry, 4), pages.u32(entry, 8))?;
                each(&value)?;
            }
        }
    }
    Ok(())
}
