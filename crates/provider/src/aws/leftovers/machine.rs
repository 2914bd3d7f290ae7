//! Machines, and what was made for one.

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::cx::Cx;
use goldsmith_core::ledger::{Resource, ResourceKind};
use goldsmith_core::remote::RemoteError;

use super::super::Aws;
use super::super::ec2::{Group, Instance, KeyPair};
use super::super::mark::{MADE, OPERATION};
use super::{Removal, tag};

/// Ends machines and waits until they are gone.
pub(super) fn remove_instance(
    cx: &Cx,
    aws: &Aws,
    resource: &Resource,
) -> Result<Removal, RemoteError> {
    let found = aws.instances(cx, &tag(OPERATION), &resource.operation)?;
    let there = found.iter().filter(|instance| !instance.is_gone());
    let mut ids: Vec<&str> = there.map(|instance| instance.id.as_str()).collect();
    // One that was made a moment ago may not be found yet.
    let is_known = |id: &str| found.iter().any(|instance| instance.id == id);
    ids.extend(resource.id.as_deref().filter(|id| !is_known(id)));
    for id in &ids {
        aws.end_instance(cx, id)?;
    }
    Ok(removal(!ids.is_empty()))
}

pub(super) fn remove_group(
    cx: &Cx,
    aws: &Aws,
    resource: &Resource,
) -> Result<Removal, RemoteError> {
    let found = aws.groups(cx, &tag(OPERATION), &resource.operation)?;
    let found = found.into_iter().map(|group| group.id);
    let ids: BTreeSet<String> = found.chain(resource.id.clone()).collect();
    for id in &ids {
        aws.delete_group(cx, id)?;
    }
    Ok(removal(!ids.is_empty()))
}

pub(super) fn remove_key_pair(
    cx: &Cx,
    aws: &Aws,
    resource: &Resource,
) -> Result<Removal, RemoteError> {
    let found = aws.key_pairs(cx, &tag(OPERATION), &resource.operation)?;
    let found = found.into_iter().map(|pair| pair.name);
    let names: BTreeSet<String> = found.chain(resource.id.clone()).collect();
    for name in &names {
        aws.delete_key_pair(cx, name)?;
    }
    Ok(removal(!names.is_empty()))
}

const fn removal(was_there: bool) -> Removal {
    if was_there {
        Removal::Removed
    } else {
        Removal::Absent
    }
}

/// A thing that is there: kind, id and tags.
pub(super) type Seen = (ResourceKind, String, BTreeMap<String, String>);

/// All machines that are not gone, then groups, then keys: the order in which they can go. Only
/// what was made at `latest`, in seconds since 1970, or before.
pub(super) fn find(cx: &Cx, aws: &Aws, latest: i64) -> Result<Vec<Seen>, RemoteError> {
    let mut seen: Vec<Seen> = Vec::new();
    let instances = aws.instances(cx, "tag-key", OPERATION)?.into_iter();
    let instances = instances.filter(|instance| !instance.is_gone());
    seen.extend(instances.map(|Instance { id, tags, .. }| (ResourceKind::Instance, id, tags)));
    let groups = aws.groups(cx, "tag-key", OPERATION)?.into_iter();
    seen.extend(groups.map(|Group { id, tags }| (ResourceKind::SecurityGroup, id, tags)));
    let pairs = aws.key_pairs(cx, "tag-key", OPERATION)?.into_iter();
    seen.extend(pairs.map(|KeyPair { name, tags }| (ResourceKind::KeyPair, name, tags)));
    seen.retain(|(_, _, tags)| {
        let made: Option<i64> = tags.get(MADE).and_then(|text| text.parse().ok());
        made.is_some_and(|made| made <= latest)
    });
    Ok(seen)
}
