//! The disk itself, holes kept.

use crate::sparse::CHUNK;

use super::target::Out;
use super::unit::{as_it_is, convert, units};
use super::{Disk, FmtError, Format, Target};

pub(super) static FORMAT: Format = Format {
    name: "raw",
    endings: &[".raw", ".img"],
    summary: "the disk byte by byte, holes kept: AWS snapshots, QEMU, dd",
    unstreamed: None,
    write,
};

fn write(disk: &Disk<'_>, target: &mut dyn Target) -> Result<[u8; 32], FmtError> {
    body(disk, &mut Out::new(target))
}

/// The disk, at the beginning of a file. Gives the disk digest.
pub(super) fn body(disk: &Disk<'_>, out: &mut Out<'_>) -> Result<[u8; 32], FmtError> {
    let found = convert(disk, &units(disk, CHUNK), CHUNK, as_it_is, |unit| {
        for (place, bytes) in unit.runs() {
            out.skip_to(place)?;
            out.append(bytes)?;
        }
        Ok(())
    })?;
    out.skip_to(disk.size)?;
    Ok(found)
}
