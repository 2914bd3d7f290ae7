//! What references are known to be before a run.

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;

use crate::condition::Condition;
use crate::document::{Entry, Input, Loop, Over};
use crate::expr::{Piece, Reference, Template};
use crate::run::{Given, Pair, RunError, numbers, scope_names};
use crate::{Document, Parameters, Services};

pub(super) struct Resolver<'a> {
    cx: &'a Cx,
    services: &'a Services<'a>,
    names: BTreeMap<String, String>,
    phase: String,
    step: String,
    /// Name of the loop, index, value.
    iteration: Option<(Option<String>, usize, String)>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        cx: &'a Cx,
        document: &Document,
        parameters: &Parameters,
        services: &'a Services<'a>,
    ) -> Result<Self, RunError> {
        Ok(Self {
            cx,
            services,
            names: scope_names(document, parameters)?,
            phase: String::new(),
            step: String::new(),
            iteration: None,
        })
    }

    pub(super) fn enter(&mut self, phase: &str, step: &str) {
        phase.clone_into(&mut self.phase);
        step.clone_into(&mut self.step);
    }

    pub(super) fn repeat(&mut self, name: Option<&str>, index: usize, value: &str) {
        self.iteration = Some((name.map(str::to_owned), index, value.to_owned()));
    }

    pub(super) fn end_repeat(&mut self) {
        self.iteration = None;
    }

    pub(super) fn masked(&self, text: &str) -> String {
        self.cx.redactor.redact(text)
    }

    /// What a loop goes over, when that is known.
    pub(super) fn items(&self, repeat: &Loop) -> Option<Vec<String>> {
        match &repeat.over {
            Over::Range { start, end, step } => numbers(*start, *end, *step),
            Over::Items(items) => items.iter().map(|item| self.whole(&item.value)).collect(),
            Over::List { list, delimiter } => {
                let list = self.whole(&list.value)?;
                Some(list.split(*delimiter).map(str::to_owned).collect())
            }
        }
    }

    pub(super) fn condition(&self, condition: &Condition) -> String {
        let text = condition.text(&mut |text| Ok::<_, std::convert::Infallible>(self.known(text)));
        let Ok(text) = text;
        self.masked(&text)
    }

    pub(super) fn entry(&self, entry: &Entry) -> BTreeMap<String, Given> {
        let fields = entry.fields.iter().map(|(name, input)| {
            let texts = input.texts().iter().map(|text| match input {
                Input::Verbatim(_) => self.masked(&text.value),
                _ => self.masked(&self.known(&text.value)),
            });
            let mut texts: Vec<String> = texts.collect();
            let given = match input {
                Input::Text(_) => Given::Text(texts.pop().unwrap_or_default()),
                Input::List(_) | Input::Verbatim(_) => Given::List(texts),
                Input::Pairs(_) => Given::Pairs(Pair::of(&texts)),
            };
            (name.value.clone(), given)
        });
        fields.collect()
    }

    /// A text with what is known put in.
    fn known(&self, text: &str) -> String {
        let rendered = Template::parse(text)
            .render(|reference| Ok::<_, std::convert::Infallible>(self.value(reference)));
        let Ok(rendered) = rendered;
        rendered
    }

    /// The same, when everything in it is known.
    fn whole(&self, text: &str) -> Option<String> {
        let is_known = |piece: &Piece| match piece {
            Piece::Literal(_) | Piece::Odd(_) => true,
            Piece::Reference(reference, _) => self.value(reference).is_some(),
        };
        let pieces = Template::parse(text).pieces;
        pieces.iter().all(is_known).then(|| self.known(text))
    }

    fn value(&self, reference: &Reference) -> Option<String> {
        match reference {
            Reference::Name(name) => self.names.get(name).cloned(),
            Reference::Loop { name, is_index } => {
                let (own, index, value) = self.iteration.as_ref()?;
                let is_meant = name == "loop" || own.as_ref() == Some(name);
                let text = if *is_index {
                    index.to_string()
                } else {
                    value.clone()
                };
                is_meant.then_some(text)
            }
            Reference::Chain(_) => None,
            Reference::Prefixed { namespace, rest } => match (*namespace, rest.as_str()) {
                ("env", name) => self.services.variable(name).map(str::to_owned),
                ("context", "phase") => Some(self.phase.clone()),
                ("context", "step") => Some(self.step.clone()),
                ("context", key) => self.services.context.get(key).cloned(),
                _ => None,
            },
        }
    }
}
