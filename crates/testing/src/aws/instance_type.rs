//! Types of instances: their architecture, and whether there is any left.

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::image::Image;
use super::input::Input;
use super::list::{self, Filter};
use super::refusal::Refusal;
use super::world::Caller;

pub(super) const ACTIONS: Actions = &[
    ("DescribeInstanceTypeOfferings", offerings),
    ("DescribeInstanceTypes", describe),
];

/// The types that there are.
const TYPES: [&str; 8] = [
    "c7i.large",
    "m1.small",
    "m7g.large",
    "m7i.large",
    "t3.large",
    "t3.micro",
    "t4g.micro",
    "t4g.small",
];

/// By the letter behind the number of the generation.
fn architecture(kind: &str) -> &'static str {
    let family = kind.split('.').next().unwrap_or_default();
    let behind = family.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
    let behind = behind.trim_start_matches(|letter: char| letter.is_ascii_digit());
    if behind.starts_with('g') {
        "arm64"
    } else {
        "x86_64"
    }
}

/// Checks that an image can be launched on a type, and that there is capacity.
pub(super) fn check(caller: &mut Caller<'_>, kind: &str, image: &Image) -> Result<(), Refusal> {
    if !TYPES.contains(&kind) {
        let message = format!("The instance type '{kind}' does not exist");
        return Err(Refusal::new("InvalidInstanceType", message));
    }
    let (has, needs) = (architecture(kind), image.facts["Architecture"].as_str());
    if needs != Some(has) {
        let message = format!(
            "The architecture '{has}' of the specified instance type does not match the architecture {needs:?} of the specified AMI"
        );
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    if caller.place().full.contains(kind) {
        let message = format!("We currently do not have sufficient {kind} capacity");
        return Err(Refusal::new("InsufficientInstanceCapacity", message));
    }
    Ok(())
}

const FILTERS: &[Filter] = &[
    ("current-generation", "CurrentGeneration"),
    ("instance-type", "InstanceType"),
    (
        "processor-info.supported-architecture",
        "ProcessorInfo.SupportedArchitectures",
    ),
];

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let wanted = list::ids(input, "InstanceTypes")?;
    if let Some(kind) = wanted.iter().find(|kind| !TYPES.contains(kind)) {
        let message = format!("The following supplied instance types do not exist: [{kind}]");
        return Err(Refusal::new("InvalidInstanceType", message));
    }
    let kinds = TYPES
        .iter()
        .filter(|kind| wanted.is_empty() || wanted.contains(kind));
    let items = kinds.map(|kind| {
        json!({
            "InstanceType": kind,
            "CurrentGeneration": *kind != "m1.small",
            "ProcessorInfo": { "SupportedArchitectures": [architecture(kind)] },
            "SupportedBootModes": ["legacy-bios", "uefi"],
        })
    });
    let items = list::filtered(items.collect(), input, FILTERS)?;
    let (items, next) = list::page(caller, input, items, 5..=100)?;
    Ok(json!({ "InstanceTypes": items, "NextToken": next }))
}

const OFFERING_FILTERS: &[Filter] = &[("instance-type", "InstanceType"), ("location", "Location")];

fn offerings(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let kind = input.text("LocationType").unwrap_or("region");
    let places: Vec<String> = match kind {
        "region" => vec![caller.region.clone()],
        _ => ["a", "b", "c"]
            .map(|letter| format!("{}{letter}", caller.region))
            .to_vec(),
    };
    let items = TYPES.iter().flat_map(|of| {
        places.iter().map(
            move |place| json!({ "InstanceType": of, "LocationType": kind, "Location": place }),
        )
    });
    let items = list::filtered(items.collect(), input, OFFERING_FILTERS)?;
    let (items, next) = list::page(caller, input, items, 5..=1000)?;
    Ok(json!({ "InstanceTypeOfferings": items, "NextToken": next }))
}
