//! Decisions without effects: signatures, solving, the lock file, keys.

pub mod diff;
pub mod index;
pub mod key;
pub mod lock;
pub mod relation;
pub mod release;
pub mod resolve;
