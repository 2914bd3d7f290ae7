//! What happens in a run that somebody may want to know, and who turns it into messages.

use goldsmith_core::catalog::{NewMessage, RunId};
use goldsmith_core::finding::Severity;
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::recipe::NotifyEvent;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// In which run; [`NO_RUN`]: in none.
    pub run: RunId,
    /// How long its journal was before: with the run what it is known by. 0 in no run.
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

/// The run of what happens in none. Those of the catalog count from 1.
pub const NO_RUN: RunId = RunId(0);

impl Happening {
    /// Something that happened to an image of a pipeline, in no run.
    pub fn of_image(pipeline: &str, image: ImageId, unix: i64, what: What) -> Self {
        Self {
            image: Some(image),
            ..Self::of_pipeline(pipeline, unix, what)
        }
    }

    /// Something that happened to a pipeline, in no run.
    pub fn of_pipeline(pipeline: &str, unix: i64, what: What) -> Self {
        Self {
            run: NO_RUN,
            seq: 0,
            pipeline: pipeline.to_owned(),
            image: None,
            unix,
            what,
        }
    }
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
    /// An image stands otherwise.
    State {
        /// How.
        to: ImageState,
        /// Why.
        reason: String,
    },
    /// A published image has a finding that it did not have before.
    Finding {
        /// `CVE-2026-1234 openssl`.
        id: String,
        /// How bad it is.
        severity: Severity,
        /// In a line.
        title: String,
    },
    /// An image will stand otherwise, by its lifecycle.
    Retiring {
        /// How.
        to: ImageState,
        /// When, in seconds since 1970-01-01 UTC.
        at_unix: i64,
        /// Why.
        reason: String,
    },
    /// A channel of its family names the image now.
    Promoted {
        /// `production`.
        channel: String,
        /// Why.
        reason: String,
    },
    /// The schedule of a pipeline was switched off.
    ScheduleOff {
        /// How often it failed in a row.
        failures: u32,
        /// The last failure.
        error: String,
    },
    /// An audit refuses what it did not refuse before.
    AuditRefused {
        /// Where: `aws/eu`.
        target: String,
        /// What, and why, in words.
        refused: Vec<String>,
    },
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
            Self::State { to, .. } => match to {
                ImageState::Built => "image.built",
                ImageState::Testing => "image.testing",
                ImageState::Rejected => "image.rejected",
                ImageState::Approved => "image.approved",
                ImageState::Distributing => "image.distributing",
                ImageState::Available => "image.available",
                ImageState::Quarantined => "image.quarantined",
                ImageState::Revoked => "image.revoked",
                ImageState::Deprecated => "image.deprecated",
                ImageState::Disabled => "image.disabled",
                ImageState::Deleted => "image.deleted",
            },
            Self::Finding { .. } => "image.finding",
            Self::Retiring { .. } => "image.retiring",
            Self::Promoted { .. } => "image.promoted",
            Self::ScheduleOff { .. } => "schedule.off",
            Self::AuditRefused { .. } => "audit.refused",
        }
    }

    /// What a `notify` block asks for it as; `None`: nobody is told.
    pub fn event(&self) -> Option<NotifyEvent> {
        use NotifyEvent as E;
        match self {
            Self::RunBegun => Some(E::RunStarted),
            Self::RunDone => Some(E::RunSucceeded),
            // A stage that fails has its run fail: told once.
            Self::RunFailed { .. } | Self::RunCancelled => Some(E::RunFailed),
            Self::Waiting { .. } => Some(E::ApprovalNeeded),
            // In a run it is the stages that change how an image stands.
            Self::UnitDone { unit } if unit == "approve" => Some(E::Approved),
            Self::UnitDone { unit } if unit == "register" => Some(E::Distributed),
            Self::UnitDone { .. } | Self::UnitFailed { .. } => None,
            Self::State { to, .. } => match to {
                ImageState::Approved => Some(E::Approved),
                ImageState::Rejected => Some(E::Rejected),
                ImageState::Available => Some(E::Distributed),
                ImageState::Quarantined | ImageState::Revoked => Some(E::Quarantined),
                ImageState::Deprecated | ImageState::Disabled | ImageState::Deleted => {
                    Some(E::Retired)
                }
                ImageState::Built | ImageState::Testing | ImageState::Distributing => None,
            },
            Self::Retiring { .. } => Some(E::Retired),
            Self::Finding { .. } => Some(E::FindingNew),
            Self::Promoted { .. } => Some(E::Promoted),
            Self::ScheduleOff { .. } => Some(E::ScheduleDisabled),
            Self::AuditRefused { .. } => Some(E::AuditRefused),
        }
    }

    /// How bad it is, where it is a finding.
    pub const fn severity(&self) -> Option<Severity> {
        match self {
            Self::Finding { severity, .. } => Some(*severity),
            _ => None,
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
