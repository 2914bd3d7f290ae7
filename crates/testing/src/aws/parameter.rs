//! Parameters of Systems Manager.

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::image;
use super::input::Input;
use super::list;
use super::refusal::Refusal;
use super::world::{Caller, Tags, tags_value};

pub(super) const ACTIONS: Actions = &[
    ("AddTagsToResource", add_tags),
    ("DeleteParameter", delete),
    ("DescribeParameters", describe),
    ("GetParameter", get),
    ("ListTagsForResource", list_tags),
    ("PutParameter", put),
];

/// A parameter.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    kind: String,
    pub(super) tags: Tags,
    /// In the order of their numbers.
    pub(super) versions: Vec<Version>,
    last: i64,
}

/// A value that it has had.
#[derive(Debug, Clone)]
pub(super) struct Version {
    number: i64,
    pub(super) value: String,
    data_type: String,
    description: Option<String>,
    /// When it is found to be good, and so is there.
    since: i64,
}

impl Parameter {
    /// The version that a selector names: a number, or nothing for the newest.
    fn version(&self, selector: Option<&str>, now: i64) -> Option<&Version> {
        let mut there = self
            .versions
            .iter()
            .rev()
            .filter(|version| version.since <= now);
        there.find(|version| selector.is_none_or(|selector| selector == version.number.to_string()))
    }

    /// The value that it has now.
    pub(super) fn value(&self, now: i64) -> Option<&str> {
        Some(self.version(None, now)?.value.as_str())
    }
}

fn arn(caller: &Caller<'_>, name: &str) -> String {
    let slash = if name.starts_with('/') { "" } else { "/" };
    format!(
        "arn:aws:ssm:{}:{}:parameter{slash}{name}",
        caller.region, caller.account
    )
}

fn missing(name: &str) -> Refusal {
    Refusal::new("ParameterNotFound", format!("Parameter {name} not found."))
}

fn put(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("Name");
    let wrong = |message: &str| Err(Refusal::new("ValidationException", message));
    let lower = name.trim_start_matches('/').to_ascii_lowercase();
    if lower.starts_with("aws") || lower.starts_with("ssm") {
        return wrong(
            "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive)",
        );
    }
    if name.contains('/') && !name.starts_with('/') {
        return wrong("Parameter name must be a fully qualified name");
    }
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
    if !name.chars().all(is_letter) {
        return wrong("Only a mix of letters, numbers and the symbols .-_ is allowed");
    }
    let value = input.required("Value");
    if value.is_empty() || value.len() > 4096 {
        return wrong("A value has 1 to 4096 bytes");
    }
    if input.is("Overwrite") && input.has("Tags") {
        return wrong(
            "tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag.",
        );
    }
    let data_type = input.text("DataType").unwrap_or("text");
    let (now, settled) = (caller.now(), caller.settled());
    let since = match data_type {
        "text" => now,
        // Looked at when the answer is out; what is wrong never comes.
        "aws:ec2:image" => {
            let seen = image::seen(caller.world, &caller.account, &caller.region, value);
            let is_good = seen.is_ok_and(|image| image.state(now) == "available");
            if is_good { settled } else { i64::MAX }
        }
        _ => return wrong("The data type is none of text and aws:ec2:image"),
    };
    let tags = input.tags()?;
    let parameters = &mut caller.place().parameters;
    let old = parameters.get(name).map(|parameter| parameter.kind.clone());
    if old.is_some() && !input.is("Overwrite") {
        let message = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
        return Err(Refusal::new("ParameterAlreadyExists", message));
    }
    let Some(kind) = input.text("Type").or(old.as_deref()) else {
        return wrong("A parameter type is required when you create a parameter.");
    };
    if old.as_deref().is_some_and(|old| old != kind) {
        let message = "A parameter keeps its type";
        return Err(Refusal::new("HierarchyTypeMismatchException", message));
    }
    let parameter = parameters
        .entry(name.to_owned())
        .or_insert_with(|| Parameter {
            kind: kind.to_owned(),
            tags,
            versions: Vec::new(),
            last: 0,
        });
    parameter.last += 1;
    parameter.versions.push(Version {
        number: parameter.last,
        value: value.to_owned(),
        data_type: data_type.to_owned(),
        description: input.text("Description").map(str::to_owned),
        since,
    });
    Ok(json!({ "Version": parameter.last, "Tier": "Standard" }))
}

