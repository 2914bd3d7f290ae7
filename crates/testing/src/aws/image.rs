//! Images: made of snapshots, listed. What is done with them is beside: `copy`, `attribute`, `life`,
//! `watermark`.

pub(super) mod allowed;
pub(super) mod attribute;
pub(super) mod copy;
mod describe;
pub(super) mod life;
mod register;
pub(super) mod watermark;

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::refusal::Refusal;
use super::time;
use super::world::{Caller, Tags, World, tags_value};

pub(super) const ACTIONS: Actions = &[
    ("DescribeImages", describe::describe),
    ("RegisterImage", register::register),
];

/// An image.
#[derive(Debug, Clone, Default)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) tags: Tags,
    pub(super) created: i64,
    /// When it is available; or why it never will be.
    pub(super) settles: i64,
    pub(super) failure: Option<String>,
    pub(super) is_disabled: bool,
    /// When it was deregistered.
    pub(super) gone: Option<i64>,
    pub(super) deprecation: Option<i64>,
    /// Until when it is protected from being deregistered, once that has been asked for.
    pub(super) protection: Protection,
    pub(super) launched: Option<i64>,
    /// `UserId`, `Group`, `OrganizationArn` or `OrganizationalUnitArn`, as the model has them.
    pub(super) permissions: Vec<Value>,
    /// Members that are answered as they were given, by the names of the model.
    pub(super) facts: Value,
    /// As the model has them.
    pub(super) mappings: Vec<Value>,
    pub(super) uefi_data: Option<String>,
    /// As the model has them.
    pub(super) watermarks: Vec<Value>,
    /// Identifier and region.
    pub(super) source: Option<(String, String)>,
}

/// How an image is kept from being deregistered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Protection {
    #[default]
    Off,
    On {
        has_cooldown: bool,
    },
    /// It ends at this time.
    Until(i64),
}

impl Protection {
    pub(super) const fn holds(self, now: i64) -> bool {
        match self {
            Self::Off => false,
            Self::On { .. } => true,
            Self::Until(time) => now < time,
        }
    }

    fn text(self, now: i64) -> &'static str {
        match self {
            Self::On { has_cooldown: true } => "enabled-with-cooldown",
            Self::On {
                has_cooldown: false,
            } => "enabled-without-cooldown",
            Self::Until(time) if now < time => "disabled-in-cooldown",
            Self::Off | Self::Until(_) => "disabled",
        }
    }
}

impl Image {
    /// `pending`, `available`, `failed`, `disabled`.
    pub(super) fn state(&self, now: i64) -> &'static str {
        if now < self.settles {
            return "pending";
        }
        match (&self.failure, self.is_disabled) {
            (Some(_), _) => "failed",
            (None, true) => "disabled",
            (None, false) => "available",
        }
    }

    pub(super) const fn is_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// The snapshots that it is made of.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = &str> {
        let mappings = self.mappings.iter();
        mappings.filter_map(|mapping| mapping["Ebs"]["SnapshotId"].as_str())
    }

    /// Whether it is made of a snapshot.
    pub(super) fn uses(&self, snapshot: &str) -> bool {
        self.snapshots().any(|id| id == snapshot)
    }

    pub(super) fn is_public(&self) -> bool {
        self.permissions
            .iter()
            .any(|permission| permission["Group"] == "all")
    }

    /// Whether an account may launch it.
    pub(super) fn is_for(&self, world: &World, account: &str) -> bool {
        self.owner == account
            || self.permissions.iter().any(|permission| {
                let arn = permission["OrganizationArn"].as_str();
                let arn = arn.or_else(|| permission["OrganizationalUnitArn"].as_str());
                permission["UserId"] == account
                    || permission["Group"] == "all"
                    || arn.is_some_and(|arn| world.is_in(account, arn))
            })
    }

    /// As an account sees it from a region.
    pub(super) fn describe(&self, world: &World, account: &str, region: &str, now: i64) -> Value {
        let is_own = self.owner == account;
        let failure = self
            .failure
            .as_ref()
            .filter(|_| self.state(now) == "failed");
        let reason = failure.map(|why| json!({ "Code": "Client.InternalError", "Message": why }));
        let mut value = json!({
            "ImageId": self.id,
            "OwnerId": self.owner,
            "ImageLocation": format!("{}/{}", self.owner, self.name),
            "Name": self.name,
            "Description": self.description,
            "Tags": tags_value(&self.tags),
            "CreationDate": time::written(self.created),
            "State": if self.is_gone() { "deregistered" } else { self.state(now) },
            "StateReason": reason,
            "Public": self.is_public(),
            "ImageAllowed": allowed::is_allowed(world, account, region, self),
            "BlockDeviceMappings": self.mappings,
            "DeprecationTime": self.deprecation.map(time::written),
            "DeregistrationProtection": is_own.then(|| self.protection.text(now)),
            "LastLaunchedTime": self.launched.filter(|_| is_own).map(time::written),
            "SourceImageId": self.source.as_ref().map(|(id, _)| id),
            "SourceImageRegion": self.source.as_ref().map(|(_, region)| region),
            "ImageWatermarks": self.watermarks,
            "ImageType": "machine",
            "Hypervisor": "xen",
            "RootDeviceType": "ebs",
            "PlatformDetails": "Linux/UNIX",
            "UsageOperation": "RunInstances",
        });
        for (name, fact) in self.facts.as_object().into_iter().flatten() {
            value[name.as_str()] = fact.clone();
        }
        value
    }
}

