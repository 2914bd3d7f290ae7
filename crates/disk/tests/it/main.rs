//! The disk's bytes, judged by the tools that everyone else uses.

mod disk;
mod ext4;
mod fat;
mod grub;
mod tool;
