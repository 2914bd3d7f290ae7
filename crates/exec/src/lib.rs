//! The only crate that starts processes: children, sandbox, virtual machines.

pub mod child;
pub mod ns;
pub mod vm;
