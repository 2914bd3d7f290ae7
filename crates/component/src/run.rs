//! Running a document: phases, steps, attempts, loops, outputs, events.
//!
//! ```text
//! Run::new ──► next ──► Step(report) ──► next ... ──► End ──► into_report
//!                └────► Reboot: keep `state`, reboot, Run::resume, next
//! ```
//!
//! A step is the unit: between two of them a run can be written down and gone on with elsewhere,
//! and a step whose result is kept can be accepted instead of run.

mod attempt;
mod error;
mod format;
mod key;
pub(crate) mod nested;
mod report;
mod scope;
mod step;
pub(crate) mod stop;
mod terms;

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;

use crate::Document;
use crate::document::{OnFailure, Phase, Step};
use crate::machine::Machine;
use crate::services::Services;
use nested::Nest;
use scope::{Look, Scope};
use step::{Around, End};

pub(crate) use attempt::numbers;
pub use error::RunError;
pub use format::{DoneStep, State};
pub use key::StepInputs;
pub use report::{DocumentFailed, Entries, Given, Pair, Report, RunStatus, StepReport, StepStatus};
pub(crate) use scope::names as scope_names;
pub use terms::{Each, Repeat, RepeatOver, Terms};

/// Values of parameters, by name. The caller has made sensitive ones known to
/// [`Cx::redactor`].
pub type Parameters = BTreeMap<String, String>;

/// What `{{ context:... }}` knows.
pub(crate) const CONTEXT_KEYS: [&str; 12] = [
    "accountId",
    "date",
    "dateTime",
    "executionId",
    "hostname",
    "osName",
    "osPlatform",
    "osVersion",
    "phase",
    "region",
    "step",
    "uuid",
];

/// Reboots of one run; a step that always asks for one would never end.
const REBOOTS_MAX: u32 = 20;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The phase.
    pub phase: &'a str,
    /// The step.
    pub step: &'a str,
    /// Its action.
    pub action: &'static str,
    /// How many steps came before.
    pub number: usize,
}

/// What one call of [`Run::next`] came to.
#[derive(Debug)]
pub enum Next {
    /// A step is over: the last one of [`Run::steps`].
    Step,
    /// The machine has to be rebooted, after this time, to go on.
    Reboot(Duration),
    /// There is nothing left to do.
    End,
}

