//! The `audit` block of a pipeline: what runs where its images are, looked at by a schedule.

use std::time::Duration;

use super::Schedule;

/// An `audit` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSpec {
    /// A target of the pipeline's distribution: `aws/eu`.
    pub target: String,
    /// When. It has no condition but the time.
    pub schedule: Schedule,
    /// The most that an image may have been made ago.
    pub max_age: Option<Duration>,
    /// The channel whose images should run.
    pub channel: Option<String>,
    /// Images of others that may run: `ami-0abc`.
    pub allow: Vec<String>,
    /// ARNs of roles, in whose accounts it is looked, too.
    pub roles: Vec<String>,
    /// Whether it is refused that images or snapshots may be made public.
    pub public_access: bool,
}
