//! What the result of a step is a function of, besides the tree it starts from: the content
//! of a cache key, in words that a person can compare.

use goldsmith_core::secret::Secret;

use super::RunError;
use super::attempt::{iterations, values};
use super::scope::{Iteration, Look, Scope};
use super::stop::Stop;
use crate::action::Values;
use crate::condition::Condition;
use crate::document::{Inputs, OnFailure, Step};
use crate::machine::MachineError;

/// What a step depends on. Secrets are masked in the parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepInputs {
    /// Names and values, in order: `action`, `inputs[0].commands`, `environment`, ...
    pub parts: Vec<(String, String)>,
    /// What may change without any part changing: downloads that nobody pinned.
    pub unnoticed: Vec<String>,
    /// The values that were masked in the parts: whoever makes a key of the parts takes these in
    /// with a salt.
    pub masked: Vec<Secret<String>>,
}

impl StepInputs {
    /// What invalidates a result that is kept for the step, a line each.
    pub fn invalidated_by(&self) -> Vec<String> {
        let names = self.parts.iter().map(|(name, _)| name.as_str());
        let mut names: Vec<String> = std::iter::once("the tree before it")
            .chain(names)
            .map(str::to_owned)
            .collect();
        names.dedup();
        names
    }
}

struct Parts<'a> {
    look: Look<'a>,
    scope: &'a Scope,
    inputs: StepInputs,
}

pub(super) fn inputs(look: Look<'_>, scope: &Scope, step: &Step) -> Result<StepInputs, RunError> {
    let mut parts = Parts {
        look,
        scope,
        inputs: StepInputs::default(),
    };
    parts.add("action", step.action.value.name);
    match parts.collect(step) {
        // A step that cannot be resolved fails, and a failure is not kept.
        Ok(()) | Err(Stop::Step(_) | Stop::Reboot(_)) => Ok(parts.inputs),
        Err(Stop::Run(MachineError::Cancelled(cancelled))) => Err(cancelled.into()),
        Err(Stop::Run(source)) => Err(RunError::Machine {
            document: String::new(),
            place: step.name.value.clone(),
            source,
        }),
    }
}

impl Parts<'_> {
    fn add(&mut self, name: &str, value: &str) {
        let shown = self.look.cx.redactor.redact(value);
        if shown != value {
            self.inputs.masked.push(Secret::new(value.to_owned()));
        }
        self.inputs.parts.push((name.to_owned(), shown));
    }

    fn collect(&mut self, step: &Step) -> Result<(), Stop> {
        if step.on_failure != OnFailure::Abort {
            self.add("onFailure", &format!("{:?}", step.on_failure));
        }
        if !self.look.services.env.is_empty() {
            let lines = self.look.services.env.iter();
            let lines: Vec<String> = lines.map(|(name, text)| format!("{name}={text}")).collect();
            self.add("environment", &lines.join("\n"));
        }
        if let Some(choice) = &step.condition {
            let text = self.condition(&choice.condition, self.look)?;
            let verdicts = format!("{:?}, else {:?}", choice.then, choice.otherwise);
            self.add("if", &format!("{text}: {verdicts}"));
        }
        let Some(repeat) = &step.repeat else {
            return self.once(step, self.look, "");
        };
        let items = iterations(self.scope, self.look, repeat)?;
        self.add("loop", &items.join("\n"));
        let name = repeat.name.as_ref().map(|name| name.value.as_str());
        for (index, value) in items.iter().enumerate() {
            let look = Look {
                iteration: Some(Iteration { name, index, value }),
                ..self.look
            };
            self.once(step, look, &format!("loop[{index}]."))?;
        }
        Ok(())
    }

    fn once(&mut self, step: &Step, look: Look<'_>, before: &str) -> Result<(), Stop> {
        match &step.inputs {
            Inputs::Condition(condition) => {
                let text = self.condition(condition, look)?;
                self.add(&format!("{before}inputs"), &text);
            }
            Inputs::Entries(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    let values = values(self.scope, look, entry)?;
                    for (name, texts) in &values.0 {
                        let name = format!("{before}inputs[{index}].{name}");
                        self.add(&name, &texts.join("\n"));
                    }
                    self.outside(step, &values, &format!("{before}inputs[{index}]"));
                }
            }
        }
        Ok(())
    }

    /// What comes from elsewhere.
    fn outside(&mut self, step: &Step, values: &Values, place: &str) {
        let first = |name: &str| values.0.get(name).and_then(|texts| texts.first());
        let action = step.action.value.name;
        let unnoticed = match (action, first("source"), first("document")) {
            ("WebDownload", Some(url), _) if first("checksum").is_none() => Some(url.clone()),
            ("S3Download", Some(url), _) => Some(url.clone()),
            ("UpdateOS", ..) => Some("the packages of the day".to_owned()),
            ("ExecuteDocument", _, Some(name)) => {
                let source = self
                    .look
                    .services
                    .documents
                    .filter(|_| !name.starts_with('/'));
                match source.map(|source| source.document(name)) {
                    Some(Ok(file)) => {
                        self.add(&format!("{place}.document text"), file.text());
                        None
                    }
                    // In the tree, which the key knows, or nowhere.
                    _ if !name.contains("://") => None,
                    _ => Some(name.clone()),
                }
            }
            _ => None,
        };
        let redacted = unnoticed.map(|what| self.look.cx.redactor.redact(&what));
        self.inputs.unnoticed.extend(redacted);
    }

    fn condition(&self, condition: &Condition, look: Look<'_>) -> Result<String, Stop> {
        condition.text(&mut |text| self.scope.resolve(look, text))
    }
}
