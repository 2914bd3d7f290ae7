//! VHD, fixed (what Azure takes) and dynamic (Hyper-V's first generation, Xen, `VirtualBox`).
//!
//! ```text
//! fixed    the disk, zeros up to a whole MiB
//!          footer (512 bytes)
//!
//! footer   "conectix", features 2, version 1.0                     8, 4, 4
//!          where the header of a dynamic disk is, or all ones      8
//!          seconds since 2000: 0, nothing depends on the moment    4
//!          who made it, its version, for which host                4, 4, 4
//!          size when made, size, in bytes                          8, 8
//!          cylinders, heads, sectors of a track                    2, 1, 1
//!          kind: 2 fixed, 3 dynamic                                4
//!          complement of the sum of all bytes but these            4
//!          identifier, saved state 0, zeros                        16, 1, 427
//! ```
//!
//! Numbers are big-endian. The geometry cannot say every size: the maker "win " makes readers
//! (QEMU, Azure) go by the size in bytes instead. Azure wants whole MiB.
//! Sources: Virtual Hard Disk Image Format Specification 1.0, Microsoft; `block/vpc.c` of QEMU;
//! Azure's page on preparing a VHD.

mod dynamic;

use crate::id::guid;

use super::target::Out;
use super::{Disk, FmtError, Format, Target, raw};

const SECTOR: u64 = 512;
const MIB: u64 = 1 << 20;

pub(super) static FIXED: Format = Format {
    name: "vhd",
    endings: &[".vhd"],
    summary: "fixed VHD of whole MiB: Azure",
    unstreamed: None,
    write: fixed,
};

pub(super) static DYNAMIC: Format = Format {
    name: "vhd-dynamic",
    endings: &[".dynamic.vhd"],
    summary: "dynamic VHD, only what is allocated: Hyper-V, Xen, VirtualBox",
    unstreamed: None,
    write: dynamic::write,
};

fn fixed(disk: &Disk<'_>, target: &mut dyn Target) -> Result<[u8; 32], FmtError> {
    let size = disk.size.next_multiple_of(MIB);
    let mut out = Out::new(target);
    let found = raw::body(disk, &mut out)?;
    let footer = footer(size, &Kind::Fixed, &disk.digest);
    out.skip_to(size)?;
    out.append(&footer)?;
    Ok(found)
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Fixed,
    /// With the place of its header.
    Dynamic(u64),
}

fn footer(size: u64, kind: &Kind, digest: &[u8; 32]) -> [u8; 512] {
    let (number, header): (u32, u64) = match kind {
        Kind::Fixed => (2, u64::MAX),
        Kind::Dynamic(place) => (3, *place),
    };
    let (cylinders, heads, sectors) = geometry(size);
    let mut footer = Vec::new();
    footer.extend(b"conectix");
    footer.extend(2u32.to_be_bytes());
    footer.extend(0x0001_0000_u32.to_be_bytes());
    footer.extend(header.to_be_bytes());
    footer.extend(0u32.to_be_bytes());
    footer.extend(b"win ");
    footer.extend(0x000A_0000_u32.to_be_bytes());
    footer.extend(b"Wi2k");
    footer.extend(size.to_be_bytes());
    footer.extend(size.to_be_bytes());
    footer.extend(cylinders.to_be_bytes());
    footer.extend([heads, sectors]);
    footer.extend(number.to_be_bytes());
    let checksum_at = footer.len();
    footer.extend([0; 4]);
    footer.extend(guid(digest, "vhd").bytes());
    checked(footer, checksum_at)
}

/// Fills a structure up to its length and puts its checksum in.
fn checked<const N: usize>(mut bytes: Vec<u8>, checksum_at: usize) -> [u8; N] {
    bytes.resize(N, 0);
    let sum: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
    bytes[checksum_at..checksum_at + 4].copy_from_slice(&(!sum).to_be_bytes());
    bytes.try_into().expect("resized to its length")
}

/// Cylinders, heads and sectors of a track that come nearest: the appendix of the specification.
fn geometry(size: u64) -> (u16, u8, u8) {
    const TOTAL_MAX: u64 = 65_535 * 16 * 255;
    let total = (size / SECTOR).min(TOTAL_MAX);
    let fits = |heads: u64, sectors: u64| total / sectors < heads * 1024 && heads <= 16;
    let (heads, sectors) = if total >= 65_535 * 16 * 63 {
        (16, 255)
    } else {
        let heads = (total / 17).div_ceil(1024).max(4);
        if fits(heads, 17) {
            (heads, 17)
        } else if fits(16, 31) {
            (16, 31)
        } else {
            (16, 63)
        }
    };
    let narrow = |n: u64| u8::try_from(n).expect("255 at most");
    let cylinders = u16::try_from(total / sectors / heads).expect("65535 at most");
    (cylinders, narrow(heads), narrow(sectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `qemu-img create -f vpc -o subformat=fixed,force_size=on` writes for these sizes.
    #[test]
    fn geometry_as_the_specification_has_it() {
        for (mib, expected) in [
            (3, (90, 4, 17)),
            (64, (963, 8, 17)),
            (200, (825, 16, 31)),
            (2048, (4161, 16, 63)),
            (200 << 10, (65535, 16, 255)),
        ] {
            assert_eq!(geometry(mib << 20), expected, "{mib} MiB");
        }
    }

    #[test]
    fn a_footer_sums_up() {
        let footer = footer(3 << 20, &Kind::Fixed, &[7; 32]);
        let stored = u32::from_be_bytes(footer[64..68].try_into().unwrap());
        let sum: u32 = footer.iter().map(|b| u32::from(*b)).sum();
        let own: u32 = footer[64..68].iter().map(|b| u32::from(*b)).sum();
        assert_eq!(stored, !(sum - own));
    }
}
