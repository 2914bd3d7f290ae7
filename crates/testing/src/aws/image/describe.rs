//! Images listed: the caller's own, and those that others share.

use serde_json::{Value, json};

use super::super::input::Input;
use super::super::list::{self, Filter};
use super::super::refusal::Refusal;
use super::super::world::Caller;
use super::{Image, not_found, seen};

const FILTERS: &[Filter] = &[
    ("architecture", "Architecture"),
    (
        "block-device-mapping.delete-on-termination",
        "BlockDeviceMappings.Ebs.DeleteOnTermination",
    ),
    (
        "block-device-mapping.device-name",
        "BlockDeviceMappings.DeviceName",
    ),
    (
        "block-device-mapping.encrypted",
        "BlockDeviceMappings.Ebs.Encrypted",
    ),
    (
        "block-device-mapping.snapshot-id",
        "BlockDeviceMappings.Ebs.SnapshotId",
    ),
    (
        "block-device-mapping.volume-size",
        "BlockDeviceMappings.Ebs.VolumeSize",
    ),
    (
        "block-device-mapping.volume-type",
        "BlockDeviceMappings.Ebs.VolumeType",
    ),
    ("creation-date", "CreationDate"),
    ("description", "Description"),
    ("ena-support", "EnaSupport"),
    ("hypervisor", "Hypervisor"),
    ("image-id", "ImageId"),
    ("image-type", "ImageType"),
    ("is-public", "Public"),
    ("manifest-location", "ImageLocation"),
    ("name", "Name"),
    ("owner-id", "OwnerId"),
    ("platform-details", "PlatformDetails"),
    ("root-device-name", "RootDeviceName"),
    ("root-device-type", "RootDeviceType"),
    ("source-image-id", "SourceImageId"),
    ("source-image-region", "SourceImageRegion"),
    ("source-instance-id", "SourceInstanceId"),
    ("state", "State"),
    ("virtualization-type", "VirtualizationType"),
];

pub(super) fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let (account, region, now) = (caller.account.clone(), caller.region.clone(), caller.now());
    let wanted = list::ids(input, "ImageIds")?;
    for id in &wanted {
        if caller.is_late(id) {
            return Err(not_found(id));
        }
        seen(caller.world, &account, &region, id)?;
    }
    let owners = input.texts("Owners");
    let users = input.texts("ExecutableUsers");
    let is_of_owner = |image: &Image| {
        let mut owners = owners.iter();
        owners.len() == 0
            || owners
                .any(|owner| *owner == image.owner || (*owner == "self" && image.owner == account))
    };
    let is_for_user = |image: &Image| {
        users.is_empty()
            || users.iter().any(|user| match *user {
                "self" => image
                    .permissions
                    .iter()
                    .any(|permission| permission["UserId"] == account.as_str()),
                "all" => image.is_public(),
                user => image
                    .permissions
                    .iter()
                    .any(|permission| permission["UserId"] == user),
            })
    };
    let is_shown = |image: &Image| {
        let is_deprecated = image.deprecation.is_some_and(|time| time <= now);
        !image.is_gone()
            && (wanted.is_empty() || wanted.contains(&image.id.as_str()))
            && (!image.is_disabled || input.is("IncludeDisabled"))
            // An owner sees what is deprecated, and whoever asks for it by its identifier.
            && (!is_deprecated || image.owner == account || !wanted.is_empty() || input.is("IncludeDeprecated"))
    };
    let world = &*caller.world;
    let images = world
        .places(&region)
        .flat_map(|place| place.images.values());
    let found: Vec<_> = images
        .filter(|image| image.is_for(world, &account))
        .filter(|image| is_of_owner(image) && is_for_user(image) && is_shown(image))
        .map(|image| (image.id.clone(), image.describe(&account, now)))
        .collect();
    let items = found
        .into_iter()
        .filter(|(id, _)| !caller.is_late(id))
        .map(|(_, item)| item)
        .collect();
    let items = list::filtered(items, input, FILTERS)?;
    let (items, next) = list::page(caller, input, items, 1..=1000)?;
    Ok(json!({ "Images": items, "NextToken": next }))
}
