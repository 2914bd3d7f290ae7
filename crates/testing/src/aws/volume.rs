//! Volumes: made of snapshots or empty, attached to instances, made snapshots of.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::block::Block;
use super::dispatch::Actions;
use super::input::Input;
use super::list::{self, Filter};
use super::refusal::Refusal;
use super::snapshot::{self, Phase, Snapshot};
use super::world::{Caller, Tags, tags_value};

pub(super) const ACTIONS: Actions = &[
    ("CreateSnapshot", create_snapshot),
    ("CreateVolume", create),
    ("DeleteVolume", delete),
    ("DescribeVolumes", describe),
];

/// A volume.
#[derive(Debug, Clone)]
pub(super) struct Volume {
    pub(super) id: String,
    /// GiB.
    pub(super) size: i64,
    pub(super) kind: String,
    pub(super) key: Option<String>,
    snapshot: Option<String>,
    zone: String,
    pub(super) tags: Tags,
    created: i64,
    pub(super) attachment: Option<Attachment>,
    blocks: BTreeMap<i64, Block>,
    /// The first snapshot of the chain that its snapshots are of.
    lineage: Option<String>,
}

/// Which instance has it, and as which device.
#[derive(Debug, Clone)]
pub(super) struct Attachment {
    pub(super) instance: String,
    pub(super) device: String,
    pub(super) is_deleted_with_it: bool,
}

/// A volume to be made.
#[derive(Debug, Default)]
pub(super) struct Wish<'a> {
    pub(super) size: Option<i64>,
    pub(super) kind: Option<&'a str>,
    pub(super) snapshot: Option<&'a str>,
    pub(super) is_encrypted: bool,
    pub(super) key: Option<&'a str>,
    pub(super) zone: String,
    pub(super) tags: Tags,
}

impl Volume {
    fn describe(&self) -> Value {
        let attachments = self.attachment.iter().map(|attachment| {
            json!({
                "VolumeId": self.id,
                "InstanceId": attachment.instance,
                "Device": attachment.device,
                "State": "attached",
                "DeleteOnTermination": attachment.is_deleted_with_it,
            })
        });
        json!({
            "VolumeId": self.id,
            "Size": self.size,
            "VolumeType": self.kind,
            "Encrypted": self.key.is_some(),
            "KmsKeyId": self.key,
            "SnapshotId": self.snapshot.as_deref().unwrap_or_default(),
            "AvailabilityZone": self.zone,
            "Tags": tags_value(&self.tags),
            "CreateTime": self.created,
            "State": if self.attachment.is_some() { "in-use" } else { "available" },
            "Attachments": attachments.collect::<Value>(),
        })
    }
}

