//! When images go: which a policy keeps, what holds the others, and what the next step of their
//! retirement is. A plan is a value: shown first, then applied by its digest.
//!
//! ```text
//! images of a group (family, architecture, platform, channel), newest first
//!   rules    each by itself: the newest n, the newest of each month, of each quarter, the young
//!            only approved images fill a place; what any rule keeps stays
//!   holds    in use, named by a channel, parent of one that stays, ...: stays, whatever the rules say
//!   phases   what is left: announce, deprecate, disable, delete, each after its time
//!   caps     no more steps than the policy allows, the oldest images first
//! ```
//!
//! All in UTC, months and quarters by the calendar. Pure: the time is given, and the same images in
//! another order give the same plan. Copies of an image elsewhere share its entry, and its time.

mod act;
mod digest;
mod hold;
mod retain;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::recipe::LifecyclePolicy;
use goldsmith_core::version::Version;
use jiff::Timestamp;

pub use act::{Action, Next};
pub use hold::{Hold, Refused, recheck};
pub use retain::Reason;

/// Images that are weighed against each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Name of the recipe.
    pub family: String,
    /// `amd64`.
    pub arch: String,
    /// Where its copies are: `local`, `aws`.
    pub platform: String,
    /// The channel it was made for; may be empty.
    pub channel: String,
}

/// What an image came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was approved, or published without anybody having to be asked.
    Approved,
    /// It may still be.
    Candidate,
    /// It failed, was cancelled or rejected.
    Failed,
    /// It was approved and is no longer to be trusted: revoked or quarantined.
    Revoked,
}

/// How far its retirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It can be used.
    Available {
        /// Since when its end has been announced.
        announced: Option<Timestamp>,
    },
    /// It can be used, and should not be.
    Deprecated {
        /// Since when.
        since: Timestamp,
    },
    /// It cannot be used, and is there.
    Disabled {
        /// Since when.
        since: Timestamp,
    },
    /// It is gone.
    Deleted,
}

/// An image, with all its copies.
#[derive(Debug, Clone)]
pub struct Image {
    /// What names it: `web 1.4.0/3`. One of its own among all images.
    pub id: String,
    /// What it is weighed against.
    pub group: Group,
    /// Its version.
    pub version: Version,
    /// Of its disk.
    pub digest: Sha256,
    /// When it was made. A copy made later has the time of its image.
    pub created: Timestamp,
    /// What it came to.
    pub standing: Standing,
    /// How far its retirement is.
    pub phase: Phase,
    /// The image it was made from.
    pub parent: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When a machine was last started from it, if any was and that is known.
    pub launched: Option<Timestamp>,
    /// What was found to need it. What follows from the policy or from other images is added.
    pub holds: Vec<Hold>,
}

/// What becomes of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Which.
    pub id: String,
    /// Of its disk: `apply` acts on no other of that name.
    pub digest: Sha256,
    /// Which rules keep it, in their order.
    pub kept: Vec<Reason>,
    /// What holds it, in a fixed order.
    pub holds: Vec<Hold>,
    /// What is done about it.
    pub next: Next,
}

impl Decision {
    /// Whether it stays, by a rule or a hold.
    pub fn is_kept(&self) -> bool {
        self.next == Next::Keep
    }
}

/// What a policy comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Name of the policy.
    pub policy: String,
    /// Of every image that is there, in the order of their names.
    pub decisions: Vec<Decision>,
    /// What `apply` is given: of the policy and all decisions.
    pub digest: Sha256,
}

impl Plan {
    /// What is to be done now, the oldest images first, as many as the policy allows at once.
    pub fn actions(&self) -> impl Iterator<Item = (&Decision, Action)> {
        let acts = |decision: &'_ Decision| match decision.next {
            Next::Act(action) => Some(action),
            Next::Keep | Next::Wait { .. } | Next::Later(_) => None,
        };
        self.decisions
            .iter()
            .filter_map(move |decision| Some((decision, acts(decision)?)))
    }
}

/// A plan that is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The policy has no rule.
    #[error("the lifecycle policy `{0}` keeps nothing")]
    EmptyPolicy(String),
    /// Not one image would stay.
    #[error("the lifecycle policy `{policy}` would let every one of {images} images go")]
    KeepsNone {
        /// Its name.
        policy: String,
        /// How many there are.
        images: usize,
    },
    /// Two images with one name.
    #[error("there are two images called `{0}`")]
    Twice(String),
}

impl Failure for PlanError {
    fn class(&self) -> Class {
        match self {
            Self::EmptyPolicy(_) => Class::Config,
            Self::KeepsNone { .. } => Class::Policy,
            Self::Twice(_) => Class::Bug,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::EmptyPolicy(_) => vec!["give it a rule such as `keep_last = 3`".to_owned()],
            Self::KeepsNone { .. } => {
                vec![
                    "add a rule that keeps something; that none need stay has to be said"
                        .to_owned(),
                ]
            }
            Self::Twice(_) => Vec::new(),
        }
    }
}

/// Makes a plan. `allows_all`: somebody said that no image need stay.
pub fn plan(
    policy: &LifecyclePolicy,
    images: &[Image],
    now: Timestamp,
    allows_all: bool,
) -> Result<Plan, PlanError> {
    if policy.is_empty() {
        return Err(PlanError::EmptyPolicy(policy.name.clone()));
    }
    let mut by_id: BTreeMap<&str, &Image> = BTreeMap::new();
    for image in images.iter().filter(|image| image.phase != Phase::Deleted) {
        if by_id.insert(&image.id, image).is_some() {
            return Err(PlanError::Twice(image.id.clone()));
        }
    }
    let images: Vec<&Image> = by_id.into_values().collect();
    let kept = retain::retain(policy, &images, now);
    let holds = hold::holds(policy, &images, &kept, now);
    let next = act::next(policy, &images, &kept, &holds, now);
    let decisions: Vec<Decision> = images
        .iter()
        .zip(kept.into_iter().zip(holds).zip(next))
        .map(|(image, ((kept, holds), next))| Decision {
            id: image.id.clone(),
            digest: image.digest,
            kept,
            holds,
            next,
        })
        .collect();
    if !allows_all && !decisions.is_empty() && !decisions.iter().any(Decision::is_kept) {
        return Err(PlanError::KeepsNone {
            policy: policy.name.clone(),
            images: decisions.len(),
        });
    }
    Ok(Plan {
        policy: policy.name.clone(),
        digest: digest::of(policy, &images, &decisions),
        decisions,
    })
}
