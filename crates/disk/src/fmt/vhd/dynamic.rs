//! A VHD that holds only the blocks in which there is data.
//!
//! ```text
//! footer, as at the end                                            512
//! header: "cxsparse", all ones, where the table is                 8, 8, 8
//!         version 1.0, entries of the table, bytes of a block      4, 4, 4
//!         complement of the sum of all bytes but these             4
//!         nothing of a parent, zeros                               up to 1024
//! table:  sector at which each block of 2 MiB begins, or all ones  4 each, whole sectors
//! blocks: a bit for each of its sectors, all set (512 bytes), then the block
//! footer
//! ```

use super::super::target::Out;
use super::super::unit::{as_it_is, convert, survey};
use super::super::{Disk, FmtError, Target};
use super::{DYNAMIC, Kind, MIB, SECTOR, checked, footer};

const BLOCK: usize = 2 << 20;
const BITMAP: u64 = SECTOR;
const HEADER_AT: u64 = SECTOR;
const TABLE_AT: u64 = HEADER_AT + 1024;
/// 2040 GiB: places are sectors in 32 bits, and Microsoft's tools stop there.
const SIZE_MAX: u64 = 2040 << 30;

pub(super) fn write(disk: &Disk<'_>, target: &mut dyn Target) -> Result<[u8; 32], FmtError> {
    if disk.size > SIZE_MAX {
        let (format, size, max) = (DYNAMIC.name, disk.size, SIZE_MAX);
        return Err(FmtError::TooLarge { format, size, max });
    }
    let blocks = survey(disk, BLOCK)?;
    let size = disk.size.next_multiple_of(MIB);
    let entries = size.div_ceil(BLOCK as u64);
    let first = (TABLE_AT + entries * 4).next_multiple_of(SECTOR);
    let footer = footer(size, &Kind::Dynamic(HEADER_AT), &disk.digest);

    let place = |n: u64| first + n * (BITMAP + BLOCK as u64);
    let mut table = vec![u32::MAX; usize::try_from(entries).expect("2040 GiB of blocks at most")];
    for (n, block) in (0..).zip(&blocks) {
        let sector = u32::try_from(place(n) / SECTOR).expect("2040 GiB of sectors at most");
        table[usize::try_from(block.index).expect("an entry of the table")] = sector;
    }
    let mut out = Out::new(target);
    out.append(&footer)?;
    out.append(&header(
        u32::try_from(entries).expect("2040 GiB of blocks at most"),
    ))?;
    let mut bytes: Vec<u8> = table.iter().flat_map(|entry| entry.to_be_bytes()).collect();
    bytes.resize(bytes.len().next_multiple_of(512), 0xFF);
    out.append(&bytes)?;
    let found = convert(disk, &blocks, BLOCK, as_it_is, |unit| {
        out.append(&[0xFF; 512])?;
        let start = out.at();
        for (at, bytes) in unit.runs() {
            out.skip_to(start + at - unit.offset())?;
            out.append(bytes)?;
        }
        out.skip_to(start + BLOCK as u64)
    })?;
    out.append(&footer)?;
    Ok(found)
}

fn header(entries: u32) -> [u8; 1024] {
    let mut header = Vec::new();
    header.extend(b"cxsparse");
    header.extend(u64::MAX.to_be_bytes());
    header.extend(TABLE_AT.to_be_bytes());
    header.extend(0x0001_0000_u32.to_be_bytes());
    header.extend(entries.to_be_bytes());
    header.extend(u32::try_from(BLOCK).expect("2 MiB").to_be_bytes());
    let checksum_at = header.len();
    checked(header, checksum_at)
}
