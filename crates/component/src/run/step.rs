//! One step: its condition once, then attempts, each with all iterations of its loop.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::{Event, Stream};
use goldsmith_core::size::format_duration;

use super::scope::{Entries, Iteration, Scope, as_entry};
use super::{RunError, StepReport, StepStatus};
use crate::Document;
use crate::action::{ActionError, Call, Values};
use crate::condition::{self, Condition, Operator, Test, Verdict};
use crate::document::{Entry, Inputs, Loop, OnFailure, Over, Phase, Step};
use crate::machine::{Machine, MachineError, NodeKind, Program, Script, Status};
use crate::services::Services;

/// Most iterations of a loop.
const ITERATIONS_MAX: usize = 10_000;
/// Lines of output kept.
const TAIL_LINES: usize = 20;

/// Why an attempt failed.
struct Failed {
    text: String,
    exit_code: Option<i32>,
}

impl From<String> for Failed {
    fn from(text: String) -> Self {
        Self {
            text,
            exit_code: None,
        }
    }
}

/// A failure of the step, or of the whole run.
enum Stop {
    Step(Failed),
    Run(MachineError),
}

impl From<String> for Stop {
    fn from(text: String) -> Self {
        Self::Step(text.into())
    }
}

impl From<ActionError> for Stop {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Exit(status) => Self::Step(Failed {
                text: status.to_string(),
                exit_code: match status {
                    Status::Code(code) => Some(code),
                    Status::Signal(_) => None,
                },
            }),
            ActionError::Refused(text) => text.into(),
            ActionError::Machine(error) => error.into(),
        }
    }
}

impl From<MachineError> for Stop {
    fn from(error: MachineError) -> Self {
        match error {
            MachineError::Cancelled(_) | MachineError::Machine { .. } => Self::Run(error),
            error => {
                let mut text = error.to_string();
                if let Some(cause) = std::error::Error::source(&error) {
                    text = format!("{text}: {cause}");
                }
                text.into()
            }
        }
    }
}

/// What an attempt works with.
struct Attempt<'a> {
    cx: &'a Cx,
    step: &'a Step,
    scope: &'a Scope,
    machine: &'a dyn Machine,
    services: &'a Services<'a>,
    /// On the clock of `cx`.
    deadline: Option<Duration>,
    say: &'a mut dyn FnMut(Stream, &str),
}

pub(super) fn run(
    cx: &Cx,
    document: &Document,
    phase: &Phase,
    step: &Step,
    scope: &mut Scope,
    machine: &dyn Machine,
    services: &Services<'_>,
) -> Result<StepReport, RunError> {
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
    let started = cx.clock().monotonic();
    let mut attempts = 0;
    let mut verdict = None;
    let outcome = loop {
        attempts += 1;
        let begun = cx.clock().monotonic();
        let mut attempt = Attempt {
            cx,
            step,
            scope,
            machine,
            services,
            deadline: step.timeout.map(|timeout| begun + timeout),
            say: &mut say,
        };
        // Once, whatever the attempts do to what it looks at.
        let decided = match verdict {
            Some(verdict) => Ok(verdict),
            None => attempt.verdict(),
        };
        let outcome = decided.and_then(|decided| {
            verdict = Some(decided);
            match decided {
                Verdict::Execute => attempt.run().map(Some),
                Verdict::Skip => Ok(None),
                Verdict::Abort => Err("its condition says `Abort`".to_owned().into()),
            }
        });
        match outcome {
            Err(Stop::Step(_)) if attempts < step.attempts_max => cx.cancel.check()?,
            outcome => break outcome,
        }
    };
    let mut report = StepReport {
        phase: phase.to_owned(),
        step: name.to_owned(),
        action: step.action.value.name,
        status: StepStatus::Success,
        attempts,
        duration: cx.clock().monotonic().saturating_sub(started),
        exit_code: None,
        outputs: Vec::new(),
        tail: tail.into(),
        error: None,
    };
    match outcome {
        Ok(Some((inputs, outputs))) => {
            if !step.is_silent {
                report.outputs = redacted(cx, &outputs);
            }
            scope.keep(phase, name, inputs, outputs);
        }
        Ok(None) => report.status = StepStatus::Skipped,
        Err(Stop::Step(failed)) => {
            report.exit_code = failed.exit_code;
            report.error = Some(cx.redactor.redact(&failed.text));
            report.status = match step.on_failure {
                OnFailure::Ignore => StepStatus::IgnoredFailure,
                OnFailure::Abort | OnFailure::Continue => StepStatus::Failed,
            };
        }
        Err(Stop::Run(MachineError::Cancelled(cancelled))) => return Err(cancelled.into()),
        Err(Stop::Run(source)) => {
            return Err(RunError::Machine {
                document: document.name().to_owned(),
                place: format!("{phase}/{name}"),
                source,
            });
        }
    }
    Ok(report)
}

