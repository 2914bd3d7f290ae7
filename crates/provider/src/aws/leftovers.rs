//! Things of ours in AWS that are part of nothing finished: found by their tags, and taken away.

mod machine;

use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::ledger::{Resource, ResourceKind};
use goldsmith_core::remote::RemoteError;

use super::Aws;
use super::ec2::{Image, Snapshot};
use super::mark::{COMPLETE, NAME, OPERATION, TARGET};
use crate::retry::wait;

/// What things of AWS have as their provider in a ledger.
pub const PROVIDER: &str = "aws";

/// What became of a thing that was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is gone now.
    Removed,
    /// It was gone already, or was never made.
    Absent,
    /// It is part of a finished image, and stays.
    Kept,
}

/// Takes away a thing of the region and the account of `aws`. May be repeated.
pub fn remove(cx: &Cx, aws: &Aws, resource: &Resource) -> Result<Removal, RemoteError> {
    match resource.kind {
        ResourceKind::Snapshot => remove_snapshot(cx, aws, resource),
        ResourceKind::Image | ResourceKind::Copy => remove_image(cx, aws, resource),
        ResourceKind::Instance => machine::remove_instance(cx, aws, resource),
        ResourceKind::SecurityGroup => machine::remove_group(cx, aws, resource),
        ResourceKind::KeyPair => machine::remove_key_pair(cx, aws, resource),
    }
}

fn remove_snapshot(cx: &Cx, aws: &Aws, resource: &Resource) -> Result<Removal, RemoteError> {
    let mut outcome = Removal::Absent;
    for snapshot in aws.snapshots(cx, &tag(OPERATION), &resource.operation)? {
        if is_used(cx, aws, &snapshot)? {
            return Ok(Removal::Kept);
        }
        aws.delete_snapshot(cx, &snapshot.id)?;
        outcome = Removal::Removed;
    }
    Ok(outcome)
}

/// Whether an image of the same name is made of it.
fn is_used(cx: &Cx, aws: &Aws, snapshot: &Snapshot) -> Result<bool, RemoteError> {
    let Some(name) = snapshot.tags.get(NAME) else {
        return Ok(false);
    };
    let images = aws.images(cx, &tag(NAME), name)?;
    let has_it = |image: &Image| image.snapshots.contains(&snapshot.id);
    Ok(images.iter().any(has_it))
}

fn remove_image(cx: &Cx, aws: &Aws, resource: &Resource) -> Result<Removal, RemoteError> {
    let mut outcome = Removal::Absent;
    let mut images = aws.images(cx, &tag(OPERATION), &resource.operation)?;
    if let (Some(id), true) = (&resource.id, images.is_empty()) {
        let asked = || Ok(aws.images(cx, "image-id", id)?.into_iter().next());
        images.extend(late(cx, asked)?);
    }
    for image in images {
        if image.tags.contains_key(COMPLETE) {
            return Ok(Removal::Kept);
        }
        aws.deregister_image(cx, &image.id)?;
        for snapshot in &image.snapshots {
            late(cx, || aws.snapshot(cx, snapshot))?;
            aws.delete_snapshot(cx, snapshot)?;
        }
        outcome = Removal::Removed;
    }
    // A copy that failed leaves snapshots behind, and no image.
    for snapshot in aws.snapshots(cx, &tag(OPERATION), &resource.operation)? {
        if !is_used(cx, aws, &snapshot)? {
            aws.delete_snapshot(cx, &snapshot.id)?;
            outcome = Removal::Removed;
        }
    }
    Ok(outcome)
}

/// Asks for something whose id is known until it is there, for a short while: what was made a
/// moment ago may not be seen yet, and what is not seen cannot be taken away.
fn late<T>(
    cx: &Cx,
    ask: impl Fn() -> Result<Option<T>, RemoteError>,
) -> Result<Option<T>, RemoteError> {
    for seconds in [1, 2, 4, 8] {
        if let Some(found) = ask()? {
            return Ok(Some(found));
        }
        wait(cx, Duration::from_secs(seconds))?;
    }
    Ok(None)
}

/// What is in the region and the account of `aws` and is part of nothing finished: at least as old
/// as `age`, so that nothing is taken from a run on another machine. Machines come before what they
/// have, images before the snapshots that they are made of.
pub fn find(cx: &Cx, aws: &Aws, region: &str, age: Duration) -> Result<Vec<Resource>, RemoteError> {
    let account = aws.account(cx)?;
    let age = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    let latest = cx.clock().unix_seconds().saturating_sub(age);
    let is_old = |time: Option<&String>| {
        let time: Option<jiff::Timestamp> = time.and_then(|time| time.parse().ok());
        time.is_some_and(|time| time.as_second() <= latest)
    };
    let resource = |kind, id: &str, tags: &std::collections::BTreeMap<String, String>| {
        let text = |key: &str| tags.get(key).cloned().unwrap_or_default();
        Resource {
            provider: PROVIDER.to_owned(),
            account: account.clone(),
            region: region.to_owned(),
            kind,
            operation: text(OPERATION),
            id: Some(id.to_owned()),
            owner: format!("{} {}", text(TARGET), text(NAME)),
        }
    };
    let images = aws.images(cx, "tag-key", OPERATION)?;
    let machines = machine::find(cx, aws, latest)?.into_iter();
    let mut found: Vec<Resource> = machines
        .map(|(kind, id, tags)| resource(kind, &id, &tags))
        .collect();
    for image in &images {
        if !image.tags.contains_key(COMPLETE) && is_old(image.created.as_ref()) {
            found.push(resource(ResourceKind::Image, &image.id, &image.tags));
        }
    }
    for snapshot in aws.snapshots(cx, "tag-key", OPERATION)? {
        let is_part = images
            .iter()
            .any(|image| image.snapshots.contains(&snapshot.id));
        if !is_part && is_old(snapshot.started.as_ref()) {
            found.push(resource(
                ResourceKind::Snapshot,
                &snapshot.id,
                &snapshot.tags,
            ));
        }
    }
    Ok(found)
}

/// The filter for a tag.
pub(crate) fn tag(key: &str) -> String {
    format!("tag:{key}")
}
