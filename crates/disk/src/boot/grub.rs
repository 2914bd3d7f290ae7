//! GRUB from the files of its Debian packages, without any program of it: the core image for BIOS
//! machines, the files of the EFI system partition for UEFI machines.

mod core_image;
mod elf;
mod modules;
mod uefi;

pub use core_image::{BiosFiles, BiosImage, GrubError, MODULES};
pub use uefi::{EfiFiles, esp};
