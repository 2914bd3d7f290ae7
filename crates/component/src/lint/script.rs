//! The scripts of a document, each as one text with the way back to its places.

use std::ops::Range;

use super::shell::{self, Command, Link};
use crate::document::{Document, Input, Inputs, Step};
use crate::place;
use crate::yaml::Spanned;

/// The `commands` of one step, joined as they are run.
pub(super) struct Script<'a> {
    pub(super) step: &'a Step,
    pub(super) text: String,
    pub(super) commands: Vec<Command>,
    source: &'a str,
    /// Where each of the `commands` begins in the text.
    parts: Vec<(usize, &'a Spanned<String>)>,
}

/// Every script of a document that `bash` runs.
pub(super) fn all(document: &Document) -> Vec<Script<'_>> {
    let mut scripts = Vec::new();
    for phase in &document.phases {
        for step in &phase.steps {
            scripts.extend(script(document, step));
        }
    }
    scripts
}

fn script<'a>(document: &'a Document, step: &'a Step) -> Option<Script<'a>> {
    let Inputs::Entries(entries) = &step.inputs else {
        return None;
    };
    if step.action.value.name != "ExecuteBash" {
        return None;
    }
    let fields = entries.iter().flat_map(|entry| &entry.fields);
    let commands = fields
        .filter(|(name, _)| name.value == "commands")
        .flat_map(|(_, input)| Input::texts(input));
    let mut text = String::new();
    let mut parts = Vec::new();
    for part in commands {
        parts.push((text.len(), part));
        text.push_str(&part.value);
        text.push('\n');
    }
    Some(Script {
        step,
        commands: shell::parse(&text),
        text,
        source: document.file().text(),
        parts,
    })
}

impl Script<'_> {
    /// The place in the source of a piece of the text.
    pub(super) fn place(&self, piece: Range<usize>) -> Range<usize> {
        let at = self
            .parts
            .partition_point(|(start, _)| *start <= piece.start);
        let Some((start, part)) = at.checked_sub(1).map(|at| self.parts[at]) else {
            return self.step.name.range.clone();
        };
        let length = part.value.len();
        let inner = (piece.start - start).min(length)..(piece.end.max(start) - start).min(length);
        if inner.start > inner.end
            || !part.value.is_char_boundary(inner.start)
            || !part.value.is_char_boundary(inner.end)
        {
            return part.range.clone();
        }
        place::within(self.source, part, inner)
    }

    /// Commands joined by `|`.
    pub(super) fn pipelines(&self) -> impl Iterator<Item = &[Command]> {
        self.commands
            .chunk_by(|command, _| command.link == Link::Pipe)
    }

    /// Pipelines joined by `&&` and `||`.
    pub(super) fn lists(&self) -> impl Iterator<Item = &[Command]> {
        self.commands
            .chunk_by(|command, _| !matches!(command.link, Link::Then | Link::Background))
    }
}
