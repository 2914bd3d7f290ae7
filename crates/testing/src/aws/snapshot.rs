//! Snapshots of volumes as EC2 shows them: listed, copied, deleted.

pub(super) mod attribute;
pub(super) mod public;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::block::Block;
use super::dispatch::Actions;
use super::image;
use super::input::Input;
use super::key;
use super::list::{self, Filter};
use super::refusal::Refusal;
use super::world::{Caller, Tags, World, tags_value};

pub(super) const ACTIONS: Actions = &[
    ("CopySnapshot", copy),
    ("DeleteSnapshot", delete),
    ("DescribeSnapshots", describe),
];

/// What becomes of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Blocks are being written, through EBS direct.
    Open {
        /// When the last one came.
        touched: i64,
        /// For how many seconds without one it stays open.
        patience: i64,
        /// Which were written.
        written: BTreeSet<i64>,
    },
    /// Completed, at a time to come or one that was.
    Done(i64),
    /// Failed at a time, and why.
    Failed(i64, String),
}

/// A snapshot.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) volume: String,
    /// GiB.
    pub(super) size: i64,
    pub(super) description: String,
    pub(super) tags: Tags,
    pub(super) started: i64,
    /// ARN of the key that it is encrypted with.
    pub(super) key: Option<String>,
    pub(super) phase: Phase,
    /// By index.
    pub(super) blocks: BTreeMap<i64, Block>,
    /// The first snapshot of the chain that it is one of.
    pub(super) lineage: String,
    /// `UserId` or `Group`, as the model has them.
    pub(super) permissions: Vec<Value>,
}

impl Snapshot {
    /// `pending`, `completed` or `error`.
    pub(super) fn state(&self, now: i64) -> &'static str {
        match &self.phase {
            Phase::Open {
                touched, patience, ..
            } if touched + patience < now => "error",
            Phase::Open { .. } => "pending",
            Phase::Done(at) | Phase::Failed(at, _) if now < *at => "pending",
            Phase::Done(_) => "completed",
            Phase::Failed(..) => "error",
        }
    }

    pub(super) fn is_complete(&self, now: i64) -> bool {
        self.state(now) == "completed"
    }

    /// Whether an account may make volumes of it.
    pub(super) fn is_for(&self, account: &str) -> bool {
        let mut permissions = self.permissions.iter();
        self.owner == account
            || permissions
                .any(|permission| permission["UserId"] == account || permission["Group"] == "all")
    }

    pub(super) fn describe(&self, now: i64) -> Value {
        let state = self.state(now);
        let message = match &self.phase {
            Phase::Failed(_, message) if state == "error" => Some(message.as_str()),
            Phase::Open { .. } if state == "error" => {
                Some("The snapshot was not completed in time")
            }
            _ => None,
        };
        json!({
            "SnapshotId": self.id,
            "OwnerId": self.owner,
            "VolumeId": self.volume,
            "VolumeSize": self.size,
            "Description": self.description,
            "Tags": tags_value(&self.tags),
            "StartTime": self.started,
            "State": state,
            "StateMessage": message,
            "Progress": if state == "completed" { "100%" } else { "0%" },
            "Encrypted": self.key.is_some(),
            "KmsKeyId": self.key,
            "StorageTier": "standard",
        })
    }
}

const FILTERS: &[Filter] = &[
    ("description", "Description"),
    ("encrypted", "Encrypted"),
    ("owner-id", "OwnerId"),
    ("progress", "Progress"),
    ("snapshot-id", "SnapshotId"),
    ("start-time", "StartTime"),
    ("status", "State"),
    ("storage-tier", "StorageTier"),
    ("volume-id", "VolumeId"),
    ("volume-size", "VolumeSize"),
];

/// That there is no such snapshot.
pub(super) fn not_found(id: &str) -> Refusal {
    let is_id = id
        .strip_prefix("snap-")
        .is_some_and(|hex| !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_id {
        Refusal::new(
            "InvalidSnapshot.NotFound",
            format!("The snapshot '{id}' does not exist."),
        )
    } else {
        let message = format!("Invalid id: \"{id}\" (expecting \"snap-...\")");
        Refusal::new("InvalidSnapshotID.Malformed", message)
    }
}

/// A snapshot in a region that an account may see.
pub(super) fn seen<'w>(
    world: &'w World,
    account: &str,
    region: &str,
    id: &str,
) -> Option<&'w Snapshot> {
    let found = world
        .places(region)
        .find_map(|place| place.snapshots.get(id));
    found.filter(|snapshot| snapshot.is_for(account))
}

