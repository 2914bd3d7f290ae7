//! The changes of all rules as one list: a path once, nothing beneath what goes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Change, Found, Rule};
use crate::snapshot::Snapshot;

/// What is going to be done, by path.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) changes: BTreeMap<String, Change>,
    /// Bytes that go.
    pub(super) bytes: u64,
    /// A file that two rules rewrite: the second one's turn comes in another round.
    pub(super) contested: Option<String>,
}

impl Plan {
    pub(super) fn of(snapshot: &Snapshot<'_>, found: &[(&'static Rule, Found)]) -> Self {
        let mut plan = Self::default();
        let findings = found.iter().flat_map(|(_, found)| &found.findings);
        for finding in findings.filter(|f| f.change != Change::Report) {
            match plan.changes.entry(finding.path.clone()) {
                Entry::Vacant(place) => {
                    place.insert(finding.change.clone());
                }
                Entry::Occupied(mut place) => {
                    let both_write = strength(place.get()) == 1 && strength(&finding.change) == 1;
                    if both_write && *place.get() != finding.change {
                        plan.contested = Some(finding.path.clone());
                    } else if strength(&finding.change) > strength(place.get()) {
                        place.insert(finding.change.clone());
                    }
                }
            }
        }
        plan.drop_inner();
        plan.bytes = plan
            .changes
            .iter()
            .filter_map(|(path, change)| Some((snapshot.get(path)?, change)))
            .map(|(node, change)| match change {
                Change::Write { bytes, .. } => node.size.saturating_sub(bytes.len() as u64),
                _ => snapshot.weight(node),
            })
            .sum();
        plan
    }

    /// Whether what is at a path goes, so that nobody need decide about it.
    pub(super) fn removes(&self, path: &str) -> bool {
        let ends = path.match_indices('/').skip(1).map(|(at, _)| at);
        ends.chain([path.len()]).any(|end| {
            let change = self.changes.get(&path[..end]);
            matches!(change, Some(Change::Delete))
                || end == path.len() && matches!(change, Some(Change::Truncate))
        })
    }

    /// A change beneath a folder that goes is no change.
    fn drop_inner(&mut self) {
        let gone: Vec<String> = self
            .changes
            .iter()
            .filter(|(_, change)| **change == Change::Delete)
            .map(|(path, _)| path.clone())
            .collect();
        self.changes.retain(|path, _| {
            path.match_indices('/').skip(1).all(|(at, _)| {
                gone.binary_search_by(|g| g.as_str().cmp(&path[..at]))
                    .is_err()
            })
        });
        if let Some(path) = &self.contested
            && !matches!(self.changes.get(path), Some(Change::Write { .. }))
        {
            self.contested = None;
        }
    }
}

const fn strength(change: &Change) -> u8 {
    match change {
        Change::Report => 0,
        Change::Write { .. } => 1,
        Change::Truncate => 2,
        Change::Delete => 3,
    }
}
