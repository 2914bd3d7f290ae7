//! Launch templates. Their versions are beside: `version`.

pub(super) mod version;

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::list::{self, Filter};
use super::refusal::Refusal;
use super::world::{Caller, Tags, tags_value};
use version::Version;

pub(super) const ACTIONS: Actions = &[
    ("CreateLaunchTemplate", create),
    ("DeleteLaunchTemplate", delete),
    ("DescribeLaunchTemplates", describe),
    ("ModifyLaunchTemplate", modify),
];

/// A launch template.
#[derive(Debug, Clone)]
pub(super) struct LaunchTemplate {
    pub(super) id: String,
    name: String,
    pub(super) tags: Tags,
    created: i64,
    default: i64,
    /// The number of the last version that was ever made.
    last: i64,
    /// In the order of their numbers.
    versions: Vec<Version>,
}

impl LaunchTemplate {
    fn describe(&self) -> Value {
        json!({
            "LaunchTemplateId": self.id,
            "LaunchTemplateName": self.name,
            "CreateTime": self.created,
            "CreatedBy": "arn:aws:iam::111122223333:user/test",
            "DefaultVersionNumber": self.default,
            "LatestVersionNumber": self.last,
            "Tags": tags_value(&self.tags),
        })
    }

    /// The images that its versions name.
    pub(super) fn images(&self) -> impl Iterator<Item = &str> {
        let versions = self.versions.iter();
        versions.filter_map(|version| version.data["ImageId"].as_str())
    }

    /// A version by number, `$Latest` or `$Default`.
    pub(super) fn version(&self, name: &str) -> Result<&Version, Refusal> {
        let number = match name {
            "$Latest" => Some(self.last),
            "$Default" => Some(self.default),
            name => name.parse().ok(),
        };
        let found = self
            .versions
            .iter()
            .find(|version| Some(version.number) == number);
        found.ok_or_else(|| {
            let message = format!(
                "Could not find launch template version {name} for {}",
                self.id
            );
            Refusal::new("InvalidLaunchTemplateId.VersionNotFound", message)
        })
    }
}

const FILTERS: &[Filter] = &[
    ("create-time", "CreateTime"),
    ("launch-template-name", "LaunchTemplateName"),
];

/// The template that a request names in one of the two ways.
pub(super) fn find(caller: &mut Caller<'_>, input: Input<'_>) -> Result<String, Refusal> {
    let (id, name) = (
        input.text("LaunchTemplateId"),
        input.text("LaunchTemplateName"),
    );
    let mut templates = caller.place().launch_templates.values();
    let (found, refusal) = match (id, name) {
        (Some(id), None) => (
            templates.find(|template| template.id == id),
            Refusal::new(
                "InvalidLaunchTemplateId.NotFound",
                format!("The specified launch template, with template ID {id}, does not exist."),
            ),
        ),
        (None, Some(name)) => (
            templates.find(|template| template.name == name),
            Refusal::new(
                "InvalidLaunchTemplateName.NotFoundException",
                format!(
                    "The specified launch template, with template name {name}, does not exist."
                ),
            ),
        ),
        _ => {
            let message = "Either the launch template ID or the name must be specified, not both";
            return Err(Refusal::new("MissingParameter", message));
        }
    };
    let id = found
        .map(|template| template.id.clone())
        .ok_or_else(|| refusal.clone())?;
    if caller.is_late(&id) {
        return Err(refusal);
    }
    Ok(id)
}

/// The template of an identifier that was found.
fn get<'c>(caller: &'c mut Caller<'_>, id: &str) -> Result<&'c mut LaunchTemplate, Refusal> {
    let found = caller.place().launch_templates.get_mut(id);
    found.ok_or_else(|| Refusal::new("InvalidLaunchTemplateId.NotFound", id))
}

fn create(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("LaunchTemplateName");
    let mut templates = caller.place().launch_templates.values();
    if templates.any(|template| template.name == name) {
        let message = "Launch template name already in use.";
        return Err(Refusal::new(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            message,
        ));
    }
    let tags = input.tags_for("launch-template", &["launch-template"])?;
    let id = caller.new_id("lt");
    let created = caller.now();
    let version = Version {
        number: 1,
        description: input.text("VersionDescription").map(str::to_owned),
        created,
        data: input.value["LaunchTemplateData"].clone(),
    };
    let template = LaunchTemplate {
        id: id.clone(),
        name: name.to_owned(),
        tags,
        created,
        default: 1,
        last: 1,
        versions: vec![version],
    };
    let answer = json!({ "LaunchTemplate": template.describe() });
    caller.place().launch_templates.insert(id, template);
    Ok(answer)
}

fn modify(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = find(caller, input)?;
    let template = get(caller, &id)?;
    if let Some(version) = input.text("DefaultVersion") {
        template.default = template.version(version)?.number;
    }
    Ok(json!({ "LaunchTemplate": template.describe() }))
}

fn delete(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = find(caller, input)?;
    let removed = caller.place().launch_templates.remove(&id);
    Ok(json!({ "LaunchTemplate": removed.map(|template| template.describe()) }))
}

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let ids = list::ids(input, "LaunchTemplateIds")?;
    let names = list::ids(input, "LaunchTemplateNames")?;
    for (member, name) in ids
        .iter()
        .map(|id| ("LaunchTemplateId", id))
        .chain(names.iter().map(|name| ("LaunchTemplateName", name)))
    {
        let value = json!({ member: name });
        find(
            caller,
            Input {
                value: &value,
                payload: None,
            },
        )?;
    }
    let templates = caller.place().launch_templates.values();
    let is_wanted = |template: &&LaunchTemplate| {
        (ids.is_empty() || ids.contains(&template.id.as_str()))
            && (names.is_empty() || names.contains(&template.name.as_str()))
    };
    let items = templates
        .filter(is_wanted)
        .map(LaunchTemplate::describe)
        .collect();
    let items = list::filtered(items, input, FILTERS)?;
    let (items, next) = list::page(caller, input, items, 1..=200)?;
    Ok(json!({ "LaunchTemplates": items, "NextToken": next }))
}
