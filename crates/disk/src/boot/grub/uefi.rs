//! The EFI system partition: GRUB as its package brings it, one file, with the text that leads it
//! to the root file system.
//!
//! ```text
//! EFI/BOOT/BOOTX64.EFI    shim when there is one, else GRUB  (BOOTAA64.EFI on 64-bit ARM)
//! EFI/BOOT/grubx64.efi    GRUB, when shim is there           (grubaa64.efi)
//! EFI/debian/grub.cfg     finds the root file system; GRUB's built-in prefix is this directory
//! ```
//!
//! This is the removable path: it needs no entry in the firmware's memory, which an image cannot bring.

use crate::fs::fat::Files;
use crate::image::Architecture;

/// UEFI programs of the distribution.
#[derive(Debug, Clone)]
pub struct EfiFiles {
    /// `usr/lib/shim/shimx64.efi.signed` of `shim-signed`; `None` without Secure Boot.
    pub shim: Option<Vec<u8>>,
    /// `usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed` of `grub-efi-amd64-signed` when there is
    /// a shim, else `usr/lib/grub/x86_64-efi/monolithic/grubx64.efi` of `grub-efi-amd64-bin`.
    pub grub: Vec<u8>,
}

/// The files of the partition. `config` is [`find_root`](crate::boot::config::find_root)'s text.
pub fn esp(architecture: Architecture, efi: EfiFiles, config: &str) -> Files {
    let (boot, grub) = match architecture {
        Architecture::X86_64 => ("EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/grubx64.efi"),
        Architecture::Arm64 => ("EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/grubaa64.efi"),
    };
    let mut files = Files::from([("EFI/debian/grub.cfg".to_owned(), config.as_bytes().to_vec())]);
    match efi.shim {
        Some(shim) => {
            files.insert(boot.to_owned(), shim);
            files.insert(grub.to_owned(), efi.grub);
        }
        None => {
            files.insert(boot.to_owned(), efi.grub);
        }
    }
    files
}
