//! The local builder and boot tester.

pub mod deb;
pub mod repo;
