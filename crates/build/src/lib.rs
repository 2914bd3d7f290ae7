//! The local builder and boot tester.
pub mod assemble;
