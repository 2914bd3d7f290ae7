//! Whether new volumes and snapshots of an account are encrypted though nobody asks for it.

#![expect(clippy::unnecessary_wraps, reason = "all handlers have one form")]

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::refusal::Refusal;
use super::world::Caller;

pub(super) const ACTIONS: Actions = &[
    ("DisableEbsEncryptionByDefault", disable),
    ("EnableEbsEncryptionByDefault", enable),
    ("GetEbsDefaultKmsKeyId", key),
    ("GetEbsEncryptionByDefault", get),
];

fn enable(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    caller.place().encrypts_by_default = true;
    Ok(json!({ "EbsEncryptionByDefault": true }))
}

fn disable(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    caller.place().encrypts_by_default = false;
    Ok(json!({ "EbsEncryptionByDefault": false }))
}

fn get(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    Ok(json!({ "EbsEncryptionByDefault": caller.place().encrypts_by_default }))
}

fn key(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    Ok(json!({ "KmsKeyId": caller.key(None) }))
}
