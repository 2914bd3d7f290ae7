//! The later life of an image: deprecated, disabled, protected, deregistered.

#![expect(clippy::unnecessary_wraps, reason = "all handlers have one form")]

use serde_json::{Value, json};

use super::super::dispatch::Actions;
use super::super::input::Input;
use super::super::refusal::Refusal;
use super::super::world::Caller;
use super::{Protection, own};

pub(in super::super) const ACTIONS: Actions = &[
    ("DeregisterImage", deregister),
    ("DisableImage", disable),
    ("DisableImageBlockPublicAccess", unblock),
    ("DisableImageDeprecation", undeprecate),
    ("DisableImageDeregistrationProtection", unprotect),
    ("EnableImage", enable),
    ("EnableImageBlockPublicAccess", block),
    ("EnableImageDeprecation", deprecate),
    ("EnableImageDeregistrationProtection", protect),
    ("GetImageBlockPublicAccessState", blocked),
];

/// How long a protection with a cooldown goes on when it is taken away, in seconds.
const COOLDOWN_SECONDS: i64 = 24 * 3600;
/// The latest time of deprecation, from now, in seconds.
const DEPRECATION_SECONDS_MAX: i64 = 10 * 366 * 24 * 3600;

fn deregister(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("ImageId");
    let now = caller.now();
    let image = own(caller, id)?;
    if image.protection.holds(now) {
        let message = format!("The image {id} is protected from deregistration");
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    image.gone = Some(now);
    if !input.is("DeleteAssociatedSnapshots") {
        return Ok(json!({ "Return": true }));
    }
    let snapshots: Vec<_> = image.snapshots().map(str::to_owned).collect();
    let place = caller.place();
    let mut results = Vec::new();
    for id in snapshots {
        let mut images = place.images.values();
        let is_used = images.any(|image| !image.is_gone() && image.uses(&id));
        let code = if is_used {
            "skipped"
        } else if place.snapshots.remove(&id).is_some() {
            "success"
        } else {
            "client-error"
        };
        results.push(json!({ "SnapshotId": id, "ReturnCode": code }));
    }
    Ok(json!({ "Return": true, "DeleteSnapshotResults": results }))
}

fn disable(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("ImageId");
    let now = caller.now();
    let image = own(caller, id)?;
    if image.state(now) == "pending" {
        let message = format!("The image {id} is pending");
        return Err(Refusal::new("IncorrectState", message));
    }
    image.is_disabled = true;
    image.permissions.clear();
    Ok(json!({ "Return": true }))
}

fn enable(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    own(caller, input.required("ImageId"))?.is_disabled = false;
    Ok(json!({ "Return": true }))
}

fn deprecate(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let at = input.number("DeprecateAt").unwrap_or_default();
    let now = caller.now();
    if at < now || at > now + DEPRECATION_SECONDS_MAX {
        let why = "The time must be in the future and within ten years";
        return Err(Refusal::value("DeprecateAt", &at.to_string(), why));
    }
    // To the minute.
    own(caller, input.required("ImageId"))?.deprecation = Some(at - at % 60);
    Ok(json!({ "Return": true }))
}

fn undeprecate(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    own(caller, input.required("ImageId"))?.deprecation = None;
    Ok(json!({ "Return": true }))
}

fn protect(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let has_cooldown = input.is("WithCooldown");
    let image = own(caller, input.required("ImageId"))?;
    image.protection = Protection::On { has_cooldown };
    Ok(json!({ "Return": image.protection.text(0) }))
}

fn unprotect(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let now = caller.now();
    let image = own(caller, input.required("ImageId"))?;
    image.protection = match image.protection {
        Protection::On { has_cooldown: true } => Protection::Until(now + COOLDOWN_SECONDS),
        Protection::Until(time) => Protection::Until(time),
        Protection::On { .. } | Protection::Off => Protection::Off,
    };
    Ok(json!({ "Return": image.protection.text(now) }))
}

fn block(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    caller.place().blocks_public_images = true;
    Ok(json!({ "ImageBlockPublicAccessState": input.required("ImageBlockPublicAccessState") }))
}

fn unblock(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    caller.place().blocks_public_images = false;
    Ok(json!({ "ImageBlockPublicAccessState": "unblocked" }))
}

fn blocked(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    let state = if caller.place().blocks_public_images {
        "block-new-sharing"
    } else {
        "unblocked"
    };
    Ok(json!({ "ImageBlockPublicAccessState": state }))
}
