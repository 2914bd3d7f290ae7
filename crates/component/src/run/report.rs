//! What came of steps and documents. Part of a [`State`](super::State) and of what a remote
//! run sends: a field that goes or changes its meaning raises the version of the state.

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::failure::{Class, Failure};
use serde::{Deserialize, Serialize};

use super::terms::Terms;
use crate::document::{Document, OnFailure, Step};

/// Inputs or outputs of a step, entry by entry, by name.
pub type Entries = Vec<BTreeMap<String, String>>;

/// An input as an action was given it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// A text, a number, a flag.
    Text(String),
    /// Several texts.
    List(Vec<String>),
    /// Texts by name, in order.
    Pairs(Vec<Pair>),
}

/// A name and its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The name.
    pub name: String,
    /// The text.
    pub value: String,
}

impl Pair {
    /// Of name, value, name, value, ...
    pub(crate) fn of(texts: &[String]) -> Vec<Self> {
        let pairs = texts.chunks_exact(2).map(|pair| Self {
            name: pair[0].clone(),
            value: pair[1].clone(),
        });
        pairs.collect()
    }
}

impl Given {
    /// With every text changed.
    pub(crate) fn map(&self, mut change: impl FnMut(&str) -> String) -> Self {
        match self {
            Self::Text(text) => Self::Text(change(text)),
            Self::List(texts) => Self::List(texts.iter().map(|text| change(text)).collect()),
            Self::Pairs(pairs) => Self::Pairs(
                pairs
                    .iter()
                    .map(|pair| Pair {
                        name: change(&pair.name),
                        value: change(&pair.value),
                    })
                    .collect(),
            ),
        }
    }
}

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
    /// What its document says of it besides.
    #[serde(default)]
    pub terms: Terms,
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
    pub inputs: Vec<BTreeMap<String, Given>>,
    /// Outputs; none of a step with `disableLogging`.
    pub outputs: Entries,
    /// The last lines it printed.
    pub tail: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// What came of the documents it ran.
    pub nested: Vec<Report>,
}

impl StepReport {
    /// Of a step that did nothing yet: as if it had succeeded.
    pub(super) fn new(phase: &str, step: &Step) -> Self {
        Self {
            phase: phase.to_owned(),
            step: step.name.value.clone(),
            action: step.action.value.name.to_owned(),
            terms: Terms::of(step),
            status: StepStatus::Success,
            attempts: 1,
            started: 0,
            duration: Duration::ZERO,
            cpu: Duration::ZERO,
            max_rss_bytes: None,
            exit_code: None,
            iterations: 0,
            inputs: Vec::new(),
            outputs: Entries::new(),
            tail: Vec::new(),
            error: None,
            nested: Vec::new(),
        }
    }

    /// It failed, as its document takes that.
    pub(super) fn fail(&mut self, why: String) {
        self.error = Some(why);
        self.status = match self.terms.on_failure {
            OnFailure::Ignore => StepStatus::IgnoredFailure,
            OnFailure::Abort | OnFailure::Continue => StepStatus::Failed,
        };
    }
}

/// What came of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the document, or of its file when it has none.
    pub document: String,
    /// As it was named by who ran it.
    #[serde(default)]
    pub file: String,
    /// What it says it is for.
    #[serde(default)]
    pub description: String,
    /// Every step that was begun, in order.
    pub steps: Vec<StepReport>,
}

impl Report {
    /// Of a document of which nothing was done.
    pub fn new(document: &Document) -> Self {
        Self {
            document: document.name().to_owned(),
            file: document.file.name().to_owned(),
            description: document.description.clone(),
            steps: Vec::new(),
        }
    }

    /// How the document ended.
    pub fn status(&self) -> RunStatus {
        status_of(self.steps.iter())
    }

    /// How one phase ended.
    pub fn phase_status(&self, phase: &str) -> RunStatus {
        status_of(self.steps.iter().filter(|step| step.phase == phase))
    }

    /// The phases that were begun, in order, with their steps.
    pub fn phases(&self) -> impl Iterator<Item = (&str, &[StepReport])> {
        let phases = self.steps.chunk_by(|a, b| a.phase == b.phase);
        phases.map(|steps| (steps[0].phase.as_str(), steps))
    }

    /// How many steps ended like this.
    pub fn count(&self, status: StepStatus) -> usize {
        let steps = self.steps.iter();
        steps.filter(|step| step.status == status).count()
    }

    /// The step that failed first.
    pub fn failed(&self) -> Option<&StepReport> {
        let mut steps = self.steps.iter();
        steps.find(|step| step.status == StepStatus::Failed)
    }

    /// Why it failed, in a line that begins as AWSTOE's; empty when it did not.
    pub fn failure_message(&self) -> String {
        let Some(step) = self.failed() else {
            return String::new();
        };
        let why = step.error.as_deref().unwrap_or("unknown failure");
        let why = why.lines().next().unwrap_or_default();
        let StepReport {
            phase,
            step,
            action,
            ..
        } = step;
        format!(
            "Document {} failed! {phase}/{step} ({action}): {why}",
            self.file
        )
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
