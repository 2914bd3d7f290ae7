//! The local builder and boot tester.

pub mod bootstrap;
pub mod deb;
