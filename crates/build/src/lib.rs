//! The local builder and boot tester: from a locked recipe to a disk that was proven.

pub mod assemble;
pub mod boot_test;
pub mod bootstrap;
mod compression;
pub mod deb;
pub mod diff;
pub mod document;
pub mod export;
pub mod health;
pub mod image;
pub mod layer;
pub mod on_failure;
pub mod parent;
pub mod project;
pub mod record;
pub mod repo;
pub mod repro;
pub mod services;
pub mod source;
pub mod trial;
mod unpack;