fn get(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let asked = input.required("Name");
    // name, or name:version
    let (name, selector) = asked
        .split_once(':')
        .map_or((asked, None), |(name, selector)| (name, Some(selector)));
    let now = caller.now();
    let arn = arn(caller, name);
    let parameter = caller
        .place()
        .parameters
        .get(name)
        .ok_or_else(|| missing(name))?;
    if parameter.version(None, now).is_none() {
        return Err(missing(name));
    }
    let version = parameter.version(selector, now).ok_or_else(|| {
        let message = format!("Systems Manager could not find version {selector:?} of {name}");
        Refusal::new("ParameterVersionNotFound", message)
    })?;
    Ok(json!({ "Parameter": {
        "Name": name,
        "Type": parameter.kind,
        "Value": version.value,
        "Version": version.number,
        "Selector": selector.map(|selector| format!(":{selector}")),
        "LastModifiedDate": version.since,
        "ARN": arn,
        "DataType": version.data_type,
    } }))
}

fn delete(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("Name");
    caller
        .place()
        .parameters
        .remove(name)
        .ok_or_else(|| missing(name))?;
    Ok(json!({}))
}

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let now = caller.now();
    let mut items = Vec::new();
    for (name, parameter) in &caller.place().parameters {
        let Some(version) = parameter.version(None, now) else {
            continue;
        };
        let mut is_wanted = true;
        for filter in input.parts("ParameterFilters") {
            let values = filter.texts("Values");
            let texts = match filter.required("Key") {
                "Name" => vec![name.clone()],
                "Type" => vec![parameter.kind.clone()],
                "DataType" => vec![version.data_type.clone()],
                "Path" => vec![
                    name.rsplit_once('/')
                        .map_or("/", |(path, _)| path)
                        .to_owned(),
                ],
                key => match key.strip_prefix("tag:") {
                    Some(key) => parameter.tags.get(key).cloned().into_iter().collect(),
                    None => return Err(Refusal::new("InvalidFilterKey", key)),
                },
            };
            is_wanted &= texts.iter().any(|text| {
                values.iter().any(|value| match filter.text("Option") {
                    Some("BeginsWith" | "Recursive") => text.starts_with(value),
                    Some("Contains") => text.contains(value),
                    _ => text == value,
                })
            });
        }
        if is_wanted {
            items.push(json!({
                "Name": name,
                "Type": parameter.kind,
                "LastModifiedDate": version.since,
                "Description": version.description,
                "Version": version.number,
                "Tier": "Standard",
                "DataType": version.data_type,
            }));
        }
    }
    let (items, next) = list::page(caller, input, items, 1..=50)?;
    Ok(json!({ "Parameters": items, "NextToken": next }))
}

/// The parameter that tags are about.
fn tagged<'c>(caller: &'c mut Caller<'_>, input: Input<'_>) -> Result<&'c mut Parameter, Refusal> {
    let (kind, id) = (input.required("ResourceType"), input.required("ResourceId"));
    let found = caller.place().parameters.get_mut(id);
    found
        .filter(|_| kind == "Parameter")
        .ok_or_else(|| Refusal::new("InvalidResourceId", id))
}

fn add_tags(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let mut tags = input.tags()?;
    tagged(caller, input)?.tags.append(&mut tags);
    Ok(json!({}))
}

fn list_tags(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    Ok(json!({ "TagList": tags_value(&tagged(caller, input)?.tags) }))
}