/// A document being run.
pub struct Run<'a> {
    document: &'a Document,
    phases: Vec<String>,
    /// Every step of the phases asked for.
    steps: Vec<(&'a Phase, &'a Step)>,
    scope: Scope,
    done: Vec<DoneStep>,
    partial: Option<format::Partial>,
    reboots: u32,
    nest: Nest,
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("document", &self.document.name())
            .field("done", &self.done.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Run<'a> {
    /// Begins a run of the phases of a document that are asked for (all, when none is), in the
    /// document's order.
    pub fn new(
        document: &'a Document,
        parameters: &Parameters,
        phases: &[&str],
    ) -> Result<Self, RunError> {
        Self::within(document, parameters, phases, &Nest::default())
    }

    /// As [`Run::new`], for a document that another one runs.
    pub(crate) fn within(
        document: &'a Document,
        parameters: &Parameters,
        phases: &[&str],
        nest: &Nest,
    ) -> Result<Self, RunError> {
        let is_asked = |name: &str| phases.is_empty() || phases.contains(&name);
        if !document.phases().any(is_asked) {
            return Err(RunError::NoPhase {
                document: document.name().to_owned(),
                asked: phases.iter().map(|&phase| phase.to_owned()).collect(),
                known: document.phases().map(str::to_owned).collect(),
            });
        }
        let asked = document.phases.iter().filter(|p| is_asked(&p.name.value));
        Ok(Self {
            document,
            phases: phases.iter().map(|&phase| phase.to_owned()).collect(),
            steps: asked
                .flat_map(|phase| phase.steps.iter().map(move |step| (phase, step)))
                .collect(),
            scope: Scope::new(document, parameters)?,
            done: Vec::new(),
            partial: None,
            reboots: 0,
            nest: nest.with(document.name(), document.file.text()),
        })
    }

    /// Goes on where [`Run::state`] was taken.
    pub fn resume(
        document: &'a Document,
        parameters: &Parameters,
        state: State,
    ) -> Result<Self, RunError> {
        Self::resume_within(document, parameters, state, &Nest::default())
    }

    pub(crate) fn resume_within(
        document: &'a Document,
        parameters: &Parameters,
        state: State,
        nest: &Nest,
    ) -> Result<Self, RunError> {
        let refuse = |detail| RunError::State {
            document: document.name().to_owned(),
            detail,
        };
        if state.version != format::VERSION {
            return Err(refuse("it was written by another version of Goldsmith"));
        }
        if state.document != text_digest(document) {
            return Err(refuse("the document has changed since"));
        }
        let phases: Vec<&str> = state.phases.iter().map(String::as_str).collect();
        let mut run = Self::within(document, parameters, &phases, nest)?;
        if state.done.len() > run.steps.len() {
            return Err(refuse("it has more steps than the document"));
        }
        for done in state.done {
            run.accept(done);
        }
        run.partial = state.partial;
        run.reboots = state.reboots;
        Ok(run)
    }

    /// The step that comes next; `None` at the end.
    pub fn peek(&self) -> Option<Place<'a>> {
        let (phase, step) = self.upcoming()?;
        Some(Place {
            phase: &phase.name.value,
            step: &step.name.value,
            action: step.action.value.name,
            number: self.done.len(),
        })
    }

    fn upcoming(&self) -> Option<(&'a Phase, &'a Step)> {
        if let Some(last) = self.done.last() {
            let (_, step) = self.steps[self.done.len() - 1];
            let is_over = last.report.status == StepStatus::Failed;
            if is_over && step.on_failure == OnFailure::Abort {
                return None;
            }
        }
        self.steps.get(self.done.len()).copied()
    }

    /// What the result of the next step depends on, besides the tree it starts from.
    pub fn next_inputs(
        &mut self,
        cx: &Cx,
        machine: &dyn Machine,
        services: &Services<'_>,
    ) -> Result<StepInputs, RunError> {
        let Some((phase, step)) = self.upcoming() else {
            return Ok(StepInputs::default());
        };
        self.scope.enter(&phase.name.value, &step.name.value);
        let look = Look {
            cx,
            machine,
            services,
            iteration: None,
        };
        key::inputs(look, &self.scope, step)
    }

    /// Runs the next step. Its output is passed on as events of `<document> <phase>/<step>`.
    /// That a step fails is told by its report, not by an error.
    pub fn next(
        &mut self,
        cx: &Cx,
        machine: &dyn Machine,
        services: &Services<'_>,
    ) -> Result<Next, RunError> {
        cx.cancel.check()?;
        let Some((phase, step)) = self.upcoming() else {
            return Ok(Next::End);
        };
        let around = Around {
            cx,
            document: self.document,
            machine,
            services,
            nest: &self.nest,
        };
        let partial = self.partial.take();
        match step::run(around, phase, step, &mut self.scope, partial)? {
            End::Done(done) => {
                self.accept(*done);
                Ok(Next::Step)
            }
            End::Reboot(delay, left) => {
                self.reboots += 1;
                if self.reboots > REBOOTS_MAX {
                    let why = format!("it asked for a reboot {} times", self.reboots);
                    self.fail(cx, why);
                    return Ok(Next::Step);
                }
                match left {
                    Ok(done) => self.accept(*done),
                    Err(partial) => self.partial = Some(*partial),
                }
                Ok(Next::Reboot(delay))
            }
        }
    }

    /// Runs the next step to its end on a machine that nobody reboots; `false` when there is
    /// none. A step that is to be run again after a reboot fails.
    pub fn next_unbooted(
        &mut self,
        cx: &Cx,
        machine: &dyn Machine,
        services: &Services<'_>,
    ) -> Result<bool, RunError> {
        match self.next(cx, machine, services)? {
            Next::End => return Ok(false),
            Next::Step => {}
            Next::Reboot(_) if self.is_partial() => {
                let why = "it asks for a reboot, which is not possible here";
                self.fail(cx, why.to_owned());
            }
            // Nothing runs here that a reboot would end: the image boots afresh anyway.
            Next::Reboot(_) => cx.warn(format!(
                "component `{}` asks for a reboot: left out, this is no running machine",
                self.document.name()
            )),
        }
        Ok(true)
    }

    /// Takes the result that is kept for the next step instead of running it.
    pub fn accept(&mut self, done: DoneStep) {
        if done.report.status == StepStatus::Success {
            let DoneStep {
                report,
                inputs,
                outputs,
            } = &done;
            let (inputs, outputs) = (inputs.clone(), outputs.clone());
            self.scope
                .keep(&report.phase, &report.step, inputs, outputs);
        }
        self.done.push(done);
    }

    /// The next step fails without being run, or without being run to its end: what it asks
    /// for is not possible here.
    pub fn fail(&mut self, cx: &Cx, why: String) {
        self.partial = None;
        let Some((phase, step)) = self.upcoming() else {
            return;
        };
        let mut report = StepReport {
            started: cx.clock().unix_seconds(),
            ..StepReport::new(&phase.name.value, step)
        };
        report.fail(why);
        self.done.push(DoneStep {
            report,
            inputs: Entries::new(),
            outputs: Entries::new(),
        });
    }

    /// Whether the step that asked for a reboot is to be done again, or has more to do.
    pub const fn is_partial(&self) -> bool {
        self.partial.is_some()
    }

    /// What came of the steps so far.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = &StepReport> + ExactSizeIterator {
        self.done.iter().map(|done| &done.report)
    }

    /// The step that was run or accepted last, with what later steps may ask of it.
    pub fn last(&self) -> Option<&DoneStep> {
        self.done.last()
    }

    /// Enough to go on later.
    pub fn state(&self) -> State {
        State {
            version: format::VERSION,
            document: text_digest(self.document),
            phases: self.phases.clone(),
            reboots: self.reboots,
            done: self.done.clone(),
            partial: self.partial.clone(),
        }
    }

    /// What came of the steps so far.
    pub fn report(&self) -> Report {
        Report {
            steps: self.steps().cloned().collect(),
            ..Report::new(self.document)
        }
    }

    /// What came of the steps that were run.
    pub fn into_report(self) -> Report {
        Report {
            steps: self.done.into_iter().map(|done| done.report).collect(),
            ..Report::new(self.document)
        }
    }
}

fn text_digest(document: &Document) -> String {
    Sha256::of(document.file.text().as_bytes()).to_string()
}

/// Runs a document to its end on a machine that nobody reboots: a step that asks for it fails.
pub fn run_document(
    cx: &Cx,
    document: &Document,
    parameters: &Parameters,
    phases: &[&str],
    machine: &dyn Machine,
    services: &Services<'_>,
) -> Result<Report, RunError> {
    let mut run = Run::new(document, parameters, phases)?;
    while run.next_unbooted(cx, machine, services)? {}
    Ok(run.into_report())
}
