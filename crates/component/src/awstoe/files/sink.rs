//! The two logs that grow while documents run.
//!
//! ```text
//! application.log   2026-01-31T10:00:00+00:00 INFO step a.yaml build/Dir (ExecuteBash) success ...
//! console.log       a.yaml build/Dir: /opt/app
//! ```

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use goldsmith_core::cx::Cx;
use goldsmith_core::event::{Event, EventSink, Stream};
use goldsmith_core::size::format_duration;

use super::detail::moment;
use crate::execution::ExecutionReport;
use crate::run::{StepReport, StepStatus};

/// Lines of standard error that are told of a step that failed.
const STDERR_LINES: usize = 20;

/// Writes events down and passes them on.
pub(super) struct Sink {
    /// Where events go on to, and where the time comes from.
    cx: Cx,
    open: Mutex<Open>,
}

struct Open {
    application: File,
    console: File,
    /// The step that printed last, and what it last printed on its standard error.
    stderr: (String, VecDeque<String>),
    /// The first failure to write.
    error: Option<io::Error>,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").finish_non_exhaustive()
    }
}

impl Sink {
    pub(super) fn open(folder: &Path, cx: Cx) -> io::Result<Self> {
        let open = |name: &str| {
            let mut options = OpenOptions::new();
            options.append(true).create(true).open(folder.join(name))
        };
        Ok(Self {
            cx,
            open: Mutex::new(Open {
                application: open("application.log")?,
                console: open("console.log")?,
                stderr: Default::default(),
                error: None,
            }),
        })
    }

    fn open_logs(&self) -> MutexGuard<'_, Open> {
        self.open.lock().expect("no panic while held")
    }

    /// One line of the application's log.
    pub(super) fn log(&self, level: &str, text: &str) {
        let now = moment(self.cx.clock().unix_seconds());
        let line = format!("{now} {level} {}\n", text.replace('\n', "\n    "));
        let mut open = self.open_logs();
        let done = open.application.write_all(line.as_bytes());
        open.keep(done);
    }

    fn print(&self, source: &str, stream: Stream, text: &str) {
        let mut open = self.open_logs();
        let done = open
            .console
            .write_all(format!("{source}: {text}\n").as_bytes());
        open.keep(done);
        if open.stderr.0 != source {
            open.stderr = (source.to_owned(), VecDeque::new());
        }
        if stream == Stream::Stderr {
            if open.stderr.1.len() == STDERR_LINES {
                open.stderr.1.pop_front();
            }
            open.stderr.1.push_back(text.to_owned());
        }
    }

    /// Ends the console's log with what failed, as AWSTOE does.
    pub(super) fn fail(&self, report: &ExecutionReport) {
        let mut open = self.open_logs();
        let text = match (&report.failure, failed(report)) {
            (Some(failure), _) => format!("ErrorMessage: {failure}\n"),
            (None, None) => return,
            (None, Some((document, step))) => {
                let source = format!("{document} {}/{}", step.phase, step.step);
                let stderr = if open.stderr.0 == source {
                    open.stderr
                        .1
                        .iter()
                        .map(|line| format!("\n  {line}"))
                        .collect()
                } else {
                    String::new()
                };
                format!(
                    "Document: {document}\nComponentArn:\nPhase: {}\nStep: {}\nAction: {}\nErrorMessage: {}\nStderr:{stderr}\n",
                    step.phase,
                    step.step,
                    step.action,
                    step.error.as_deref().unwrap_or_default(),
                )
            }
        };
        let done = open.console.write_all(text.as_bytes());
        open.keep(done);
    }

    /// The first failure to write.
    pub(super) fn error(&self) -> Option<io::Error> {
        self.open_logs().error.take()
    }
}

impl Open {
    fn keep(&mut self, done: io::Result<()>) {
        if let Err(error) = done {
            self.error.get_or_insert(error);
        }
    }
}

/// The document and the step that made the execution fail.
fn failed(report: &ExecutionReport) -> Option<(&str, &StepReport)> {
    let mut documents = report.documents.iter();
    documents.find_map(|one| Some((one.document.as_str(), one.failed()?)))
}

/// A step that is over, in a line.
pub(super) fn step(document: &str, step: &StepReport) -> String {
    let status = match step.status {
        StepStatus::Success => "success",
        StepStatus::Skipped => "skipped",
        StepStatus::Failed => "failed",
        StepStatus::IgnoredFailure => "failed, ignored",
    };
    let mut text = format!(
        "step {document} {}/{} ({}) {status} in {}",
        step.phase,
        step.step,
        step.action,
        format_duration(step.duration)
    );
    if step.attempts > 1 {
        text.push_str(&format!(", {} attempts", step.attempts));
    }
    if let Some(error) = &step.error {
        text.push_str(": ");
        text.push_str(error);
    }
    text
}

impl EventSink for Sink {
    fn emit(&self, event: Event) {
        match &event {
            Event::Output {
                source,
                stream,
                text,
            } => self.print(source, *stream, text),
            Event::PhaseStarted { phase, .. } => self.log("INFO", &format!("{phase} begins")),
            Event::PhaseFinished { phase, summary, .. } => {
                self.log("INFO", &format!("{phase} ends: {summary}"));
            }
            Event::Note { text } => self.log("INFO", text),
            Event::Warning { text } => self.log("WARN", text),
            Event::Progress { .. } => {}
        }
        self.cx.emit(event);
    }
}
