//! What references resolve to while a document runs.

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;

use super::{Parameters, RunError};
use crate::Document;
use crate::action::Values;
use crate::expr::{Chain, Reference, Template};
use crate::machine::{Machine, READ_BYTES_MAX};

/// Outputs or inputs of a step, entry by entry.
pub(super) type Entries = Vec<BTreeMap<String, String>>;

/// Everything a reference can name.
pub(super) struct Scope {
    names: BTreeMap<String, String>,
    /// Inputs and outputs of the steps that succeeded, by phase and step.
    steps: BTreeMap<(String, String), (Entries, Entries)>,
    context: BTreeMap<&'static str, String>,
}

/// The iteration a text is resolved in.
#[derive(Clone, Copy)]
pub(super) struct Iteration<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) index: usize,
    pub(super) value: &'a str,
}

impl Scope {
    pub(super) fn new(
        cx: &Cx,
        document: &Document,
        parameters: &Parameters,
        machine: &dyn Machine,
    ) -> Result<Self, RunError> {
        let mut names = BTreeMap::new();
        for parameter in &document.parameters {
            let name = &parameter.name.value;
            let value = parameters.get(name).or(parameter.value.as_ref());
            let value = value.ok_or_else(|| RunError::NoValue {
                document: document.name().to_owned(),
                parameter: name.clone(),
            })?;
            names.insert(name.clone(), value.clone());
        }
        for constant in &document.constants {
            let value = constant.value.clone().unwrap_or_default();
            names.insert(constant.name.value.clone(), value);
        }
        // Read only when asked for; a machine without it has no name.
        let mut context = BTreeMap::from([("osPlatform", "linux".to_owned())]);
        if document.file.text().contains("context:os") {
            let release = machine.read(cx, "/etc/os-release").unwrap_or_default();
            debug_assert!(release.len() as u64 <= READ_BYTES_MAX);
            let release = String::from_utf8_lossy(&release);
            for (key, field) in [("osName", "ID="), ("osVersion", "VERSION_ID=")] {
                let value = release.lines().find_map(|line| line.strip_prefix(field));
                let value = value.unwrap_or_default().trim_matches(['"', '\'']);
                context.insert(key, value.to_owned());
            }
        }
        Ok(Self {
            names,
            steps: BTreeMap::new(),
            context,
        })
    }

    /// Begins a step: what `context:` says of it.
    pub(super) fn enter(&mut self, phase: &str, step: &str) {
        self.context.insert("phase", phase.to_owned());
        self.context.insert("step", step.to_owned());
    }

    /// Keeps what later steps may ask for.
    pub(super) fn keep(&mut self, phase: &str, step: &str, inputs: Entries, outputs: Entries) {
        self.steps
            .insert((phase.to_owned(), step.to_owned()), (inputs, outputs));
    }

    /// A text with its references replaced; `Err` says which could not be.
    pub(super) fn resolve(
        &self,
        text: &str,
        iteration: Option<Iteration<'_>>,
    ) -> Result<String, String> {
        Template::parse(text).render(|reference| match reference {
            Reference::Name(name) => {
                let value = self.names.get(name).cloned();
                value
                    .map(Some)
                    .ok_or_else(|| format!("there is no parameter `{name}`"))
            }
            Reference::Loop { name, is_index } => match iteration {
                Some(now) if name == "loop" || now.name == Some(name) => Ok(Some(if *is_index {
                    now.index.to_string()
                } else {
                    now.value.to_owned()
                })),
                _ => Ok(None),
            },
            Reference::Chain(chain) => self.chain(chain).map(Some),
            Reference::Prefixed { namespace, rest } => {
                let value = self
                    .context
                    .get(rest.as_str())
                    .filter(|_| *namespace == "context");
                let missing = || format!("`{namespace}:{rest}` cannot be resolved");
                value.cloned().map(Some).ok_or_else(missing)
            }
        })
    }

    fn chain(&self, chain: &Chain) -> Result<String, String> {
        let Chain {
            phase,
            step,
            index,
            var,
            ..
        } = chain;
        let key = (phase.clone(), step.clone());
        let (inputs, outputs) = self.steps.get(&key).ok_or_else(|| {
            format!(
                "`{phase}.{step}` has no values: it was skipped, failed or not part of this run"
            )
        })?;
        let entries = if chain.is_output { outputs } else { inputs };
        let value = entries.get(*index).and_then(|entry| entry.get(var));
        value
            .cloned()
            .ok_or_else(|| format!("`{phase}.{step}` has no `{var}` in entry {index}"))
    }
}

/// Inputs as later steps see them: lists joined by lines.
pub(super) fn as_entry(values: &Values) -> BTreeMap<String, String> {
    let joined = |(name, texts): (&String, &Vec<String>)| (name.clone(), texts.join("\n"));
    values.0.iter().map(joined).collect()
}
