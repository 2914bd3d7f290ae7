//! Disk bytes: GPT, FAT, ext4, boot loader, sparse images, export formats; no input or output of its own.
//!
//! The tour: a [`tree::Tree`] says what stands in the root file system, [`image::plan`]
//! lays the disk out, [`image::write`] hands it, in one pass, to a [`sparse::Sink`] as
//! chunks of 1 MiB. File contents come through [`tree::ContentSource`]. A finished disk goes out
//! in one of the formats of [`fmt`].
//!
//! The same input gives the same bytes: every identifier is derived from a seed
//! ([`id`]), every time is given.

pub mod boot;
pub mod fmt;
pub mod fs;
pub mod id;
pub mod image;
pub mod part;
pub mod read;
pub mod sparse;
pub mod tree;
