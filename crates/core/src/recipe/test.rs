//! How images are booted to test them.

use std::time::Duration;

use super::{ComponentUse, Firmware, OnFailure};
use crate::diagnostic::Span;

/// The `test` block: how an image is booted and what it may cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestSpec {
    /// Which firmwares to test; empty: all that the disk can start with.
    pub boot: Vec<Firmware>,
    /// Limits; what is absent is not checked.
    pub budget: Budget,
}

/// Limits that a boot test holds an image to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// From power-on to multi-user.
    pub boot_time: Option<Duration>,
    /// Used bytes of the root file system.
    pub disk_usage_bytes: Option<u64>,
    /// Used bytes of memory when idle after boot.
    pub memory_bytes: Option<u64>,
    /// The only TCP and UDP ports that may listen on other than loopback, as `22/tcp`.
    pub listening_ports: Option<Vec<String>>,
}

/// One test of a run.
#[derive(Debug, Clone)]
pub struct Test {
    /// The label of its block; `boot` of the one without.
    pub name: String,
    /// The place of its block; of the pipeline when it has none.
    pub span: Span,
    /// How the image is booted, and what it may cost.
    pub spec: TestSpec,
    /// Documents whose `test` phase is run in the guest, after those of the recipe.
    pub components: Vec<ComponentUse>,
    /// Tests of one group run at the same time; those without one by themselves, in order.
    pub parallel_group: Option<String>,
    /// What becomes of the run when it fails.
    pub on_failure: OnFailure,
    /// Whether it is left out, which the run says.
    pub skip: bool,
}
