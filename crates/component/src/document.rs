//! The model of a component document. Names and values are as written; what refers to
//! what was checked by [`load`](crate::load).

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use goldsmith_core::diagnostic::{SourceFile, Span};

use crate::action::Action;
use crate::condition::{Condition, If};
use crate::yaml::Spanned;

/// Longest a step may take when it does not say: two hours.
pub const TIMEOUT: Duration = Duration::from_hours(2);

/// A checked document.
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) file: SourceFile,
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) description: String,
    pub(crate) parameters: Vec<Declared>,
    pub(crate) constants: Vec<Declared>,
    pub(crate) phases: Vec<Phase>,
    /// Steps left out because something in them is wrong: never of a document without errors.
    pub(crate) unread: Vec<Unread>,
}

/// The place of a step that could not be read.
#[derive(Debug, Clone)]
pub(crate) struct Unread {
    pub(crate) phase: String,
    /// Its name, when it has one.
    pub(crate) step: Option<String>,
}

/// A parameter or a constant.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) name: Spanned<String>,
    /// All of it.
    pub(crate) range: Range<usize>,
    /// Default of a parameter, value of a constant.
    pub(crate) value: Option<String>,
    pub(crate) description: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Phase {
    pub(crate) name: Spanned<String>,
    /// All of it.
    pub(crate) range: Range<usize>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: Spanned<String>,
    /// All of it.
    pub(crate) range: Range<usize>,
    pub(crate) action: Spanned<&'static Action>,
    pub(crate) inputs: Inputs,
    /// `None` is without end.
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_failure: OnFailure,
    /// Where it says so; empty at the name when it does not.
    pub(crate) on_failure_at: Range<usize>,
    pub(crate) attempts_max: u32,
    pub(crate) is_silent: bool,
    pub(crate) condition: Option<If>,
    pub(crate) repeat: Option<Loop>,
}

/// What a failed step means for the rest of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum OnFailure {
    /// The document ends, and has failed.
    #[default]
    Abort,
    /// The document goes on, and has failed.
    Continue,
    /// The document goes on as if nothing had happened.
    Ignore,
}

#[derive(Debug, Clone)]
pub(crate) enum Inputs {
    Entries(Vec<Entry>),
    Condition(Condition),
}

/// One mapping of inputs.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) fields: Vec<(Spanned<String>, Input)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Input {
    Text(Spanned<String>),
    List(Vec<Spanned<String>>),
    /// Name, value, name, value, ...
    Pairs(Vec<Spanned<String>>),
    /// As they are, without references.
    Verbatim(Vec<Spanned<String>>),
}

impl Step {
    /// Every text of it in which references are replaced.
    pub(crate) fn texts(&self) -> Vec<&Spanned<String>> {
        let mut all = Vec::new();
        let asserted = match &self.inputs {
            Inputs::Condition(condition) => Some(condition),
            Inputs::Entries(entries) => {
                let inputs = entries.iter().flat_map(|entry| &entry.fields);
                all.extend(inputs.flat_map(|(_, input)| input.texts()));
                None
            }
        };
        let asked = self.condition.as_ref().map(|asked| &asked.condition);
        for test in asserted.into_iter().chain(asked).flat_map(Condition::tests) {
            all.push(&test.operand);
            all.extend(test.second.as_ref());
        }
        match self.repeat.as_ref().map(|repeat| &repeat.over) {
            Some(Over::Items(items)) => all.extend(items),
            Some(Over::List { list, .. }) => all.push(list),
            Some(Over::Range { .. }) | None => {}
        }
        all
    }
}

impl Input {
    /// Every text of it.
    pub(crate) fn texts(&self) -> &[Spanned<String>] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(texts) | Self::Pairs(texts) | Self::Verbatim(texts) => texts,
        }
    }
}

/// `loop`.
#[derive(Debug, Clone)]
pub(crate) struct Loop {
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) over: Over,
}

#[derive(Debug, Clone)]
pub(crate) enum Over {
    /// Both bounds included.
    Range {
        start: i64,
        end: i64,
        step: i64,
    },
    Items(Vec<Spanned<String>>),
    List {
        list: Spanned<String>,
        delimiter: char,
    },
}

/// What a user may say about a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterInfo<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value when none is given; without one it must be given.
    pub default: Option<&'a str>,
    /// What it is for; empty when not said.
    pub description: &'a str,
}

impl Document {
    /// Its name, else the name of its file.
    pub fn name(&self) -> &str {
        match &self.name {
            Some(name) => &name.value,
            None => self.file.name(),
        }
    }

    /// What it is for; empty when not said.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The text it was read from: its digest is what a lock pins.
    pub const fn file(&self) -> &SourceFile {
        &self.file
    }

    /// Names of its phases, in order.
    pub fn phases(&self) -> impl Iterator<Item = &str> {
        self.phases.iter().map(|phase| phase.name.value.as_str())
    }

    /// How many steps a run of these phases has, conditions and loops aside.
    pub fn step_count(&self, phases: &[&str]) -> usize {
        let selected = |phase: &&Phase| phases.contains(&phase.name.value.as_str());
        self.phases
            .iter()
            .filter(selected)
            .map(|phase| phase.steps.len())
            .sum()
    }

    /// Phase and name of its steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = (&str, &str)> {
        self.phases.iter().flat_map(|phase| {
            let steps = phase.steps.iter();
            steps.map(|step| (phase.name.value.as_str(), step.name.value.as_str()))
        })
    }

    /// Its parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = ParameterInfo<'_>> {
        self.parameters.iter().map(|parameter| ParameterInfo {
            name: &parameter.name.value,
            default: parameter.value.as_deref(),
            description: &parameter.description,
        })
    }

    /// Whether it declares a parameter of this name.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p.name.value == name)
    }

    /// Gives parameters that have neither a value nor a default the empty text, as AWSTOE does;
    /// says which.
    pub fn fill(&self, parameters: &mut BTreeMap<String, String>) -> Vec<&str> {
        let missing = self.parameters.iter().filter(|parameter| {
            parameter.value.is_none() && !parameters.contains_key(&parameter.name.value)
        });
        let missing: Vec<&str> = missing.map(|p| p.name.value.as_str()).collect();
        parameters.extend(
            missing
                .iter()
                .map(|name| ((*name).to_owned(), String::new())),
        );
        missing
    }

    /// Documents that its steps run by a name that is known before the run and is not a path of
    /// the machine, each with its place.
    pub fn nested(&self) -> Vec<(&str, Span)> {
        let steps = self.phases.iter().flat_map(|phase| &phase.steps);
        let entries = steps.filter_map(|step| match &step.inputs {
            Inputs::Entries(entries) if step.action.value.name == "ExecuteDocument" => {
                Some(entries)
            }
            _ => None,
        });
        let fields = entries.flatten().flat_map(|entry| &entry.fields);
        let documents = fields.filter(|(name, _)| name.value == "document");
        documents
            .flat_map(|(_, input)| input.texts())
            .filter(|text| {
                let name = text.value.as_str();
                !(name.starts_with('/') || name.contains("{{") || name.contains(':'))
            })
            .map(|text| {
                let span = Span::new(&self.file, text.range.clone());
                (text.value.as_str(), span)
            })
            .collect()
    }

    pub(crate) fn declared(&self) -> impl Iterator<Item = &str> {
        let both = self.parameters.iter().chain(&self.constants);
        both.map(|declared| declared.name.value.as_str())
    }
}