/// What the end of an image is called, where that may be late.
pub(super) fn gone(id: &str) -> String {
    format!("{id} gone")
}

/// That there is no such image.
pub(super) fn not_found(id: &str) -> Refusal {
    let is_id = id
        .strip_prefix("ami-")
        .is_some_and(|hex| !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_id {
        Refusal::new(
            "InvalidAMIID.NotFound",
            format!("The image id '[{id}]' does not exist"),
        )
    } else {
        Refusal::new("InvalidAMIID.Malformed", format!("Invalid id: \"{id}\""))
    }
}

/// For how many seconds it is known of an identifier that it was an image's.
const MEMORY_SECONDS: i64 = 3600;

/// An image in a region that an account may see.
pub(super) fn seen<'w>(
    world: &'w World,
    account: &str,
    region: &str,
    id: &str,
) -> Result<&'w Image, Refusal> {
    let found = world.places(region).find_map(|place| place.images.get(id));
    let image = found
        .filter(|image| image.is_for(world, account))
        .filter(|image| allowed::is_shown(world, account, region, image))
        .ok_or_else(|| not_found(id))?;
    match image.gone {
        None => Ok(image),
        Some(time) if world.now() - time < MEMORY_SECONDS => {
            let message = format!("The image ID '{id}' is no longer available");
            Err(Refusal::new("InvalidAMIID.Unavailable", message))
        }
        Some(_) => Err(not_found(id)),
    }
}

/// The caller's own image, to be changed.
pub(super) fn own<'c>(caller: &'c mut Caller<'_>, id: &str) -> Result<&'c mut Image, Refusal> {
    if caller.is_late(id) {
        return Err(not_found(id));
    }
    let owner = seen(caller.world, &caller.account, &caller.region, id)?
        .owner
        .clone();
    caller.owns(&owner, "image", id)?;
    caller
        .place()
        .images
        .get_mut(id)
        .ok_or_else(|| not_found(id))
}

/// Checks that no image of the caller has this name.
pub(super) fn check_name(caller: &mut Caller<'_>, name: &str) -> Result<(), Refusal> {
    let has = |letter: char| letter.is_ascii_alphanumeric() || "()[] ./-'@_".contains(letter);
    if !name.chars().all(has) {
        let message = format!("AMI name '{name}' has characters that it may not have");
        return Err(Refusal::new("InvalidAMIName.Malformed", message));
    }
    let mut images = caller.place().images.values();
    let other = images.find(|image| image.name == name && !image.is_gone());
    let Some(other) = other else { return Ok(()) };
    let message = format!("AMI name {name} is already in use by AMI {}", other.id);
    Err(Refusal::new("InvalidAMIName.Duplicate", message))
}
