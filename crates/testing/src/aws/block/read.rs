//! The blocks of finished snapshots: which there are, which differ, what is in them.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::input::Input;
use super::super::list;
use super::super::refusal::Refusal;
use super::super::snapshot::Snapshot;
use super::super::world::Caller;
use super::{BLOCK_BYTES, Block, base64, readable};

/// How long a token of a block may be used, in seconds.
const TOKEN_SECONDS: i64 = 7 * 24 * 3600;

/// What a block is read with: it names the block, and ends.
fn token(snapshot: &str, index: i64, ends: i64) -> String {
    STANDARD.encode(format!("{snapshot}/{index}/{ends}"))
}

fn pages(
    caller: &Caller<'_>,
    input: Input<'_>,
    items: Vec<Value>,
) -> Result<(Vec<Value>, Option<String>), Refusal> {
    let page = list::page(caller, input, items, 100..=10_000);
    page.map_err(|refusal| match refusal.code.as_str() {
        "InvalidNextToken" => Refusal::ebs("INVALID_PAGE_TOKEN", refusal.message),
        _ => Refusal::ebs("INVALID_PARAMETER_VALUE", refusal.message),
    })
}

pub(super) fn list(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let ends = caller.now() + TOKEN_SECONDS;
    let snapshot = readable(caller, input.required("SnapshotId"))?;
    let start = input.number("StartingBlockIndex").unwrap_or(0);
    let blocks = snapshot.blocks.range(start..).map(|(index, _)| {
        json!({ "BlockIndex": index, "BlockToken": token(&snapshot.id, *index, ends) })
    });
    let size = snapshot.size;
    let blocks = blocks.collect();
    let (blocks, next) = pages(caller, input, blocks)?;
    Ok(json!({
        "Blocks": blocks,
        "ExpiryTime": ends,
        "VolumeSize": size,
        "BlockSize": BLOCK_BYTES,
        "NextToken": next,
    }))
}

pub(super) fn list_changed(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let ends = caller.now() + TOKEN_SECONDS;
    let first = input
        .text("FirstSnapshotId")
        .map(|id| readable(caller, id))
        .transpose()?;
    let second = readable(caller, input.required("SecondSnapshotId"))?;
    if first.is_some_and(|first| first.lineage != second.lineage) {
        let message = "The snapshots are not of one volume";
        return Err(Refusal::ebs("UNRELATED_SNAPSHOTS", message));
    }
    let start = input.number("StartingBlockIndex").unwrap_or(0);
    let block = |snapshot: Option<&Snapshot>, index: i64| {
        snapshot
            .and_then(|snapshot| snapshot.blocks.get(&index))
            .map(|block| block.write)
    };
    let both = first.into_iter().chain([second]);
    let indices: BTreeSet<i64> = both
        .flat_map(|snapshot| snapshot.blocks.range(start..))
        .map(|(index, _)| *index)
        .collect();
    let changed = indices.into_iter().filter_map(|index| {
        let (old, new) = (block(first, index), block(Some(second), index));
        if old == new {
            return None;
        }
        let of_first = first.filter(|_| old.is_some());
        Some(json!({
            "BlockIndex": index,
            "FirstBlockToken": of_first.map(|first| token(&first.id, index, ends)),
            "SecondBlockToken": new.map(|_| token(&second.id, index, ends)),
        }))
    });
    let size = second.size;
    let changed = changed.collect();
    let (changed, next) = pages(caller, input, changed)?;
    Ok(json!({
        "ChangedBlocks": changed,
        "ExpiryTime": ends,
        "VolumeSize": size,
        "BlockSize": BLOCK_BYTES,
        "NextToken": next,
    }))
}

pub(super) fn get(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let index = input.number("BlockIndex").unwrap_or_default();
    let now = caller.now();
    let snapshot = readable(caller, input.required("SnapshotId"))?;
    let text = STANDARD.decode(input.required("BlockToken")).ok();
    let text = text
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    let ends = text.strip_prefix(&format!("{}/{index}/", snapshot.id));
    let ends = ends.and_then(|ends| ends.parse::<i64>().ok());
    if ends.is_none_or(|ends| ends < now) {
        let message = "The token is not of this block, or it has ended";
        return Err(Refusal::ebs("INVALID_BLOCK_TOKEN", message));
    }
    let block = snapshot.blocks.get(&index);
    let Block { digest, data, .. } =
        block.ok_or_else(|| Refusal::ebs("INVALID_BLOCK", "There is no such block"))?;
    let checksum = base64(digest);
    let data = data.to_vec();
    let length = data.len();
    caller.payload = data;
    Ok(json!({
        "DataLength": length,
        "BlockData": "",
        "Checksum": checksum,
        "ChecksumAlgorithm": "SHA256",
    }))
}
