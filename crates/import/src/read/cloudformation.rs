//! `CloudFormation` templates in JSON: `AWS::ImageBuilder::*` among their resources.

use serde_json::{Map, Value};

use super::renamed;
use crate::resource::{KINDS, Resource};

/// `None` when this is no template.
pub(super) fn resources(map: &Map<String, Value>) -> Option<Vec<Resource>> {
    let resources = map.get("Resources")?.as_object()?;
    let mut all = Vec::new();
    for (logical, resource) in resources {
        let Some(kind) = resource.get("Type").and_then(Value::as_str) else {
            continue;
        };
        let Some(word) = kind.strip_prefix("AWS::ImageBuilder::") else {
            continue;
        };
        let Some((kind, ..)) = KINDS.into_iter().find(|row| row.4 == word) else {
            continue;
        };
        let properties = resource.get("Properties").cloned().unwrap_or_default();
        let properties = renamed(functions(properties, 0), &lower_first, 0);
        let Value::Object(mut fields) = properties else {
            continue;
        };
        if let Some(version) = fields.remove("version") {
            fields.insert("semanticVersion".to_owned(), version);
        }
        all.push(Resource::new(
            kind,
            logical,
            vec![reference(logical)],
            fields,
        ));
    }
    Some(all)
}

/// How a resource of the template is referred to after [`functions`].
fn reference(logical: &str) -> String {
    format!("ref:{logical}")
}

fn lower_first(name: &str) -> String {
    let mut rest = name.chars();
    match rest.next() {
        Some(first) => first.to_lowercase().chain(rest).collect(),
        None => String::new(),
    }
}

/// Intrinsic functions that mean a resource of the template, or a text that is known.
fn functions(value: Value, depth: usize) -> Value {
    if depth > super::DEPTH_MAX {
        return value;
    }
    match value {
        Value::Object(map) => {
            // The arguments first: functions stand within functions.
            let map: Map<String, Value> = map
                .into_iter()
                .map(|(name, value)| (name, functions(value, depth + 1)))
                .collect();
            let known = match map.iter().next() {
                Some((name, argument)) if map.len() == 1 => of(name, argument),
                _ => None,
            };
            known.map_or(Value::Object(map), Value::String)
        }
        Value::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| functions(item, depth + 1))
                .collect(),
        ),
        other => other,
    }
}

fn of(name: &str, argument: &Value) -> Option<String> {
    match name {
        "Ref" => Some(reference(argument.as_str()?)),
        "Fn::GetAtt" => {
            let logical = match argument {
                Value::Array(parts) => parts.first()?.as_str()?,
                other => other.as_str()?.split('.').next()?,
            };
            Some(reference(logical))
        }
        "Fn::Sub" => {
            let text = match argument {
                Value::Array(parts) => parts.first()?.as_str()?,
                other => other.as_str()?,
            };
            let inner = text.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
            match inner.filter(|inner| !inner.contains(['{', '}'])) {
                Some(inner) => Some(reference(inner.split('.').next()?)),
                // `${!NAME}` stands for `${NAME}` of a script.
                None => Some(text.replace("${!", "${")),
            }
        }
        "Fn::Join" => {
            let Value::Array(parts) = argument else {
                return None;
            };
            let separator = parts.first()?.as_str()?;
            let texts: Option<Vec<&str>> = parts
                .get(1)?
                .as_array()?
                .iter()
                .map(Value::as_str)
                .collect();
            Some(texts?.join(separator))
        }
        _ => None,
    }
}
