//! Instances with what is known of their images.

use serde_json::{Value, json};

use super::super::input::Input;
use super::super::list::{self, Filter};
use super::super::refusal::Refusal;
use super::super::world::Caller;
use super::wanted;

const FILTERS: &[Filter] = &[
    ("availability-zone", "AvailabilityZone"),
    ("image-allowed", "ImageMetadata.ImageAllowed"),
    ("image-state", "ImageMetadata.State"),
    ("instance-id", "InstanceId"),
    ("instance-state-name", "State.Name"),
    ("instance-type", "InstanceType"),
    ("owner-id", "OwnerId"),
];

pub(super) fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let now = caller.now();
    let found = wanted(caller, input)?;
    let world = &*caller.world;
    let items = found.into_iter().map(|(_, item)| {
        let id = item["ImageId"].as_str().unwrap_or_default();
        let mut places = world.places(&caller.region);
        let image = places.find_map(|place| place.images.get(id));
        let image = image.map(|image| image.describe(world, &caller.account, &caller.region, now));
        // Of an image that is gone its identifier is left.
        let image = image.unwrap_or_else(|| json!({ "ImageId": id, "State": "deregistered" }));
        json!({
            "InstanceId": item["InstanceId"],
            "InstanceType": item["InstanceType"],
            "LaunchTime": item["LaunchTime"],
            "AvailabilityZone": item["Placement"]["AvailabilityZone"],
            "State": item["State"],
            "OwnerId": caller.account,
            "Tags": item["Tags"],
            "ImageMetadata": {
                "ImageId": image["ImageId"],
                "Name": image["Name"],
                "OwnerId": image["OwnerId"],
                "State": image["State"],
                "CreationDate": image["CreationDate"],
                "DeprecationTime": image["DeprecationTime"],
                "ImageAllowed": image["ImageAllowed"],
                "IsPublic": image["Public"],
            },
        })
    });
    let items = items.collect();
    let items = list::filtered(items, input, FILTERS)?;
    let (items, next) = list::page(caller, input, items, 1..=1000)?;
    Ok(json!({ "InstanceImageMetadata": items, "NextToken": next }))
}
