//! Whether snapshots of an account in a region may be made public.

#![expect(clippy::unnecessary_wraps, reason = "all handlers have one form")]

use serde_json::{Value, json};

use super::super::dispatch::Actions;
use super::super::input::Input;
use super::super::refusal::Refusal;
use super::super::world::Caller;

pub(in super::super) const ACTIONS: Actions = &[
    ("DisableSnapshotBlockPublicAccess", unblock),
    ("EnableSnapshotBlockPublicAccess", block),
    ("GetSnapshotBlockPublicAccessState", blocked),
];

fn block(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let state = input.required("State");
    caller.place().blocks_public_snapshots = Some(state.to_owned());
    Ok(json!({ "State": state }))
}

fn unblock(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    caller.place().blocks_public_snapshots = None;
    Ok(json!({ "State": "unblocked" }))
}

fn blocked(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    let state = caller.place().blocks_public_snapshots.as_deref();
    Ok(json!({ "State": state.unwrap_or("unblocked"), "ManagedBy": "account" }))
}
