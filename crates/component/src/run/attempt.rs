//! One attempt at a step: iterations of its loop, entries of its inputs, its conditions.

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::event::Stream;
use goldsmith_core::size::format_duration;
use goldsmith_exec::child::shell_word;

use super::format::State;
use super::nested::Nest;
use super::report::{Entries, Given, Pair, Report};
use super::scope::{Iteration, Look, Scope, as_entry};
use super::stop::{Failed, Stop};
use crate::action::{ActionError, Call, Usage, Values};
use crate::condition::{self, Condition, Operator, Test, Verdict};
use crate::document::{Entry, Input, Inputs, Loop, Over, Step};
use crate::machine::{MachineError, NodeKind, Program, Script};
use crate::yaml::Spanned;

/// Most iterations of a loop.
const ITERATIONS_MAX: usize = 10_000;

/// What an attempt works with.
pub(super) struct Attempt<'a> {
    pub(super) look: Look<'a>,
    pub(super) step: &'a Step,
    pub(super) scope: &'a Scope,
    pub(super) nest: &'a Nest,
    /// On the clock of the context.
    pub(super) deadline: Option<Duration>,
    pub(super) say: &'a mut dyn FnMut(Stream, &str),
    pub(super) work: &'a mut Work,
}

/// What an attempt has done so far.
#[derive(Default)]
pub(super) struct Work {
    /// Iterations that are over.
    pub(super) iteration: usize,
    /// Whether the current iteration is the last one.
    pub(super) is_last: bool,
    /// Of the current iteration.
    pub(super) inputs: Entries,
    /// The same as they were given.
    pub(super) given: Vec<BTreeMap<String, Given>>,
    /// Of all iterations that are over, and of the current one in the end.
    pub(super) outputs: Entries,
    pub(super) usage: Usage,
    pub(super) nested: Vec<Report>,
    /// What a nested run goes on from.
    pub(super) resumed: Option<State>,
}

