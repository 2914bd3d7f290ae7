//! An image made of a snapshot.

use serde_json::{Value, json};

use super::super::input::Input;
use super::super::refusal::Refusal;
use super::super::snapshot;
use super::super::world::Caller;
use super::{Image, check_name};

pub(super) fn register(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("Name");
    check_name(caller, name)?;
    check_support(input)?;
    let tags = input.tags_for("image", &["image", "snapshot"])?;
    let mut mappings = Vec::new();
    for mapping in input.parts("BlockDeviceMappings") {
        mappings.push(resolved(caller, mapping)?);
    }
    let root = input.text("RootDeviceName");
    let has_root = mappings.iter().any(|mapping| {
        mapping["DeviceName"].as_str() == root && mapping["Ebs"]["SnapshotId"].is_string()
    });
    if root.is_none() || !has_root {
        let message = "The root device must be mapped to a snapshot";
        return Err(Refusal::new("InvalidBlockDeviceMapping", message));
    }
    let id = caller.new_id("ami");
    let image = Image {
        id: id.clone(),
        owner: caller.account.clone(),
        name: name.to_owned(),
        description: input.text("Description").unwrap_or_default().to_owned(),
        tags,
        created: caller.now(),
        settles: caller.settled(),
        mappings,
        uefi_data: input.text("UefiData").map(str::to_owned),
        facts: json!({
            "Architecture": input.text("Architecture").unwrap_or("i386"),
            "RootDeviceName": root,
            "VirtualizationType": input.text("VirtualizationType").unwrap_or("paravirtual"),
            "BootMode": input.text("BootMode"),
            "TpmSupport": input.text("TpmSupport"),
            "ImdsSupport": input.text("ImdsSupport"),
            "EnaSupport": input.is("EnaSupport"),
            "SriovNetSupport": input.text("SriovNetSupport"),
        }),
        ..Image::default()
    };
    caller.place().images.insert(id.clone(), image);
    Ok(json!({ "ImageId": id }))
}

/// Checks what goes together.
fn check_support(input: Input<'_>) -> Result<(), Refusal> {
    let is_hvm = input.text("VirtualizationType") == Some("hvm");
    let boot = input.text("BootMode");
    let is_uefi = matches!(boot, Some("uefi" | "uefi-preferred"));
    if !is_hvm && (boot.is_some() || input.is("EnaSupport") || input.has("TpmSupport")) {
        let message = "The boot mode, ENA and the TPM need the virtualization type hvm";
        return Err(Refusal::combination(message));
    }
    if input.has("TpmSupport") && !is_uefi {
        let message = "TpmSupport needs the boot mode uefi";
        return Err(Refusal::combination(message));
    }
    if input.has("UefiData") && !is_uefi {
        let message = "UefiData needs the boot mode uefi";
        return Err(Refusal::combination(message));
    }
    if input.text("Architecture") == Some("arm64") && boot == Some("legacy-bios") {
        let message = "arm64 does not start by legacy-bios";
        return Err(Refusal::combination(message));
    }
    Ok(())
}

/// A mapping as the image has it: with what its snapshot says.
fn resolved(caller: &mut Caller<'_>, mapping: Input<'_>) -> Result<Value, Refusal> {
    let wrong = |message: String| Err(Refusal::new("InvalidBlockDeviceMapping", message));
    let device = mapping.required("DeviceName");
    if device.is_empty() {
        return wrong("A mapping needs the name of a device".to_owned());
    }
    let ebs = mapping.part("Ebs");
    let Some(id) = ebs.text("SnapshotId") else {
        if mapping.has("Ebs") && !ebs.has("VolumeSize") {
            return wrong(format!(
                "The device {device} has neither a snapshot nor a size"
            ));
        }
        return Ok(mapping.value.clone());
    };
    if ebs.has("Encrypted") || ebs.has("KmsKeyId") {
        return wrong(format!(
            "the encrypted flag cannot be specified since device {device} has a snapshot specified."
        ));
    }
    let now = caller.now();
    let is_late = caller.is_late(id);
    let found = snapshot::seen(caller.world, &caller.account, &caller.region, id);
    let found = found
        .filter(|_| !is_late)
        .ok_or_else(|| snapshot::not_found(id))?;
    if !found.is_complete(now) {
        let message = format!("Snapshot {id} is not completed: {}", found.state(now));
        return Err(Refusal::new("IncorrectState", message));
    }
    let size = ebs.number("VolumeSize").unwrap_or(found.size);
    if size < found.size {
        return wrong(format!(
            "Volume of size {size}GB is smaller than snapshot '{id}', expect size >= {}GB",
            found.size
        ));
    }
    let mut value = mapping.value.clone();
    value["Ebs"]["VolumeSize"] = size.into();
    value["Ebs"]["Encrypted"] = found.key.is_some().into();
    if !ebs.has("VolumeType") {
        value["Ebs"]["VolumeType"] = "standard".into();
    }
    if !ebs.has("DeleteOnTermination") {
        value["Ebs"]["DeleteOnTermination"] = true.into();
    }
    Ok(value)
}
