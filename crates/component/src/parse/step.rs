//! Steps: action, inputs, condition, loop.

use std::time::Duration;

use super::fields::{self, Fields};
use crate::action::{self, Action, Kind, Shape};
use crate::code;
use crate::condition::{Condition, If, OPERATORS, Test, Verdict};
use crate::document::{Entry, Input, Inputs, Loop, OnFailure, Over, Step, TIMEOUT};
use crate::problems::{Problems, meant};
use crate::yaml::{Node, Spanned, Value};

/// Longest timeout that is not infinite: a year.
const TIMEOUT_SECONDS_MAX: i64 = 365 * 24 * 3600;

pub(super) fn step(node: &Node, problems: &mut Problems) -> Option<Step> {
    let mut fields = Fields::new(node, "a step", problems)?;
    let name = fields.required_text("name", problems);
    let action = fields.required_text("action", problems);
    let action = action.and_then(|name| known_action(name, problems));
    let inputs = fields.optional("inputs");
    let timeout = fields.number("timeoutSeconds", -1..=TIMEOUT_SECONDS_MAX, problems);
    if let Some(zero) = timeout.as_ref().filter(|timeout| timeout.value == 0) {
        let message = "a step without time cannot run";
        problems.error(code::VALUE, &zero.range, message, "-1 is without end");
    }
    let on_failure = [
        ("Abort", OnFailure::Abort),
        ("Continue", OnFailure::Continue),
        ("Ignore", OnFailure::Ignore),
    ];
    let on_failure = fields.choice("onFailure", &on_failure, problems);
    let attempts = fields.number("maxAttempts", 1..=1000, problems);
    let is_silent = fields.choice(
        "disableLogging",
        &[("true", true), ("false", false)],
        problems,
    );
    let condition = fields.optional("if");
    let condition = condition.and_then(|node| step_condition(node, problems));
    let repeat = fields.optional("loop");
    let repeat = repeat.and_then(|node| step_loop(node, problems));
    fields.finish(problems);
    let action = action?;
    let inputs = match inputs {
        Some(node) => parse_inputs(node, action.value, problems)?,
        None if action.value.shape == Shape::Condition => {
            let message = format!("`{}` has no condition", action.value.name);
            problems.error(
                code::MISSING_INPUT,
                &action.range,
                message,
                "its inputs are one",
            );
            return None;
        }
        None => Inputs::Entries(vec![Entry { fields: Vec::new() }]),
    };
    let name = name?;
    Some(Step {
        name,
        action,
        inputs,
        timeout: match timeout.map(|timeout| timeout.value) {
            Some(-1) => None,
            Some(seconds) => Some(Duration::from_secs(seconds.unsigned_abs())),
            None => Some(TIMEOUT),
        },
        on_failure: on_failure.unwrap_or(OnFailure::Abort),
        attempts_max: attempts.map_or(1, |n| u32::try_from(n.value).unwrap_or(1)),
        is_silent: is_silent.unwrap_or(false),
        condition,
        repeat,
    })
}

fn known_action(
    name: Spanned<String>,
    problems: &mut Problems,
) -> Option<Spanned<&'static Action>> {
    if let Some(action) = action::find(&name.value) {
        return Some(Spanned {
            value: action,
            range: name.range,
        });
    }
    if let Some(why) = action::why_not(&name.value) {
        let message = format!("the action `{}` cannot be run", name.value);
        problems.error(code::UNSUPPORTED_ACTION, &name.range, message, why);
        return None;
    }
    let message = format!("the action `{}` does not exist", name.value);
    let known = action::all().iter().map(|action| action.name);
    let label = meant(&name.value, known);
    problems.error(code::UNKNOWN_ACTION, &name.range, message, label);
    None
}

/// Inputs as a mapping or a list of mappings, whichever the action is documented with:
/// real documents mix them.
fn parse_inputs(node: &Node, action: &Action, problems: &mut Problems) -> Option<Inputs> {
    let one = [node.clone()];
    let entries = match &node.value {
        Value::Sequence(items) => items.as_slice(),
        _ => &one,
    };
    if action.shape != Shape::List && entries.len() != 1 {
        let message = format!("`{}` takes one mapping of inputs", action.name);
        let label = format!("these are {}", entries.len());
        problems.error(code::INPUT_TYPE, &node.range, message, label);
        return None;
    }
    if action.shape == Shape::Condition {
        return condition(&entries[0], problems).map(Inputs::Condition);
    }
    let mut all = Vec::new();
    for entry in entries {
        let Value::Mapping(fields) = &entry.value else {
            let message = format!("the inputs of `{}` must be a mapping", action.name);
            let label = format!("this is {}", entry.kind());
            problems.error(code::INPUT_TYPE, &entry.range, message, label);
            continue;
        };
        let fields = fields.iter().filter_map(|(key, node)| {
            let is_pairs =
                |input: &action::InputRecord| input.name == key.value && input.kind == Kind::Pairs;
            let value = match &node.value {
                _ if action.inputs.iter().any(is_pairs) => {
                    Input::Pairs(pairs(node, &key.value, problems)?)
                }
                Value::Sequence(items) => Input::List(
                    items
                        .iter()
                        .filter_map(|item| fields::text(item, &key.value, problems))
                        .collect(),
                ),
                _ => Input::Text(fields::text(node, &key.value, problems)?),
            };
            Some((key.clone(), value))
        });
        all.push(Entry {
            fields: fields.collect(),
        });
    }
    Some(Inputs::Entries(all))
}

