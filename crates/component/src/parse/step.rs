//! Steps: their fields, their action, its inputs.

use std::time::Duration;

use super::condition::{condition, step_condition};
use super::fields::{self, Fields};
use super::repeat::step_loop;
use crate::action::{self, Action, Kind, Shape};
use crate::code;
use crate::document::{Entry, Input, Inputs, OnFailure, Step, TIMEOUT};
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
    let repeat = repeat.map(|node| step_loop(node, problems));
    fields.finish(problems);
    let action = action?;
    let is_nested = action.value.name == "ExecuteDocument";
    // The steps of a nested document have their own limits.
    let usual = (!is_nested).then_some(TIMEOUT);
    if is_nested {
        fixed(
            timeout.as_ref(),
            "timeoutSeconds",
            "it has no end",
            problems,
        );
        fixed(attempts.as_ref(), "maxAttempts", "there is one", problems);
    }
    let inputs = inputs.filter(|node| !is_nothing(node));
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
        range: node.range.clone(),
        action,
        inputs,
        timeout: match timeout.map(|timeout| timeout.value) {
            Some(-1) => None,
            Some(seconds) => Some(Duration::from_secs(seconds.unsigned_abs())),
            None => usual,
        },
        on_failure: on_failure
            .as_ref()
            .map_or(OnFailure::Abort, |said| said.value),
        on_failure_at: on_failure.map_or(name.range.start..name.range.start, |said| said.range),
        attempts_max: attempts.map_or(1, |n| u32::try_from(n.value).unwrap_or(1)),
        is_silent: is_silent.is_some_and(|said| said.value),
        condition,
        repeat,
        name,
    })
}

/// The name of a step of which nothing else may be known.
pub(super) fn name(node: &Node) -> Option<String> {
    let Value::Mapping(entries) = &node.value else {
        return None;
    };
    let (_, name) = entries.iter().find(|(key, _)| key.value == "name")?;
    match &name.value {
        Value::Scalar { text, .. } => Some(text.clone()),
        Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

/// `inputs:` with nothing behind it is as good as none.
fn is_nothing(node: &Node) -> bool {
    match &node.value {
        Value::Scalar { is_null, .. } => *is_null,
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(entries) => entries.is_empty(),
    }
}

/// Says that a nested document has its own steps' limits only.
fn fixed(said: Option<&Spanned<i64>>, name: &str, why: &str, problems: &mut Problems) {
    if let Some(said) = said {
        let message = format!("`ExecuteDocument` may not set `{name}`");
        let label = format!("{why}: set it on the steps of the document it runs");
        problems.error(code::FIXED_FIELD, &said.range, message, label);
    }
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
    let is_list = matches!(node.value, Value::Sequence(_));
    if is_list != (action.shape == Shape::List) {
        let (form, label) = if is_list {
            ("one mapping", "taken as the one mapping it holds")
        } else {
            ("a list of mappings", "taken as a list of one")
        };
        let message = format!("`{}` is documented with {form}", action.name);
        let at = node.range.start..node.range.start;
        problems.warning(code::INPUT_FORM, &at, message, label);
    }
    if action.shape == Shape::Condition {
        return condition(&entries[0], problems).map(Inputs::Condition);
    }
    let mut all = Vec::new();
    let mut is_whole = true;
    for entry in entries {
        let Value::Mapping(fields) = &entry.value else {
            let message = format!("the inputs of `{}` must be a mapping", action.name);
            let label = format!("this is {}", entry.kind());
            problems.error(code::INPUT_TYPE, &entry.range, message, label);
            is_whole = false;
            continue;
        };
        let fields = fields.iter().map(|(key, node)| {
            let is_pairs = |input: &action::InputRecord| {
                input.name == key.value && matches!(input.kind, Kind::Pairs)
            };
            let value = match &node.value {
                _ if action.inputs.iter().any(is_pairs) => {
                    pairs(node, &key.value, problems).map(Input::Pairs)
                }
                Value::Sequence(items) => Some(Input::List(
                    items
                        .iter()
                        .filter_map(|item| fields::text(item, &key.value, problems))
                        .collect(),
                )),
                _ => fields::text(node, &key.value, problems).map(Input::Text),
            };
            // What is wrong was said; that it is there counts.
            (key.clone(), value.unwrap_or(Input::Pairs(Vec::new())))
        });
        all.push(Entry {
            fields: fields.collect(),
        });
    }
    is_whole.then_some(Inputs::Entries(all))
}

/// Names and values in turn: of a mapping, or of a list of `name` and `value`.
pub(crate) fn pairs(
    node: &Node,
    name: &str,
    problems: &mut Problems,
) -> Option<Vec<Spanned<String>>> {
    let mut all = Vec::new();
    match &node.value {
        Value::Mapping(entries) => {
            for (key, value) in entries {
                let value = fields::text(value, &key.value, problems);
                all.extend(value.into_iter().flat_map(|value| [key.clone(), value]));
            }
        }
        Value::Sequence(items) => {
            for item in items {
                let what = format!("an entry of `{name}`");
                let Some(mut fields) = Fields::new(item, &what, problems) else {
                    continue;
                };
                let key = fields.required_text("name", problems);
                let value = fields.required("value", problems);
                let value = value.and_then(|value| fields::text(value, "value", problems));
                fields.finish(problems);
                all.extend(key.zip(value).into_iter().flat_map(<[_; 2]>::from));
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use goldsmith_core::diagnostic::SourceFile;

    /// Limits of steps; a document that a step runs has those of its own steps.
    #[test]
    fn limits() {
        let text = "schemaVersion: 1.0
phases:
  - name: build
    steps:
      - {name: Usual, action: UpdateOS}
      - {name: Said, action: UpdateOS, timeoutSeconds: 5}
      - {name: Endless, action: UpdateOS, timeoutSeconds: -1}
      - {name: Nested, action: ExecuteDocument, inputs: {document: x.yaml}}
";
        let (document, _) = crate::load(&SourceFile::new("x.yaml", text));
        let phases = document.unwrap().phases;
        let limits: Vec<_> = phases[0].steps.iter().map(|step| step.timeout).collect();
        let (usual, said) = (Duration::from_hours(2), Duration::from_secs(5));
        assert_eq!(limits, [Some(usual), Some(said), None, None]);
    }
}
