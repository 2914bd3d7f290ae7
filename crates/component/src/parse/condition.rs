//! Conditions of steps: one operator with its operands.

use super::fields::{self, Fields};
use crate::code;
use crate::condition::{Condition, If, OPERATORS, Operator, Test, Verdict};
use crate::problems::{Problems, meant};
use crate::yaml::{Node, Spanned, Value};

pub(super) fn step_condition(node: &Node, problems: &mut Problems) -> Option<If> {
    let node = only(node, "`if`", problems)?;
    let mut fields = Fields::new(node, "`if`", problems)?;
    let verdicts = [
        ("Execute", Verdict::Execute),
        ("Skip", Verdict::Skip),
        ("Abort", Verdict::Abort),
    ];
    let then = fields.choice("then", &verdicts, problems);
    let otherwise = fields.choice("else", &verdicts, problems);
    let condition = condition_of(node, fields, problems)?;
    Some(If {
        condition,
        then: then.map_or(Verdict::Execute, |then| then.value),
        otherwise: otherwise.map_or(Verdict::Skip, |otherwise| otherwise.value),
    })
}

/// The one item of a list of one; else the node itself.
fn only<'a>(node: &'a Node, what: &str, problems: &mut Problems) -> Option<&'a Node> {
    match &node.value {
        Value::Sequence(items) if items.len() == 1 => Some(&items[0]),
        Value::Sequence(items) => {
            let message = format!("{what} takes one condition, not {}", items.len());
            let label = "`and` and `or` combine several";
            problems.error(code::CONDITION, &node.range, message, label);
            None
        }
        _ => Some(node),
    }
}

pub(super) fn condition(node: &Node, problems: &mut Problems) -> Option<Condition> {
    let mut fields = Fields::new(node, "a condition", problems)?;
    for name in ["then", "else"] {
        if let Some(misplaced) = fields.optional(name) {
            let message = format!("`{name}` stands within a condition");
            let label = "it belongs to the `if` of a step";
            problems.error(code::CONDITION, &misplaced.range, message, label);
        }
    }
    condition_of(node, fields, problems)
}

/// Exactly one operator, with the second operand it asks for.
fn condition_of(node: &Node, mut fields: Fields<'_>, problems: &mut Problems) -> Option<Condition> {
    let value = fields.optional("value");
    let path = fields.optional("path");
    let left = fields.take_left();
    let [(key, operand)] = left.as_slice() else {
        let message = match left.len() {
            0 => "a condition without an operator".to_owned(),
            count => format!("a condition with {count} operators"),
        };
        let label = "exactly one; `and`, `or` and `not` combine several";
        let at = left.get(1).map_or(&node.range, |(key, _)| &key.range);
        problems.error(code::CONDITION, at, message, label);
        return None;
    };
    let operator = known(key, problems)?;
    let wanted = operator.and_then(Operator::second);
    for (name, node) in [("value", value), ("path", path)] {
        let Some(node) = node.filter(|_| wanted != Some(name)) else {
            continue;
        };
        let message = format!("`{}` takes no `{name}`", key.value);
        let problem = problems.warning(code::CONDITION, &node.range, message, "");
        problem.notes.push("it is ignored".to_owned());
    }
    let Some(operator) = operator else {
        return combined(key, operand, problems);
    };
    let operand = fields::text(operand, &key.value, problems);
    let second = match wanted {
        None => None,
        Some(name) => {
            let Some(node) = (if name == "value" { value } else { path }) else {
                let message = format!("`{}` has no `{name}`", key.value);
                let label = format!("`{name}` is required");
                problems.error(code::CONDITION, &key.range, message, label);
                return None;
            };
            Some(fields::text(node, name, problems)?)
        }
    };
    Some(Condition::Test(Test {
        operator,
        operand: operand?,
        second,
    }))
}

/// The operator of a name; `Some(None)` for those that combine.
#[expect(clippy::option_option, reason = "unknown, combining, testing")]
fn known(key: &Spanned<String>, problems: &mut Problems) -> Option<Option<Operator>> {
    const COMBINING: [&str; 3] = ["and", "or", "not"];
    if COMBINING.contains(&key.value.as_str()) {
        return Some(None);
    }
    let found = OPERATORS.iter().find(|(name, _)| *name == key.value);
    if found.is_none() {
        let names = OPERATORS.iter().map(|(name, _)| *name).chain(COMBINING);
        let label = meant(&key.value, names);
        let message = format!("the operator `{}` does not exist", key.value);
        problems.error(code::CONDITION, &key.range, message, label);
    }
    found.map(|(_, operator)| Some(*operator))
}

fn combined(key: &Spanned<String>, operand: &Node, problems: &mut Problems) -> Option<Condition> {
    if key.value == "not" {
        let inner = condition(only(operand, "`not`", problems)?, problems)?;
        return Some(Condition::Not(Box::new(inner)));
    }
    let items = fields::list(operand, &key.value, problems);
    if items.is_empty() && matches!(operand.value, Value::Sequence(_)) {
        let message = format!("`{}` combines nothing", key.value);
        let label = "a list of conditions";
        problems.error(code::CONDITION, &key.range, message, label);
    }
    // Every one is looked at before the first that is wrong ends it.
    let all: Vec<_> = items.iter().map(|item| condition(item, problems)).collect();
    let all = all.into_iter().collect::<Option<Vec<_>>>()?;
    Some(if key.value == "and" {
        Condition::And(all)
    } else {
        Condition::Or(all)
    })
}
