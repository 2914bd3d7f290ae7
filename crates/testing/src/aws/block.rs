//! The blocks of snapshots, as EBS direct writes, lists and reads them.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goldsmith_core::digest::{Hasher, Sha256};
use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::refusal::Refusal;
use super::snapshot::{Phase, Snapshot, seen};
use super::world::{Caller, tags_value};

pub(super) const ACTIONS: Actions = &[
    ("CompleteSnapshot", complete),
    ("GetSnapshotBlock", read::get),
    ("ListChangedBlocks", read::list_changed),
    ("ListSnapshotBlocks", read::list),
    ("PutSnapshotBlock", put),
    ("StartSnapshot", start),
];

/// Bytes of a block.
pub const BLOCK_BYTES: usize = 512 << 10;
const BLOCKS_PER_GIB: i64 = 2048;

/// A block that was written.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Which write it was: the same content written again is a change.
    pub(super) write: u64,
    digest: Sha256,
    data: Arc<Vec<u8>>,
}

/// The snapshot that a request is about, which only its owner may touch. What EBS has given out it
/// knows at once; only EC2 may be late.
fn find<'c>(caller: &'c mut Caller<'_>, id: &str) -> Result<&'c mut Snapshot, Refusal> {
    let missing = || Refusal {
        reason: Some("SNAPSHOT_NOT_FOUND"),
        ..Refusal::new(
            "ResourceNotFoundException",
            format!("The snapshot '{id}' does not exist."),
        )
    };
    caller.place().snapshots.get_mut(id).ok_or_else(missing)
}

fn start(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let size = input.number("VolumeSize").unwrap_or_default();
    if size > 65_536 {
        return Err(Refusal::ebs(
            "INVALID_VOLUME_SIZE",
            "A volume has at most 64 TiB",
        ));
    }
    if input.has("KmsKeyArn") && !input.is("Encrypted") {
        let message = "KmsKeyArn goes with Encrypted only";
        return Err(Refusal::ebs("INVALID_PARAMETER_VALUE", message));
    }
    let now = caller.now();
    let parent = match input.text("ParentSnapshotId") {
        None => None,
        Some(_) if input.has("Encrypted") || input.has("KmsKeyArn") => {
            let message = "Encryption is that of the parent: give one or the other";
            return Err(Refusal::ebs("INVALID_PARAMETER_VALUE", message));
        }
        Some(id) => {
            let parent = find(caller, id)?;
            if !parent.is_complete(now) || parent.size > size {
                let message = "The parent must be completed and not larger";
                return Err(Refusal::ebs("INVALID_SNAPSHOT_ID", message));
            }
            Some(parent.clone())
        }
    };
    let key = match &parent {
        Some(parent) => parent.key.clone(),
        None if input.is("Encrypted") || caller.place().encrypts_by_default => {
            let key = caller.key(input.text("KmsKeyArn"));
            let missing = || Refusal::ebs("INVALID_CUSTOMER_KEY", "The key is not accessible");
            Some(key.ok_or_else(missing)?)
        }
        None => None,
    };
    let tags = input
        .tags()
        .map_err(|refusal| Refusal::ebs("INVALID_TAG", refusal.message))?;
    let id = caller.new_id("snap");
    let snapshot = Snapshot {
        id: id.clone(),
        owner: caller.account.clone(),
        volume: "vol-ffffffff".to_owned(),
        size,
        description: input.text("Description").unwrap_or_default().to_owned(),
        tags: tags.clone(),
        started: now,
        key: key.clone(),
        phase: Phase::Open {
            touched: now,
            patience: input.number("Timeout").unwrap_or(60) * 60,
            written: BTreeSet::new(),
        },
        blocks: parent
            .as_ref()
            .map_or_else(BTreeMap::new, |parent| parent.blocks.clone()),
        lineage: parent
            .as_ref()
            .map_or_else(|| id.clone(), |parent| parent.lineage.clone()),
        permissions: Vec::new(),
    };
    caller.place().snapshots.insert(id.clone(), snapshot);
    Ok(json!({
        "SnapshotId": id,
        "OwnerId": caller.account,
        "Status": "pending",
        "StartTime": now,
        "VolumeSize": size,
        "BlockSize": BLOCK_BYTES,
        "Description": input.text("Description"),
        "Tags": tags_value(&tags),
        "ParentSnapshotId": input.text("ParentSnapshotId"),
        "KmsKeyArn": key,
        "SseType": if key.is_some() { "sse-kms" } else { "sse-ebs" },
    }))
}

