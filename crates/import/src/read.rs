//! From JSON to resources: which of the known shapes it is, is seen from what is in it.

mod cloudformation;
mod terraform;

use serde_json::{Map, Value};

use crate::resource::{KINDS, Kind, Resource};

/// Objects in objects; more is nobody's template.
const DEPTH_MAX: usize = 64;

/// Every resource in a value, wherever it lies.
pub(crate) fn resources(value: &Value) -> Vec<Resource> {
    let mut all = Vec::new();
    collect(value, 0, &mut all);
    all
}

fn collect(value: &Value, depth: usize, all: &mut Vec<Resource>) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, depth + 1, all)),
        Value::Object(map) => object(map, depth, all),
        _ => {}
    }
}

fn object(map: &Map<String, Value>, depth: usize, all: &mut Vec<Resource>) {
    if let Some(found) = cloudformation::resources(map).or_else(|| terraform::resources(map)) {
        all.extend(found);
        return;
    }
    let mut is_answer = false;
    for (kind, _, one, many, ..) in KINDS {
        if let Some(Value::Object(fields)) = map.get(one) {
            all.push(Resource::new(kind, one, Vec::new(), fields.clone()));
            is_answer = true;
        }
        if let Some(Value::Array(items)) = map.get(many) {
            let items = items.iter().filter_map(Value::as_object);
            all.extend(items.map(|fields| Resource::new(kind, one, Vec::new(), fields.clone())));
            is_answer = true;
        }
    }
    if is_answer {
        return;
    }
    if let Some(kind) = bare(map) {
        all.push(Resource::new(kind, kind.title(), Vec::new(), map.clone()));
        return;
    }
    map.values()
        .for_each(|value| collect(value, depth + 1, all));
}

/// What an object without a wrapping key is: its ARN tells, else the fields that only one has.
fn bare(map: &Map<String, Value>) -> Option<Kind> {
    if let Some(arn) = map.get("arn").and_then(Value::as_str) {
        return Kind::of_arn(arn);
    }
    let has = |name: &str| map.contains_key(name);
    [
        (
            has("dockerfileTemplateData") || has("targetRepository"),
            Kind::ContainerRecipe,
        ),
        (has("parentImage"), Kind::ImageRecipe),
        (
            has("imageRecipeArn") || has("containerRecipeArn"),
            Kind::Pipeline,
        ),
        (has("distributions"), Kind::Distribution),
        (has("instanceProfileName"), Kind::Infrastructure),
        (has("policyDetails"), Kind::Lifecycle),
        (
            has("platform") && (has("data") || has("uri")),
            Kind::Component,
        ),
    ]
    .into_iter()
    .find_map(|(is, kind)| is.then_some(kind))
}

/// Names of fields in the API's spelling. What people name themselves stays.
fn renamed(value: Value, rename: &dyn Fn(&str) -> String, depth: usize) -> Value {
    const THEIRS: [&str; 6] = [
        "tags",
        "tagsAll",
        "amiTags",
        "resourceTags",
        "tagMap",
        "containerTags",
    ];
    match value {
        Value::Object(map) if depth < DEPTH_MAX => {
            let map = map.into_iter().map(|(name, value)| {
                let name = rename(&name);
                let value = if THEIRS.contains(&name.as_str()) {
                    value
                } else {
                    renamed(value, rename, depth + 1)
                };
                (name, value)
            });
            Value::Object(map.collect())
        }
        Value::Array(items) if depth < DEPTH_MAX => {
            let items = items
                .into_iter()
                .map(|item| renamed(item, rename, depth + 1));
            Value::Array(items.collect())
        }
        other => other,
    }
}
