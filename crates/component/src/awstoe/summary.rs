//! What `awstoe run` prints at its end, and the same with all steps, which `goldsmith component
//! run --json` prints.
//!
//! ```text
//! { "executionId": "...", "status": "success" | "failed", "failedStepCount": n,
//!   "executedStepCount": n, "ignoredFailedStepCount": n, "failureMessage": "", "logUrl": "" }
//!
//! { "version": 1, <the above>, "where": "this machine",
//!   "documents": [ { "name", "file", "status",
//!     "phases": [ { "name", "status",
//!       "steps": [ { "name", "action", "status", "attempts", "iterations", "ms", "exitCode",
//!                    "error", "tail": [...] } ] } ] } ] }
//! ```
//!
//! Statuses of documents and phases: `success`, `success-with-ignored-failure`, `failed`; of steps:
//! `success`, `skipped`, `failed`, `ignored-failure`. Skipped steps are not executed ones. A field
//! that goes or changes its meaning raises the version.

use serde::{Deserialize, Serialize};

use crate::execution::{ExecutionReport, Status, failure_message};
use crate::run::{Report, RunStatus, StepReport, StepStatus};

/// Version of the long form.
pub const VERSION: u32 = 1;

/// AWSTOE's summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Identifier of the execution.
    pub execution_id: String,
    /// How it ended.
    pub status: Status,
    /// Steps that failed.
    pub failed_step_count: usize,
    /// Steps that were run.
    pub executed_step_count: usize,
    /// Steps that failed, which does not matter.
    pub ignored_failed_step_count: usize,
    /// Why it failed; empty when it did not.
    pub failure_message: String,
    /// Where the logs were uploaded or lie; empty when there are none.
    pub log_url: String,
}

impl Summary {
    /// Of an execution.
    pub fn of(report: &ExecutionReport, log_url: &str) -> Self {
        Self {
            status: report.status(),
            failure_message: report.failure_message(),
            log_url: log_url.to_owned(),
            ..Self::of_documents(&report.id, &report.documents)
        }
    }

    /// Of documents; those that their steps ran are counted by these steps alone.
    pub(crate) fn of_documents(id: &str, documents: &[Report]) -> Self {
        let count = |status| documents.iter().map(|report| report.count(status)).sum();
        let steps: usize = documents.iter().map(|report| report.steps.len()).sum();
        let skipped: usize = count(StepStatus::Skipped);
        Self {
            execution_id: id.to_owned(),
            status: Status::of(documents),
            failed_step_count: count(StepStatus::Failed),
            executed_step_count: steps - skipped,
            ignored_failed_step_count: count(StepStatus::IgnoredFailure),
            failure_message: failure_message(documents),
            log_url: String::new(),
        }
    }
}

/// The summary with every step.
#[derive(Debug, Clone, Serialize)]
pub struct LongSummary<'a> {
    version: u32,
    #[serde(flatten)]
    summary: Summary,
    r#where: &'a str,
    documents: Vec<DocumentSummary<'a>>,
}

#[derive(Debug, Clone, Serialize)]
struct DocumentSummary<'a> {
    name: &'a str,
    file: &'a str,
    status: RunStatus,
    phases: Vec<PhaseSummary<'a>>,
}

#[derive(Debug, Clone, Serialize)]
struct PhaseSummary<'a> {
    name: &'a str,
    status: RunStatus,
    steps: Vec<StepSummary<'a>>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct StepSummary<'a> {
    name: &'a str,
    action: &'a str,
    status: StepStatus,
    attempts: u32,
    iterations: usize,
    ms: u64,
    exit_code: Option<i32>,
    error: Option<&'a str>,
    tail: &'a [String],
}

impl<'a> LongSummary<'a> {
    /// Of an execution on a machine called `place`.
    pub fn of(report: &'a ExecutionReport, log_url: &str, place: &'a str) -> Self {
        Self {
            version: VERSION,
            summary: Summary::of(report, log_url),
            r#where: place,
            documents: report.documents.iter().map(document).collect(),
        }
    }
}

fn document(report: &Report) -> DocumentSummary<'_> {
    let phases = report.phases().map(|(name, steps)| PhaseSummary {
        name,
        status: report.phase_status(name),
        steps: steps.iter().map(step).collect(),
    });
    DocumentSummary {
        name: &report.document,
        file: &report.file,
        status: report.status(),
        phases: phases.collect(),
    }
}

fn step(report: &StepReport) -> StepSummary<'_> {
    StepSummary {
        name: &report.step,
        action: &report.action,
        status: report.status,
        attempts: report.attempts,
        iterations: report.iterations,
        ms: u64::try_from(report.duration.as_millis()).unwrap_or(u64::MAX),
        exit_code: report.exit_code,
        error: report.error.as_deref(),
        tail: &report.tail,
    }
}
