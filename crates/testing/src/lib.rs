//! Fakes, fixtures and contract suites shared by the tests.

pub mod host_tree;
