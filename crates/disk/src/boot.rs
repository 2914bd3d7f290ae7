//! What makes a disk boot: the boot loader and the texts it and the booted system read.

pub mod config;
pub mod grub;
