//! The `step` blocks of a pipeline.

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::recipe::{
    Command, Parameter, Position, Stage, Step, StepAction, Wait, Webhook,
};

use super::condition::{Known, condition};
use super::notify::url;
use super::test::on_failure;
use super::{Either, blocks, check_distinct, one_of};
use crate::decode::Reader;
use crate::syntax::ast::{Block, Expr, Kind as Syntax};

/// Every step, in the order they run in.
pub(super) fn steps(pipeline: &Reader<'_>) -> Option<Vec<Step>> {
    let all: Vec<&Block> = blocks(pipeline, "step").collect();
    let named = all
        .iter()
        .filter_map(|block| Some((block.labels.get(1)?.text.clone(), *block)));
    check_distinct(pipeline, "step", named);
    // What conditions may ask for depends on where every step stands.
    let known: Vec<Known<'_>> = all
        .iter()
        .filter_map(|block| known(pipeline, block))
        .collect();
    let steps: Vec<Option<Step>> = all
        .iter()
        .map(|block| step(pipeline, block, &known))
        .collect();
    let mut steps: Vec<Step> = steps.into_iter().collect::<Option<_>>()?;
    steps.sort_by_key(|step| step.position);
    Some(steps)
}

fn known<'a>(pipeline: &Reader<'a>, block: &'a Block) -> Option<Known<'a>> {
    let reader = pipeline.inner(block);
    let outputs = match reader.spec.name {
        "command" => None,
        "webhook" => Some(Webhook::OUTPUTS),
        "wait" => Some(Wait::OUTPUTS),
        // There is no such type, which was said.
        _ => return None,
    };
    Some(Known {
        name: &block.labels.get(1)?.text,
        position: position(&reader),
        outputs,
    })
}

/// Where it stands; what is wrong with that is said once, however often it is asked.
fn position(reader: &Reader<'_>) -> Option<Position> {
    let stage = |name| {
        let word = reader.choice(name);
        word.map(|word| {
            word.parse::<Stage>()
                .expect("the words are those of stages")
        })
    };
    let which = one_of(
        reader,
        ("before", stage("before")),
        ("after", stage("after")),
    );
    Some(match which? {
        Either::First(stage) => Position::Before(stage),
        Either::Second(stage) => Position::After(stage),
    })
}

fn step(pipeline: &Reader<'_>, block: &Block, known: &[Known<'_>]) -> Option<Step> {
    let reader = pipeline.inner(block);
    let (action, timeout) = match reader.spec.name {
        "command" => (
            command(&reader).map(StepAction::Command),
            Duration::from_hours(1),
        ),
        "webhook" => (
            webhook(&reader).map(StepAction::Webhook),
            Duration::from_mins(5),
        ),
        "wait" => (
            wait(&reader).map(StepAction::Wait),
            Duration::from_hours(72),
        ),
        _ => return None,
    };
    let name = &block.labels.get(1)?.text;
    let position = position(&reader);
    let timeout = reader.time("timeout").or(timeout);
    let on_failure = on_failure(&reader);
    let condition = match (reader.body.attribute("if"), position) {
        (Some(attribute), Some(_)) => condition(&reader, name, known, &attribute.value).map(Some),
        _ => Some(None),
    };
    Some(Step {
        name: name.clone(),
        span: reader.span(&block.head),
        position: position?,
        condition: condition?,
        timeout: timeout?,
        on_failure: on_failure?,
        action: action?,
    })
}

fn command(reader: &Reader<'_>) -> Option<Command> {
    let words = reader.marked_texts("command").required();
    let environment = marked(reader, "environment");
    let is_empty = words.as_ref().is_some_and(|words| {
        words
            .first()
            .is_none_or(|program| program.value.trim().is_empty())
    });
    if let (true, Some(attribute)) = (is_empty, reader.body.attribute("command")) {
        let label = "the first word is the program".to_owned();
        reader.wrong(
            &attribute.value,
            "`command` names no program".to_owned(),
            label,
        );
        return None;
    }
    let environment = environment?;
    if let (Some(name), Some(attribute)) = (
        environment.keys().find(|name| !is_variable(name)),
        reader.body.attribute("environment"),
    ) {
        let message = format!("`{name}` cannot be a variable of the environment");
        reader.wrong(
            &attribute.value,
            message,
            "letters, digits and `_`".to_owned(),
        );
        return None;
    }
    Some(Command {
        words: words?,
        environment,
    })
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn webhook(reader: &Reader<'_>) -> Option<Webhook> {
    let url = url(reader);
    let secret = reader.hidden("secret").optional();
    let payload = marked(reader, "payload");
    Some(Webhook {
        url: url?,
        secret: secret?,
        payload: payload?,
    })
}

fn wait(reader: &Reader<'_>) -> Option<Wait> {
    let message = reader.text("message").required()?;
    if let (true, Some(attribute)) = (message.trim().is_empty(), reader.body.attribute("message")) {
        let label = "somebody has to know what is asked".to_owned();
        reader.wrong(&attribute.value, "the message is empty".to_owned(), label);
        return None;
    }
    if let (true, Some(attribute)) = (
        reader.is_secret("message"),
        reader.body.attribute("message"),
    ) {
        let message = "`message` is shown to people and written down".to_owned();
        reader.wrong(&attribute.value, message, "this is sensitive".to_owned());
        return None;
    }
    Some(Wait { message })
}

/// An object whose values are marked when they are sensitive, or come straight from the
/// environment, where people keep what is.
fn marked(reader: &Reader<'_>, name: &str) -> Option<BTreeMap<String, Parameter>> {
    let mut values = reader.parameters(name).or(BTreeMap::new())?;
    if let Some(Syntax::Object(pairs)) = reader.body.attribute(name).map(|a| &a.value.kind) {
        for (key, value) in pairs {
            if let (Syntax::String(key), true) = (&key.kind, is_env(value))
                && let Some(value) = values.get_mut(key)
            {
                value.is_sensitive = true;
            }
        }
    }
    Some(values)
}

fn is_env(expr: &Expr) -> bool {
    matches!(&expr.kind, Syntax::Call { name, .. } if name.text == "env")
}
