//! YAML as nodes that know their place and keep the text of their scalars.

mod advice;

use std::collections::BTreeMap;
use std::ops::Range;

use goldsmith_core::diagnostic::Span;
use granit_parser::{Event, Options, Parser, ScalarStyle, Tag};

use crate::code;
use crate::problems::Problems;

/// Longest text of a document, in bytes: documents are pages, not books.
pub const BYTES_MAX: usize = 4 << 20;
/// Most nodes, aliases expanded.
const NODES_MAX: usize = 200_000;
/// Deepest nesting.
const DEPTH_MAX: usize = 64;

/// One value of the text.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Byte offsets; for mappings and sequences from their first child to the last.
    pub(crate) range: Range<usize>,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// The text of the source without quotes and escapes; whether it stood without quotes
    /// and is empty or `null`.
    Scalar {
        text: String,
        is_null: bool,
    },
    Sequence(Vec<Node>),
    Mapping(Vec<(Spanned<String>, Node)>),
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) range: Range<usize>,
}

impl Node {
    /// What it is, in words.
    pub(crate) const fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar { is_null: true, .. } => "nothing",
            Value::Scalar { .. } => "a text",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }
}

/// A mapping or sequence that is not closed yet.
struct Open {
    anchor: usize,
    range: Range<usize>,
    key: Option<Spanned<String>>,
    value: Value,
    /// Of a mapping.
    names: BTreeMap<String, Range<usize>>,
}

struct Builder<'a> {
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
    /// Values that are kept for aliases: an anchor around anchors keeps them again.
    anchored: usize,
    root: Option<Node>,
    problems: &'a mut Problems,
}

/// Reads a text of one YAML document.
pub(crate) fn parse(text: &str, problems: &mut Problems) -> Option<Node> {
    if text.len() > BYTES_MAX {
        problems.error(code::SIZE, &(0..0), "the document is larger than 4 MiB", "");
        return None;
    }
    let mut options = Options::default();
    options.emit_comments = false;
    let mut builder = Builder {
        open: Vec::new(),
        anchors: BTreeMap::new(),
        nodes: 0,
        anchored: 0,
        root: None,
        problems,
    };
    let mut documents = 0;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len());
                let message = "the document is no valid YAML";
                let problem =
                    builder
                        .problems
                        .error(code::SYNTAX, &(at..at), message, error.info());
                problem.notes.extend(advice::advice(error.kind(), text, at));
                return None;
            }
        };
        let range = span.byte_range().unwrap_or(0..0);
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                let message = "more than one document in one file";
                builder
                    .problems
                    .error(code::SIZE, &range, message, "the second one");
                return None;
            }
        }
        builder.take(event, range)?;
    }
    if builder.root.is_none() {
        builder
            .problems
            .error(code::SYNTAX, &(0..0), "the document is empty", "");
    }
    builder.root
}

impl Builder<'_> {
    /// `None` once the document cannot be used.
    fn take(&mut self, event: Event<'_>, range: Range<usize>) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.check_tag(tag.as_deref(), &range);
                let is_null = style == ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                // The reader writes `~` where there is nothing.
                let text = if is_null && range.is_empty() {
                    String::new()
                } else {
                    text.into_owned()
                };
                let range = trimmed(range, style, self.problems.file.text());
                let value = Value::Scalar { text, is_null };
                self.add(anchor, Node { range, value }, 1)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), &range);
                self.open(anchor, range, Value::Sequence(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), &range);
                self.open(anchor, range, Value::Mapping(Vec::new()))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let mut open = self.open.pop()?;
                let closing = self.problems.file.text().get(range.clone());
                if matches!(closing, Some("]" | "}")) {
                    open.range.end = range.end;
                }
                let node = Node {
                    range: open.range,
                    value: open.value,
                };
                self.add(open.anchor, node, 1)
            }
            Event::Alias(anchor) => {
                // Not there: the alias stands inside of what it names.
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    let message = "an alias inside of its own anchor";
                    self.problems.error(code::SYNTAX, &range, message, "");
                    return None;
                };
                self.add(0, node, size)
            }
            _ => Some(()),
        }
    }

    /// Tags of templates (`!Sub`, `!Ref`) would change the value, and nobody here does it.
    fn check_tag(&mut self, tag: Option<&Tag>, range: &Range<usize>) {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else {
            return;
        };
        // What was meant as text (`! test -f x`) would be gone without a word.
        let message = format!("the tag `{tag}` means nothing in a document");
        let at = range.start..range.start;
        let problem = self.problems.error(code::SYNTAX, &at, message, "");
        problem.notes.push(advice::TAG.to_owned());
    }

    fn open(&mut self, anchor: usize, range: Range<usize>, value: Value) -> Option<()> {
        if self.open.len() == DEPTH_MAX {
            let message = format!("nested deeper than {DEPTH_MAX} levels");
            self.problems.error(code::SIZE, &range, message, "");
            return None;
        }
        self.open.push(Open {
            anchor,
            range,
            key: None,
            value,
            names: BTreeMap::new(),
        });
        Some(())
    }

    fn add(&mut self, anchor: usize, node: Node, size: usize) -> Option<()> {
        self.nodes += size;
        if self.nodes > NODES_MAX {
            let message = format!("more than {NODES_MAX} values");
            self.problems.error(code::SIZE, &node.range, message, "");
            return None;
        }
        if anchor != 0 {
            let size = count(&node);
            self.anchored += size;
            if self.anchored > NODES_MAX {
                let message = format!("more than {NODES_MAX} values have anchors");
                self.problems.error(code::SIZE, &node.range, message, "");
                return None;
            }
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        parent.range.end = parent.range.end.max(node.range.end);
        match &mut parent.value {
            Value::Sequence(items) => items.push(node),
            Value::Mapping(entries) => match parent.key.take() {
                None => {
                    let Value::Scalar { text, .. } = node.value else {
                        let message = "a key must be a plain text";
                        let source = self.problems.file.clone();
                        let problem = self.problems.error(code::SYNTAX, &node.range, message, "");
                        if source
                            .text()
                            .get(node.range.start..)
                            .is_some_and(|at| at.starts_with('{'))
                        {
                            problem.notes.push(advice::REFERENCE.to_owned());
                        }
                        return None;
                    };
                    let first = parent.names.get(&text).cloned();
                    if let Some(first) = first {
                        let first = Span::new(&self.problems.file, first);
                        let message = format!("`{text}` stands twice");
                        let problem = self.problems.error(
                            code::DUPLICATE_KEY,
                            &node.range,
                            message,
                            "again here",
                        );
                        *problem = problem.clone().label(first, "first here");
                    } else {
                        parent.names.insert(text.clone(), node.range.clone());
                    }
                    parent.key = Some(Spanned {
                        value: text,
                        range: node.range,
                    });
                }
                Some(key) => entries.push((key, node)),
            },
            Value::Scalar { .. } => {}
        }
        Some(())
    }
}

fn count(node: &Node) -> usize {
    match &node.value {
        Value::Scalar { .. } => 1,
        Value::Sequence(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Mapping(entries) => {
            1 + entries
                .iter()
                .map(|(_, node)| 1 + count(node))
                .sum::<usize>()
        }
    }
}

/// Block scalars end where the next thing begins: leave the white space out.
fn trimmed(range: Range<usize>, style: ScalarStyle, text: &str) -> Range<usize> {
    match text.get(range.clone()) {
        Some(slice) if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) => {
            range.start..range.start + slice.trim_end().len()
        }
        _ => range,
    }
}
