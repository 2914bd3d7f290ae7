//! Several documents run one after the other: an execution, as AWSTOE calls it.
//!
//! ```text
//! new ──► run ──► document 1: its phases, document 2: its phases, ... ──► End ──► report
//!           │                      └ failed: those after it are not begun
//!           └───► Reboot: keep `state`, reboot, resume, run
//! ```

mod format;
mod report;

use std::time::Duration;

use goldsmith_core::cx::{Cx, Phase};
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::Unit;
use goldsmith_core::failure::{Class, Failure};

use crate::machine::Machine;
use crate::run::{Next, Run, RunError, StepReport, StepStatus};
use crate::services::Services;
use crate::{Document, Parameters, Report};
pub use format::ExecutionState;
pub(crate) use report::failure_message;
pub use report::{ExecutionReport, Status};

/// A document of an execution and its parameters.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The document.
    pub document: Document,
    /// Values of its parameters, which [`check_parameters`](crate::check_parameters) has seen.
    pub parameters: Parameters,
}

/// What happens when a step asks for a reboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reboots {
    /// The caller reboots the machine and goes on.
    ByCaller,
    /// Nobody can: a step that is to be run again after it fails; `Reboot` is left out, as what
    /// runs next boots anyway.
    Impossible,
}

/// Where [`Execution::run`] stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The machine has to be rebooted, after this time, to go on.
    Reboot(Duration),
    /// There is nothing left to do.
    End,
}

/// The state of an execution that is not this one.
#[derive(Debug, thiserror::Error)]
#[error("an execution that waits for a reboot is another one: {0}")]
pub struct OtherExecution(String);

impl Failure for OtherExecution {
    fn class(&self) -> Class {
        Class::Usage
    }
}

/// Documents being run.
#[derive(Debug)]
pub struct Execution<'a> {
    id: String,
    started: i64,
    planned: &'a [Planned],
    phases: Vec<String>,
    /// Of the documents that are over.
    done: Vec<Report>,
    /// The document under way, and its progress.
    current: Option<(Run<'a>, Phase)>,
}

impl<'a> Execution<'a> {
    /// Begins to run the phases asked for (all, when none is) of every document. A document that
    /// has none of them is passed over.
    pub fn new(cx: &Cx, id: &str, planned: &'a [Planned], phases: &[String]) -> Self {
        Self {
            id: id.to_owned(),
            started: cx.clock().unix_seconds(),
            planned,
            phases: phases.to_vec(),
            done: Vec::new(),
            current: None,
        }
    }

    /// Goes on where [`Execution::state`] was taken, of the same documents, phases and
    /// parameters. The secrets it knew are known again.
    pub fn resume(
        cx: &Cx,
        planned: &'a [Planned],
        phases: &[String],
        state: ExecutionState,
    ) -> Result<Self, OtherExecution> {
        state.check(planned, phases)?;
        for secret in state.secrets() {
            cx.redactor.add(&secret);
        }
        let current = match (state.current, planned.get(state.done.len())) {
            (Some(run), Some(one)) => {
                let refused = |error: RunError| OtherExecution(error.to_string());
                let run = Run::resume(&one.document, &one.parameters, run).map_err(refused)?;
                let bar = progress(cx, &one.document, &state.phases);
                Some((run, bar))
            }
            _ => None,
        };
        Ok(Self {
            id: state.execution_id,
            started: state.started,
            planned,
            phases: state.phases,
            done: state.done,
            current,
        })
    }

    /// Its identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it began, in seconds since 1970 UTC.
    pub const fn started(&self) -> i64 {
        self.started
    }

    /// Runs on, until the end or until the machine has to be rebooted; `on_step` hears of every
    /// step that is over. That a step fails is told by the report, not by an error.
    pub fn run(
        &mut self,
        cx: &Cx,
        machine: &dyn Machine,
        services: &Services<'_>,
        reboots: Reboots,
        on_step: &mut dyn FnMut(&str, &StepReport),
    ) -> Result<Stopped, RunError> {
        while self.begin(cx)? {
            let Some((run, bar)) = &mut self.current else {
                continue;
            };
            let before = run.steps().len();
            let next = match reboots {
                Reboots::ByCaller => run.next(cx, machine, services)?,
                Reboots::Impossible if run.next_unbooted(cx, machine, services)? => Next::Step,
                Reboots::Impossible => Next::End,
            };
            if let Some(step) = run.steps().nth(before) {
                let document = &self.planned[self.done.len()].document;
                on_step(document.name(), step);
                bar.progress(run.steps().len() as u64);
            }
            match next {
                Next::Step => {}
                Next::Reboot(delay) => return Ok(Stopped::Reboot(delay)),
                Next::End => self.finish(),
            }
        }
        Ok(Stopped::End)
    }

    /// Makes sure that a document is under way; `false` at the end.
    fn begin(&mut self, cx: &Cx) -> Result<bool, RunError> {
        let has_failed = |report: &Report| report.count(StepStatus::Failed) > 0;
        if self.current.is_some() {
            return Ok(true);
        }
        let Some(one) = self.planned.get(self.done.len()) else {
            return Ok(false);
        };
        if self.done.last().is_some_and(has_failed) {
            return Ok(false);
        }
        if !self.concerns(&one.document) {
            self.done.push(Report::new(&one.document));
            return Ok(true);
        }
        let phases: Vec<&str> = self.phases.iter().map(String::as_str).collect();
        let run = Run::new(&one.document, &one.parameters, &phases)?;
        self.current = Some((run, progress(cx, &one.document, &self.phases)));
        Ok(true)
    }

    /// Whether a document has one of the phases asked for.
    fn concerns(&self, document: &Document) -> bool {
        let mut phases = document.phases();
        self.phases.is_empty() || phases.any(|phase| self.phases.iter().any(|p| p == phase))
    }

    fn finish(&mut self) {
        let Some((run, bar)) = self.current.take() else {
            return;
        };
        let report = run.into_report();
        // A phase that failed says nothing.
        if report.count(StepStatus::Failed) == 0 {
            let skipped = report.count(StepStatus::Skipped);
            let executed = report.steps.len() - skipped;
            let steps = if executed == 1 { "step" } else { "steps" };
            bar.finish(match skipped {
                0 => format!("{executed} {steps}"),
                _ => format!("{executed} {steps}, {skipped} skipped"),
            });
        }
        self.done.push(report);
    }

    /// Enough to go on after a reboot.
    pub fn state(&self, cx: &Cx) -> ExecutionState {
        ExecutionState::of(self, cx)
    }

    /// What came of it so far. `failure` is why it ended before its end, if it did.
    pub fn report(&self, cx: &Cx, failure: Option<String>) -> ExecutionReport {
        let current = self.current.as_ref().map(|(run, _)| run.report());
        ExecutionReport {
            id: self.id.clone(),
            started: self.started,
            ended: cx.clock().unix_seconds(),
            failure: failure.map(|text| cx.redactor.redact(&text)),
            documents: self.done.iter().cloned().chain(current).collect(),
        }
    }
}

fn progress(cx: &Cx, document: &Document, phases: &[String]) -> Phase {
    let phases: Vec<&str> = match phases {
        [] => document.phases().collect(),
        some => some.iter().map(String::as_str).collect(),
    };
    let steps = document.step_count(&phases) as u64;
    cx.phase(document.name(), Some((steps, Unit::Steps)))
}

fn digest(document: &Document) -> Sha256 {
    Sha256::of(document.file.text().as_bytes())
}
