//! Parameters and constants: lists of mappings with one key each.

use super::fields::{self, Fields};
use crate::code;
use crate::document::Declared;
use crate::expr::{Piece, Template};
use crate::problems::Problems;
use crate::yaml::{Node, Spanned, Value};

/// What one entry may say of its name.
const FIELDS: [&str; 4] = ["type", "default", "description", "value"];

pub(super) fn declared(list: &Node, is_constant: bool, problems: &mut Problems) -> Vec<Declared> {
    let what = if is_constant {
        "constants"
    } else {
        "parameters"
    };
    let mut all = Vec::new();
    for item in fields::list(list, what, problems) {
        let Value::Mapping(entries) = &item.value else {
            let message = format!("an entry of `{what}` must be a name with its fields");
            let label = format!("this is {}", item.kind());
            problems.error(code::TYPE, &item.range, message, label);
            continue;
        };
        if let Some(name) = beside(entries) {
            let message = format!("the fields of `{}` stand beside its name", name.value);
            let label = format!("{} must be indented deeper than this", names(entries));
            problems.error(code::TYPE, &name.range, message, label);
            continue;
        }
        if entries.len() > 1 {
            let message = format!("an entry of `{what}` has {} names", entries.len());
            let label = "begin a new entry with `-`";
            problems.error(code::TYPE, &entries[1].0.range, message, label);
        }
        all.extend(
            entries
                .iter()
                .filter_map(|(name, node)| one(name, node, is_constant, problems)),
        );
    }
    all
}

/// The most common slip: the fields are not indented under the name.
fn beside(entries: &[(Spanned<String>, Node)]) -> Option<&Spanned<String>> {
    let (name, first) = entries.first()?;
    let is_empty = matches!(first.value, Value::Scalar { is_null: true, .. });
    let rest = entries.get(1..)?;
    let are_fields = rest
        .iter()
        .all(|(key, _)| FIELDS.contains(&key.value.as_str()));
    (is_empty && !rest.is_empty() && are_fields).then_some(name)
}

fn names(entries: &[(Spanned<String>, Node)]) -> String {
    let names = entries[1..]
        .iter()
        .map(|(name, _)| format!("`{}`", name.value));
    names.collect::<Vec<_>>().join(", ")
}

fn one(
    name: &Spanned<String>,
    node: &Node,
    is_constant: bool,
    problems: &mut Problems,
) -> Option<Declared> {
    let mut fields = Fields::new(node, &format!("`{}`", name.value), problems)?;
    match fields.text("type", problems) {
        Some(kind) if kind.value != "string" => {
            let message = format!("type `{}` does not exist", kind.value);
            let label = "the only one is `string`";
            problems.error(code::VALUE, &kind.range, message, label);
        }
        Some(_) => {}
        None => {
            let message = format!("`{}` has no `type`", name.value);
            let label = "taken as `string`";
            problems.warning(code::MISSING, &name.range, message, label);
        }
    }
    let (value, description) = if is_constant {
        let value = fields.required("value", problems);
        let value = value.and_then(|value| fields::text(value, "value", problems));
        (value, None)
    } else {
        let default = fields.text("default", problems);
        (default, fields.text("description", problems))
    };
    fields.finish(problems);
    if let Some(value) = &value {
        literal(value, problems);
    }
    Some(Declared {
        name: name.clone(),
        range: name.range.start..node.range.end.max(name.range.end),
        value: value.map(|text| text.value),
        description: description.map(|text| text.value).unwrap_or_default(),
    })
}

/// References in values are text: nothing replaces them there.
fn literal(value: &Spanned<String>, problems: &mut Problems) {
    let pieces = Template::parse(&value.value).pieces;
    let reference = pieces.into_iter().find_map(|piece| match piece {
        Piece::Reference(_, whole) => Some(whole),
        Piece::Literal(_) | Piece::Odd(_) => None,
    });
    if let Some(whole) = reference {
        let message = format!("`{whole}` is not replaced here");
        let label = "references stand in inputs, loops and conditions";
        problems.warning(code::LITERAL_REFERENCE, &value.range, message, label);
    }
}
