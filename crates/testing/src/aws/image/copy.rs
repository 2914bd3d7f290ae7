//! An image copied into another region or account, encrypted or not.

use serde_json::{Value, json};

use super::super::dispatch::Actions;
use super::super::input::Input;
use super::super::key;
use super::super::refusal::Refusal;
use super::super::snapshot::{self, Snapshot};
use super::super::world::Caller;
use super::{Image, check_name, not_found, seen};

pub(in super::super) const ACTIONS: Actions = &[("CopyImage", copy)];

fn copy(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let (id, region) = (
        input.required("SourceImageId"),
        input.required("SourceRegion"),
    );
    if caller.is_late(id) {
        return Err(not_found(id));
    }
    let source = seen(caller.world, &caller.account, region, id)?.clone();
    if source.state(caller.now()) != "available" {
        let message = format!(
            "The image {id} is not available: {}",
            source.state(caller.now())
        );
        return Err(Refusal::new("InvalidAMIID.Unavailable", message));
    }
    let name = input.required("Name");
    check_name(caller, name)?;
    if input.has("KmsKeyId") && !input.is("Encrypted") {
        let message = "The parameter KmsKeyId requires the parameter Encrypted to be set.";
        return Err(Refusal::new("InvalidParameterDependency", message));
    }
    let mut tags = input.tags_for("image", &["image", "snapshot"])?;
    let snapshot_tags = input.tags_for("snapshot", &["image", "snapshot"])?;
    if input.is("CopyImageTags") && source.owner == caller.account {
        for (key, value) in &source.tags {
            tags.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    let snapshots = readable(caller, &source, region)?;
    if input.flag("Encrypted") == Some(false)
        && snapshots.iter().any(|snapshot| snapshot.key.is_some())
    {
        let message = "A copy of an encrypted image cannot be unencrypted";
        return Err(Refusal::combination(message));
    }

    let new = caller.new_id("ami");
    let mut failure = None;
    let mut mappings = source.mappings.clone();
    for mapping in &mut mappings {
        let Some(of) = mapping["Ebs"]["SnapshotId"].as_str() else {
            continue;
        };
        let Some(of) = snapshots.iter().find(|snapshot| snapshot.id == of) else {
            continue;
        };
        let key = snapshot::key_of_copy(caller, of.key.is_some(), input);
        let is_locked =
            of.owner != caller.account && of.key.as_deref().is_some_and(key::is_default);
        if is_locked {
            failure = Some("Source snapshot's key is not accessible".to_owned());
        }
        if let Err(message) = &key {
            failure = Some(message.clone());
        }
        // What could not be copied is not left behind.
        if failure.is_some() {
            continue;
        }
        let description = format!(
            "Copied for DestinationAmi {new} from SourceAmi {id} for SourceSnapshot {}",
            of.id
        );
        mapping["Ebs"]["Encrypted"] = matches!(key, Ok(Some(_))).into();
        let copied = snapshot::put_copy(caller, of, key, description, snapshot_tags.clone());
        mapping["Ebs"]["SnapshotId"] = copied.into();
    }
    if failure.is_some() {
        mappings.clear();
    }
    let image = Image {
        id: new.clone(),
        owner: caller.account.clone(),
        name: name.to_owned(),
        description: input.text("Description").unwrap_or_default().to_owned(),
        tags,
        created: caller.now(),
        settles: caller.settled(),
        failure,
        mappings,
        facts: source.facts.clone(),
        uefi_data: source.uefi_data.clone(),
        watermarks: source.watermarks.clone(),
        source: Some((id.to_owned(), region.to_owned())),
        ..Image::default()
    };
    caller.place().images.insert(new.clone(), image);
    Ok(json!({ "ImageId": new }))
}

/// The snapshots of an image, which its owner must have shared too.
fn readable(caller: &Caller<'_>, image: &Image, region: &str) -> Result<Vec<Snapshot>, Refusal> {
    let snapshots = image.snapshots().map(|id| {
        let found = snapshot::seen(caller.world, &caller.account, region, id);
        found.cloned().ok_or_else(|| {
            let message = "You do not have permission to access the storage of this ami";
            Refusal::new("InvalidRequest", message)
        })
    });
    snapshots.collect()
}
