//! rpm's own database, `Packages.db`.
//!
//! ```text
//! header, little-endian: "RpmP", version u32 (0), generation u32, pages of slots u32 at 12
//! slots, 16 bytes each, from byte 32 to the end of those pages (4096 bytes each):
//!   "Slot", number of the package u32, place u32 in 16 bytes (0: free), length u32 in 16 bytes
//! blob: "BlbS", number u32, generation u32, bytes u32, then the header of the package
//! ```
//!
//! Source: `lib/backend/ndb/rpmpkg.c` of rpm.

use std::io;

use goldsmith_disk::read::Disk;

use super::{HEADER_MAX, broken};
use crate::view::le32;

const PAGE: u64 = 4096;
/// Pages of a million packages.
const PAGES_MAX: u64 = 4096;

pub(super) fn blobs(
    file: &dyn Disk,
    each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut head = [0; 32];
    file.read_at(0, &mut head)?;
    if &head[..4] != b"RpmP" || le32(&head, 4) != 0 {
        return Err(broken("it is no ndb database"));
    }
    let pages = u64::from(le32(&head, 12));
    if pages > PAGES_MAX {
        return Err(broken("the number of its slots"));
    }
    let mut slots = vec![0; usize::try_from(pages * PAGE).map_err(io::Error::other)?];
    file.read_at(0, &mut slots)?;
    for slot in slots.chunks_exact(16).skip(2) {
        if &slot[..4] != b"Slot" {
            return Err(broken("a slot that is none"));
        }
        let (number, place) = (le32(slot, 4), u64::from(le32(slot, 8)) * 16);
        if place == 0 {
            continue;
        }
        let mut start = [0; 16];
        file.read_at(place, &mut start)?;
        let length = u64::from(le32(&start, 12));
        if &start[..4] != b"BlbS" || le32(&start, 4) != number || length > HEADER_MAX {
            return Err(broken("a blob that is none"));
        }
        if place + 16 + length > file.size() {
            return Err(broken("a blob is outside of it"));
        }
        let mut blob = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_at(place + 16, &mut blob)?;
        each(&blob)?;
    }
    Ok(())
}
