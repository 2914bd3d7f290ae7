//! `volume` blocks of `infrastructure "aws"`.

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::AwsVolume;

use super::checked;
use crate::decode::Reader;
use crate::lower::arn::{NO_KEY, is_key, key_region};
use crate::lower::{blocks, check_distinct, refuse};
use crate::syntax::ast::Block;

const GIB: u64 = 1 << 30;
/// Types of EBS, with the least and the most GiB that they can have.
const TYPES: [(&str, u64, u64); 7] = [
    ("gp2", 1, 16 << 10),
    ("gp3", 1, 64 << 10),
    ("io1", 4, 16 << 10),
    ("io2", 4, 64 << 10),
    ("sc1", 125, 16 << 10),
    ("st1", 125, 16 << 10),
    ("standard", 1, 1 << 10),
];

/// The blocks, of a region if that is known.
pub(super) fn volumes(reader: &Reader<'_>, region: Option<&str>) -> Option<Vec<AwsVolume>> {
    let read: Vec<(&Block, Option<AwsVolume>)> = blocks(reader, "volume")
        .map(|block| (block, volume(&reader.inner(block), region)))
        .collect();
    let named = read.iter().filter_map(|(block, volume)| {
        let device = volume.as_ref()?.device.clone();
        Some((device.unwrap_or_else(|| "root".to_owned()), *block))
    });
    check_distinct(reader, "volume", named);
    read.into_iter().map(|(_, volume)| volume).collect()
}

fn volume(reader: &Reader<'_>, region: Option<&str>) -> Option<AwsVolume> {
    let message = "is not a device such as `/dev/sdf`";
    let device = checked(reader, "device", is_device, message);
    let kind = reader.choice("type").optional();
    let gib = gib(reader, kind.as_ref().and_then(Option::as_deref));
    let iops = reader.number("iops", 100..=256_000).optional();
    let throughput = reader.number("throughput", 125..=2000).optional();
    let is_encrypted = reader.flag("encrypted").optional();
    let key = checked(reader, "kms_key", is_key, NO_KEY);
    let (device, kind, key, is_encrypted) = (device?, kind?, key?, is_encrypted?);
    let (iops, throughput) = (iops?, throughput?);
    let of_kind = kind.as_deref();
    if iops.is_some() {
        check_kind(reader, "iops", of_kind, &["gp3", "io1", "io2"])?;
    } else if let Some(kind @ ("io1" | "io2")) = of_kind {
        let label = "say how many operations a second it is to do";
        refuse(reader, "type", &format!("`{kind}` needs `iops`"), label);
        return None;
    }
    if throughput.is_some() {
        check_kind(reader, "throughput", of_kind, &["gp3"])?;
    }
    if let (None, Some(kind @ ("sc1" | "st1"))) = (&device, of_kind) {
        let label = "name a `device`, or another type";
        refuse(
            reader,
            "type",
            &format!("no machine starts from `{kind}`"),
            label,
        );
        return None;
    }
    if let Some(key) = &key {
        check_key(reader, key, is_encrypted, region)?;
    }
    Some(AwsVolume {
        device,
        gib: gib?,
        kind,
        iops: iops.map(u64::from),
        throughput: throughput.map(u64::from),
        is_encrypted: is_encrypted.unwrap_or(false),
        key,
    })
}

fn gib(reader: &Reader<'_>, kind: Option<&str>) -> Option<Option<u64>> {
    let Some(bytes) = reader.size("size").optional()? else {
        return Some(None);
    };
    if bytes == 0 || bytes % GIB != 0 {
        let message = "a volume of EBS has whole GiB";
        refuse(reader, "size", message, "such as `20GiB`");
        return None;
    }
    let gib = bytes / GIB;
    let (name, least, most) = TYPES
        .into_iter()
        .find(|(name, ..)| kind == Some(*name))
        .unwrap_or(("any type", 1, 64 << 10));
    if !(least..=most).contains(&gib) {
        let message = format!("a volume of {name} has {least} to {most} GiB");
        refuse(reader, "size", &message, &format!("this is {gib}"));
        return None;
    }
    Some(Some(gib))
}

/// Refuses a wish that volumes of another type have not.
fn check_kind(reader: &Reader<'_>, key: &str, kind: Option<&str>, have: &[&str]) -> Option<()> {
    if kind.is_some_and(|kind| have.contains(&kind)) {
        return Some(());
    }
    let listed: Vec<String> = have.iter().map(|kind| format!("`{kind}`")).collect();
    let message = format!("`{key}` is for volumes of {}", listed.join(", "));
    let label = match kind {
        Some(kind) => format!("this one is `{kind}`"),
        None => "say its `type`".to_owned(),
    };
    refuse(reader, key, &message, &label);
    None
}

fn check_key(
    reader: &Reader<'_>,
    key: &str,
    is_encrypted: Option<bool>,
    region: Option<&str>,
) -> Option<()> {
    if is_encrypted == Some(false)
        && let Some(attribute) = reader.body.attribute("encrypted")
    {
        let message = "a volume that is not encrypted has no `kms_key`";
        let problem = Diagnostic::error("L0112", message)
            .label(reader.span(&attribute.name.at), "remove one of them");
        reader.evaluator.report(problem);
        return None;
    }
    let elsewhere = key_region(key).filter(|of| region.is_some_and(|region| region != *of));
    if elsewhere.is_some() {
        let label = "a disk is encrypted with a key of its own region";
        refuse(reader, "kms_key", "the key is in another region", label);
        return None;
    }
    Some(())
}

fn is_device(text: &str) -> bool {
    text.strip_prefix("/dev/").is_some_and(|name| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(is_letter)
    })
}
