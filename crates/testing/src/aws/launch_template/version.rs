//! Versions of launch templates. One made of another one has all of that but what it says itself.

use serde_json::{Value, json};

use super::super::dispatch::Actions;
use super::super::input::Input;
use super::super::list::{self, Filter};
use super::super::refusal::Refusal;
use super::super::world::Caller;
use super::{LaunchTemplate, find, get};

pub(in super::super) const ACTIONS: Actions = &[
    ("CreateLaunchTemplateVersion", create),
    ("DeleteLaunchTemplateVersions", delete),
    ("DescribeLaunchTemplateVersions", describe),
];

/// A version.
#[derive(Debug, Clone)]
pub(in super::super) struct Version {
    pub(in super::super) number: i64,
    pub(super) description: Option<String>,
    pub(super) created: i64,
    /// As the model has it.
    pub(in super::super) data: Value,
}

impl Version {
    fn describe(&self, template: &LaunchTemplate) -> Value {
        json!({
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "VersionNumber": self.number,
            "VersionDescription": self.description,
            "CreateTime": self.created,
            "CreatedBy": "arn:aws:iam::111122223333:user/test",
            "DefaultVersion": self.number == template.default,
            "LaunchTemplateData": self.data,
        })
    }
}

const FILTERS: &[Filter] = &[
    ("create-time", "CreateTime"),
    ("image-id", "LaunchTemplateData.ImageId"),
    ("instance-type", "LaunchTemplateData.InstanceType"),
    ("is-default-version", "DefaultVersion"),
];

fn create(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = find(caller, input)?;
    let created = caller.now();
    let template = get(caller, &id)?;
    let mut data = match input.text("SourceVersion") {
        Some(source) => template.version(source)?.data.clone(),
        None => json!({}),
    };
    for (name, value) in input.value["LaunchTemplateData"]
        .as_object()
        .into_iter()
        .flatten()
    {
        data[name.as_str()] = value.clone();
    }
    template.last += 1;
    let version = Version {
        number: template.last,
        description: input.text("VersionDescription").map(str::to_owned),
        created,
        data,
    };
    let answer = json!({ "LaunchTemplateVersion": version.describe(template) });
    template.versions.push(version);
    Ok(answer)
}

fn delete(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = find(caller, input)?;
    let template = get(caller, &id)?;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for name in input.texts("Versions") {
        let found = template.version(name).map(|version| version.number);
        let mut of = json!({ "LaunchTemplateId": id, "LaunchTemplateName": template.name });
        let code = match found {
            Ok(number) if number != template.default => {
                of["VersionNumber"] = number.into();
                template.versions.retain(|version| version.number != number);
                done.push(of);
                continue;
            }
            // The model has no word of its own for the default.
            Ok(_) => "unexpectedError",
            Err(_) => "launchTemplateVersionDoesNotExist",
        };
        of["VersionNumber"] = name.parse::<i64>().unwrap_or_default().into();
        of["ResponseError"] = json!({ "Code": code, "Message": "It is the default or not there" });
        failed.push(of);
    }
    Ok(json!({
        "SuccessfullyDeletedLaunchTemplateVersions": done,
        "UnsuccessfullyDeletedLaunchTemplateVersions": failed,
    }))
}

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let names = input.texts("Versions");
    let is_of_all = !input.has("LaunchTemplateId") && !input.has("LaunchTemplateName");
    let are_moving = names
        .iter()
        .all(|name| ["$Latest", "$Default"].contains(name));
    if is_of_all && (names.is_empty() || !are_moving) {
        let message = "Without a launch template only $Latest and $Default may be asked for";
        return Err(Refusal::new("MissingParameter", message));
    }
    let templates: Vec<LaunchTemplate> = if is_of_all {
        caller.place().launch_templates.values().cloned().collect()
    } else {
        let id = find(caller, input)?;
        vec![get(caller, &id)?.clone()]
    };
    let bound = |name: &str| {
        input
            .text(name)
            .and_then(|number| number.parse::<i64>().ok())
    };
    let (least, most) = (
        bound("MinVersion").unwrap_or(0),
        bound("MaxVersion").unwrap_or(i64::MAX),
    );
    let mut items = Vec::new();
    for template in &templates {
        let mut wanted = Vec::new();
        for name in &names {
            wanted.push(template.version(name)?.number);
        }
        let versions = template.versions.iter().filter(|version| {
            (names.is_empty() || wanted.contains(&version.number))
                && (least..=most).contains(&version.number)
        });
        items.extend(versions.map(|version| version.describe(template)));
    }
    let items = list::filtered(items, input, FILTERS)?;
    let (items, next) = list::page(caller, input, items, 1..=200)?;
    Ok(json!({ "LaunchTemplateVersions": items, "NextToken": next }))
}
