//! What is kept of a run.

use crate::image::ImageId;

/// The number of a run in its catalog, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId(pub u64);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How many entries a run's journal has: the place of the last one, 0 of an empty journal.
pub type Seq = u64;

/// A run that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Name of the pipeline.
    pub pipeline: String,
    /// Who started it: a person's address, or `schedule`.
    pub actor: String,
    /// What made it begin: `person`, `schedule`, `finding`.
    pub trigger: String,
    /// Seconds since 1970-01-01 UTC.
    pub unix: i64,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunStatus {
    /// At work, or interrupted and to be taken up again.
    Running,
    /// Until a person, another system or a time says how it goes on.
    Waiting,
    /// Everything was done.
    Done,
    /// A stage failed; it can be taken up from there.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl RunStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::Running,
        Self::Waiting,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As it is stored and printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether nothing happens to it by itself any more.
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// What is known of a run without its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its number.
    pub id: RunId,
    /// How it began.
    pub begun: NewRun,
    /// How it stands.
    pub status: RunStatus,
    /// What it waits for, or why it failed; empty otherwise.
    pub note: String,
    /// The image it made, once it has.
    pub image: Option<ImageId>,
    /// When it changed last, in seconds since 1970-01-01 UTC.
    pub changed_unix: i64,
}

/// One line of a run's journal. Its owner, the engine of runs, knows the form of `body`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Seconds since 1970-01-01 UTC.
    pub unix: i64,
    /// JSON.
    pub body: String,
}
