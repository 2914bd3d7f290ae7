//! Whom a snapshot is shared with.

use serde_json::{Value, json};

use super::super::dispatch::Actions;
use super::super::input::Input;
use super::super::key;
use super::super::refusal::Refusal;
use super::super::world::Caller;
use super::own;

pub(in super::super) const ACTIONS: Actions = &[
    ("DescribeSnapshotAttribute", describe),
    ("ModifySnapshotAttribute", modify),
    ("ResetSnapshotAttribute", reset),
];

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let snapshot = own(caller, input.required("SnapshotId"))?;
    let mut answer = json!({ "SnapshotId": snapshot.id });
    match input.required("Attribute") {
        "createVolumePermission" => {
            answer["CreateVolumePermissions"] = snapshot.permissions.clone().into();
        }
        _ => answer["ProductCodes"] = json!([]),
    }
    Ok(answer)
}

/// Those that a request adds or takes away, in its two forms.
fn permissions(input: Input<'_>, operation: &str, member: &str) -> Vec<Value> {
    let mut permissions: Vec<Value> = Vec::new();
    if input.text("OperationType") == Some(operation) {
        let users = input
            .texts("UserIds")
            .into_iter()
            .map(|user| json!({ "UserId": user }));
        let groups = input
            .texts("GroupNames")
            .into_iter()
            .map(|group| json!({ "Group": group }));
        permissions.extend(users.chain(groups));
    }
    let parts = input.part("CreateVolumePermission");
    permissions.extend(parts.parts(member).map(|part| part.value.clone()));
    permissions
}

fn modify(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let (added, removed) = (
        permissions(input, "add", "Add"),
        permissions(input, "remove", "Remove"),
    );
    if added.is_empty() && removed.is_empty() {
        return Err(Refusal::combination("No attributes specified."));
    }
    let is_public = added.iter().any(|permission| permission["Group"] == "all");
    if is_public && caller.place().blocks_public_snapshots.is_some() {
        let message = "Public sharing of snapshots is blocked in this region";
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    let snapshot = own(caller, input.required("SnapshotId"))?;
    if let Some(key) = &snapshot.key {
        if key::is_default(key) && !added.is_empty() {
            let message = "Encrypted snapshots with EBS default key cannot be shared";
            return Err(Refusal::new("OperationNotPermitted", message));
        }
        if is_public {
            let message = "Encrypted snapshots cannot be shared publicly";
            return Err(Refusal::new("OperationNotPermitted", message));
        }
    }
    change(&mut snapshot.permissions, added, &removed)?;
    Ok(json!({}))
}

/// Adds permissions that are not there and takes others away.
pub(in super::super) fn change(
    permissions: &mut Vec<Value>,
    added: Vec<Value>,
    removed: &[Value],
) -> Result<(), Refusal> {
    for permission in added.iter().chain(removed) {
        if let Some(user) = permission["UserId"].as_str()
            && (user.len() != 12 || user.bytes().any(|byte| !byte.is_ascii_digit()))
        {
            let message = format!("Invalid attribute item value \"{user}\" for userId item type.");
            return Err(Refusal::new("InvalidAMIAttributeItemValue", message));
        }
    }
    permissions.retain(|permission| !removed.contains(permission));
    for permission in added {
        if !permissions.contains(&permission) {
            permissions.push(permission);
        }
    }
    Ok(())
}

fn reset(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    own(caller, input.required("SnapshotId"))?
        .permissions
        .clear();
    Ok(json!({}))
}