impl Attempt<'_> {
    pub(super) fn verdict(&mut self) -> Result<Verdict, Stop> {
        match &self.step.condition {
            None => Ok(Verdict::Execute),
            Some(choice) => Ok(if self.holds(&choice.condition, self.look)? {
                choice.then
            } else {
                choice.otherwise
            }),
        }
    }

    /// Every iteration that is not over yet.
    pub(super) fn run(&mut self) -> Result<(), Stop> {
        let step = self.step;
        let Some(repeat) = &step.repeat else {
            self.work.is_last = true;
            self.work.outputs = self.once(self.look)?;
            self.work.iteration = 1;
            return Ok(());
        };
        let values = iterations(self.scope, self.look, repeat)?;
        let name = repeat.name.as_ref().map(|name| name.value.as_str());
        for (index, value) in values.iter().enumerate().skip(self.work.iteration) {
            self.work.is_last = index + 1 == values.len();
            let look = Look {
                iteration: Some(Iteration { name, index, value }),
                ..self.look
            };
            let outputs = self.once(look).map_err(|stop| match stop {
                Stop::Step(failed) => Stop::Step(Failed {
                    text: format!("iteration {index} of its loop: {}", failed.text),
                    ..failed
                }),
                stop => stop,
            })?;
            self.join(outputs);
            self.work.iteration = index + 1;
        }
        Ok(())
    }

    /// Outputs of iterations stand below each other, name by name.
    fn join(&mut self, outputs: Entries) {
        let all = &mut self.work.outputs;
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

    fn once(&mut self, look: Look<'_>) -> Result<Entries, Stop> {
        let step = self.step;
        let action = step.action.value.name;
        if look.services.blocked.iter().any(|name| name == action) {
            return Err(format!("the action `{action}` is blocked here").into());
        }
        self.work.inputs.clear();
        self.work.given.clear();
        let entries = match &step.inputs {
            Inputs::Entries(entries) => entries,
            Inputs::Condition(condition) => {
                return if self.holds(condition, look)? {
                    Ok(Entries::new())
                } else {
                    Err("the condition does not hold".to_owned().into())
                };
            }
        };
        let mut outputs = Entries::new();
        for entry in entries {
            let values = values(self.scope, look, entry)?;
            self.work.inputs.push(as_entry(&values));
            self.work.given.push(given(entry, &values));
            let mut call = Call {
                cx: look.cx,
                machine: look.machine,
                services: look.services,
                timeout: self.time_left()?,
                say: &mut *self.say,
                usage: &mut self.work.usage,
                nest: self.nest,
                nested: &mut self.work.nested,
                resumed: self.work.resumed.take(),
            };
            let done = step.action.value.run(&mut call, &values);
            let named = done.map_err(|error| self.in_time(error))?;
            outputs.push(
                named
                    .into_iter()
                    .map(|(name, text)| (name.to_owned(), text))
                    .collect(),
            );
        }
        if step.action.value.joins_outputs() {
            outputs = joined(outputs);
        }
        Ok(outputs)
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
        let left = deadline.saturating_sub(self.look.cx.clock().monotonic());
        if left.is_zero() {
            return Err(self.in_time(ActionError::Machine(MachineError::TimedOut(left))));
        }
        Ok(Some(left))
    }

    fn holds(&mut self, condition: &Condition, look: Look<'_>) -> Result<bool, Stop> {
        condition.holds(&mut |test| self.test(test, look))
    }

    fn test(&mut self, test: &Test, look: Look<'_>) -> Result<bool, Stop> {
        let operand = self.scope.resolve(look, &test.operand.value)?;
        let second = match &test.second {
            Some(second) => self.scope.resolve(look, &second.value)?,
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
        let is = |path: &str, kind| Ok(look.machine.stat(look.cx, &absolute(path))? == Some(kind));
        match test.operator {
            Operator::File => is(&operand, NodeKind::File),
            Operator::Folder => is(&operand, NodeKind::Directory),
            Operator::Binary => {
                let script = format!("type -- {} >/dev/null 2>&1\n", shell_word(&operand));
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
            env: self.look.services.env.clone(),
            ..Script::new(program)
        };
        let Look { cx, machine, .. } = self.look;
        let exit = machine.run(cx, &script, &mut |stream, line| {
            if stream == Stream::Stdout {
                first.get_or_insert_with(|| line.to_owned());
            }
        })?;
        Ok(exit.status.is_success().then(|| first.unwrap_or_default()))
    }
}

/// One entry of several: each value a line.
fn joined(entries: Entries) -> Entries {
    let together = entries.into_iter().reduce(|mut all, entry| {
        for (name, text) in entry {
            all.entry(name)
                .and_modify(|so_far: &mut String| *so_far = format!("{so_far}\n{text}"))
                .or_insert(text);
        }
        all
    });
    together.into_iter().collect()
}

/// What a loop goes over.
pub(super) fn iterations(
    scope: &Scope,
    look: Look<'_>,
    repeat: &Loop,
) -> Result<Vec<String>, Stop> {
    let too_many = || format!("its loop has more than {ITERATIONS_MAX} iterations");
    let items = match &repeat.over {
        Over::Range { start, end, step } => numbers(*start, *end, *step).ok_or_else(too_many)?,
        Over::Items(items) => {
            let mut all = Vec::new();
            for item in items {
                all.extend(scope.resolve_items(look, &item.value)?);
            }
            all
        }
        Over::List { list, delimiter } => {
            let list = scope.resolve(look, &list.value)?;
            list.split(*delimiter).map(str::to_owned).collect()
        }
    };
    if items.len() > ITERATIONS_MAX {
        return Err(too_many().into());
    }
    Ok(items)
}

/// The numbers that a loop goes over; nothing when they are too many.
pub(crate) fn numbers(start: i64, end: i64, step: i64) -> Option<Vec<String>> {
    let count = usize::try_from((end - start) / step).ok()?;
    let numbers = 0..=i64::try_from(count).ok()?;
    (count < ITERATIONS_MAX).then(|| numbers.map(|n| (start + n * step).to_string()).collect())
}

/// Inputs of one entry, references replaced.
pub(super) fn values(scope: &Scope, look: Look<'_>, entry: &Entry) -> Result<Values, Stop> {
    let mut values = Values::default();
    for (name, input) in &entry.fields {
        let mut texts = Vec::new();
        for text in input.texts() {
            match input {
                Input::Verbatim(_) => texts.push(text.value.clone()),
                Input::List(_) => texts.extend(scope.resolve_items(look, &text.value)?),
                Input::Text(_) | Input::Pairs(_) => {
                    texts.push(scope.resolve(look, &text.value)?);
                }
            }
        }
        values.0.insert(name.value.clone(), texts);
    }
    Ok(values)
}

/// Inputs in the form that their entry has.
fn given(entry: &Entry, values: &Values) -> BTreeMap<String, Given> {
    let one = |(name, input): &(Spanned<String>, Input)| {
        let texts = values.0.get(&name.value).cloned().unwrap_or_default();
        let given = match input {
            Input::Text(_) => Given::Text(texts.concat()),
            Input::List(_) | Input::Verbatim(_) => Given::List(texts),
            Input::Pairs(_) => Given::Pairs(Pair::of(&texts)),
        };
        (name.value.clone(), given)
    };
    entry.fields.iter().map(one).collect()
}