/// Names and values in turn: of a mapping, or of a list of `name` and `value`.
fn pairs(node: &Node, name: &str, problems: &mut Problems) -> Option<Vec<Spanned<String>>> {
    let mut all = Vec::new();
    match &node.value {
        Value::Mapping(entries) => {
            for (key, value) in entries {
                all.extend([key.clone(), fields::text(value, &key.value, problems)?]);
            }
        }
        Value::Sequence(items) => {
            for item in items {
                let what = format!("an entry of `{name}`");
                let mut fields = Fields::new(item, &what, problems)?;
                let key = fields.required_text("name", problems);
                let value = fields.required_text("value", problems);
                fields.finish(problems);
                all.extend([key?, value?]);
            }
        }
        Value::Scalar { .. } => {
            let message = format!("`{name}` must be a list of `name` and `value`");
            let label = format!("this is {}", node.kind());
            problems.error(code::INPUT_TYPE, &node.range, message, label);
            return None;
        }
    }
    Some(all)
}

fn step_condition(node: &Node, problems: &mut Problems) -> Option<If> {
    let node = only(node);
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
        then: then.unwrap_or(Verdict::Execute),
        otherwise: otherwise.unwrap_or(Verdict::Skip),
    })
}

/// The one item of a list of one; else the node itself.
fn only(node: &Node) -> &Node {
    match &node.value {
        Value::Sequence(items) if items.len() == 1 => &items[0],
        _ => node,
    }
}

fn condition(node: &Node, problems: &mut Problems) -> Option<Condition> {
    let fields = Fields::new(node, "a condition", problems)?;
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
    match key.value.as_str() {
        "and" | "or" => {
            let items = fields::list(operand, &key.value, problems);
            let conditions: Vec<_> = items.iter().map(|item| condition(item, problems)).collect();
            let conditions = conditions.into_iter().collect::<Option<Vec<_>>>()?;
            return Some(if key.value == "and" {
                Condition::And(conditions)
            } else {
                Condition::Or(conditions)
            });
        }
        "not" => {
            let inner = condition(only(operand), problems)?;
            return Some(Condition::Not(Box::new(inner)));
        }
        _ => {}
    }
    let Some((_, operator)) = OPERATORS.iter().find(|(name, _)| *name == key.value) else {
        let known = OPERATORS
            .iter()
            .map(|(name, _)| *name)
            .chain(["and", "or", "not"]);
        let label = meant(&key.value, known);
        let message = format!("the operator `{}` does not exist", key.value);
        problems.error(code::CONDITION, &key.range, message, label);
        return None;
    };
    let operand = fields::text(operand, &key.value, problems);
    let second = match operator.second() {
        None => None,
        Some(name) => {
            let Some(node) = (if name == "value" { value } else { path }) else {
                let message = format!("`{}` has no `{name}`", key.value);
                problems.error(
                    code::CONDITION,
                    &key.range,
                    message,
                    format!("`{name}` is required"),
                );
                return None;
            };
            Some(fields::text(node, name, problems)?)
        }
    };
    Some(Condition::Test(Test {
        operator: *operator,
        operand: operand?,
        second,
    }))
}

fn step_loop(node: &Node, problems: &mut Problems) -> Option<Loop> {
    let mut fields = Fields::new(node, "`loop`", problems)?;
    let name = fields.text("name", problems);
    let range = fields.optional("for");
    let each = fields.optional("forEach");
    fields.finish(problems);
    let over = match (range, each) {
        (Some(range), None) => loop_range(range, problems)?,
        (None, Some(each)) => loop_items(each, problems)?,
        _ => {
            let message = "a loop has either `for` or `forEach`";
            problems.error(code::LOOP, &node.range, message, "");
            return None;
        }
    };
    Some(Loop { name, over })
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
