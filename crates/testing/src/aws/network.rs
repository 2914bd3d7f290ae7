//! What every account has in every region from the start: a network with a subnet in each of
//! three zones; and the regions themselves.

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::list::{self, Filter};
use super::refusal::Refusal;
use super::world::Caller;

pub(super) const ACTIONS: Actions = &[
    ("DescribeAvailabilityZones", zones),
    ("DescribeRegions", regions),
    ("DescribeSubnets", subnets),
    ("DescribeVpcs", vpcs),
];

/// The network.
pub(super) const VPC: &str = "vpc-0default";
/// The subnets: identifier, letter of the zone, addresses.
const SUBNETS: [(&str, &str, &str); 3] = [
    ("subnet-0a", "a", "172.31.0.0/20"),
    ("subnet-0b", "b", "172.31.16.0/20"),
    ("subnet-0c", "c", "172.31.32.0/20"),
];
const REGIONS: [&str; 6] = [
    "ap-southeast-1",
    "eu-north-1",
    "eu-west-1",
    "us-east-1",
    "us-east-2",
    "us-west-2",
];

const VPC_FILTERS: &[Filter] = &[
    ("is-default", "IsDefault"),
    ("vpc-id", "VpcId"),
    ("state", "State"),
];
const SUBNET_FILTERS: &[Filter] = &[
    ("availability-zone", "AvailabilityZone"),
    ("default-for-az", "DefaultForAz"),
    ("state", "State"),
    ("subnet-id", "SubnetId"),
    ("vpc-id", "VpcId"),
];
const ZONE_FILTERS: &[Filter] = &[
    ("state", "State"),
    ("zone-name", "ZoneName"),
    ("zone-type", "ZoneType"),
];
const REGION_FILTERS: &[Filter] = &[
    ("region-name", "RegionName"),
    ("opt-in-status", "OptInStatus"),
];

/// Checks that a network is there.
pub(super) fn check_vpc(id: &str) -> Result<(), Refusal> {
    if id == VPC {
        return Ok(());
    }
    let message = format!("The vpc ID '{id}' does not exist");
    Err(Refusal::new("InvalidVpcID.NotFound", message))
}

/// The zone of a subnet, of the first one where none is named.
pub(super) fn zone(region: &str, subnet: Option<&str>) -> Result<(&'static str, String), Refusal> {
    let found = SUBNETS
        .iter()
        .find(|(id, ..)| subnet.is_none_or(|subnet| subnet == *id));
    let (id, letter, _) = found.ok_or_else(|| {
        let message = format!(
            "The subnet ID '{}' does not exist",
            subnet.unwrap_or_default()
        );
        Refusal::new("InvalidSubnetID.NotFound", message)
    })?;
    Ok((id, format!("{region}{letter}")))
}

fn vpcs(_: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    for id in input.texts("VpcIds") {
        check_vpc(id)?;
    }
    let vpc = json!({ "VpcId": VPC, "CidrBlock": "172.31.0.0/16", "IsDefault": true, "State": "available" });
    Ok(json!({ "Vpcs": list::filtered(vec![vpc], input, VPC_FILTERS)? }))
}

fn subnets(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let ids = input.texts("SubnetIds");
    for id in &ids {
        zone(&caller.region, Some(id))?;
    }
    let wanted = SUBNETS
        .iter()
        .filter(|(id, ..)| ids.is_empty() || ids.contains(id));
    let items = wanted.map(|(id, letter, addresses)| {
        json!({
            "SubnetId": id,
            "VpcId": VPC,
            "AvailabilityZone": format!("{}{letter}", caller.region),
            "CidrBlock": addresses,
            "DefaultForAz": true,
            "MapPublicIpOnLaunch": true,
            "State": "available",
        })
    });
    Ok(json!({ "Subnets": list::filtered(items.collect(), input, SUBNET_FILTERS)? }))
}

fn zones(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let items = SUBNETS.iter().map(|(_, letter, _)| {
        json!({
            "ZoneName": format!("{}{letter}", caller.region),
            "RegionName": caller.region,
            "State": "available",
            "ZoneType": "availability-zone",
        })
    });
    Ok(json!({ "AvailabilityZones": list::filtered(items.collect(), input, ZONE_FILTERS)? }))
}

fn regions(_: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let wanted = input.texts("RegionNames");
    if let Some(name) = wanted.iter().find(|name| !REGIONS.contains(name)) {
        let message = format!("Invalid region provided: {name}");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let names = REGIONS
        .iter()
        .filter(|name| wanted.is_empty() || wanted.contains(name));
    let items = names.map(|name| {
        json!({ "RegionName": name, "Endpoint": format!("ec2.{name}.amazonaws.com"), "OptInStatus": "opt-in-not-required" })
    });
    Ok(json!({ "Regions": list::filtered(items.collect(), input, REGION_FILTERS)? }))
}
