//! What came of steps and documents. Part of a [`State`](super::State) and of what a remote
//! run sends: a field that goes or changes its meaning raises the version of the state.

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::failure::{Class, Failure};
use serde::{Deserialize, Serialize};

/// Inputs or outputs of a step, entry by entry, by name.
pub type Entries = Vec<BTreeMap<String, String>>;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    /// It did its work.
    Success,
    /// Its condition said no; counts as success.
    Skipped,
    /// It failed after its last attempt.
    Failed,
    /// It failed, and says itself that this does not matter.
    IgnoredFailure,
}

/// How a phase or a document ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// Every step is a success.
    Success,
    /// Some step failed in a way that does not matter; counts as success.
    SuccessWithIgnoredFailure,
    /// A step failed.
    Failed,
}

/// What came of one step. Its texts hold no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// Phase it belongs to.
    pub phase: String,
    /// Its name.
    pub step: String,
    /// Its action.
    pub action: String,
    /// How it ended.
    pub status: StepStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// When it began, in seconds since 1970 UTC.
    pub started: i64,
    /// Wall time of all attempts.
    pub duration: Duration,
    /// Processor time of the programs it ran, where the machine can tell.
    pub cpu: Duration,
    /// Largest memory of one of them, in bytes, where the machine can tell.
    pub max_rss_bytes: Option<u64>,
    /// Exit code of the last program it ran, when that failed.
    pub exit_code: Option<i32>,
    /// Iterations of its loop that ran to their end; 1 without a loop.
    pub iterations: usize,
    /// Inputs of the last iteration, references replaced; none of a step with `disableLogging`.
    pub inputs: Entries,
    /// Outputs; none of a step with `disableLogging`.
    pub outputs: Entries,
    /// The last lines it printed.
    pub tail: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// What came of the documents it ran.
    pub nested: Vec<Report>,
}

/// What came of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the document.
    pub document: String,
    /// Every step that was begun, in order.
    pub steps: Vec<StepReport>,
}

impl Report {
    /// How the document ended.
    pub fn status(&self) -> RunStatus {
        status_of(self.steps.iter())
    }

    /// How one phase ended.
    pub fn phase_status(&self, phase: &str) -> RunStatus {
        status_of(self.steps.iter().filter(|step| step.phase == phase))
    }

    /// How many steps ended like this.
    pub fn count(&self, status: StepStatus) -> usize {
        let steps = self.steps.iter();
        steps.filter(|step| step.status == status).count()
    }

    /// The report if the document succeeded, else the failure of its first failed step.
    pub fn check(self) -> Result<Self, DocumentFailed> {
        match self
            .steps
            .iter()
            .position(|step| step.status == StepStatus::Failed)
        {
            None => Ok(self),
            Some(at) => Err(DocumentFailed(Box::new(self), at)),
        }
    }
}

fn status_of<'a>(steps: impl Iterator<Item = &'a StepReport>) -> RunStatus {
    let of_step = |step: &StepReport| match step.status {
        StepStatus::Success | StepStatus::Skipped => RunStatus::Success,
        StepStatus::IgnoredFailure => RunStatus::SuccessWithIgnoredFailure,
        StepStatus::Failed => RunStatus::Failed,
    };
    steps.map(of_step).max().unwrap_or(RunStatus::Success)
}

/// A step of a document failed.
#[derive(Debug)]
pub struct DocumentFailed(Box<Report>, usize);

impl DocumentFailed {
    /// The step that failed first.
    pub fn step(&self) -> &StepReport {
        &self.0.steps[self.1]
    }

    /// Everything that ran.
    pub const fn report(&self) -> &Report {
        &self.0
    }
}

impl std::fmt::Display for DocumentFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let step = self.step();
        write!(
            f,
            "component `{}` failed in {}/{}",
            self.0.document, step.phase, step.step
        )?;
        let why = step.error.as_deref().unwrap_or("unknown failure");
        write!(f, " ({}): {why}", step.action)?;
        if step.attempts > 1 {
            write!(f, ", after {} attempts", step.attempts)?;
        }
        step.tail
            .iter()
            .try_for_each(|line| write!(f, "\n  | {line}"))
    }
}

impl std::error::Error for DocumentFailed {}

impl Failure for DocumentFailed {
    fn class(&self) -> Class {
        Class::Config
    }
}
