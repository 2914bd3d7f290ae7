//! Fakes, fixtures and contract suites shared by the tests.

pub mod clock;
pub mod key;
pub mod mirror;
pub mod host_tree;
