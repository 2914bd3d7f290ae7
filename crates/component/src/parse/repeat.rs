//! Loops of steps: a range, a list, a text that is cut into a list.

use super::fields::{self, Fields};
use crate::code;
use crate::document::{Loop, Over};
use crate::problems::Problems;
use crate::yaml::{Node, Value};

/// A loop that is wrong is an empty one: what refers to it is looked at all the same.
pub(super) fn step_loop(node: &Node, problems: &mut Problems) -> Loop {
    let nothing = || Over::Items(Vec::new());
    let Some(mut fields) = Fields::new(node, "`loop`", problems) else {
        return Loop {
            name: None,
            over: nothing(),
        };
    };
    let name = fields.text("name", problems);
    let range = fields.optional("for");
    let each = fields.optional("forEach");
    fields.finish(problems);
    let over = match (range, each) {
        (Some(range), None) => loop_range(range, problems),
        (None, Some(each)) => loop_items(each, problems),
        _ => {
            let message = "a loop has either `for` or `forEach`";
            problems.error(code::LOOP, &node.range, message, "");
            None
        }
    };
    Loop {
        name,
        over: over.unwrap_or_else(nothing),
    }
}

fn loop_range(node: &Node, problems: &mut Problems) -> Option<Over> {
    let mut fields = Fields::new(node, "`for`", problems)?;
    let whole = i64::from(i32::MIN)..=i64::from(i32::MAX);
    let start = fields.required_number("start", whole.clone(), problems);
    let end = fields.required_number("end", whole.clone(), problems);
    let step = fields.required_number("updateBy", whole, problems);
    fields.finish(problems);
    let (start, end, step) = (start?.value, end?.value, step?);
    let ends = step.value != 0 && (start == end || (start < end) == (step.value > 0));
    if !ends {
        let message = format!(
            "a loop from {start} to {end} by {} does not end",
            step.value
        );
        problems.error(code::LOOP, &step.range, message, "");
        return None;
    }
    Some(Over::Range {
        start,
        end,
        step: step.value,
    })
}

fn loop_items(node: &Node, problems: &mut Problems) -> Option<Over> {
    if let Value::Sequence(items) = &node.value {
        let texts = items
            .iter()
            .filter_map(|item| fields::text(item, "forEach", problems));
        return Some(Over::Items(texts.collect()));
    }
    if matches!(node.value, Value::Scalar { .. }) {
        let message = "`forEach` must be a list";
        let label = "or a mapping: `list` and `delimiter`";
        problems.error(code::TYPE, &node.range, message, label);
        return None;
    }
    let mut fields = Fields::new(node, "`forEach`", problems)?;
    let list = fields.required_text("list", problems);
    let delimiter = fields.text("delimiter", problems);
    fields.finish(problems);
    let delimiter = match delimiter {
        None => ',',
        Some(text) => {
            let mut characters = text.value.chars();
            match (characters.next(), characters.next()) {
                (Some(one), None) if ".,;:\n\t -_".contains(one) => one,
                _ => {
                    let message = format!("`{}` is no delimiter", text.value.escape_debug());
                    let label = "one of . , ; : - _ space tab newline";
                    problems.error(code::LOOP, &text.range, message, label);
                    return None;
                }
            }
        }
    };
    Some(Over::List {
        list: list?,
        delimiter,
    })
}
