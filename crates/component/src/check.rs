//! What a document means: names, inputs of actions, references. All problems at once.

mod index;
mod platform;
mod reference;

use std::collections::BTreeMap;

use goldsmith_core::diagnostic::{Diagnostic, Span};

use crate::action::{Action, Given, Kind, encoding::Encoding, parse_flag, parse_permissions};
use crate::code;
use crate::condition::{Condition, Operator};
use crate::document::{Document, Entry, Input, Inputs, Over, Phase, Step};
use crate::expr::{is_literal, is_name};
use crate::problems::{Problems, meant};
use crate::run::Parameters;
use crate::yaml::Spanned;
use index::Index;
use reference::Place;

pub use platform::Platform;

/// Phases that something runs.
const PHASES: [&str; 3] = ["build", "validate", "test"];

pub(crate) fn check(document: &Document, platform: Platform, problems: &mut Problems) {
    let declared = document.parameters.iter().chain(&document.constants);
    unique(
        "parameter or constant",
        declared.clone().map(|d| &d.name),
        problems,
    );
    for declared in declared {
        let name = &declared.name;
        if !is_name(&name.value) || name.value.len() < 3 {
            let message = format!("`{}` is no name for a parameter", name.value);
            let label = "3 to 128 letters, digits, `_` and `-`";
            problems.error(code::NAME, &name.range, message, label);
        }
    }
    unique(
        "phase",
        document
            .phases
            .iter()
            .map(|phase| &phase.name)
            .filter(|name| !name.value.is_empty()),
        problems,
    );
    let names = || {
        document
            .phases
            .iter()
            .map(|phase| phase.name.value.as_str())
    };
    // A phase without a name was said to have none.
    if let Some(first) = document.phases.first()
        && names().all(|name| !name.is_empty())
        && !names().any(|name| PHASES.contains(&name))
    {
        let message = "no phase is named `build`, `validate` or `test`";
        let label = meant(&first.name.value, PHASES);
        problems.warning(code::PHASES, &first.name.range, message, label);
    }
    let index = Index::new(document);
    for (number, phase) in document.phases.iter().enumerate() {
        check_phase(&index, number, phase, platform, problems);
    }
}

/// Says which names stand twice.
fn unique<'a>(
    what: &str,
    names: impl Iterator<Item = &'a Spanned<String>>,
    problems: &mut Problems,
) {
    let mut seen: BTreeMap<&str, &Spanned<String>> = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.get(name.value.as_str()) {
            let first = Span::new(&problems.file, first.range.clone());
            let message = format!("the {what} `{}` stands twice", name.value);
            let problem = problems.error(code::DUPLICATE_NAME, &name.range, message, "again here");
            *problem = problem.clone().label(first, "first here");
        } else {
            seen.insert(&name.value, name);
        }
    }
}

fn check_phase(
    index: &Index<'_>,
    at: usize,
    phase: &Phase,
    platform: Platform,
    problems: &mut Problems,
) {
    unique("step", phase.steps.iter().map(|step| &step.name), problems);
    let loops = phase
        .steps
        .iter()
        .filter_map(|step| step.repeat.as_ref()?.name.as_ref());
    unique("loop", loops, problems);
    let names = phase.steps.iter().map(|step| &step.name);
    for name in names
        .chain([&phase.name])
        .filter(|name| !name.value.is_empty() && !is_name(&name.value))
    {
        let message = format!("`{}` cannot be referred to", name.value);
        let label = "letters, digits, `_` and `-` can";
        problems.warning(code::NAME, &name.range, message, label);
    }
    for (number, step) in phase.steps.iter().enumerate() {
        let place = Place {
            index,
            phase: at,
            step: number,
            repeat: step.repeat.as_ref(),
        };
        check_step(step, &place, platform, problems);
    }
}

fn check_step(step: &Step, place: &Place<'_>, platform: Platform, problems: &mut Problems) {
    platform::check(step, platform, problems);
    match &step.inputs {
        Inputs::Condition(condition) => check_condition(condition, place, problems),
        Inputs::Entries(entries) => {
            for entry in entries {
                check_entry(step.action.value, entry, step, problems);
                platform::check_entry(step, entry, platform, problems);
                for (_, input) in &entry.fields {
                    input
                        .texts()
                        .iter()
                        .for_each(|text| place.check(text, problems));
                }
            }
        }
    }
    let outside = Place {
        repeat: None,
        ..*place
    };
    if let Some(condition) = &step.condition {
        check_condition(&condition.condition, &outside, problems);
    }
    match step.repeat.as_ref().map(|repeat| &repeat.over) {
        Some(Over::Items(items)) => items.iter().for_each(|item| outside.check(item, problems)),
        Some(Over::List { list, .. }) => outside.check(list, problems),
        Some(Over::Range { .. }) | None => {}
    }
}

fn check_condition(condition: &Condition, place: &Place<'_>, problems: &mut Problems) {
    for test in condition.tests() {
        place.check(&test.operand, problems);
        if let Some(second) = &test.second {
            place.check(second, problems);
        }
        if test.operator == Operator::Pattern
            && is_literal(&test.operand.value)
            && let Err(error) = regex::Regex::new(&test.operand.value)
        {
            let message = format!("`{}` is no regular expression", test.operand.value);
            let why = error.to_string();
            let label = why.lines().last().unwrap_or_default();
            let label = label.strip_prefix("error: ").unwrap_or(label);
            problems.error(code::CONDITION, &test.operand.range, message, label);
        }
        if let Operator::Hash(program) = test.operator
            && is_literal(&test.operand.value)
            && !is_digest(&test.operand.value, program)
        {
            let message = format!("`{}` is no such digest", test.operand.value);
            let label = format!("{} hexadecimal digits", digits(program));
            problems.warning(code::CONDITION, &test.operand.range, message, label);
        }
    }
}

