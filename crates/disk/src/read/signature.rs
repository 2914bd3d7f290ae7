//! What stands on a partition or in a file, told by the marks that each form begins with.
//!
//! ```text
//! ext      53 EF at 1080                      LUKS       "LUKS" BA BE at 0
//! XFS      "XFSB" at 0                        LVM        "LABELONE" in one of 4 sectors, "LVM2 001"
//! Btrfs    "_BHRfS_M" at 65600                           24 bytes later
//! FAT      "FAT12", "FAT16" at 54,            dm-verity  "verity" 00 00 at 0
//!          "FAT32" at 82                      RAID       FC 4E 2B A9 at 0 or 4096
//! swap     "SWAPSPACE2" at 4086               ZFS        0C B1 BA 00 in a label of 256 KiB
//! ```
//!
//! Sources: `linux/magic.h`, and libblkid of util-linux, which knows the rest.

use std::io;

use super::Disk;

/// What stands somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// ext2, ext3 or ext4.
    Ext,
    /// A file system that the kernel can be asked to read: its name there.
    Mountable(&'static str),
    /// What a root file system may be hidden in: LVM, LUKS, RAID.
    Container(&'static str),
    /// Something else, by its name.
    Other(&'static str),
    /// Nothing that is known.
    Nothing,
}

impl Found {
    /// Its name; nothing when there is none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Ext => Some("ext4"),
            Self::Mountable(name) | Self::Container(name) | Self::Other(name) => Some(name),
            Self::Nothing => None,
        }
    }
}

/// A mark at its place in bytes.
type Mark = (u64, &'static [u8], Found);

/// The first that fits counts: what wraps something comes before what may be left of old.
const MARKS: &[Mark] = &[
    (
        0,
        b"LUKS\xBA\xBE",
        Found::Container("LUKS, which is encrypted"),
    ),
    (
        3,
        b"-FVE-FS-",
        Found::Container("BitLocker, which is encrypted"),
    ),
    (0, b"verity\0\0", Found::Container("dm-verity")),
    (0, &[0xFC, 0x4E, 0x2B, 0xA9], Found::Container("Linux RAID")),
    (
        4096,
        &[0xFC, 0x4E, 0x2B, 0xA9],
        Found::Container("Linux RAID"),
    ),
    (0, b"XFSB", Found::Mountable("xfs")),
    (65_600, b"_BHRfS_M", Found::Mountable("btrfs")),
    (1080, &[0x53, 0xEF], Found::Ext),
    (0, b"hsqs", Found::Other("squashfs")),
    (1024, &[0xE2, 0xE1, 0xF5, 0xE0], Found::Other("erofs")),
    (1024, &[0x10, 0x20, 0xF5, 0xF2], Found::Other("f2fs")),
    (65_588, b"ReIsEr", Found::Other("reiserfs")),
    (32_768, b"JFS1", Found::Other("jfs")),
    (135_168, &[0x0C, 0xB1, 0xBA, 0], Found::Other("zfs")),
    (4086, b"SWAPSPACE2", Found::Other("swap")),
    (3, b"NTFS    ", Found::Other("NTFS")),
    (54, b"FAT1", Found::Other("FAT")),
    (82, b"FAT32", Found::Other("FAT")),
    (32_769, b"CD001", Found::Other("an ISO 9660 file system")),
];

/// The forms of files that hold disks, and of files that are none.
const FILES: &[Mark] = &[
    (0, b"KDMV", Found::Other("a VMDK file")),
    (
        0,
        b"# Disk Descriptor",
        Found::Other("the description of a VMDK disk"),
    ),
    (0, b"vhdxfile", Found::Other("a VHDX file")),
    (0, b"conectix", Found::Other("a VHD file")),
    (64, &[0x7F, 0x10, 0xDA, 0xBE], Found::Other("a VDI file")),
    (0, &[0x1F, 0x8B], Found::Other("a file compressed by gzip")),
    (0, b"\xFD7zXZ\0", Found::Other("a file compressed by xz")),
    (
        0,
        &[0x28, 0xB5, 0x2F, 0xFD],
        Found::Other("a file compressed by zstd"),
    ),
    (0, b"BZh", Found::Other("a file compressed by bzip2")),
    (0, b"PK\x03\x04", Found::Other("a ZIP archive")),
    (257, b"ustar", Found::Other("a tar archive")),
];

/// Says what stands on a partition.
pub fn on_partition(disk: &dyn Disk) -> io::Result<Found> {
    for sector in 0..4 {
        let at = sector * 512;
        if has(disk, at, b"LABELONE")? && has(disk, at + 24, b"LVM2 001")? {
            return Ok(Found::Container("LVM"));
        }
    }
    first(disk, MARKS)
}

/// Says what a file is that is no disk.
pub fn of_file(disk: &dyn Disk) -> io::Result<Found> {
    first(disk, FILES)
}

fn first(disk: &dyn Disk, marks: &[Mark]) -> io::Result<Found> {
    for (at, mark, found) in marks {
        if has(disk, *at, mark)? {
            return Ok(*found);
        }
    }
    Ok(Found::Nothing)
}

fn has(disk: &dyn Disk, at: u64, mark: &[u8]) -> io::Result<bool> {
    if at + mark.len() as u64 > disk.size() {
        return Ok(false);
    }
    let mut bytes = vec![0; mark.len()];
    disk.read_at(at, &mut bytes)?;
    Ok(bytes == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(marks: &[(usize, &[u8])], expected: Option<&str>) {
        let mut disk = vec![0; 1 << 18];
        for (at, mark) in marks {
            disk[*at..at + mark.len()].copy_from_slice(mark);
        }
        assert_eq!(on_partition(&disk).unwrap().name(), expected);
    }

    #[test]
    fn marks() {
        check(&[], None);
        check(&[(512, b"LABELONE"), (536, b"LVM2 001")], Some("LVM"));
        check(&[(512, b"LABELONE")], None);
        check(&[(1080, &[0x53, 0xEF]), (0, b"LUKS\xBA\xBE")], {
            Some("LUKS, which is encrypted")
        });
        assert_eq!(on_partition(&vec![0; 100]).unwrap(), Found::Nothing);
        assert_eq!(
            of_file(&b"KDMV".to_vec()).unwrap(),
            Found::Other("a VMDK file")
        );
    }
}