/// The caller's own snapshot, to be changed.
pub(super) fn own<'c>(caller: &'c mut Caller<'_>, id: &str) -> Result<&'c mut Snapshot, Refusal> {
    if caller.is_late(id) {
        return Err(not_found(id));
    }
    let (account, region) = (caller.account.clone(), caller.region.clone());
    let owner = seen(caller.world, &account, &region, id).map(|snapshot| snapshot.owner.clone());
    caller.owns(&owner.ok_or_else(|| not_found(id))?, "snapshot", id)?;
    caller
        .place()
        .snapshots
        .get_mut(id)
        .ok_or_else(|| not_found(id))
}

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let (account, region) = (caller.account.clone(), caller.region.clone());
    let wanted = list::ids(input, "SnapshotIds")?;
    for id in &wanted {
        if caller.is_late(id) || seen(caller.world, &account, &region, id).is_none() {
            return Err(not_found(id));
        }
    }
    let owners = input.texts("OwnerIds");
    let restorers = input.texts("RestorableByUserIds");
    let is_one_of = |names: &[&str], id: &str| {
        let mut names = names.iter();
        names.any(|name| *name == id || (*name == "self" && id == account))
    };
    let places = caller.world.places(&region);
    let all = places.flat_map(|place| place.snapshots.values());
    let visible = all.filter(|snapshot| {
        snapshot.is_for(&account)
            && (wanted.is_empty() || wanted.contains(&snapshot.id.as_str()))
            && (owners.is_empty() || is_one_of(&owners, &snapshot.owner))
            && (restorers.is_empty()
                || restorers.iter().any(|user| match *user {
                    "self" => snapshot.is_for(&account),
                    user => snapshot.is_for(user),
                }))
    });
    let now = caller.now();
    let found: Vec<_> = visible
        .map(|snapshot| (snapshot.id.clone(), snapshot.describe(now)))
        .collect();
    let items = found
        .into_iter()
        .filter(|(id, _)| !caller.is_late(id))
        .map(|(_, item)| item)
        .collect();
    let items = list::filtered(items, input, FILTERS)?;
    let (items, next) = list::page(caller, input, items, 5..=1000)?;
    Ok(json!({ "Snapshots": items, "NextToken": next }))
}

fn delete(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("SnapshotId");
    own(caller, id)?;
    let users = caller
        .place()
        .images
        .values()
        .filter(|image| image.uses(id));
    let users: Vec<_> = users
        .map(|image| (image.id.clone(), image.is_gone()))
        .collect();
    for (image, is_gone) in users {
        if !is_gone || caller.is_late(&image::gone(&image)) {
            let message = format!("The snapshot {id} is currently in use by {image}");
            return Err(Refusal::new("InvalidSnapshot.InUse", message));
        }
    }
    caller.place().snapshots.remove(id);
    Ok(json!({}))
}

/// The key that a copy is encrypted with: the one that is asked for, else the account's own when
/// encryption is asked for or there already.
///
/// # Errors
///
/// In words, when there is no such key.
pub(super) fn key_of_copy(
    caller: &mut Caller<'_>,
    is_encrypted: bool,
    input: Input<'_>,
) -> Result<Option<String>, String> {
    let name = input.text("KmsKeyId");
    if !is_encrypted && !input.is("Encrypted") && !caller.place().encrypts_by_default {
        return Ok(None);
    }
    let key = caller.key(name);
    key.map(Some)
        .ok_or_else(|| "Given key ID is not accessible".to_owned())
}

/// Puts a copy of a snapshot where the caller is.
pub(super) fn put_copy(
    caller: &mut Caller<'_>,
    source: &Snapshot,
    key: Result<Option<String>, String>,
    description: String,
    tags: Tags,
) -> String {
    let id = caller.new_id("snap");
    let at = caller.settled();
    // What another account has encrypted with its own default key cannot be read.
    let is_locked =
        source.owner != caller.account && source.key.as_deref().is_some_and(key::is_default);
    let (key, phase) = match key {
        Ok(_) if is_locked => (
            None,
            Phase::Failed(at, "Source snapshot's key is not accessible".to_owned()),
        ),
        Ok(key) => (key, Phase::Done(at)),
        Err(message) => (None, Phase::Failed(at, message)),
    };
    let copy = Snapshot {
        id: id.clone(),
        owner: caller.account.clone(),
        volume: "vol-ffffffff".to_owned(),
        size: source.size,
        description,
        tags,
        started: caller.now(),
        key,
        phase,
        blocks: source.blocks.clone(),
        lineage: id.clone(),
        permissions: Vec::new(),
    };
    caller.place().snapshots.insert(id.clone(), copy);
    id
}

fn copy(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let source = input.required("SourceSnapshotId");
    let region = input.required("SourceRegion");
    if caller.is_late(source) {
        return Err(not_found(source));
    }
    let found = seen(caller.world, &caller.account, region, source).cloned();
    let found = found.ok_or_else(|| not_found(source))?;
    if !found.is_complete(caller.now()) {
        let message = format!("Snapshot {source} is not completed");
        return Err(Refusal::new("IncorrectState", message));
    }
    if found.key.is_some() && input.flag("Encrypted") == Some(false) {
        let message = "A copy of an encrypted snapshot cannot be unencrypted";
        return Err(Refusal::combination(message));
    }
    if input.has("KmsKeyId") && !input.is("Encrypted") {
        let message = "The parameter KmsKeyId requires the parameter Encrypted to be set.";
        return Err(Refusal::new("InvalidParameterDependency", message));
    }
    let tags = input.tags_for("snapshot", &["snapshot"])?;
    let key = key_of_copy(caller, found.key.is_some(), input);
    let description = input.text("Description").unwrap_or_default().to_owned();
    let id = put_copy(caller, &found, key, description, tags.clone());
    Ok(json!({ "SnapshotId": id, "Tags": tags_value(&tags) }))
}