/// Digits of the digests that a program of an operator prints.
fn digits(program: &str) -> usize {
    match program {
        "md5sum" => 32,
        "sha1sum" => 40,
        "sha256sum" => 64,
        _ => 128,
    }
}

fn is_digest(text: &str, program: &str) -> bool {
    text.len() == digits(program) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn check_entry(action: &Action, entry: &Entry, step: &Step, problems: &mut Problems) {
    for required in action.inputs.iter().filter(|input| input.is_required) {
        if entry
            .fields
            .iter()
            .all(|(name, _)| name.value != required.name)
        {
            let message = format!("`{}` has no input `{}`", action.name, required.name);
            let at = entry
                .fields
                .first()
                .map_or(&step.action.range, |(name, _)| &name.range);
            let label = format!("`{}`: {}", required.name, required.summary);
            problems.error(code::MISSING_INPUT, at, message, label);
        }
    }
    for (name, input) in &entry.fields {
        let Some(record) = action
            .inputs
            .iter()
            .find(|record| record.name == name.value)
        else {
            let message = format!("`{}` knows no input `{}`", action.name, name.value);
            let label = meant(&name.value, action.inputs.iter().map(|record| record.name));
            let problem = problems.warning(code::UNKNOWN_INPUT, &name.range, message, label);
            problem.notes.push("it is ignored".to_owned());
            continue;
        };
        check_input(record.kind, name, input, problems);
    }
    if let Some(wrong) = action.check(&Given(entry)) {
        let named = entry
            .fields
            .iter()
            .find(|(name, _)| name.value == wrong.input);
        let at = named.map_or(&step.action.range, |(name, _)| &name.range);
        problems.error(code::INPUT_TYPE, at, wrong.message, wrong.label);
    }
}

fn check_input(kind: Kind, name: &Spanned<String>, input: &Input, problems: &mut Problems) {
    let name = &name.value;
    let text = match (kind, input) {
        (Kind::List, Input::Text(text)) => {
            let message = format!("`{name}` should be a list");
            problems.warning(
                code::INPUT_TYPE,
                &text.range,
                message,
                "taken as a list of one",
            );
            return;
        }
        (Kind::List | Kind::TextOrList, Input::List(_))
        | (_, Input::Pairs(_) | Input::Verbatim(_)) => return,
        (_, Input::List(texts)) => {
            let message = format!("`{name}` must be a text");
            let at = texts.first().map_or(0..0, |text| text.range.clone());
            problems.error(code::INPUT_TYPE, &at, message, "this is a list");
            return;
        }
        (_, Input::Text(text)) => text,
    };
    let value = &text.value;
    let one_of;
    let (fits, expected) = match kind {
        Kind::Text | Kind::List | Kind::TextOrList | Kind::Pairs => return,
        Kind::Choice(words) => {
            one_of = format!("one of {}", words.join(", "));
            (words.contains(&value.as_str()), one_of.as_str())
        }
        Kind::Fits(fits, expected) => (fits(value), expected),
        Kind::Number => (value.trim().parse::<u64>().is_ok(), "a whole number"),
        Kind::Flag => (parse_flag(value).is_some(), "`true` or `false`"),
        Kind::Permissions => (parse_permissions(value).is_some(), "octal such as `0644`"),
        Kind::Encoding => (
            Encoding::parse(value).is_some(),
            "utf8, utf16 or utf32, with -LE or -BE",
        ),
    };
    if !fits && is_literal(value) {
        let message = format!("`{value}` is no value for `{name}`");
        problems.error(code::INPUT_TYPE, &text.range, message, expected);
    }
}

/// Steps of the phases asked for (all, when none is) whose action is one of these.
pub fn check_blocked(
    document: &Document,
    phases: &[String],
    blocked: &[String],
) -> Vec<Diagnostic> {
    let is_asked = |phase: &&Phase| phases.is_empty() || phases.contains(&phase.name.value);
    let steps = document.phases.iter().filter(is_asked);
    let steps = steps.flat_map(|phase| &phase.steps);
    let is_blocked = |step: &&Step| blocked.iter().any(|name| name == step.action.value.name);
    steps
        .filter(is_blocked)
        .map(|step| {
            let message = format!("the action `{}` is blocked here", step.action.value.name);
            let at = Span::new(&document.file, step.action.range.clone());
            Diagnostic::error(code::BLOCKED, message).label(at, "")
        })
        .collect()
}

/// Values that a recipe or a command gives against what the document declares. `at` is the place
/// that gives them.
pub fn check_parameters(document: &Document, given: &Parameters, at: &Span) -> Vec<Diagnostic> {
    let name = document.name();
    let mut problems = Vec::new();
    for given in given.keys() {
        let known = || document.parameters.iter().map(|p| p.name.value.as_str());
        if known().all(|known| known != given) {
            let message = format!("component `{name}` has no parameter `{given}`");
            let problem = Diagnostic::error(code::UNKNOWN_PARAMETER, message)
                .label(at.clone(), meant(given, known()));
            let known: Vec<&str> = known().collect();
            problems.push(if known.is_empty() {
                problem.note("it has no parameters")
            } else {
                problem.note(format!("parameters: {}", known.join(", ")))
            });
        }
    }
    for declared in &document.parameters {
        if declared.value.is_none() && !given.contains_key(&declared.name.value) {
            let message = format!(
                "component `{name}` needs a value for its parameter `{}`",
                declared.name.value
            );
            let declaration = Span::new(&document.file, declared.name.range.clone());
            problems.push(
                Diagnostic::error(code::NO_VALUE, message)
                    .label(at.clone(), "")
                    .label(declaration, "it has no default"),
            );
        }
    }
    problems
}
