//! The report of a boot test as JSON: stored beside the image and printed by `--json`.
//!
//! ```text
//! { "version": 1, "image", "is_passed", "accel", "accel_reason", "total_ms",
//!   "boots": [ { "firmware", "is_passed", "way", "times": { ... }, "usage": { ... },
//!                "power_off_ms", "total_ms", "checks": [check], "console_log", "console_tail" } ],
//!   "checks": [check] }            checks over all boots
//! check: { "name", "is_passed", "summary", "details": [text], "ms" }
//! ```
//!
//! All times are milliseconds, all sizes bytes. A field that goes or changes its meaning raises
//! [`VERSION`]; readers take fields they do not know.

use std::path::PathBuf;

use goldsmith_core::recipe::Firmware;
use goldsmith_exec::vm::Accel;
use goldsmith_exec::vm::guest::Way;
use serde::{Deserialize, Serialize};

/// Version of the form.
pub const VERSION: u32 = 1;

/// What a boot test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// [`VERSION`].
    pub version: u32,
    /// What was tested, as the user calls it.
    pub image: String,
    /// Whether every check of every boot passed.
    pub is_passed: bool,
    /// What ran the guests; times are only comparable between equal ones.
    pub accel: Accel,
    /// Why this accelerator.
    pub accel_reason: String,
    /// Wall time of the whole test.
    pub total_ms: u64,
    /// One per boot, in the order of the request.
    pub boots: Vec<Boot>,
    /// Checks that compare boots.
    pub checks: Vec<Check>,
}

/// One boot of one copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// How it was started.
    pub firmware: Firmware,
    /// Whether every check passed.
    pub is_passed: bool,
    /// How the guest was reached; absent when it was not.
    pub way: Option<Way>,
    /// Absent when multi-user was not reached.
    pub times: Option<Times>,
    /// Absent when the guest was not reached.
    pub usage: Option<Usage>,
    /// From the power button to the end; absent when it did not come to that.
    pub power_off_ms: Option<u64>,
    /// Wall time from power-on to the end.
    pub total_ms: u64,
    /// What was checked, in order.
    pub checks: Vec<Check>,
    /// Everything the console showed.
    pub console_log: PathBuf,
    /// Its last lines, when a check failed.
    pub console_tail: Vec<String>,
}

/// How long a boot took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// From power-on to multi-user, on the host's clock: what the budget limits.
    pub multi_user_ms: u64,
    /// Of it: firmware and boot loader.
    pub loader_ms: u64,
    /// Of it: kernel and initramfs.
    pub kernel_ms: u64,
    /// Of it: from the start of systemd to multi-user.
    pub userspace_ms: u64,
    /// From power-on until every job of the boot was done, on the host's clock; absent when
    /// some never were.
    pub settled_ms: Option<u64>,
    /// From power-on until the agent in the guest answered.
    pub agent_ms: u64,
}

/// What a guest uses when it has settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Memory that is not available to programs.
    pub memory_bytes: u64,
    /// All the memory the guest sees.
    pub memory_total_bytes: u64,
    /// Used bytes of the root file system.
    pub disk_bytes: u64,
    /// Size of the root file system.
    pub disk_total_bytes: u64,
    /// Ports that listen on other than loopback.
    pub ports: Vec<Port>,
}

/// A port that listens on other than loopback.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// `22/tcp`.
    pub port: String,
    /// The name of the process; empty when the kernel tells none.
    pub process: String,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// A short name that stays: `multi-user`, `budget boot_time`, `nginx.yaml`.
    pub name: String,
    /// Whether it passed.
    pub is_passed: bool,
    /// What was found, and against what limit.
    pub summary: String,
    /// More lines when it failed.
    pub details: Vec<String>,
    /// What it took; 0 when it only looked at what was known.
    pub ms: u64,
}

impl Check {
    /// A check that only looked at what was known.
    pub fn new(name: impl Into<String>, is_passed: bool, summary: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_passed,
            summary: summary.into(),
            details: Vec::new(),
            ms: 0,
        }
    }

    /// The same with more lines.
    #[must_use]
    pub fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }
}

impl Port {
    /// The port and who listens: `22/tcp (sshd)`.
    pub fn shown(&self) -> String {
        let process = if self.process.is_empty() {
            "unknown"
        } else {
            &self.process
        };
        format!("{} ({process})", self.port)
    }
}

impl TestReport {
    /// Every check with the name of the boot it belongs to: `bios`, `uefi`, `image`.
    pub fn all_checks(&self) -> impl Iterator<Item = (&'static str, &Check)> {
        let of_boots = self.boots.iter().flat_map(|boot| {
            boot.checks
                .iter()
                .map(|check| (boot.firmware.name(), check))
        });
        of_boots.chain(self.checks.iter().map(|check| ("image", check)))
    }
}

#[cfg(test)]
mod tests;
