//! What every implementation of a port must do, as tests that each of them runs.

pub mod aws;
pub mod target;
