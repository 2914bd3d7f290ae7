//! What may be found in an image that is good enough.

use std::time::Duration;

use crate::finding::Severity;

/// The `scan` block: what may be found in an image that is good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanSpec {
    /// Findings of this severity, and worse ones, stop the image.
    pub fail_on: Severity,
    /// Whether a vulnerability that nothing mends stops nothing.
    pub only_fixable: bool,
    /// What a vulnerability counts as that nobody rated.
    pub unrated: Severity,
    /// Whether software that nobody looks after stops the image, whatever its severity.
    pub end_of_life: bool,
    /// An older feed is a finding.
    pub max_feed_age: Duration,
    /// What somebody decided to live with.
    pub accept: Vec<Acceptance>,
    /// Severities of single findings, by name: what this house thinks of them.
    pub severity: Vec<RuleSeverity>,
    /// OpenVEX documents relative to the project.
    pub vex: Vec<String>,
    /// The hardening profile that the disk, and the booted machine, are held to.
    pub profile: Option<String>,
}

impl Default for ScanSpec {
    /// What counts where nobody says anything.
    fn default() -> Self {
        Self {
            fail_on: Severity::High,
            only_fixable: false,
            unrated: Severity::Medium,
            end_of_life: true,
            max_feed_age: Duration::from_hours(24 * 7),
            accept: Vec::new(),
            severity: Vec::new(),
            vex: Vec::new(),
            profile: None,
        }
    }
}

/// `accept "CVE-…" { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The name of the finding, or another name of it.
    pub id: String,
    /// Only of this package; `None`: wherever it is found.
    pub package: Option<String>,
    /// Only in this file; one that ends in `*` means all that begin so. `None`: wherever it is found.
    pub path: Option<String>,
    /// Why it does not matter.
    pub reason: String,
    /// The last day on which it counts, `2027-01-31`; `None`: for ever.
    pub expires: Option<String>,
}

/// `severity "…" { level = "low" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSeverity {
    /// The name of the finding; one that ends in `*` means all that begin so.
    pub id: String,
    /// What it counts as.
    pub level: Severity,
}
