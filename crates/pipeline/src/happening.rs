//! What happens in a run that somebody may want to know, and who turns it into messages.

use goldsmith_core::catalog::{NewMessage, RunId};
use goldsmith_core::image::ImageId;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// In which run.
    pub run: RunId,
    /// How long its journal was before: with the run what it is known by.
    pub seq: u64,
    /// Name of the pipeline.
    pub pipeline: String,
    /// The image of the run, once there is one.
    pub image: Option<ImageId>,
    /// Seconds since 1970-01-01 UTC.
    pub unix: i64,
    /// What it was.
    pub what: What,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A run was begun.
    RunBegun,
    /// A unit is done.
    UnitDone {
        /// Its name.
        unit: String,
    },
    /// A unit failed.
    UnitFailed {
        /// Its name.
        unit: String,
        /// Why.
        error: String,
    },
    /// A unit waits.
    Waiting {
        /// Its name.
        unit: String,
        /// For what.
        for_what: String,
    },
    /// A run is done.
    RunDone,
    /// A run failed.
    RunFailed {
        /// Where.
        unit: String,
        /// Why.
        error: String,
    },
    /// A run was stopped.
    RunCancelled,
}

impl What {
    /// Its name in rules and messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RunBegun => "run.begun",
            Self::UnitDone { .. } => "stage.done",
            Self::UnitFailed { .. } => "stage.failed",
            Self::Waiting { .. } => "run.waiting",
            Self::RunDone => "run.done",
            Self::RunFailed { .. } => "run.failed",
            Self::RunCancelled => "run.cancelled",
        }
    }
}

/// Turns what happens into messages, by rules.
pub trait Herald: Send + Sync + std::fmt::Debug {
    /// The messages; they are kept in the same moment as what happened.
    fn messages(&self, happening: &Happening) -> Vec<NewMessage>;
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Herald for Silent {
    fn messages(&self, _happening: &Happening) -> Vec<NewMessage> {
        Vec::new()
    }
}
