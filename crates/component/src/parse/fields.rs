//! Taking a mapping apart: what is missing, of the wrong kind or left over is said.

use std::ops::Range;

use crate::code;
use crate::problems::{Problems, meant};
use crate::yaml::{Node, Spanned, Value};

/// The fields of one mapping that nobody took yet.
pub(crate) struct Fields<'a> {
    what: String,
    range: Range<usize>,
    left: Vec<&'a (Spanned<String>, Node)>,
    /// Names asked for: what an unknown one may have meant.
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// `what` completes "... has no field".
    pub(crate) fn new(node: &'a Node, what: &str, problems: &mut Problems) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            let message = format!("{what} must be a mapping");
            problems.error(
                code::TYPE,
                &node.range,
                message,
                format!("this is {}", node.kind()),
            );
            return None;
        };
        let range = entries
            .first()
            .map_or_else(|| node.range.clone(), |(key, _)| key.range.clone());
        Some(Self {
            what: what.to_owned(),
            range,
            left: entries.iter().collect(),
            known: Vec::new(),
        })
    }

    pub(crate) fn optional(&mut self, name: &'static str) -> Option<&'a Node> {
        self.known.push(name);
        let at = self.left.iter().position(|(key, _)| key.value == name)?;
        Some(&self.left.remove(at).1)
    }

    pub(crate) fn required(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Option<&'a Node> {
        let found = self.optional(name);
        if found.is_none() {
            let message = format!("{} has no `{name}`", self.what);
            problems.error(
                code::MISSING,
                &self.range,
                message,
                format!("`{name}` is required"),
            );
        }
        found
    }

    pub(crate) fn text(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Option<Spanned<String>> {
        self.optional(name)
            .and_then(|node| text(node, name, problems))
    }

    pub(crate) fn required_text(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Option<Spanned<String>> {
        let node = self.required(name, problems)?;
        if matches!(node.value, Value::Scalar { is_null: true, .. }) {
            let message = format!("{} has no `{name}`", self.what);
            problems.error(code::MISSING, &node.range, message, "there is nothing");
            return None;
        }
        text(node, name, problems)
    }

    /// A whole number, `range` included.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<i64>,
        problems: &mut Problems,
    ) -> Option<Spanned<i64>> {
        let text = self.text(name, problems)?;
        number(text, name, range, problems)
    }

    pub(crate) fn required_number(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<i64>,
        problems: &mut Problems,
    ) -> Option<Spanned<i64>> {
        let text = self.required_text(name, problems)?;
        number(text, name, range, problems)
    }

    /// One word of several.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&'static str, T)],
        problems: &mut Problems,
    ) -> Option<Spanned<T>> {
        let text = self.text(name, problems)?;
        let found = choices.iter().find(|(word, _)| *word == text.value);
        let Some((_, value)) = found else {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let message = format!("`{}` is no value for `{name}`", text.value);
            let label = format!("one of {}", words.join(", "));
            problems.error(code::VALUE, &text.range, message, label);
            return None;
        };
        Some(Spanned {
            value: *value,
            range: text.range,
        })
    }

    /// The only field left, as operators of conditions are.
    pub(crate) fn take_left(&mut self) -> Vec<&'a (Spanned<String>, Node)> {
        std::mem::take(&mut self.left)
    }

    /// Says what was not taken.
    pub(crate) fn finish(self, problems: &mut Problems) {
        for (key, _) in self.left {
            let message = format!("{} has no field `{}`", self.what, key.value);
            let known = self.known.iter().copied();
            let label = meant(&key.value, known);
            let fields = format!("fields: {}", self.known.join(", "));
            let problem = problems.error(code::UNKNOWN_FIELD, &key.range, message, label);
            problem.notes.push(fields);
        }
    }
}

fn number(
    text: Spanned<String>,
    name: &str,
    range: std::ops::RangeInclusive<i64>,
    problems: &mut Problems,
) -> Option<Spanned<i64>> {
    match text.value.parse() {
        Ok(number) if range.contains(&number) => Some(Spanned {
            value: number,
            range: text.range,
        }),
        _ => {
            let message = format!("`{}` is no value for `{name}`", text.value);
            let label = format!("a whole number from {} to {}", range.start(), range.end());
            problems.error(code::VALUE, &text.range, message, label);
            None
        }
    }
}

/// A scalar as the source has it.
pub(crate) fn text(node: &Node, name: &str, problems: &mut Problems) -> Option<Spanned<String>> {
    match &node.value {
        Value::Scalar { text, .. } => Some(Spanned {
            value: text.clone(),
            range: node.range.clone(),
        }),
        Value::Mapping(_) | Value::Sequence(_) => {
            let message = format!("`{name}` must be a text");
            let label = format!("this is {}", node.kind());
            problems.error(code::TYPE, &node.range, message, label);
            None
        }
    }
}

/// The items of a list.
pub(crate) fn list<'a>(node: &'a Node, name: &str, problems: &mut Problems) -> &'a [Node] {
    if let Value::Sequence(items) = &node.value {
        return items;
    }
    let message = format!("`{name}` must be a list");
    let label = format!("this is {}", node.kind());
    problems.error(code::TYPE, &node.range, message, label);
    &[]
}
