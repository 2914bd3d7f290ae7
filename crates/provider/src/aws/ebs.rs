//! The blocks of snapshots (EBS direct).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::remote::RemoteError;
use serde_json::{Value, json};

use super::Aws;
use super::api::ebs as api;
use super::call::{Answer, Request, Trouble};

/// Bytes of a block. There is no other size.
pub(crate) const BLOCK: usize = 512 << 10;
/// After how long without a block, in minutes, AWS takes an unfinished snapshot for given up: a
/// night in which a machine is off.
const TIMEOUT_MINUTES: u32 = 24 * 60;
/// Blocks of a page of a list: the most that there are.
const PAGE: &str = "10000";
const ALGORITHM: &str = "SHA256";

/// How a snapshot is begun.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    /// In GiB.
    pub(crate) volume_size: u64,
    /// What it differs from.
    pub(crate) parent: Option<&'a str>,
    pub(crate) is_encrypted: bool,
    /// ARN.
    pub(crate) key: Option<&'a str>,
    pub(crate) token: &'a str,
    pub(crate) description: &'a str,
    pub(crate) tags: &'a BTreeMap<String, String>,
}

/// A block of a snapshot, as a list names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) index: u32,
    /// To ask for it with.
    pub(crate) token: String,
}

pub(super) fn base64(digest: &Sha256) -> String {
    STANDARD.encode(digest.as_bytes())
}

fn senseless() -> Trouble {
    Trouble::Broken("the answer makes no sense".to_owned())
}

/// A call about a snapshot.
fn about(operation: &'static super::api::Operation, snapshot: &str) -> Request {
    Request::new(operation, format!("the snapshot `{snapshot}`")).with("SnapshotId", snapshot)
}

/// A call that puts a block. Whoever made the snapshot a moment ago may have to try for a while.
pub(super) fn put_block(snapshot: &str, index: u32, bytes: Bytes, digest: &Sha256) -> Request {
    about(&api::PUT_SNAPSHOT_BLOCK, snapshot)
        .with("BlockIndex", index.to_string())
        .with("DataLength", bytes.len().to_string())
        .with("Checksum", base64(digest))
        .with("ChecksumAlgorithm", ALGORITHM)
        .carrying(bytes)
        .of_something_new()
}

/// Whether the answer to such a call is about the same bytes.
pub(super) fn is_put(cx: &Cx, answer: Answer, digest: &Sha256) -> Result<(), Trouble> {
    let is_same = answer
        .header("x-amz-Checksum")
        .is_none_or(|checksum| checksum == base64(digest));
    answer.text(cx)?;
    if is_same { Ok(()) } else { Err(senseless()) }
}

impl Aws {
    /// Begins a snapshot; its id.
    pub(crate) fn start_snapshot(&self, cx: &Cx, wish: &Start<'_>) -> Result<String, RemoteError> {
        let tags = wish.tags.iter();
        let tags: Vec<Value> = tags
            .map(|(key, value)| json!({ "Key": key, "Value": value }))
            .collect();
        let mut inputs = vec![
            ("VolumeSize", json!(wish.volume_size)),
            ("ClientToken", json!(wish.token)),
            ("Description", json!(wish.description)),
            ("Tags", json!(tags)),
            ("Timeout", json!(TIMEOUT_MINUTES)),
        ];
        match wish.parent {
            // It has its parent's encryption.
            Some(parent) => inputs.push(("ParentSnapshotId", json!(parent))),
            None if wish.is_encrypted => {
                inputs.push(("Encrypted", json!(true)));
                inputs.extend(wish.key.map(|key| ("KmsKeyArn", json!(key))));
            }
            None => {}
        }
        let subject = "a new snapshot".to_owned();
        let request = Request::json(&api::START_SNAPSHOT, subject, &inputs);
        let (id, size) = self.call(cx, &request, |answer| {
            let value = answer.json(cx)?;
            let id = value["SnapshotId"].as_str().map(str::to_owned);
            Ok((id.ok_or_else(senseless)?, value["BlockSize"].as_u64()))
        })?;
        match size {
            Some(size) if size != BLOCK as u64 => {
                Err(request.senseless(format!("its blocks have {size} bytes, not {BLOCK}")))
            }
            _ => Ok(id),
        }
    }

    /// Says that all blocks are there: how many, and the digest of their digests.
    pub(crate) fn complete_snapshot(
        &self,
        cx: &Cx,
        snapshot: &str,
        count: usize,
        digest: &Sha256,
    ) -> Result<(), RemoteError> {
        let request = about(&api::COMPLETE_SNAPSHOT, snapshot)
            .with("ChangedBlocksCount", count.to_string())
            .with("Checksum", base64(digest))
            .with("ChecksumAlgorithm", ALGORITHM)
            .with("ChecksumAggregationMethod", "LINEAR")
            .of_something_new();
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }

    /// The blocks of a complete snapshot, in order.
    pub(crate) fn snapshot_blocks(
        &self,
        cx: &Cx,
        snapshot: &str,
    ) -> Result<Vec<Listed>, RemoteError> {
        let mut blocks = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let request = about(&api::LIST_SNAPSHOT_BLOCKS, snapshot).with("MaxResults", PAGE);
            let request = match &token {
                Some(token) => request.with("NextToken", token.as_str()),
                None => request,
            }
            .of_something_new();
            let page = self.call(cx, &request, |answer| answer.json(cx))?;
            for block in page["Blocks"].as_array().into_iter().flatten() {
                let index = block["BlockIndex"].as_u64();
                let index = index.and_then(|index| u32::try_from(index).ok());
                match (index, block["BlockToken"].as_str()) {
                    (Some(index), Some(token)) => blocks.push(Listed {
                        index,
                        token: token.to_owned(),
                    }),
                    _ => return Err(request.senseless("the list has a block without a place")),
                }
            }
            let next = page["NextToken"].as_str().map(str::to_owned);
            match next.filter(|next| !next.is_empty()) {
                None => break,
                next if next == token => return Err(request.senseless("the list has no end")),
                next => token = next,
            }
        }
        blocks.sort_by_key(|block| block.index);
        Ok(blocks)
    }

    /// The digest of the bytes of a block of a complete snapshot.
    pub(crate) fn block_digest(
        &self,
        cx: &Cx,
        snapshot: &str,
        block: &Listed,
    ) -> Result<Sha256, RemoteError> {
        let request = about(&api::GET_SNAPSHOT_BLOCK, snapshot)
            .with("BlockIndex", block.index.to_string())
            .with("BlockToken", block.token.as_str())
            .of_something_new();
        self.call(cx, &request, |mut answer| {
            let mut bytes = Vec::with_capacity(BLOCK);
            while let Some(chunk) = answer.chunk(cx)? {
                if bytes.len() + chunk.len() > BLOCK {
                    return Err(senseless());
                }
                bytes.extend_from_slice(&chunk);
            }
            // One that broke off.
            if bytes.len() < BLOCK {
                return Err(senseless());
            }
            Ok(Sha256::of(&bytes))
        })
    }
}
