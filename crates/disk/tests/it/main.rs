//! The disk's bytes, judged by the tools that everyone else uses.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod disk;
mod ext4;
mod fat;
mod fmt;
mod grub;
mod kept;
pub(crate) mod read;
mod rescue;
mod tool;
