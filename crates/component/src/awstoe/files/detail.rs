//! `detailedoutput.json`: everything that came of an execution.
//!
//! ```text
//! { executionId, status, startTime, endTime, failureMessage,
//!   documents: [ { name, filePath, status, description, startTime, endTime, failureMessage,
//!     phases: [ { name, status, startTime, endTime, failureMessage,
//!       steps: [ { name, status, failureMessage, timeoutSeconds, onFailure, maxAttempts, action,
//!                  startTime, endTime,
//!                  inputs:  "<JSON text of a list of mappings>",
//!                  outputs: "<JSON text of a list of mappings>",
//!                  loop: null | { name, for | forEach },
//!                  detailedOutput: null | [ <this form, for each document that it ran> ] } ] } ] } ] }
//! ```
//!
//! Times are RFC 3339 with their offset. Statuses are small letters: `success`, `failed`,
//! `ignoredfailure` (a step), `successwithignoredfailure` (a phase, a document). A step that was
//! skipped is a success.

use serde_json::{Value, json};

use crate::execution::{ExecutionReport, Status, failure_message};
use crate::run::{Report, RunStatus, StepReport, StepStatus};

/// When something was, in seconds since 1970 UTC.
#[derive(Clone, Copy)]
struct Time {
    start: i64,
    end: i64,
}

/// The content of the file.
pub fn detailed_output(report: &ExecutionReport) -> Value {
    let time = Time {
        start: report.started,
        end: report.ended,
    };
    let message = report.failure_message();
    execution(
        &report.id,
        report.status(),
        time,
        &message,
        &report.documents,
    )
}

fn execution(id: &str, status: Status, time: Time, message: &str, documents: &[Report]) -> Value {
    let documents: Vec<Value> = documents
        .iter()
        .map(|one| document(one, time, id))
        .collect();
    json!({
        "executionId": id,
        "status": status,
        "startTime": moment(time.start),
        "endTime": moment(time.end),
        "failureMessage": message,
        "documents": documents,
    })
}

fn document(report: &Report, around: Time, id: &str) -> Value {
    let time = times(&report.steps, around);
    let phases: Vec<Value> = report
        .phases()
        .map(|(name, steps)| {
            let time = times(steps, time);
            json!({
                "name": name,
                "status": run_status(report.phase_status(name)),
                "startTime": moment(time.start),
                "endTime": moment(time.end),
                "failureMessage": steps.iter().find_map(why).unwrap_or_default(),
                "steps": steps.iter().map(|one| step(one, id)).collect::<Vec<_>>(),
            })
        })
        .collect();
    // A document without a name goes by its file here, and by nothing there.
    let name = Some(&report.document).filter(|name| **name != report.file);
    json!({
        "name": name.map_or("", String::as_str),
        "filePath": report.file,
        "status": run_status(report.status()),
        "description": report.description,
        "startTime": moment(time.start),
        "endTime": moment(time.end),
        "failureMessage": report.failure_message(),
        "phases": phases,
    })
}

fn step(report: &StepReport, id: &str) -> Value {
    let time = time(report);
    let nested: Vec<Value> = report
        .nested
        .iter()
        .map(|nested| {
            let documents = std::slice::from_ref(nested);
            let (status, message) = (Status::of(documents), failure_message(documents));
            execution(id, status, times(&nested.steps, time), &message, documents)
        })
        .collect();
    let encoded = |value: Value| value.to_string();
    json!({
        "name": report.step,
        "status": match report.status {
            StepStatus::Success | StepStatus::Skipped => "success",
            StepStatus::Failed => "failed",
            StepStatus::IgnoredFailure => "ignoredfailure",
        },
        "failureMessage": report.error.as_deref().unwrap_or_default(),
        "timeoutSeconds": report.terms.timeout_seconds,
        "onFailure": report.terms.on_failure,
        "maxAttempts": report.terms.attempts_max,
        "action": report.action,
        "startTime": moment(time.start),
        "endTime": moment(time.end),
        "inputs": encoded(json!(report.inputs)),
        "outputs": encoded(outputs(report)),
        "loop": report.terms.repeat,
        "detailedOutput": Some(nested).filter(|nested| !nested.is_empty()),
    })
}

/// Entries without outputs keep the place of those with some, and are nothing without these.
fn outputs(report: &StepReport) -> Value {
    let has_any = report.outputs.iter().any(|entry| !entry.is_empty());
    if has_any {
        json!(report.outputs)
    } else {
        json!([])
    }
}

/// Why a step failed, when it matters.
fn why(step: &StepReport) -> Option<&str> {
    let has_failed = step.status == StepStatus::Failed;
    step.error.as_deref().filter(|_| has_failed)
}

fn run_status(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Success => "success",
        RunStatus::SuccessWithIgnoredFailure => "successwithignoredfailure",
        RunStatus::Failed => "failed",
    }
}

fn time(step: &StepReport) -> Time {
    let seconds = i64::try_from(step.duration.as_secs()).unwrap_or(0);
    Time {
        start: step.started,
        end: step.started.saturating_add(seconds),
    }
}

/// From the first step to the last; without steps that of what is around.
fn times(steps: &[StepReport], around: Time) -> Time {
    match (steps.first(), steps.last()) {
        (Some(first), Some(last)) => Time {
            start: time(first).start,
            end: time(last).end,
        },
        _ => around,
    }
}

/// RFC 3339 with the offset of UTC.
pub(super) fn moment(unix: i64) -> String {
    let moment = jiff::Timestamp::from_second(unix).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
