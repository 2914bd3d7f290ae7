//! Decisions without effects: signatures, solving, the lock file, keys.

pub mod release;
