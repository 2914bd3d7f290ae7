//! Tags of everything in EC2 that can have some.

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::list::{self, Filter};
use super::refusal::Refusal;
use super::world::{Caller, Place, Tags};
use super::{image, instance, security_group, snapshot, volume};

pub(super) const ACTIONS: Actions = &[
    ("CreateTags", create),
    ("DeleteTags", delete),
    ("DescribeTags", describe),
];

impl Place {
    /// The tags of everything in EC2, each with its identifier and kind.
    pub(super) fn tagged(&self) -> impl Iterator<Item = (&str, &'static str, &Tags)> {
        let images = self.images.values().filter(|image| !image.is_gone());
        let images = images.map(|image| (image.id.as_str(), "image", &image.tags));
        let snapshots = self.snapshots.values();
        let snapshots =
            snapshots.map(|snapshot| (snapshot.id.as_str(), "snapshot", &snapshot.tags));
        let templates = self.launch_templates.values();
        let templates =
            templates.map(|template| (template.id.as_str(), "launch-template", &template.tags));
        let instances = self.instances.values();
        let instances =
            instances.map(|instance| (instance.id.as_str(), "instance", &instance.tags));
        let volumes = self.volumes.values();
        let volumes = volumes.map(|volume| (volume.id.as_str(), "volume", &volume.tags));
        let groups = self.security_groups.values();
        let groups = groups.map(|group| (group.id.as_str(), "security-group", &group.tags));
        let pairs = self.key_pairs.values();
        let pairs = pairs.map(|pair| (pair.id.as_str(), "key-pair", &pair.tags));
        let disks = images.chain(snapshots).chain(volumes);
        disks
            .chain(instances)
            .chain(groups)
            .chain(pairs)
            .chain(templates)
    }
}

/// The tags of the caller's resource of an identifier.
fn of<'c>(caller: &'c mut Caller<'_>, id: &str) -> Result<&'c mut Tags, Refusal> {
    // Whoever may see an image or a snapshot may put own tags on it; ours puts some on its own only.
    match id.split_once('-').map(|(kind, _)| kind) {
        Some("ami") => Ok(&mut image::own(caller, id)?.tags),
        Some("snap") => Ok(&mut snapshot::own(caller, id)?.tags),
        Some("i") => Ok(&mut instance::own(caller, id)?.tags),
        Some("vol") => Ok(&mut volume::own(caller, id)?.tags),
        Some("sg") => Ok(&mut security_group::own(caller, id)?.tags),
        Some("key") => {
            let found = caller
                .place()
                .key_pairs
                .values_mut()
                .find(|pair| pair.id == id);
            let missing = || Refusal::new("InvalidKeyPair.NotFound", id);
            Ok(&mut found.ok_or_else(missing)?.tags)
        }
        Some("lt") if !caller.is_late(id) => {
            let found = caller.place().launch_templates.get_mut(id);
            let missing = || Refusal::new("InvalidLaunchTemplateId.NotFound", id);
            Ok(&mut found.ok_or_else(missing)?.tags)
        }
        _ => {
            let message = format!("The ID '{id}' is not valid");
            Err(Refusal::new("InvalidID", message))
        }
    }
}

fn create(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let tags = input.tags()?;
    // All of them or none.
    for id in input.texts("Resources") {
        let mut of_both = of(caller, id)?.clone();
        of_both.extend(tags.clone());
        if of_both.len() > 50 {
            let message = format!("More than 50 tags of {id}");
            return Err(Refusal::new("TagLimitExceeded", message));
        }
    }
    for id in input.texts("Resources") {
        of(caller, id)?.extend(tags.clone());
    }
    Ok(json!({}))
}

fn delete(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    for id in input.texts("Resources") {
        let tags = of(caller, id)?;
        if !input.has("Tags") {
            tags.clear();
        }
        for tag in input.parts("Tags") {
            let (key, value) = (tag.required("Key"), tag.text("Value"));
            let is_that = tags
                .get(key)
                .is_some_and(|old| value.is_none_or(|value| value == old));
            if is_that {
                tags.remove(key);
            }
        }
    }
    Ok(json!({}))
}

const FILTERS: &[Filter] = &[
    ("key", "Key"),
    ("resource-id", "ResourceId"),
    ("resource-type", "ResourceType"),
    ("value", "Value"),
];

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let tagged = caller.place().tagged();
    let items = tagged.flat_map(|(id, kind, tags)| {
        tags.iter().map(move |(key, value)| {
            json!({ "ResourceId": id, "ResourceType": kind, "Key": key, "Value": value })
        })
    });
    let items = items.collect();
    let items = list::filtered(items, input, FILTERS)?;
    let (items, next) = list::page(caller, input, items, 5..=1000)?;
    Ok(json!({ "Tags": items, "NextToken": next }))
}
