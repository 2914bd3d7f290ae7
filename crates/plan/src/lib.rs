//! Decisions without effects: signatures, solving, the lock file, keys; when a pipeline starts,
//! whether an image may go out and who said so, what it is called, and when it goes.

pub mod approval;
pub mod audit;
pub mod diff;
pub mod gate;
pub mod index;
pub mod key;
pub mod leftover;
pub mod lifecycle;
pub mod lock;
pub mod naming;
pub mod relation;
pub mod release;
pub mod resolve;
pub mod schedule;
