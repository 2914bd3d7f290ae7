//! What can be asked of an image and changed of it: whom it is for, how it is described.

use serde_json::{Value, json};

use super::super::dispatch::Actions;
use super::super::input::Input;
use super::super::key;
use super::super::refusal::Refusal;
use super::super::snapshot::attribute::change;
use super::super::time;
use super::super::world::Caller;
use super::{Image, own};

pub(in super::super) const ACTIONS: Actions = &[
    ("DescribeImageAttribute", describe),
    ("ModifyImageAttribute", modify),
    ("ResetImageAttribute", reset),
];

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let now = caller.now();
    let image = own(caller, input.required("ImageId"))?;
    let fact = |name: &str| json!({ "Value": image.facts[name] });
    let (name, value) = match input.required("Attribute") {
        "launchPermission" => ("LaunchPermissions", image.permissions.clone().into()),
        "description" => ("Description", json!({ "Value": image.description })),
        "productCodes" => ("ProductCodes", json!([])),
        "bootMode" => ("BootMode", fact("BootMode")),
        "tpmSupport" => ("TpmSupport", fact("TpmSupport")),
        "imdsSupport" => ("ImdsSupport", fact("ImdsSupport")),
        "sriovNetSupport" => ("SriovNetSupport", fact("SriovNetSupport")),
        "kernel" => ("KernelId", json!({})),
        "ramdisk" => ("RamdiskId", json!({})),
        "uefiData" => ("UefiData", json!({ "Value": image.uefi_data })),
        "lastLaunchedTime" => {
            let time = image.launched.map(time::written);
            ("LastLaunchedTime", json!({ "Value": time }))
        }
        "deregistrationProtection" => {
            let protection = image.protection.text(now);
            ("DeregistrationProtection", json!({ "Value": protection }))
        }
        // AWS lets nobody ask for this one.
        other => {
            return Err(Refusal::new(
                "AuthFailure",
                format!("Unauthorized attempt to access restricted resource: {other}"),
            ));
        }
    };
    let mut answer = json!({ "ImageId": image.id });
    answer[name] = value;
    Ok(answer)
}

/// Those that a request adds or takes away, in its two forms.
fn permissions(input: Input<'_>, operation: &str, member: &str) -> Vec<Value> {
    let lists = [
        ("UserIds", "UserId"),
        ("UserGroups", "Group"),
        ("OrganizationArns", "OrganizationArn"),
        ("OrganizationalUnitArns", "OrganizationalUnitArn"),
    ];
    let parts = input.part("LaunchPermission");
    let mut permissions: Vec<Value> = parts.parts(member).map(|part| part.value.clone()).collect();
    if input.text("OperationType") == Some(operation) {
        for (list, name) in lists {
            permissions.extend(
                input
                    .texts(list)
                    .into_iter()
                    .map(|value| json!({ name: value })),
            );
        }
    }
    permissions
}

fn modify(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("ImageId");
    let (added, removed) = (
        permissions(input, "add", "Add"),
        permissions(input, "remove", "Remove"),
    );
    let description = input.part("Description").text("Value");
    let description = description.or_else(|| {
        input
            .text("Value")
            .filter(|_| input.text("Attribute") == Some("description"))
    });
    let imds = input.part("ImdsSupport").text("Value");
    let named = [
        description.is_some(),
        imds.is_some(),
        !added.is_empty() || !removed.is_empty(),
    ];
    if named.into_iter().filter(|is_named| *is_named).count() != 1 {
        let message = "Exactly one attribute can be changed at a time";
        return Err(Refusal::combination(message));
    }
    let image = own(caller, id)?.clone();
    if !added.is_empty() {
        check_sharing(caller, &image, &added)?;
    }
    let image = own(caller, id)?;
    if let Some(description) = description {
        description.clone_into(&mut image.description);
    }
    if let Some(imds) = imds {
        image.facts["ImdsSupport"] = imds.into();
    }
    change(&mut image.permissions, added, &removed)?;
    Ok(json!({}))
}

fn check_sharing(caller: &mut Caller<'_>, image: &Image, added: &[Value]) -> Result<(), Refusal> {
    let place = caller.place();
    let denied = |message: &str| Err(Refusal::new("OperationNotPermitted", message));
    if image.is_disabled {
        return denied("A disabled image cannot be shared");
    }
    let is_public = added.iter().any(|permission| permission["Group"] == "all");
    if is_public && place.blocks_public_images {
        return denied(
            "You can't publicly share this image because block public access for AMIs is enabled for this account",
        );
    }
    let snapshots = image.snapshots().filter_map(|id| place.snapshots.get(id));
    for key in snapshots.filter_map(|snapshot| snapshot.key.as_deref()) {
        if key::is_default(key) {
            return denied("Images with snapshots encrypted with EBS default key cannot be shared");
        }
        if is_public {
            return denied("Images with encrypted snapshots cannot be shared publicly");
        }
    }
    Ok(())
}

fn reset(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    own(caller, input.required("ImageId"))?.permissions.clear();
    Ok(json!({}))
}
