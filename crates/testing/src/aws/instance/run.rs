//! Instances launched.

use serde_json::{Value, json};

use super::super::host::{Boot, Host, Launch};
use super::super::input::{Input, blob};
use super::super::refusal::Refusal;
use super::super::volume::{self, Attachment, Wish};
use super::super::world::{Caller, Tags};
use super::super::{image, instance_type, key_pair, launch_template, network, security_group};
use super::{Goal, Instance};

/// Kinds of resources that are tagged as they are made.
const TAGGED: &[&str] = &[
    "instance",
    "network-interface",
    "spot-instances-request",
    "volume",
];

pub(super) fn run(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let merged = with_template(caller, input)?;
    let input = Input {
        value: &merged,
        ..input
    };
    let (least, most) = (input.number("MinCount"), input.number("MaxCount"));
    if least < Some(1) || least > most {
        let message = format!("The counts {least:?} and {most:?} do not go together");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let image = launchable(caller, input)?;
    let kind = input.text("InstanceType").unwrap_or("m1.small");
    instance_type::check(caller, kind, &image)?;
    let network = input.parts("NetworkInterfaces").next();
    let subnet = input.text("SubnetId").or_else(|| network?.text("SubnetId"));
    let (subnet, zone) = network::zone(&caller.region, subnet)?;
    let mut groups = input.texts("SecurityGroupIds");
    groups.extend(
        network
            .map(|network| network.texts("Groups"))
            .unwrap_or_default(),
    );
    for group in &groups {
        security_group::own(caller, group)?;
    }
    if let Some(name) = input.text("KeyName") {
        key_pair::check(caller, name)?;
    }
    if let Some(data) = input.text("UserData")
        && blob(data).is_none_or(|bytes| bytes.len() > 16 << 10)
    {
        let message = "Invalid BASE64 encoding of user data, or more than 16384 bytes";
        return Err(Refusal::new("InvalidUserData.Malformed", message));
    }
    let tags = input.tags_for("instance", TAGGED)?;
    let volume_tags = input.tags_for("volume", TAGGED)?;
    let reservation = format!("r-0{:016x}", caller.lot());
    let is_public = network
        .and_then(|network| network.flag("AssociatePublicIpAddress"))
        .unwrap_or(true);
    let mut made = Vec::new();
    for index in 0..most.unwrap_or(1) {
        let id = caller.new_id("i");
        let address = caller.lot().to_be_bytes();
        let private = format!("172.31.{}.{}", address[0] & 0x2f, address[1]);
        let public = format!("203.0.113.{}", address[2]);
        attach_volumes(caller, &id, &zone, &image, input, &volume_tags)?;
        let host = host(caller, input, &id, &image.id);
        let (private, public, console) = match host {
            None => (private, public, None),
            Some(host) => (host.address.clone(), host.address, Some(host.console)),
        };
        let instance = Instance {
            id: id.clone(),
            reservation: reservation.clone(),
            image: image.id.clone(),
            tags: tags.clone(),
            launched: caller.now(),
            goal: Goal::Running,
            arrives: caller.settled(),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            facts: json!({
                "InstanceType": kind,
                "AmiLaunchIndex": index,
                "Architecture": image.facts["Architecture"],
                "BootMode": image.facts["BootMode"],
                "RootDeviceName": image.facts["RootDeviceName"],
                "VirtualizationType": image.facts["VirtualizationType"],
                "EnaSupport": image.facts["EnaSupport"],
                "KeyName": input.text("KeyName"),
                "ClientToken": input.text("ClientToken"),
                "SubnetId": subnet,
                "VpcId": network::VPC,
                "Placement": { "AvailabilityZone": zone, "Tenancy": "default" },
                "PrivateIpAddress": private,
                "PublicIpAddress": is_public.then_some(public),
                "MetadataOptions": metadata(&image, input),
                "InstanceLifecycle": input.part("InstanceMarketOptions").text("MarketType"),
                "IamInstanceProfile": profile(caller, input),
            }),
            console,
        };
        caller.place().instances.insert(id.clone(), instance);
        made.push(id);
    }
    let now = caller.now();
    if let Some(owner) = caller
        .world
        .places_mut(&caller.region)
        .find_map(|place| place.images.get_mut(&image.id))
    {
        owner.launched = Some(now);
    }
    let place = caller.place();
    let instances: Value = made
        .iter()
        .map(|id| place.instances[id].describe(place, now))
        .collect();
    Ok(json!({ "ReservationId": reservation, "OwnerId": caller.account, "Instances": instances }))
}

/// The machine behind an instance, where the test has machines.
fn host(caller: &mut Caller<'_>, input: Input<'_>, instance: &str, image: &str) -> Option<Host> {
    let key = input.text("KeyName");
    let launch = Launch {
        instance: instance.to_owned(),
        image: image.to_owned(),
        public_key: key.and_then(|name| key_pair::public(caller, name)),
        user_data: input.text("UserData").map(str::to_owned),
    };
    let Boot(boot) = caller.world.boot.as_ref()?;
    Some(boot(&launch))
}

/// What is asked for, with what the launch template says where nothing else is said.
fn with_template(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let mut merged = input.value.clone();
    let template = input.part("LaunchTemplate");
    if template.has("LaunchTemplateId") || template.has("LaunchTemplateName") {
        let id = launch_template::find(caller, template)?;
        let version = template.text("Version").unwrap_or("$Default");
        let data = caller.place().launch_templates[&id]
            .version(version)?
            .data
            .clone();
        for (name, value) in data.as_object().into_iter().flatten() {
            if merged[name.as_str()].is_null() {
                merged[name.as_str()] = value.clone();
            }
        }
    }
    Ok(merged)
}

/// The image that is to be launched.
fn launchable(caller: &mut Caller<'_>, input: Input<'_>) -> Result<image::Image, Refusal> {
    let Some(id) = input.text("ImageId") else {
        let message = "The request must contain the parameter ImageId";
        return Err(Refusal::new("MissingParameter", message));
    };
    let now = caller.now();
    let id = match id.strip_prefix("resolve:ssm:") {
        None => id.to_owned(),
        Some(name) => {
            let parameter = caller.place().parameters.get(name);
            let value = parameter
                .and_then(|parameter| parameter.value(now))
                .map(str::to_owned);
            value.ok_or_else(|| {
                Refusal::new(
                    "InvalidParameterValue",
                    format!("There is no parameter {name}"),
                )
            })?
        }
    };
    if caller.is_late(&id) {
        return Err(image::not_found(&id));
    }
    let found = image::seen(caller.world, &caller.account, &caller.region, &id)?;
    if found.state(now) == "available" {
        return Ok(found.clone());
    }
    let message = format!("The image {id} is {}", found.state(now));
    Err(Refusal::new("InvalidAMIID.Unavailable", message))
}

/// The image's own wish holds where the launch says nothing.
fn metadata(image: &image::Image, input: Input<'_>) -> Value {
    let wish = input.part("MetadataOptions");
    let tokens = match image.facts["ImdsSupport"].as_str() {
        Some(_) => "required",
        None => "optional",
    };
    json!({
        "State": "applied",
        "HttpTokens": wish.text("HttpTokens").unwrap_or(tokens),
        "HttpPutResponseHopLimit": wish.number("HttpPutResponseHopLimit").unwrap_or(if tokens == "required" { 2 } else { 1 }),
        "HttpEndpoint": wish.text("HttpEndpoint").unwrap_or("enabled"),
        "HttpProtocolIpv6": wish.text("HttpProtocolIpv6").unwrap_or("disabled"),
        "InstanceMetadataTags": wish.text("InstanceMetadataTags").unwrap_or("disabled"),
    })
}

fn profile(caller: &Caller<'_>, input: Input<'_>) -> Option<Value> {
    let profile = input.part("IamInstanceProfile");
    let named = profile
        .text("Name")
        .map(|name| format!("arn:aws:iam::{}:instance-profile/{name}", caller.account));
    let arn = profile.text("Arn").map(str::to_owned).or(named)?;
    Some(json!({ "Arn": arn, "Id": "AIPA0000000000000000" }))
}

/// The volumes of an instance: those of the image, changed by what the launch says of their devices.
fn attach_volumes(
    caller: &mut Caller<'_>,
    instance: &str,
    zone: &str,
    image: &image::Image,
    input: Input<'_>,
    tags: &Tags,
) -> Result<(), Refusal> {
    let asked: Vec<Value> = input
        .parts("BlockDeviceMappings")
        .map(|part| part.value.clone())
        .collect();
    let mut mappings = image.mappings.clone();
    for wish in asked {
        match mappings
            .iter_mut()
            .find(|mapping| mapping["DeviceName"] == wish["DeviceName"])
        {
            Some(mapping) => {
                for (name, value) in wish["Ebs"].as_object().into_iter().flatten() {
                    mapping["Ebs"][name.as_str()] = value.clone();
                }
                if wish["NoDevice"].is_string() {
                    mapping["NoDevice"] = wish["NoDevice"].clone();
                }
            }
            None => mappings.push(wish),
        }
    }
    for mapping in mappings
        .iter()
        .filter(|mapping| mapping["NoDevice"].is_null())
    {
        let mapping = Input {
            value: mapping,
            payload: None,
        };
        let ebs = mapping.part("Ebs");
        if ebs.value.is_null() {
            continue;
        }
        let wish = Wish {
            size: ebs.number("VolumeSize"),
            kind: ebs.text("VolumeType"),
            snapshot: ebs.text("SnapshotId"),
            is_encrypted: ebs.is("Encrypted"),
            key: ebs.text("KmsKeyId"),
            zone: zone.to_owned(),
            tags: tags.clone(),
        };
        let id = volume::make(caller, wish)?;
        let attachment = Attachment {
            instance: instance.to_owned(),
            device: mapping.required("DeviceName").to_owned(),
            is_deleted_with_it: ebs.flag("DeleteOnTermination").unwrap_or(true),
        };
        if let Some(volume) = caller.place().volumes.get_mut(&id) {
            volume.attachment = Some(attachment);
        }
    }
    Ok(())
}
