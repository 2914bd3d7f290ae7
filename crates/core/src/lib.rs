//! The vocabulary of Goldsmith: the nouns every crate speaks in, and the few
//! ports that let crates meet without seeing each other.
//!
//! Nothing here does input or output, reads a clock or an environment, or
//! knows a file format: whatever is ambient arrives in a [`cx::Cx`].

pub mod catalog;
pub mod cloud;
pub mod control;
pub mod cx;
pub mod debversion;
pub mod diagnostic;
pub mod digest;
pub mod event;
pub mod failure;
pub mod fetch;
pub mod finding;
pub mod fleet;
pub mod image;
pub mod inventory;
pub mod ledger;
pub mod machine;
pub mod markup;
pub mod notify;
pub mod recipe;
pub mod remote;
pub mod secret;
pub mod size;
pub mod target;
pub mod version;
