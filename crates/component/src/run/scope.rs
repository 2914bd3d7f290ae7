//! What references resolve to while a document runs.

use std::cell::RefCell;
use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Cancelled, with_causes};
use goldsmith_core::remote::{ParameterValue, RemoteError};

use super::report::Entries;
use super::stop::Stop;
use super::{Parameters, RunError};
use crate::Document;
use crate::action::Values;
use crate::expr::{Chain, Piece, Reference, Template};
use crate::machine::{Machine, MachineError};
use crate::services::Services;

/// Everything a reference can name.
pub(super) struct Scope {
    names: BTreeMap<String, String>,
    /// Inputs and outputs of the steps that succeeded, by phase and step.
    steps: BTreeMap<(String, String), (Entries, Entries)>,
    place: (String, String),
    /// What was asked of services and of the machine: once in a run.
    asked: RefCell<BTreeMap<String, Vec<String>>>,
}

/// What a text is resolved with.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) cx: &'a Cx,
    pub(super) machine: &'a dyn Machine,
    pub(super) services: &'a Services<'a>,
    pub(super) iteration: Option<Iteration<'a>>,
}

/// The iteration a text is resolved in.
#[derive(Clone, Copy)]
pub(super) struct Iteration<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) index: usize,
    pub(super) value: &'a str,
}

impl Scope {
    pub(super) fn new(document: &Document, parameters: &Parameters) -> Result<Self, RunError> {
        Ok(Self {
            names: names(document, parameters)?,
            steps: BTreeMap::new(),
            place: Default::default(),
            asked: RefCell::default(),
        })
    }

    /// Begins a step: what `context:` says of it.
    pub(super) fn enter(&mut self, phase: &str, step: &str) {
        self.place = (phase.to_owned(), step.to_owned());
    }

    /// Keeps what later steps may ask for.
    pub(super) fn keep(&mut self, phase: &str, step: &str, inputs: Entries, outputs: Entries) {
        self.steps
            .insert((phase.to_owned(), step.to_owned()), (inputs, outputs));
    }

    /// A text with its references replaced.
    pub(super) fn resolve(&self, look: Look<'_>, text: &str) -> Result<String, Stop> {
        Template::parse(text).render(|reference| self.value(look, reference))
    }

    /// As [`Scope::resolve`]; a text that is nothing but a reference to a list is all its items.
    pub(super) fn resolve_items(&self, look: Look<'_>, text: &str) -> Result<Vec<String>, Stop> {
        let template = Template::parse(text);
        if let [
            Piece::Reference(
                Reference::Prefixed {
                    namespace: "aws:ssm",
                    rest,
                },
                _,
            ),
        ] = template.pieces.as_slice()
        {
            return self.stored(look, rest);
        }
        let text = template.render(|reference| self.value(look, reference))?;
        Ok(vec![text])
    }

    fn value(&self, look: Look<'_>, reference: &Reference) -> Result<Option<String>, Stop> {
        match reference {
            Reference::Name(name) => match self.names.get(name) {
                Some(value) => Ok(Some(value.clone())),
                None => Err(format!("there is no parameter `{name}`").into()),
            },
            Reference::Loop { name, is_index } => Ok(match look.iteration {
                Some(now) if name == "loop" || now.name == Some(name) => Some(if *is_index {
                    now.index.to_string()
                } else {
                    now.value.to_owned()
                }),
                _ => None,
            }),
            Reference::Chain(chain) => self.chain(chain).map(Some),
            Reference::Prefixed { namespace, rest } => match *namespace {
                "env" => match look.services.variable(rest) {
                    Some(value) => Ok(Some(value.to_owned())),
                    None => Err(format!("the environment has no `{rest}`").into()),
                },
                "context" => self.context(look, rest).map(Some),
                "aws:ssm" => Ok(Some(self.stored(look, rest)?.join(","))),
                _ => self.metadata(look, rest).map(Some),
            },
        }
    }

    fn chain(&self, chain: &Chain) -> Result<String, Stop> {
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
        Ok(value
            .cloned()
            .ok_or_else(|| format!("`{phase}.{step}` has no `{var}` in entry {index}"))?)
    }