fn put(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let (data, digest) = match input.payload {
        Some(payload) => (Arc::clone(&payload.data), payload.digest),
        None => (Arc::default(), Sha256::of(b"")),
    };
    let length = input
        .number("DataLength")
        .and_then(|length| usize::try_from(length).ok());
    if data.len() != BLOCK_BYTES || length != Some(BLOCK_BYTES) {
        let message = format!(
            "A block has {BLOCK_BYTES} bytes, not {} ({length:?} said)",
            data.len()
        );
        return Err(Refusal::ebs("INVALID_BLOCK", message));
    }
    if input.required("Checksum") != base64(&digest) {
        return Err(Refusal::ebs(
            "INVALID_BLOCK",
            "The checksum is not that of the data",
        ));
    }
    let (now, write) = (caller.now(), caller.lot());
    let snapshot = find(caller, input.required("SnapshotId"))?;
    let index = input.number("BlockIndex").unwrap_or_default();
    if index >= snapshot.size * BLOCKS_PER_GIB {
        return Err(Refusal::ebs(
            "INVALID_BLOCK",
            "The block is behind the end of the volume",
        ));
    }
    let is_pending = snapshot.state(now) == "pending";
    let Phase::Open {
        touched, written, ..
    } = &mut snapshot.phase
    else {
        return Err(Refusal::ebs(
            "INVALID_SNAPSHOT_ID",
            "The snapshot is not being written",
        ));
    };
    if !is_pending {
        return Err(Refusal::ebs(
            "WRITE_REQUEST_TIMEOUT",
            "The snapshot has been waiting for too long",
        ));
    }
    *touched = now;
    written.insert(index);
    let block = Block {
        write,
        digest,
        data,
    };
    snapshot.blocks.insert(index, block);
    Ok(json!({ "Checksum": base64(&digest), "ChecksumAlgorithm": "SHA256" }))
}

fn complete(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let checksum = input.text("Checksum");
    let has_all = input.has("ChecksumAlgorithm") && input.has("ChecksumAggregationMethod");
    let has_any = input.has("ChecksumAlgorithm") || input.has("ChecksumAggregationMethod");
    if has_all != checksum.is_some() || has_any != checksum.is_some() {
        let message = "A checksum goes with its algorithm and its aggregation method";
        return Err(Refusal::ebs("INVALID_PARAMETER_VALUE", message));
    }
    let (now, at) = (caller.now(), caller.settled());
    let count = input
        .number("ChangedBlocksCount")
        .and_then(|count| usize::try_from(count).ok());
    let snapshot = find(caller, input.required("SnapshotId"))?;
    let is_pending = snapshot.state(now) == "pending";
    let Phase::Open { written, .. } = &snapshot.phase else {
        return Err(Refusal::ebs(
            "INVALID_SNAPSHOT_ID",
            "The snapshot is not being written",
        ));
    };
    if !is_pending {
        return Err(Refusal::ebs(
            "WRITE_REQUEST_TIMEOUT",
            "The snapshot has been waiting for too long",
        ));
    }
    // Of the digests of the blocks that were written, in their order.
    let mut hasher = Hasher::new();
    for index in written {
        hasher.update(snapshot.blocks[index].digest.as_bytes());
    }
    let expected = base64(&hasher.finish());
    // Both are looked at when the answer is out.
    let problem = if count == Some(written.len()) {
        let is_other = checksum.is_some_and(|checksum| checksum != expected);
        is_other.then(|| "The checksum is not that of the blocks".to_owned())
    } else {
        Some(format!(
            "{} blocks were written and {count:?} said",
            written.len()
        ))
    };
    snapshot.phase = match problem {
        Some(problem) => Phase::Failed(at, problem),
        None => Phase::Done(at),
    };
    Ok(json!({ "Status": "pending" }))
}

/// A digest as EBS writes it.
pub(super) fn base64(digest: &Sha256) -> String {
    STANDARD.encode(digest.as_bytes())
}

/// The blocks of a snapshot that the caller may read.
fn readable<'c>(caller: &'c Caller<'_>, id: &str) -> Result<&'c Snapshot, Refusal> {
    let found = seen(caller.world, &caller.account, &caller.region, id);
    let snapshot = found.ok_or_else(|| Refusal {
        reason: Some("SNAPSHOT_NOT_FOUND"),
        ..Refusal::new(
            "ResourceNotFoundException",
            format!("The snapshot '{id}' does not exist."),
        )
    })?;
    if snapshot.is_complete(caller.now()) {
        return Ok(snapshot);
    }
    Err(Refusal::ebs(
        "INVALID_SNAPSHOT_ID",
        "The snapshot is not completed",
    ))
}
