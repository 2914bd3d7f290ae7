//! Decisions without effects: signatures, solving, the lock file, keys.

pub mod debversion;
pub mod index;
pub mod relation;
pub mod resolve;