    /// The answer to a question, asked once in a run.
    fn ask(
        &self,
        question: &str,
        answer: impl FnOnce() -> Result<Vec<String>, Stop>,
    ) -> Result<Vec<String>, Stop> {
        if let Some(known) = self.asked.borrow().get(question) {
            return Ok(known.clone());
        }
        let answer = answer()?;
        self.asked
            .borrow_mut()
            .insert(question.to_owned(), answer.clone());
        Ok(answer)
    }

    /// `aws:ssm:NAME` and `aws:ssm:resolve(PARAMETER or aws:ssm:NAME)`.
    fn stored(&self, look: Look<'_>, rest: &str) -> Result<Vec<String>, Stop> {
        let inner = rest
            .strip_prefix("resolve(")
            .and_then(|r| r.strip_suffix(')'));
        let name = match inner.map(str::trim) {
            None => rest.to_owned(),
            Some(inner) => match inner.strip_prefix("aws:ssm:") {
                Some(name) => self.stored(look, name)?.join(","),
                None => self
                    .value(look, &Reference::Name(inner.to_owned()))?
                    .unwrap_or_default(),
            },
        };
        let Some(store) = look.services.parameters else {
            let why =
                format!("`aws:ssm:{name}` cannot be resolved: this run has no parameter store");
            return Err(why.into());
        };
        self.ask(&format!("aws:ssm:{name}"), || {
            match store.parameter(look.cx, &name).map_err(remote)? {
                ParameterValue::Text(text) => Ok(vec![text]),
                ParameterValue::List(texts) => Ok(texts),
                ParameterValue::Secret(secret) => {
                    look.cx.redactor.add(&secret);
                    if secret.expose().contains('\n') {
                        let why = format!(
                            "the secret `aws:ssm:{name}` has several lines, which cannot be kept out of logs"
                        );
                        return Err(why.into());
                    }
                    Ok(vec![secret.expose().clone()])
                }
            }
        })
    }

    fn metadata(&self, look: Look<'_>, path: &str) -> Result<String, Stop> {
        let Some(service) = look.services.metadata else {
            let why =
                format!("`aws:imds:{path}` cannot be resolved: this run has no instance metadata");
            return Err(why.into());
        };
        let answer = self.ask(&format!("aws:imds:{path}"), || {
            Ok(vec![service.metadata(look.cx, path).map_err(remote)?])
        });
        answer.map(|texts| texts.join(","))
    }

    fn context(&self, look: Look<'_>, key: &str) -> Result<String, Stop> {
        if let Some(value) = look.services.context.get(key) {
            return Ok(value.clone());
        }
        match key {
            "phase" => return Ok(self.place.0.clone()),
            "step" => return Ok(self.place.1.clone()),
            "osPlatform" => return Ok("linux".to_owned()),
            _ => {}
        }
        let answer = self.ask(&format!("context:{key}"), || {
            let text = |path| {
                // A machine without it has no name.
                let bytes = look.machine.read(look.cx, path).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            };
            let released = |field: &str| {
                let release = text("/etc/os-release");
                let value = release.lines().find_map(|line| line.strip_prefix(field));
                value
                    .unwrap_or_default()
                    .trim_matches(['"', '\''])
                    .to_owned()
            };
            let now = || {
                let now = jiff::Timestamp::from_second(look.cx.clock().unix_seconds());
                now.unwrap_or_default().to_string()
            };
            Ok(vec![match key {
                "osName" => released("ID="),
                "osVersion" => released("VERSION_ID="),
                "hostname" => text("/etc/hostname").trim().to_owned(),
                "dateTime" => now(),
                "date" => now().split('T').next().unwrap_or_default().to_owned(),
                _ => return Err(format!("`context:{key}` is not known here").into()),
            }])
        });
        answer.map(|texts| texts.join(","))
    }
}

/// Values of the parameters and constants of a document.
pub(crate) fn names(
    document: &Document,
    parameters: &Parameters,
) -> Result<BTreeMap<String, String>, RunError> {
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
    Ok(names)
}

fn remote(error: RemoteError) -> Stop {
    match error {
        RemoteError::Cancelled(Cancelled) => Stop::Run(MachineError::Cancelled(Cancelled)),
        error => with_causes(&error).into(),
    }
}

/// Inputs as later steps see them: lists joined by lines.
pub(super) fn as_entry(values: &Values) -> BTreeMap<String, String> {
    let joined = |(name, texts): (&String, &Vec<String>)| (name.clone(), texts.join("\n"));
    values.0.iter().map(joined).collect()
}
