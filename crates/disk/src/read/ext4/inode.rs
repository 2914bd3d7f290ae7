//! An inode.
//!
//! ```text
//! mode at 0, owner at 2 and 120, size at 4 and 108, mtime at 16 and 136, group at 24 and 122,
//! links at 26, flags at 32, 60 bytes of block map, link target or device at 40,
//! block of attributes at 104 and 118, bytes used beyond 128 at 128
//! ```

use super::{Ext4, ReadError, broken};
use crate::read::{Disk as _, le16, le32};
use crate::tree::Time;

/// The root directory.
pub(super) const ROOT: u32 = 2;
/// Bytes in the inode for the map of its blocks.
pub(super) const MAP: usize = 60;

pub(super) const ENCRYPTED: u32 = 0x800;
pub(super) const EXTENTS: u32 = 0x8_0000;
pub(super) const INLINE_DATA: u32 = 0x1000_0000;

/// What an inode says.
#[derive(Debug, Clone)]
pub(super) struct Inode {
    pub(super) number: u32,
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) size: u64,
    pub(super) mtime: Time,
    pub(super) links: u16,
    pub(super) flags: u32,
    pub(super) map: [u8; MAP],
    /// The block that attributes stand in; 0: none.
    pub(super) attribute_block: u64,
    /// The bytes behind the fields, in which attributes stand.
    pub(super) rest: Vec<u8>,
}

/// What a node is, by the upper bits of its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Fifo,
    Char,
    Directory,
    Block,
    File,
    Symlink,
    Socket,
}

impl Inode {
    pub(super) fn kind(&self) -> Result<Type, ReadError> {
        Ok(match self.mode >> 12 {
            0x1 => Type::Fifo,
            0x2 => Type::Char,
            0x4 => Type::Directory,
            0x6 => Type::Block,
            0x8 => Type::File,
            0xA => Type::Symlink,
            0xC => Type::Socket,
            _ => return Err(broken(format!("inode {} is of no kind", self.number))),
        })
    }

    /// Major and minor number of a device.
    pub(super) fn device(&self) -> (u32, u32) {
        match le32(&self.map, 0) {
            0 => {
                let new = le32(&self.map, 4);
                let minor = new & 0xFF | (new >> 12) & 0xF_FF00;
                ((new & 0xF_FF00) >> 8, minor)
            }
            old => ((old >> 8) & 0xFF, old & 0xFF),
        }
    }
}

impl Ext4<'_> {
    pub(super) fn inode(&self, number: u32) -> Result<Inode, ReadError> {
        let outside = || broken(format!("inode {number} is outside of it"));
        if number == 0 || number > self.inodes {
            return Err(outside());
        }
        let (group, index) = (
            (number - 1) / self.inodes_per_group,
            (number - 1) % self.inodes_per_group,
        );
        let table = usize::try_from(group).ok().and_then(|g| self.tables.get(g));
        let size = u64::from(self.inode_size);
        let place = table
            .and_then(|table| table.checked_mul(self.block_size))
            .and_then(|start| start.checked_add(u64::from(index) * size))
            .ok_or_else(outside)?;
        let mut bytes = vec![0; usize::from(self.inode_size)];
        self.part.read_at(place, &mut bytes)?;
        Ok(parse(number, &bytes))
    }
}

/// Reads an inode of 128 bytes at least.
fn parse(number: u32, bytes: &[u8]) -> Inode {
    let wide =
        |low: usize, high: usize| u32::from(le16(bytes, high)) << 16 | u32::from(le16(bytes, low));
    let extra = if bytes.len() > 130 {
        usize::from(le16(bytes, 128))
    } else {
        0
    };
    let seconds = i64::from(le32(bytes, 16).cast_signed());
    let mtime = if extra >= 12 && bytes.len() >= 140 {
        let more = le32(bytes, 136);
        Time {
            seconds: seconds + (i64::from(more & 3) << 32),
            nanos: (more >> 2).min(999_999_999),
        }
    } else {
        Time { seconds, nanos: 0 }
    };
    Inode {
        number,
        mode: le16(bytes, 0),
        uid: wide(2, 120),
        gid: wide(24, 122),
        size: u64::from(le32(bytes, 108)) << 32 | u64::from(le32(bytes, 4)),
        mtime,
        links: le16(bytes, 26),
        flags: le32(bytes, 32),
        map: std::array::from_fn(|at| bytes[40 + at]),
        attribute_block: u64::from(le16(bytes, 118)) << 32 | u64::from(le32(bytes, 104)),
        rest: bytes.get(128 + extra..).unwrap_or_default().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_times() {
        let mut bytes = [0; 256];
        let device = |old: u32, new: u32| {
            let mut bytes = [0; 256];
            bytes[40..44].copy_from_slice(&old.to_le_bytes());
            bytes[44..48].copy_from_slice(&new.to_le_bytes());
            parse(12, &bytes).device()
        };
        assert_eq!(device(0x0103, 0), (1, 3));
        assert_eq!(device(0, 0x1230_FE45), (0xFE, 0x1_2345));
        bytes[16..20].copy_from_slice(&(-5_i32).to_le_bytes());
        bytes[128] = 32;
        bytes[136..140].copy_from_slice(&(7_u32 << 2 | 1).to_le_bytes());
        let time = parse(12, &bytes).mtime;
        assert_eq!((time.seconds, time.nanos), ((1 << 32) - 5, 7));
        assert_eq!(parse(12, &bytes[..128]).mtime.seconds, -5);
    }
}
