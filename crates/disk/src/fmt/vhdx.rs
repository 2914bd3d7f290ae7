//! VHDX, dynamic: what Hyper-V takes.
//!
//! ```text
//! offset    0     "vhdxfile", who made it                      (64 KiB)
//!          64 K   header, number 1                             (64 KiB)
//!         128 K   header, number 2: the one in force           (64 KiB)
//!         192 K   region table, and again at 256 K             (64 KiB each)
//!           1 M   log, empty: the headers name none            (1 MiB)
//!           2 M   metadata: table, items at 64 K of it         (1 MiB)
//!           3 M   block allocation table, whole MiB
//!                     for each block its state in bits 0-2 (2 zeros, 6 present)
//!                     and its place in MiB in bits 20-63;
//!                     after every 4096 blocks an entry for a bitmap that there is none of
//!         ...     blocks of 1 MiB in which there is data
//! ```
//!
//! Numbers are little-endian; headers and region tables hold a CRC-32C of themselves. Blocks of
//! 1 MiB are what Microsoft advises for Linux guests. Source: MS-VHDX, Microsoft.

mod tables;

use super::target::Out;
use super::unit::{as_it_is, convert, survey};
use super::{Disk, FmtError, Format, Target};
use crate::sparse::CHUNK;

use tables::{Layout, SECTOR, allocation, head, metadata};

const MIB: u64 = 1 << 20;
/// 64 TiB: the specification's limit.
const SIZE_MAX: u64 = 64 << 40;

pub(super) static FORMAT: Format = Format {
    name: "vhdx",
    endings: &[".vhdx"],
    summary: "dynamic VHDX, only what is allocated: Hyper-V",
    unstreamed: None,
    write,
};

fn write(disk: &Disk<'_>, target: &mut dyn Target) -> Result<[u8; 32], FmtError> {
    if disk.size > SIZE_MAX {
        let (format, size, max) = (FORMAT.name, disk.size, SIZE_MAX);
        return Err(FmtError::TooLarge { format, size, max });
    }
    let size = disk.size.next_multiple_of(SECTOR);
    let blocks = survey(disk, CHUNK)?;
    let layout = Layout::of(size);
    let mut out = Out::new(target);
    out.append(&head(&layout, &disk.digest))?;
    out.skip_to(layout.metadata_at)?;
    out.append(&metadata(size, &disk.digest))?;
    out.skip_to(layout.table_at)?;
    let present = blocks.iter().map(|block| block.index);
    out.append(&allocation(size, &layout, present))?;
    out.skip_to(layout.data_at)?;
    convert(disk, &blocks, CHUNK, as_it_is, |unit| {
        let start = out.at();
        for (at, bytes) in unit.runs() {
            out.skip_to(start + at - unit.offset())?;
            out.append(bytes)?;
        }
        out.skip_to(start + MIB)
    })
}
