//! The only crate that starts processes: children, sandbox, virtual machines; and the clock.

pub mod child;
pub mod clock;
pub mod mount;
pub mod ns;
pub mod ssh;
pub mod user_ns;
pub mod vm;
