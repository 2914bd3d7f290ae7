//! Auto Scaling: groups and launch configurations, as far as they name images. Groups launch nothing.

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::list;
use super::refusal::Refusal;
use super::world::Caller;

pub(super) const ACTIONS: Actions = &[
    ("CreateAutoScalingGroup", create_group),
    ("CreateLaunchConfiguration", create_configuration),
    ("DeleteAutoScalingGroup", delete_group),
    ("DeleteLaunchConfiguration", delete_configuration),
    ("DescribeAutoScalingGroups", describe_groups),
    ("DescribeLaunchConfigurations", describe_configurations),
];

fn taken(name: &str) -> Refusal {
    Refusal::new(
        "AlreadyExists",
        format!("{name} by this name already exists"),
    )
}

fn missing(name: &str) -> Refusal {
    Refusal::new("ValidationError", format!("{name} not found"))
}

fn create_configuration(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("LaunchConfigurationName");
    if !input.has("ImageId") || !input.has("InstanceType") {
        let message = "Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType parameters.";
        return Err(Refusal::new("ValidationError", message));
    }
    let created = caller.now();
    let configurations = &mut caller.place().launch_configurations;
    if configurations.contains_key(name) {
        return Err(taken(name));
    }
    let mut value = input.value.clone();
    value["CreatedTime"] = created.into();
    configurations.insert(name.to_owned(), value);
    Ok(json!({}))
}

fn delete_configuration(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("LaunchConfigurationName");
    let place = caller.place();
    if place
        .groups
        .values()
        .any(|group| group["LaunchConfigurationName"] == name)
    {
        let message = format!(
            "Cannot delete launch configuration {name} because it is attached to AutoScalingGroup"
        );
        return Err(Refusal::new("ResourceInUse", message));
    }
    place
        .launch_configurations
        .remove(name)
        .ok_or_else(|| missing(name))?;
    Ok(json!({}))
}

fn create_group(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("AutoScalingGroupName");
    let ways = [
        "LaunchConfigurationName",
        "LaunchTemplate",
        "MixedInstancesPolicy",
        "InstanceId",
    ];
    if ways.iter().filter(|way| input.has(way)).count() != 1 {
        let message = "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.";
        return Err(Refusal::new("ValidationError", message));
    }
    let (created, region, account) = (caller.now(), caller.region.clone(), caller.account.clone());
    let place = caller.place();
    if place.groups.contains_key(name) {
        return Err(taken(name));
    }
    if let Some(configuration) = input.text("LaunchConfigurationName")
        && !place.launch_configurations.contains_key(configuration)
    {
        return Err(missing(configuration));
    }
    let zones = match input.texts("AvailabilityZones") {
        zones if zones.is_empty() => vec![format!("{region}a")],
        zones => zones.into_iter().map(str::to_owned).collect(),
    };
    let group = json!({
        "AutoScalingGroupName": name,
        "AutoScalingGroupARN": format!("arn:aws:autoscaling:{region}:{account}:autoScalingGroup:0:autoScalingGroupName/{name}"),
        "LaunchConfigurationName": input.text("LaunchConfigurationName"),
        "LaunchTemplate": input.value["LaunchTemplate"],
        "MixedInstancesPolicy": input.value["MixedInstancesPolicy"],
        "MinSize": input.number("MinSize"),
        "MaxSize": input.number("MaxSize"),
        "DesiredCapacity": input.number("DesiredCapacity").or_else(|| input.number("MinSize")),
        "DefaultCooldown": 300,
        "AvailabilityZones": zones,
        "HealthCheckType": "EC2",
        "CreatedTime": created,
        "VPCZoneIdentifier": input.text("VPCZoneIdentifier"),
    });
    place.groups.insert(name.to_owned(), group);
    Ok(json!({}))
}

fn delete_group(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("AutoScalingGroupName");
    caller
        .place()
        .groups
        .remove(name)
        .ok_or_else(|| missing(name))?;
    Ok(json!({}))
}

fn describe_groups(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let names = input.texts("AutoScalingGroupNames");
    let groups = caller.place().groups.iter();
    let wanted = groups.filter(|(name, _)| names.is_empty() || names.contains(&name.as_str()));
    let items = wanted.map(|(_, group)| group.clone()).collect();
    let (items, next) = list::page(caller, input, items, 1..=100)?;
    Ok(json!({ "AutoScalingGroups": items, "NextToken": next }))
}

fn describe_configurations(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let names = input.texts("LaunchConfigurationNames");
    let configurations = caller.place().launch_configurations.iter();
    let wanted =
        configurations.filter(|(name, _)| names.is_empty() || names.contains(&name.as_str()));
    let items = wanted
        .map(|(_, configuration)| configuration.clone())
        .collect();
    let (items, next) = list::page(caller, input, items, 1..=100)?;
    Ok(json!({ "LaunchConfigurations": items, "NextToken": next }))
}