/// Makes a volume. Whoever may launch an image may have volumes of its snapshots: that is looked at
/// before.
pub(super) fn make(caller: &mut Caller<'_>, wish: Wish<'_>) -> Result<String, Refusal> {
    let source = match wish.snapshot {
        None => None,
        Some(id) => {
            let mut places = caller.world.places(&caller.region);
            let found = places.find_map(|place| place.snapshots.get(id));
            let found = found.cloned().ok_or_else(|| snapshot::not_found(id))?;
            if !found.is_complete(caller.now()) {
                let message = format!("Snapshot {id} is not completed");
                return Err(Refusal::new("IncorrectState", message));
            }
            Some(found)
        }
    };
    let of_source = source.as_ref().map(|source| source.size);
    let Some(size) = wish.size.or(of_source) else {
        let message = "The request must contain the parameter size or snapshotId";
        return Err(Refusal::new("MissingParameter", message));
    };
    if of_source.is_some_and(|least| size < least) {
        let message = format!("The size {size} is less than that of the snapshot");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let source_key = source.as_ref().and_then(|source| source.key.clone());
    let is_encrypted =
        wish.is_encrypted || source_key.is_some() || caller.place().encrypts_by_default;
    let key = match (is_encrypted, wish.key) {
        (false, _) => None,
        (true, None) => source_key.or_else(|| caller.key(None)),
        (true, Some(name)) => {
            let found = caller.key(Some(name));
            let missing = || Refusal::new("InvalidKmsKey.NotFound", format!("{name} is not there"));
            Some(found.ok_or_else(missing)?)
        }
    };
    let id = caller.new_id("vol");
    let volume = Volume {
        id: id.clone(),
        size,
        kind: wish.kind.unwrap_or("gp2").to_owned(),
        key,
        snapshot: wish.snapshot.map(str::to_owned),
        zone: wish.zone,
        tags: wish.tags,
        created: caller.now(),
        attachment: None,
        blocks: source
            .as_ref()
            .map_or_else(BTreeMap::new, |source| source.blocks.clone()),
        lineage: None,
    };
    caller.place().volumes.insert(id.clone(), volume);
    Ok(id)
}

/// Begins a snapshot of a volume.
pub(super) fn snapshot(
    caller: &mut Caller<'_>,
    volume: &str,
    description: &str,
    tags: Tags,
) -> Result<String, Refusal> {
    let id = caller.new_id("snap");
    let (account, started, done) = (caller.account.clone(), caller.now(), caller.settled());
    let volume = own(caller, volume)?;
    let lineage = volume.lineage.get_or_insert_with(|| id.clone()).clone();
    let snapshot = Snapshot {
        id: id.clone(),
        owner: account,
        volume: volume.id.clone(),
        size: volume.size,
        description: description.to_owned(),
        tags,
        started,
        key: volume.key.clone(),
        phase: Phase::Done(done),
        blocks: volume.blocks.clone(),
        lineage,
        permissions: Vec::new(),
    };
    caller.place().snapshots.insert(id.clone(), snapshot);
    Ok(id)
}

/// The caller's volume.
pub(super) fn own<'c>(caller: &'c mut Caller<'_>, id: &str) -> Result<&'c mut Volume, Refusal> {
    let missing = || {
        Refusal::new(
            "InvalidVolume.NotFound",
            format!("The volume '{id}' does not exist."),
        )
    };
    if caller.is_late(id) {
        return Err(missing());
    }
    caller.place().volumes.get_mut(id).ok_or_else(missing)
}

fn create(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    if let Some(id) = input.text("SnapshotId") {
        let found = snapshot::seen(caller.world, &caller.account, &caller.region, id);
        found.ok_or_else(|| snapshot::not_found(id))?;
    }
    let wish = Wish {
        size: input.number("Size"),
        kind: input.text("VolumeType"),
        snapshot: input.text("SnapshotId"),
        is_encrypted: input.is("Encrypted"),
        key: input.text("KmsKeyId"),
        zone: input
            .text("AvailabilityZone")
            .unwrap_or_default()
            .to_owned(),
        tags: input.tags_for("volume", &["volume"])?,
    };
    let id = make(caller, wish)?;
    Ok(caller.place().volumes[&id].describe())
}

fn create_snapshot(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let tags = input.tags_for("snapshot", &["snapshot"])?;
    let description = input.text("Description").unwrap_or_default();
    let volume = input.required("VolumeId");
    own(caller, volume)?;
    let id = snapshot(caller, volume, description, tags)?;
    let now = caller.now();
    Ok(caller.place().snapshots[&id].describe(now))
}

fn delete(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("VolumeId");
    if let Some(attachment) = &own(caller, id)?.attachment {
        let message = format!(
            "Volume {id} is currently attached to {}",
            attachment.instance
        );
        return Err(Refusal::new("VolumeInUse", message));
    }
    caller.place().volumes.remove(id);
    Ok(json!({}))
}

const FILTERS: &[Filter] = &[
    ("attachment.device", "Attachments.Device"),
    ("attachment.instance-id", "Attachments.InstanceId"),
    ("encrypted", "Encrypted"),
    ("size", "Size"),
    ("snapshot-id", "SnapshotId"),
    ("status", "State"),
    ("volume-id", "VolumeId"),
    ("volume-type", "VolumeType"),
];

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let ids = list::ids(input, "VolumeIds")?;
    for id in &ids {
        own(caller, id)?;
    }
    let volumes = caller.place().volumes.values();
    let wanted = volumes.filter(|volume| ids.is_empty() || ids.contains(&volume.id.as_str()));
    let items = list::filtered(wanted.map(Volume::describe).collect(), input, FILTERS)?;
    let (items, next) = list::page(caller, input, items, 5..=1000)?;
    Ok(json!({ "Volumes": items, "NextToken": next }))
}
