//! One step: its condition once, then attempts, each with all iterations of its loop.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::{Event, Stream};

use super::RunError;
use super::attempt::{Attempt, Work};
use super::format::{DoneStep, Partial};
use super::nested::Nest;
use super::report::{Entries, Given, StepReport, StepStatus};
use super::scope::{Look, Scope};
use super::stop::Stop;
use crate::Document;
use crate::condition::Verdict;
use crate::document::{Phase, Step};
use crate::machine::{Machine, MachineError};
use crate::services::Services;

/// Lines of output kept.
const TAIL_LINES: usize = 20;

/// How work on a step came to an end.
pub(super) enum End {
    Done(Box<DoneStep>),
    /// The machine has to be rebooted. With a step done, else there is more to do in it.
    Reboot(Duration, Result<Box<DoneStep>, Box<Partial>>),
}

/// What a step is run with.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) cx: &'a Cx,
    pub(super) document: &'a Document,
    pub(super) machine: &'a dyn Machine,
    pub(super) services: &'a Services<'a>,
    pub(super) nest: &'a Nest,
}

pub(super) fn run(
    around: Around<'_>,
    phase: &Phase,
    step: &Step,
    scope: &mut Scope,
    partial: Option<Partial>,
) -> Result<End, RunError> {
    let Around { cx, document, .. } = around;
    let (phase, name) = (phase.name.value.as_str(), step.name.value.as_str());
    scope.enter(phase, name);
    let source = format!("{} {phase}/{name}", document.name());
    let mut tail = VecDeque::new();
    let mut say = |stream: Stream, line: &str| {
        if step.is_silent {
            return;
        }
        let line = cx.redactor.redact(line);
        cx.emit(Event::Output {
            source: source.clone(),
            stream,
            text: line.clone(),
        });
        if tail.len() == TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(line);
    };
    let started = (cx.clock().unix_seconds(), cx.clock().monotonic());
    let (mut attempts, mut verdict, mut go_on) = match partial {
        None => (0, None, None),
        Some(partial) => (
            partial.attempts,
            Some(partial.verdict),
            Some((partial.iteration, partial.outputs, partial.nested)),
        ),
    };
    let mut work = Work::default();
    let outcome = loop {
        attempts += 1;
        let begun = cx.clock().monotonic();
        work = Work {
            usage: work.usage,
            ..Work::default()
        };
        if let Some((iteration, outputs, nested)) = go_on.take() {
            work.iteration = iteration;
            work.outputs = outputs;
            work.resumed = nested.map(|state| *state);
        }
        let mut attempt = Attempt {
            look: Look {
                cx,
                machine: around.machine,
                services: around.services,
                iteration: None,
            },
            step,
            scope,
            nest: around.nest,
            deadline: step.timeout.map(|timeout| begun + timeout),
            say: &mut say,
            work: &mut work,
        };
        // Once, whatever the attempts do to what it looks at.
        let decided = match verdict {
            Some(verdict) => Ok(verdict),
            None => attempt.verdict(),
        };
        let outcome = decided.and_then(|decided| {
            verdict = Some(decided);
            match decided {
                Verdict::Execute => attempt.run().map(|()| true),
                Verdict::Skip => Ok(false),
                Verdict::Abort => Err("its condition says `Abort`".to_owned().into()),
            }
        });
        match outcome {
            Err(Stop::Step(_)) if attempts < step.attempts_max => cx.cancel.check()?,
            outcome => break outcome,
        }
    };
    let mut report = StepReport {
        attempts,
        started: started.0,
        duration: cx.clock().monotonic().saturating_sub(started.1),
        cpu: work.usage.cpu,
        max_rss_bytes: work.usage.max_rss_bytes,
        iterations: work.iteration,
        tail: tail.into(),
        nested: std::mem::take(&mut work.nested),
        ..StepReport::new(phase, step)
    };
    if !step.is_silent {
        let redact = |text: &str| cx.redactor.redact(text);
        report.inputs = work
            .given
            .iter()
            .map(|entry| shown(entry, redact))
            .collect();
    }
    match outcome {
        Ok(true) => Ok(End::Done(succeeded(cx, step, report, work))),
        Ok(false) => {
            report.status = StepStatus::Skipped;
            Ok(End::Done(done(report, Entries::new(), Entries::new())))
        }
        Err(Stop::Reboot(reboot)) if !reboot.again && work.is_last => Ok(End::Reboot(
            reboot.delay,
            Ok(succeeded(cx, step, report, work)),
        )),
        Err(Stop::Reboot(reboot)) => Ok(End::Reboot(
            reboot.delay,
            Err(Box::new(Partial {
                attempts: attempts - 1,
                verdict: Verdict::Execute,
                iteration: work.iteration + usize::from(!reboot.again),
                outputs: work.outputs,
                nested: reboot.nested,
            })),
        )),
        Err(Stop::Step(failed)) => {
            report.exit_code = failed.exit_code;
            report.fail(cx.redactor.redact(&failed.text));
            Ok(End::Done(done(report, Entries::new(), Entries::new())))
        }
        Err(Stop::Run(MachineError::Cancelled(cancelled))) => Err(cancelled.into()),
        Err(Stop::Run(source)) => Err(RunError::Machine {
            document: document.name().to_owned(),
            place: format!("{phase}/{name}"),
            source,
        }),
    }
}

fn succeeded(cx: &Cx, step: &Step, mut report: StepReport, work: Work) -> Box<DoneStep> {
    if !step.is_silent {
        report.outputs = redacted(cx, &work.outputs);
    }
    done(report, work.inputs, work.outputs)
}

fn done(report: StepReport, inputs: Entries, outputs: Entries) -> Box<DoneStep> {
    Box::new(DoneStep {
        report,
        inputs,
        outputs,
    })
}

fn shown(
    entry: &BTreeMap<String, Given>,
    redact: impl Fn(&str) -> String,
) -> BTreeMap<String, Given> {
    let texts = entry.iter();
    texts
        .map(|(name, given)| (name.clone(), given.map(&redact)))
        .collect()
}

fn redacted(cx: &Cx, entries: &Entries) -> Entries {
    let entry = |entry: &BTreeMap<String, String>| {
        let redact = |(name, text): (&String, &String)| (name.clone(), cx.redactor.redact(text));
        entry.iter().map(redact).collect()
    };
    entries.iter().map(entry).collect()
}
