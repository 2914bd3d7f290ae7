//! Running a document: phases, steps, attempts, loops, outputs, events.

mod scope;
mod step;

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Cancelled, Class, Failure};

use crate::Document;
use crate::document::OnFailure;
use crate::machine::{Machine, MachineError};
use crate::services::Services;
use scope::Scope;

/// Values of parameters, by name. The caller has made sensitive ones known to
/// [`Cx::redactor`].
pub type Parameters = BTreeMap<String, String>;

/// What `{{ context:... }}` knows. Nothing that differs between two builds of the same.
pub(crate) const CONTEXT_KEYS: [&str; 5] = ["osName", "osPlatform", "osVersion", "phase", "step"];

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunStatus {
    /// Every step is a success.
    Success,
    /// Some step failed in a way that does not matter; counts as success.
    SuccessWithIgnoredFailure,
    /// A step failed.
    Failed,
}

/// What came of one step. Its texts hold no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepReport {
    /// Phase it belongs to.
    pub phase: String,
    /// Its name.
    pub step: String,
    /// Its action.
    pub action: &'static str,
    /// How it ended.
    pub status: StepStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// Wall time of all attempts.
    pub duration: Duration,
    /// Exit code of the last program it ran, when that failed.
    pub exit_code: Option<i32>,
    /// Outputs, entry by entry of its inputs; none of a step with `disableLogging`.
    pub outputs: Vec<BTreeMap<String, String>>,
    /// The last lines it printed.
    pub tail: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// What came of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Why a document could not be run at all. A step that fails is no such error: see
/// [`Report::check`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// None of the phases asked for is in the document.
    #[error("component `{document}` has no phase {}", listed(.asked))]
    NoPhase {
        /// The document.
        document: String,
        /// The phases asked for.
        asked: Vec<String>,
        /// The phases it has.
        known: Vec<String>,
    },
    /// A parameter has no value: [`check_parameters`](crate::check_parameters) says where.
    #[error("component `{document}` needs a value for its parameter `{parameter}`")]
    NoValue {
        /// The document.
        document: String,
        /// The parameter.
        parameter: String,
    },
    /// The machine is not usable any more.
    #[error("component `{document}` was stopped in {place}")]
    Machine {
        /// The document.
        document: String,
        /// Phase and step.
        place: String,
        /// What the machine said.
        #[source]
        source: MachineError,
    },
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

impl Failure for RunError {
    fn class(&self) -> Class {
        match self {
            Self::NoPhase { .. } | Self::NoValue { .. } => Class::Config,
            Self::Machine { source, .. } => source.class(),
            Self::Cancelled(_) => Class::Cancelled,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoPhase { known, .. } => vec![format!("its phases: {}", known.join(", "))],
            Self::Machine { source, .. } => source.hints(),
            _ => Vec::new(),
        }
    }
}

/// Runs the phases of a document that are asked for (all, when none is), in the document's
/// order. Output is passed on as events of `<document> <phase>/<step>`.
///
/// That a step fails is told by the report, not by an error.
pub fn run_document(
    cx: &Cx,
    document: &Document,
    parameters: &Parameters,
    phases: &[&str],
    machine: &dyn Machine,
    services: &Services<'_>,
) -> Result<Report, RunError> {
    let is_asked = |name: &str| phases.is_empty() || phases.contains(&name);
    if !document.phases().any(is_asked) {
        return Err(RunError::NoPhase {
            document: document.name().to_owned(),
            asked: phases.iter().map(|&phase| phase.to_owned()).collect(),
            known: document.phases().map(str::to_owned).collect(),
        });
    }
    let mut scope = Scope::new(cx, document, parameters, machine)?;
    let mut steps = Vec::new();
    'document: for phase in document
        .phases
        .iter()
        .filter(|phase| is_asked(&phase.name.value))
    {
        for step in &phase.steps {
            cx.cancel.check()?;
            let report = step::run(cx, document, phase, step, &mut scope, machine, services)?;
            let is_failed = report.status == StepStatus::Failed;
            steps.push(report);
            if is_failed && step.on_failure == OnFailure::Abort {
                break 'document;
            }
        }
    }
    Ok(Report {
        document: document.name().to_owned(),
        steps,
    })
}
