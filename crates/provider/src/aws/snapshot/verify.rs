//! What the cloud says it has, held against what was sent: the list of blocks, and the bytes of
//! some of them.

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::Failure;

use super::super::Aws;
use super::super::ebs::Listed;
use super::{SnapshotError, zero_digest};

/// How many blocks are read back, spread over the disk.
const SAMPLE: usize = 16;

/// Compares a complete snapshot with the blocks that it must have. One that it has besides must
/// be of zeros.
pub(super) fn verify(
    cx: &Cx,
    aws: &Aws,
    snapshot: &str,
    expected: &BTreeMap<u32, Sha256>,
) -> Result<(), Box<dyn Failure>> {
    let phase = cx.phase("verify snapshot", None);
    let differs = |detail: String| SnapshotError::Differs {
        snapshot: snapshot.to_owned(),
        detail,
    };
    let listed = aws.snapshot_blocks(cx, snapshot)?;
    let is_there = |index: &u32| {
        let found = listed.binary_search_by_key(index, |block| block.index);
        found.is_ok()
    };
    if let Some(missing) = expected.keys().find(|index| !is_there(index)) {
        return Err(differs(format!("block {missing} is missing")).into());
    }
    let zero = zero_digest();
    let holds = |block: &Listed| -> Result<(), Box<dyn Failure>> {
        let found = aws.block_digest(cx, snapshot, block)?;
        if *expected.get(&block.index).unwrap_or(&zero) == found {
            return Ok(());
        }
        Err(differs(format!("block {} is different", block.index)).into())
    };
    let is_more = |block: &&Listed| !expected.contains_key(&block.index);
    for block in listed.iter().filter(is_more) {
        holds(block)?;
    }
    let step = listed.len().div_ceil(SAMPLE).max(1);
    let mut count = 0;
    for block in listed.iter().step_by(step) {
        holds(block)?;
        count += 1;
    }
    phase.finish(format!("{} blocks, {count} read back", listed.len()));
    Ok(())
}