fn redacted(cx: &Cx, entries: &Entries) -> Entries {
    let entry = |entry: &BTreeMap<String, String>| {
        let redact = |(name, text): (&String, &String)| (name.clone(), cx.redactor.redact(text));
        entry.iter().map(redact).collect()
    };
    entries.iter().map(entry).collect()
}

impl Attempt<'_> {
    fn verdict(&mut self) -> Result<Verdict, Stop> {
        match &self.step.condition {
            None => Ok(Verdict::Execute),
            Some(choice) => Ok(if self.holds(&choice.condition, None)? {
                choice.then
            } else {
                choice.otherwise
            }),
        }
    }

    /// Inputs and outputs of the step, when every iteration went well.
    fn run(&mut self) -> Result<(Entries, Entries), Stop> {
        let step = self.step;
        let Some(repeat) = &step.repeat else {
            return self.once(None);
        };
        let values = self.iterations(repeat)?;
        let name = repeat.name.as_ref().map(|name| name.value.as_str());
        let mut last_inputs = Entries::new();
        let mut all: Entries = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let iteration = Iteration { name, index, value };
            let (inputs, outputs) = self.once(Some(iteration)).map_err(|stop| match stop {
                Stop::Step(failed) => Stop::Step(Failed {
                    text: format!("iteration {index} of its loop: {}", failed.text),
                    ..failed
                }),
                Stop::Run(error) => Stop::Run(error),
            })?;
            last_inputs = inputs;
            for (number, entry) in outputs.into_iter().enumerate() {
                match all.get_mut(number) {
                    None => all.push(entry),
                    Some(so_far) => {
                        for (name, text) in entry {
                            let joined = so_far.entry(name).or_default();
                            joined.push('\n');
                            joined.push_str(&text);
                        }
                    }
                }
            }
        }
        Ok((last_inputs, all))
    }

    fn iterations(&self, repeat: &Loop) -> Result<Vec<String>, Stop> {
        let resolve = |text: &str| self.scope.resolve(text, None);
        let too_many = || format!("its loop has more than {ITERATIONS_MAX} iterations");
        Ok(match &repeat.over {
            Over::Range { start, end, step } => {
                let count = usize::try_from((end - start) / step).map_err(|_| too_many())?;
                if count >= ITERATIONS_MAX {
                    return Err(too_many().into());
                }
                (0..=i64::try_from(count).unwrap_or(0))
                    .map(|n| (start + n * step).to_string())
                    .collect()
            }
            Over::Items(items) => {
                let items = items.iter().map(|item| resolve(&item.value));
                items.collect::<Result<_, _>>()?
            }
            Over::List { list, delimiter } => {
                let list = resolve(&list.value)?;
                let items: Vec<String> = list.split(*delimiter).map(str::to_owned).collect();
                if items.len() > ITERATIONS_MAX {
                    return Err(too_many().into());
                }
                items
            }
        })
    }

    fn once(&mut self, iteration: Option<Iteration<'_>>) -> Result<(Entries, Entries), Stop> {
        let step = self.step;
        let entries = match &step.inputs {
            Inputs::Entries(entries) => entries,
            Inputs::Condition(condition) => {
                return if self.holds(condition, iteration)? {
                    Ok((Vec::new(), Vec::new()))
                } else {
                    Err("the condition does not hold".to_owned().into())
                };
            }
        };
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for entry in entries {
            let values = self.values(entry, iteration)?;
            let mut call = Call {
                cx: self.cx,
                machine: self.machine,
                services: self.services,
                timeout: self.time_left()?,
                say: &mut *self.say,
            };
            let done = step.action.value.run(&mut call, &values);
            let named = done.map_err(|error| self.in_time(error))?;
            inputs.push(as_entry(&values));
            outputs.push(
                named
                    .into_iter()
                    .map(|(name, text)| (name.to_owned(), text))
                    .collect(),
            );
        }
        Ok((inputs, outputs))
    }

    /// A timeout names the step's limit, not what was left of it.
    fn in_time(&self, error: ActionError) -> Stop {
        match (error, self.step.timeout) {
            (ActionError::Machine(MachineError::TimedOut(_)), Some(limit)) => {
                format!("took longer than {}", format_duration(limit)).into()
            }
            (error, _) => error.into(),
        }
    }

    fn time_left(&self) -> Result<Option<Duration>, Stop> {
        let Some(deadline) = self.deadline else {
            return Ok(None);
        };
        let left = deadline.saturating_sub(self.cx.clock().monotonic());
        if left.is_zero() {
            return Err(self.in_time(ActionError::Machine(MachineError::TimedOut(left))));
        }
        Ok(Some(left))
    }

    fn values(&self, entry: &Entry, iteration: Option<Iteration<'_>>) -> Result<Values, Stop> {
        let mut values = Values::default();
        for (name, input) in &entry.fields {
            let texts = input
                .texts()
                .iter()
                .map(|text| self.scope.resolve(&text.value, iteration));
            values
                .0
                .insert(name.value.clone(), texts.collect::<Result<_, _>>()?);
        }
        Ok(values)
    }

    fn holds(
        &mut self,
        condition: &Condition,
        iteration: Option<Iteration<'_>>,
    ) -> Result<bool, Stop> {
        condition.holds(&mut |test| self.test(test, iteration))
    }

    fn test(&mut self, test: &Test, iteration: Option<Iteration<'_>>) -> Result<bool, Stop> {
        let operand = self.scope.resolve(&test.operand.value, iteration)?;
        let second = match &test.second {
            Some(second) => self.scope.resolve(&second.value, iteration)?,
            None => String::new(),
        };
        if let Some(answer) = condition::compare(test.operator, &operand, &second) {
            return Ok(answer);
        }
        let absolute = |path: &str| {
            if path.starts_with('/') {
                path.to_owned()
            } else {
                format!("/{path}")
            }
        };
        let is = |path: &str, kind| Ok(self.machine.stat(self.cx, &absolute(path))? == Some(kind));
        match test.operator {
            Operator::File => is(&operand, NodeKind::File),
            Operator::Folder => is(&operand, NodeKind::Directory),
            Operator::Binary => {
                let script = format!("type -- {} >/dev/null 2>&1\n", quoted(&operand));
                Ok(self.ask(Program::Bash(script))?.is_some())
            }
            Operator::Hash(program) => {
                let argv = [program, "--", &absolute(&second)].map(str::to_owned);
                let line = self.ask(Program::Argv(argv.to_vec()))?.unwrap_or_default();
                let digest = line
                    .trim_start_matches('\\')
                    .split(' ')
                    .next()
                    .unwrap_or_default();
                Ok(!digest.is_empty() && digest.eq_ignore_ascii_case(operand.trim()))
            }
            _ => Ok(false),
        }
    }

    /// The first line a program prints, if it succeeds.
    fn ask(&self, program: Program) -> Result<Option<String>, Stop> {
        let mut first = None;
        let script = Script {
            timeout: self.time_left()?,
            ..Script::new(program)
        };
        let exit = self.machine.run(self.cx, &script, &mut |stream, line| {
            if stream == Stream::Stdout {
                first.get_or_insert_with(|| line.to_owned());
            }
        })?;
        Ok(exit.status.is_success().then(|| first.unwrap_or_default()))
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
