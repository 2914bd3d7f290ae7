//! How a disk starts, by its table of partitions.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// The type of an EFI system partition, as a GUID table has it.
const EFI: [u8; 16] = [
    0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b,
];
/// That of the partition in which GRUB is for BIOS.
const BIOS: [u8; 16] = *b"Hah!IdontNeedEFI";
/// More entries than any table has.
const ENTRIES_MAX: u32 = 4096;

/// Ways in which a disk starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Boot {
    pub(super) bios: bool,
    pub(super) uefi: bool,
}

impl Boot {
    /// What a disk says of itself.
    pub(super) fn of(disk: &File) -> io::Result<Self> {
        let mut first = [0; 1024];
        disk.read_exact_at(&mut first, 0)?;
        let (mbr, head) = first.split_at(512);
        if !head.starts_with(b"EFI PART") {
            let is_table = mbr[510..] == [0x55, 0xaa];
            let mut types = (0..4).map(|entry| mbr[446 + entry * 16 + 4]);
            let uefi = is_table && types.any(|kind| kind == 0xef);
            return Ok(Self {
                bios: is_table && !uefi,
                uefi,
            });
        }
        let number =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        // No table begins beyond 2 TiB.
        let (start, count, size) = (u64::from(number(72)) * 512, number(80), number(84));
        let mut boot = Self::default();
        for entry in 0..count.min(ENTRIES_MAX) {
            let mut kind = [0; 16];
            disk.read_exact_at(&mut kind, start + u64::from(entry) * u64::from(size))?;
            boot.bios |= kind == BIOS;
            boot.uefi |= kind == EFI;
        }
        Ok(boot)
    }

    /// As AWS calls it, on a machine of this architecture; `None`: it does not start there.
    pub(super) fn mode(self, architecture: &str) -> Option<&'static str> {
        match (self.bios && architecture == "x86_64", self.uefi) {
            (true, true) => Some("uefi-preferred"),
            (true, false) => Some("legacy-bios"),
            (false, true) => Some("uefi"),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn boot(bytes: &[u8]) -> Boot {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Boot::of(&file).unwrap()
    }

    fn gpt(types: &[[u8; 16]]) -> Vec<u8> {
        let mut disk = vec![0; 34 * 512];
        disk[512..520].copy_from_slice(b"EFI PART");
        disk[512 + 72] = 2;
        disk[512 + 80] = 128;
        disk[512 + 84] = 128;
        for (number, kind) in types.iter().enumerate() {
            let at = 1024 + number * 128;
            disk[at..at + 16].copy_from_slice(kind);
        }
        disk
    }

    fn mbr(kind: u8) -> Vec<u8> {
        let mut disk = vec![0; 1024];
        disk[450] = kind;
        disk[510..512].copy_from_slice(&[0x55, 0xaa]);
        disk
    }

    #[test]
    fn modes() {
        for (disk, x86, arm) in [
            (gpt(&[EFI, BIOS]), Some("uefi-preferred"), Some("uefi")),
            (gpt(&[[1; 16], EFI]), Some("uefi"), Some("uefi")),
            (gpt(&[BIOS]), Some("legacy-bios"), None),
            (gpt(&[[1; 16]]), None, None),
            (mbr(0x83), Some("legacy-bios"), None),
            (mbr(0xef), Some("uefi"), Some("uefi")),
            (vec![0; 1024], None, None),
        ] {
            let boot = boot(&disk);
            assert_eq!((boot.mode("x86_64"), boot.mode("arm64")), (x86, arm));
        }
    }
}
