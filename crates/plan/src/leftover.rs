//! Which of the things that somebody began to make in a cloud are left over, and may be removed.
//!
//! ```text
//! ledger: written down, not crossed off ──┐         kept: a copy of the catalog, being made
//! found by tag: part of nothing finished ─┴─► one of each ─► a verdict
//! ```
//!
//! The ledger is that of one home. What it does not know another machine may be making: whoever
//! finds things by tag gives only those that are older than anybody makes an image ([`AGE`]). Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use goldsmith_core::ledger::{Resource, ResourceKind};

/// How old something that no ledger knows has to be.
pub const AGE: Duration = Duration::from_hours(24);

/// What is written down of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What.
    pub resource: Resource,
    /// Whether the process that makes it is alive.
    pub is_being_made: bool,
}

/// Why something stays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// It is a copy of this image: `web 1.4.0/3`.
    Copy(String),
    /// A process makes it, or something else of the same image.
    BeingMade,
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copy(image) => write!(f, "it is a copy of {image}"),
            Self::BeingMade => f.write_str("it is being made"),
        }
    }
}

/// Why something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is written down, and the process that began it is gone.
    Begun,
    /// It has our tags, and no ledger and no copy names it.
    Unknown,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Begun => "whoever began it is gone",
            Self::Unknown => "nothing names it",
        })
    }
}

/// What becomes of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Of what.
    pub resource: Resource,
    /// Whether it goes.
    pub verdict: Result<Why, Keep>,
}

/// Decides, in an order in which things can be removed: what uses another first. `copies` are the
/// images of the copies that are there, by region and id.
pub fn plan(
    ledger: &[Entry],
    found: &[Resource],
    copies: &BTreeMap<(String, String), String>,
) -> Vec<Decision> {
    let live: BTreeSet<&str> = ledger
        .iter()
        .filter(|entry| entry.is_being_made)
        .map(|entry| entry.resource.owner.as_str())
        .collect();
    let verdict = |resource: &Resource, why: Why| {
        let id = resource.id.clone().unwrap_or_default();
        match copies.get(&(resource.region.clone(), id)) {
            Some(image) => Err(Keep::Copy(image.clone())),
            None if live.contains(resource.owner.as_str()) => Err(Keep::BeingMade),
            None => Ok(why),
        }
    };
    let mut decisions: Vec<Decision> = Vec::new();
    for Entry { resource, .. } in ledger {
        // What the ledger has no id of may have been found with one.
        let same = found.iter().find(|it| is_same(it, resource));
        let id = resource.id.as_ref().or(same.and_then(|it| it.id.as_ref()));
        let resource = Resource {
            id: id.cloned(),
            ..resource.clone()
        };
        decisions.push(Decision {
            verdict: verdict(&resource, Why::Begun),
            resource,
        });
    }
    for resource in found {
        if !ledger
            .iter()
            .any(|entry| is_same(&entry.resource, resource))
        {
            decisions.push(Decision {
                verdict: verdict(resource, Why::Unknown),
                resource: resource.clone(),
            });
        }
    }
    decisions.sort_by(|a, b| {
        let key = |it: &Decision| (rank(it.resource.kind), it.resource.clone());
        key(a).cmp(&key(b))
    });
    decisions
}

/// Whether both are the same thing: that of one operation, or of one id.
fn is_same(one: &Resource, other: &Resource) -> bool {
    let is_operation = !one.operation.is_empty() && one.operation == other.operation;
    let is_id = one.id.is_some() && one.id == other.id;
    one.region == other.region && rank(one.kind) == rank(other.kind) && (is_operation || is_id)
}

/// What uses others before what is used. An image that was copied is found as an image.
const fn rank(kind: ResourceKind) -> u8 {
    match kind {
        ResourceKind::Instance => 0,
        ResourceKind::Image | ResourceKind::Copy => 1,
        ResourceKind::Snapshot => 2,
        ResourceKind::SecurityGroup => 3,
        ResourceKind::KeyPair => 4,
    }
}

#[cfg(test)]
mod tests;
