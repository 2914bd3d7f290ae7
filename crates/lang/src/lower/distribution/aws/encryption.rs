//! `encrypt` of `target "aws"`: which key a region has, and whether it can have it.

use std::collections::BTreeMap;
use std::slice::from_ref;

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{AwsEncryption, AwsTarget};

use crate::decode::{Reader, member_place};
use crate::lower::arn::{NO_KEY, is_key, is_key_of_one_region, key_region};
use crate::lower::{check_words, refuse};

/// The block of a target with these regions; none: they are not known.
pub(super) fn encryption(reader: &Reader<'_>, regions: &[String]) -> Option<AwsEncryption> {
    let kms_key = reader.text("kms_key").optional();
    let keys = reader.parameters("kms_keys").or(BTreeMap::new());
    let given = kms_key.as_ref().and_then(Option::as_ref).map(from_ref);
    check_words(reader, "kms_key", given, is_key, NO_KEY);
    let kms_key = kms_key?;
    let keys: BTreeMap<String, String> = keys?
        .into_iter()
        .map(|(region, key)| (region, key.value))
        .collect();
    let mut is_right = true;
    for (region, key) in &keys {
        if let (Some((message, label)), Some(attribute)) = (
            wrong_with(region, key, regions),
            reader.body.attribute("kms_keys"),
        ) {
            reader.wrong(member_place(&attribute.value, region), message, label);
            is_right = false;
        }
    }
    let mut without = regions.iter().filter(|region| !keys.contains_key(*region));
    if let Some(key) = kms_key.as_deref().filter(|key| is_key_of_one_region(key)) {
        let elsewhere = match key_region(key) {
            Some(of) => without.find(|region| *region != of),
            // One of them has it.
            None => without.nth(1),
        };
        if let Some(region) = elsewhere {
            let label = format!("`{region}` needs one of its own: use an alias, or `kms_keys`");
            refuse(reader, "kms_key", "this key is in one region", &label);
            is_right = false;
        }
    }
    is_right.then_some(AwsEncryption {
        kms_key,
        kms_keys: keys,
    })
}

/// What is wrong with the key of a region, and what to say where it stands.
fn wrong_with(region: &String, key: &str, regions: &[String]) -> Option<(String, String)> {
    if !regions.is_empty() && !regions.contains(region) {
        let message = format!("`{region}` is none of the target's regions");
        return Some((message, format!("there is {}", regions.join(", "))));
    }
    if !is_key(key) {
        let message = format!("the key of `{region}` {NO_KEY}");
        return Some((message, "here".to_owned()));
    }
    if key_region(key).is_some_and(|of| of != region) {
        let message = format!("the key of `{region}` is in another region");
        let label = "a disk is encrypted with a key of its own region";
        return Some((message, label.to_owned()));
    }
    None
}

/// An image that is encrypted with the account's own key for EBS can be started by nobody else.
pub(super) fn check_shared(reader: &Reader<'_>, target: &AwsTarget) {
    let shared = [
        ("accounts", &target.accounts),
        ("organizations", &target.organizations),
        ("organizational_units", &target.organizational_units),
    ];
    let shared = shared.into_iter().find(|(_, with)| !with.is_empty());
    let (Some(encrypt), Some((key, _))) = (&target.encrypt, shared) else {
        return;
    };
    let is_own = |region: &&String| {
        let key = encrypt.key(region);
        key.is_none_or(|key| key.ends_with("alias/aws/ebs"))
    };
    let own = target.regions.iter().find(is_own);
    let (Some(region), Some(attribute)) = (own, reader.body.attribute(key)) else {
        return;
    };
    let message = "what is encrypted with the account's key for EBS cannot be shared";
    let problem = Diagnostic::error("L0112", message)
        .label(
            reader.span(&attribute.name.at),
            format!("`{region}` has no other key"),
        )
        .note("name a key of your own in `encrypt`: `kms_key = \"alias/golden\"`");
    reader.evaluator.report(problem);
}
