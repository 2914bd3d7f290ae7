//! Fakes, fixtures and contract suites shared by the tests.

pub mod apt;
pub mod aws;
pub mod clock;
pub mod contract;
pub mod emulators;
pub mod faults;
pub mod front;
pub mod host_tree;
pub mod infrastructure;
pub mod key;
pub mod ledger;
pub mod mirror;
pub mod moto;
pub mod remote;
pub mod repo;
pub mod smtp;
