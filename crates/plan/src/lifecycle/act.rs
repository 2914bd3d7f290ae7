//! The next step of what is neither kept nor held.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use goldsmith_core::recipe::LifecyclePolicy;
use jiff::Timestamp;

use super::retain::Reason;
use super::{Hold, Image, Phase, Standing};

/// A step of an image's retirement. All but the last can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Say that it will go.
    Announce,
    /// It can be used, and should not be.
    Deprecate,
    /// It cannot be used or shared.
    Disable,
    /// It and its copies go; what is known of it stays.
    Delete,
}

impl Action {
    /// One word, in plans and events.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Deprecate => "deprecate",
            Self::Disable => "disable",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What is done about an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it stays.
    Keep,
    /// This.
    Act(Action),
    /// This, when its time has come.
    Wait {
        /// When.
        until: Timestamp,
        /// What.
        then: Action,
    },
    /// This, in a later run: this one has enough to do, or an image made from it has to go first.
    Later(Action),
}

/// The next step of each image, in the order of the images.
pub(super) fn next(
    policy: &LifecyclePolicy,
    images: &[&Image],
    kept: &[Vec<Reason>],
    holds: &[Vec<Hold>],
    now: Timestamp,
) -> Vec<Next> {
    let mut next: Vec<Next> = images
        .iter()
        .zip(kept.iter().zip(holds))
        .map(|(image, (kept, holds))| {
            if kept.is_empty() && holds.is_empty() {
                step(policy, image, now)
            } else {
                Next::Keep
            }
        })
        .collect();
    let parents: BTreeSet<&str> = images
        .iter()
        .filter_map(|image| image.parent.as_deref())
        .collect();
    for (next, image) in next.iter_mut().zip(images) {
        if *next == Next::Act(Action::Delete) && parents.contains(image.id.as_str()) {
            *next = Next::Later(Action::Delete);
        }
    }
    let mut acting: Vec<usize> = (0..next.len())
        .filter(|at| matches!(next[*at], Next::Act(_)))
        .collect();
    acting.sort_by_key(|at| (images[*at].created, *at));
    for at in acting.into_iter().skip(policy.max_per_run as usize) {
        if let Next::Act(action) = next[at] {
            next[at] = Next::Later(action);
        }
    }
    next
}

fn step(policy: &LifecyclePolicy, image: &Image, now: Timestamp) -> Next {
    // Nobody uses what never was an image.
    if image.standing == Standing::Failed {
        return Next::Act(Action::Delete);
    }
    let after = |since: Timestamp, wait: Duration, then: Action| {
        let until = since.saturating_add(wait).unwrap_or(Timestamp::MAX);
        if until <= now {
            Next::Act(then)
        } else {
            Next::Wait { until, then }
        }
    };
    match image.phase {
        Phase::Available { announced: None } if policy.deprecate_after.is_zero() => {
            Next::Act(Action::Deprecate)
        }
        Phase::Available { announced: None } => Next::Act(Action::Announce),
        Phase::Available {
            announced: Some(since),
        } => after(since, policy.deprecate_after, Action::Deprecate),
        Phase::Deprecated { since } => after(since, policy.disable_after, Action::Disable),
        Phase::Disabled { since } => after(since, policy.delete_after, Action::Delete),
        Phase::Deleted => Next::Keep,
    }
}
