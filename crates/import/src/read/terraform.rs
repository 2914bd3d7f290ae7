//! Terraform: `*.tf.json` and what `terraform show -json` prints of a state or a plan.

use serde_json::{Map, Value};

use super::{DEPTH_MAX, renamed};
use crate::resource::{KINDS, Kind, Resource};

/// `None` when this is nothing of Terraform's.
pub(super) fn resources(map: &Map<String, Value>) -> Option<Vec<Resource>> {
    let mut all = Vec::new();
    if let Some(Value::Object(types)) = map.get("resource") {
        for (kind, named) in types {
            let Some(kind) = kind_of(kind) else { continue };
            for (name, body) in named.as_object().into_iter().flatten() {
                let bodies = match body {
                    Value::Array(items) => items.iter().collect(),
                    other => vec![other],
                };
                all.extend(
                    bodies
                        .into_iter()
                        .filter_map(|body| resource(kind, name, body)),
                );
            }
        }
        return Some(all);
    }
    let values = map.get("values").or_else(|| map.get("planned_values"))?;
    module(values.get("root_module")?, 0, &mut all);
    Some(all)
}

fn module(module: &Value, depth: usize, all: &mut Vec<Resource>) {
    if depth > DEPTH_MAX {
        return;
    }
    let list = |name: &str| {
        module
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    for found in list("resources") {
        let text = |name: &str| found.get(name).and_then(Value::as_str);
        if let (Some(kind), Some(name), Some(values)) = (
            text("type").and_then(kind_of),
            text("name"),
            found.get("values"),
        ) {
            all.extend(resource(kind, name, values));
        }
    }
    list("child_modules").for_each(|child| self::module(child, depth + 1, all));
}

fn kind_of(word: &str) -> Option<Kind> {
    let word = word.strip_prefix("aws_imagebuilder_")?;
    KINDS.into_iter().find(|row| row.5 == word).map(|row| row.0)
}

fn resource(kind: Kind, name: &str, body: &Value) -> Option<Resource> {
    let Value::Object(mut fields) = unwrapped(renamed(body.clone(), &camel, 0), 0) else {
        return None;
    };
    // Blocks that Terraform has by other names than the API.
    let mut instance = Map::new();
    for (from, to) in [
        ("userDataBase64", "userDataOverride"),
        ("systemsManagerAgent", "systemsManagerAgent"),
    ] {
        instance.extend(fields.remove(from).map(|value| (to.to_owned(), value)));
    }
    if !instance.is_empty() {
        fields.insert(
            "additionalInstanceConfiguration".to_owned(),
            Value::Object(instance),
        );
    }
    if let Some(version) = fields.remove("version") {
        fields.insert("semanticVersion".to_owned(), version);
    }
    let ids = KINDS.iter().find(|row| row.0 == kind).map(|row| {
        let address = format!("aws_imagebuilder_{}.{name}", row.5);
        vec![
            format!("${{{address}.arn}}"),
            format!("${{{address}.id}}"),
            address,
        ]
    });
    Some(Resource::new(kind, name, ids.unwrap_or_default(), fields))
}

/// `semantic_version` as `semanticVersion`, and repeated blocks by the API's plural.
fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut parts = name.split('_');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let mut rest = part.chars();
        out.extend(rest.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(rest.as_str());
    }
    for (singular, plural) in REPEATED {
        if out == singular {
            return plural.to_owned();
        }
    }
    out
}

const REPEATED: [(&str, &str); 7] = [
    ("component", "components"),
    ("parameter", "parameters"),
    ("blockDeviceMapping", "blockDeviceMappings"),
    ("distribution", "distributions"),
    ("policyDetail", "policyDetails"),
    (
        "launchTemplateConfiguration",
        "launchTemplateConfigurations",
    ),
    ("fastLaunchConfiguration", "fastLaunchConfigurations"),
];

/// A block that stands once is a list of one; the API has it by itself.
fn unwrapped(value: Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return value;
    }
    let is_repeated =
        |name: &str| REPEATED.iter().any(|(_, plural)| *plural == name) || name == "recipes";
    match value {
        Value::Object(map) => {
            let map = map.into_iter().map(|(name, value)| {
                let value = match value {
                    Value::Array(mut items)
                        if items.len() == 1 && items[0].is_object() && !is_repeated(&name) =>
                    {
                        items.remove(0)
                    }
                    other => other,
                };
                (name, unwrapped(value, depth + 1))
            });
            Value::Object(map.collect())
        }
        Value::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| unwrapped(item, depth + 1))
                .collect(),
        ),
        other => other,
    }
}
