//! The local builder and boot tester.

pub mod boot_test;
