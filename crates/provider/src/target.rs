//! Places that images are brought to: a file each, behind [`goldsmith_core::target::Target`].

pub mod local;

pub use local::LocalTarget;
