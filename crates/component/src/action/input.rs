//! The records of inputs, and what can be wrong with several of them together.

use crate::document::{Entry, Input};
use crate::expr::is_literal;

/// How the inputs of an action are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One mapping.
    Map,
    /// A list of mappings, done one after the other.
    List,
    /// One condition.
    Condition,
}

/// What an input holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A text.
    Text,
    /// A list of texts; one text is taken as a list of one.
    List,
    /// `true` or `false`.
    Flag,
    /// Permissions in octal: `0644`.
    Permissions,
    /// The name of an encoding.
    Encoding,
    /// A whole number, not negative.
    Number,
    /// Texts by name: a mapping, or a list of mappings with `name` and `value`.
    Pairs,
    /// A text or a list of texts.
    TextOrList,
    /// One word of several.
    Choice(&'static [&'static str]),
    /// A text that fits, and what does in words: "`*` after the last `/` only".
    Fits(fn(&str) -> bool, &'static str),
}

/// An input of an action.
#[derive(Debug, Clone, Copy)]
pub struct InputRecord {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be there.
    pub is_required: bool,
    /// What it is for.
    pub summary: &'static str,
}

pub(super) const fn required(name: &'static str, kind: Kind, summary: &'static str) -> InputRecord {
    InputRecord {
        name,
        kind,
        is_required: true,
        summary,
    }
}

pub(super) const fn optional(name: &'static str, kind: Kind, summary: &'static str) -> InputRecord {
    InputRecord {
        is_required: false,
        ..required(name, kind, summary)
    }
}

/// The inputs of one entry before a run. Texts with references in them are not known yet.
pub(crate) struct Given<'a>(pub(crate) &'a Entry);

impl<'a> Given<'a> {
    fn input(&self, name: &str) -> Option<&'a Input> {
        let mut fields = self.0.fields.iter();
        let found = fields.find(|(known, _)| known.value == name);
        found.map(|(_, input)| input)
    }

    /// Whether it is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.input(name).is_some()
    }

    /// Whether it is written as a list.
    pub(super) fn is_list(&self, name: &str) -> bool {
        matches!(self.input(name), Some(Input::List(_)))
    }

    /// The text of an input that is one, if it is known by now.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        match self.input(name)? {
            Input::Text(text) if is_literal(&text.value) => Some(&text.value),
            _ => None,
        }
    }

    /// The names in an input that has texts by name.
    pub(super) fn names(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let texts = self.input(name).map_or(&[][..], Input::texts);
        texts.iter().step_by(2).map(|text| text.value.as_str())
    }
}

/// What is wrong with inputs that are right one by one.
pub(crate) struct Wrong {
    /// The input to point at; of one that is not there, the action is pointed at.
    pub(crate) input: &'static str,
    pub(crate) message: String,
    /// What would be right.
    pub(crate) label: String,
}
