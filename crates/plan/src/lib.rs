//! Decisions without effects: signatures, solving, the lock file, keys.

pub mod debversion;
pub mod key;
pub mod lock;
pub mod release;
