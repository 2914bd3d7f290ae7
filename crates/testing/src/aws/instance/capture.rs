//! An image made of an instance: of a snapshot of each of its volumes.

use serde_json::{Value, json};

use super::super::image::{Image, check_name};
use super::super::input::Input;
use super::super::refusal::Refusal;
use super::super::volume;
use super::super::world::Caller;
use super::{own, volumes};

pub(super) fn create_image(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("Name");
    check_name(caller, name)?;
    let now = caller.now();
    let instance = own(caller, input.required("InstanceId"))?.clone();
    if !["running", "stopped", "stopping", "pending"].contains(&instance.state(now)) {
        let message = format!(
            "Instance {} is not in state 'running' or 'stopped'.",
            instance.id
        );
        return Err(Refusal::new("IncorrectInstanceState", message));
    }
    let tags = input.tags_for("image", &["image", "snapshot"])?;
    let snapshot_tags = input.tags_for("snapshot", &["image", "snapshot"])?;
    let left_out: Vec<&str> = input
        .parts("BlockDeviceMappings")
        .filter(|mapping| mapping.has("NoDevice"))
        .filter_map(|mapping| mapping.text("DeviceName"))
        .collect();
    let id = caller.new_id("ami");
    let attached: Vec<_> = volumes(caller.place(), &instance.id).cloned().collect();
    let mut mappings = Vec::new();
    for of in attached {
        let Some(attachment) = &of.attachment else {
            continue;
        };
        if left_out.contains(&attachment.device.as_str()) {
            continue;
        }
        // Whoever knows the instance knows its volumes.
        while caller.is_late(&of.id) {}
        let description = format!("Created by CreateImage({}) for {id}", instance.id);
        let snapshot = volume::snapshot(caller, &of.id, &description, snapshot_tags.clone())?;
        mappings.push(json!({
            "DeviceName": attachment.device,
            "Ebs": {
                "SnapshotId": snapshot,
                "VolumeSize": of.size,
                "VolumeType": of.kind,
                "Encrypted": of.key.is_some(),
                "DeleteOnTermination": attachment.is_deleted_with_it,
            },
        }));
    }
    let of_instance = |name: &str| instance.facts[name].clone();
    let tokens = instance.facts["MetadataOptions"]["HttpTokens"] == "required";
    let image = Image {
        id: id.clone(),
        owner: caller.account.clone(),
        name: name.to_owned(),
        description: input.text("Description").unwrap_or_default().to_owned(),
        tags,
        created: now,
        settles: caller.settled(),
        mappings,
        facts: json!({
            "Architecture": of_instance("Architecture"),
            "BootMode": input.text("BootModeOverride").map_or_else(|| of_instance("BootMode"), Value::from),
            "RootDeviceName": of_instance("RootDeviceName"),
            "VirtualizationType": of_instance("VirtualizationType"),
            "EnaSupport": of_instance("EnaSupport"),
            "ImdsSupport": tokens.then_some("v2.0"),
            "SourceInstanceId": instance.id,
        }),
        ..Image::default()
    };
    caller.place().images.insert(id.clone(), image);
    Ok(json!({ "ImageId": id }))
}
