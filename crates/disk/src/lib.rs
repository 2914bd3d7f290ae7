//! Disk bytes: GPT, FAT, ext4, boot loader, sparse images; no input or output of its own.
