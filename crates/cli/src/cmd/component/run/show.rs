//! What came of the documents, for a person and for a program.

use std::path::Path;
use std::time::Duration;

use goldsmith_component::awstoe::summary::LongSummary;
use goldsmith_component::execution::{ExecutionReport, Planned, Status};
use goldsmith_component::run::{StepReport, StepStatus};
use goldsmith_core::size::format_duration;

use crate::app::App;
use crate::output::table;
use crate::report::headline;
use crate::style;

/// An execution that is over.
#[derive(Clone, Copy)]
pub(super) struct Over<'a> {
    pub(super) report: &'a ExecutionReport,
    pub(super) planned: &'a [Planned],
    /// Those asked for.
    pub(super) phases: &'a [String],
    pub(super) logs: Option<&'a Path>,
    pub(super) place: &'a str,
}

/// The table of all steps; what failed, if something did.
pub(super) fn result(app: &App, over: Over<'_>) {
    let Over { report, place, .. } = over;
    let folder = over.logs.map(|logs| logs.display().to_string());
    if app.output.is_json {
        let url = folder.as_deref().unwrap_or_default();
        let summary = LongSummary::of(report, url, place);
        let value = serde_json::to_value(&summary).expect("a summary holds text and numbers only");
        return app.output.json(&value);
    }
    let rows = rows(over);
    let count = rows.len();
    let head = ["DOCUMENT", "PHASE", "STEP", "STATUS", "TIME", "ATTEMPTS"];
    app.output.text(&table(head, rows));
    let documents = report.documents.iter();
    for failed in documents.filter_map(|report| report.clone().check().err()) {
        let headline = headline(&failed.to_string());
        app.output.error(&format!("\n{headline}"));
    }
    if report.status() == Status::Success {
        let steps = match count {
            1 => "1 step".to_owned(),
            n => format!("{n} steps"),
        };
        let (good, reset) = (style::GOOD, style::RESET);
        app.output
            .text(&format!("\n{good}ok{reset} {steps} on {place}\n"));
    }
    if let Some(folder) = folder {
        app.output.aside(&format!("logs: {folder}\n"));
    }
}

/// Every step that was asked for, also those that were not begun.
fn rows(over: Over<'_>) -> Vec<[String; 6]> {
    let mut rows = Vec::new();
    // The step under way when it was stopped is the first one without a report.
    let mut words = over.report.failure.iter().map(|_| "stopped");
    for (number, planned) in over.planned.iter().enumerate() {
        let document = &planned.document;
        let report = over.report.documents.get(number);
        let mut begun = report
            .map(|report| report.steps.as_slice())
            .unwrap_or_default()
            .iter();
        let is_asked =
            |phase: &str| over.phases.is_empty() || over.phases.iter().any(|asked| asked == phase);
        for (phase, step) in document.steps().filter(|(phase, _)| is_asked(phase)) {
            let [status, time, attempts] = match begun.next() {
                Some(step) => came_to(step),
                None => [words.next().unwrap_or("not run"), "-", "-"].map(str::to_owned),
            };
            let names = [document.name(), phase, step].map(str::to_owned);
            let [document, phase, step] = names;
            rows.push([document, phase, step, status, time, attempts]);
        }
    }
    rows
}

fn came_to(step: &StepReport) -> [String; 3] {
    let status = match step.status {
        StepStatus::Success => "ok",
        StepStatus::Skipped => "skipped",
        StepStatus::Failed => "failed",
        StepStatus::IgnoredFailure => "failed, ignored",
    };
    let attempts = step.attempts.to_string();
    [status.to_owned(), format_duration(step.duration), attempts]
}

/// That the machine has to be rebooted.
pub(super) fn reboot(app: &App, delay: Duration, state: &Path) {
    let when = match delay {
        Duration::ZERO => String::new(),
        delay => format!(" after {}", format_duration(delay)),
    };
    app.output.result(
        &format!(
            "reboot this machine{when}, then give the same command again: it goes on from `{}`\n",
            state.display()
        ),
        || {
            serde_json::json!({ "version": 1, "reboot": { "delaySeconds": delay.as_secs(),
                "state": state.to_string_lossy() } })
        },
    );
}
