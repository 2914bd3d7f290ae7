//! What keeps an image whatever the rules say.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use goldsmith_core::recipe::LifecyclePolicy;
use jiff::Timestamp;

use super::retain::{Reason, age};
use super::{Decision, Image, Phase};

/// A reason not to touch an image. The texts say who or what, for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    /// A channel names it, or would go back to it.
    ChannelHead(String),
    /// An image that stays was made from it.
    ParentOf(String),
    /// An instance, a launch template, a parameter, ... needs it.
    InUse(String),
    /// Others may use it, and nobody can see whether they do.
    Shared(String),
    /// A machine was started from it not long ago.
    LaunchedLately,
    /// It has the tag that the policy names.
    KeepTag,
    /// Somebody said that it must stay.
    Legal(String),
    /// Its place does not let it go.
    Protected(String),
    /// Whether it is in use could not be found out.
    Unreadable(String),
    /// It is younger than the policy touches.
    TooYoung,
    /// It was made in the future, by a clock that is wrong.
    OfTheFuture,
    /// A copy of it is not finished.
    CopyPending(String),
}

impl Hold {
    /// What of it makes a plan another one.
    pub(super) fn gist(&self) -> String {
        match self {
            Self::InUse(_) => "in use".to_owned(),
            Self::Unreadable(_) => "nobody knows".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChannelHead(channel) => write!(f, "the channel `{channel}` names it"),
            Self::ParentOf(child) => write!(f, "`{child}` was made from it"),
            Self::InUse(by) => write!(f, "in use by {by}"),
            Self::Shared(with) => write!(f, "shared with {with}"),
            Self::LaunchedLately => f.write_str("a machine was started from it not long ago"),
            Self::KeepTag => f.write_str("its tag says that it stays"),
            Self::Legal(why) => write!(f, "must stay: {why}"),
            Self::Protected(by) => write!(f, "protected by {by}"),
            Self::Unreadable(why) => write!(f, "nobody knows whether it is in use: {why}"),
            Self::TooYoung => f.write_str("younger than the policy touches"),
            Self::OfTheFuture => f.write_str("made in the future, by a clock that is wrong"),
            Self::CopyPending(to) => write!(f, "its copy to {to} is not finished"),
        }
    }
}

/// The holds of each image, in the order of the images, which is that of their names.
pub(super) fn holds(
    policy: &LifecyclePolicy,
    images: &[&Image],
    kept: &[Vec<Reason>],
    now: Timestamp,
) -> Vec<Vec<Hold>> {
    let mut holds: Vec<Vec<Hold>> = images.iter().map(|image| own(policy, image, now)).collect();
    let by_id: BTreeMap<&str, usize> = images
        .iter()
        .enumerate()
        .map(|(at, image)| (image.id.as_str(), at))
        .collect();
    // From every image that stays up to its parents, each walked once.
    let mut stays: Vec<bool> = kept
        .iter()
        .zip(&holds)
        .map(|(kept, holds)| !kept.is_empty() || !holds.is_empty())
        .collect();
    let mut open: Vec<usize> = (0..images.len()).filter(|at| stays[*at]).collect();
    while let Some(at) = open.pop() {
        let parent = images[at]
            .parent
            .as_deref()
            .and_then(|parent| by_id.get(parent));
        if let Some(parent) = parent.copied() {
            holds[parent].push(Hold::ParentOf(images[at].id.clone()));
            if !stays[parent] {
                stays[parent] = true;
                open.push(parent);
            }
        }
    }
    for holds in &mut holds {
        holds.sort_unstable();
        holds.dedup();
    }
    holds
}

/// The holds that need no other image to be known.
fn own(policy: &LifecyclePolicy, image: &Image, now: Timestamp) -> Vec<Hold> {
    let mut holds = image.holds.clone();
    let lately = image.launched.is_some_and(|launched| {
        let since: Result<Duration, _> = now.duration_since(launched).try_into();
        since.map_or(true, |since| since <= policy.launched_within)
    });
    if lately {
        holds.push(Hold::LaunchedLately);
    }
    let is_kept = |(key, value): (&String, &String)| {
        policy
            .keep_tag
            .as_ref()
            .is_some_and(|tag| tag.fits(key, value))
    };
    if image.tags.iter().any(is_kept) {
        holds.push(Hold::KeepTag);
    }
    if image.created > now {
        holds.push(Hold::OfTheFuture);
    } else if age(image, now) < policy.min_age {
        holds.push(Hold::TooYoung);
    }
    holds
}

/// Why a step that was planned is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Something needs it now.
    #[error("`{id}` is held: {hold}")]
    Held {
        /// Which.
        id: String,
        /// By what.
        hold: Hold,
    },
    /// Another has its name now.
    #[error("`{0}` is another image than the one that was planned for")]
    OtherImage(String),
}

/// Whether a step may still be taken, by what is known of the image just before it. A step that was
/// taken already is no reason to refuse: it is taken again, and does nothing.
pub fn recheck(
    policy: &LifecyclePolicy,
    decision: &Decision,
    image: &Image,
    now: Timestamp,
) -> Result<(), Refused> {
    let id = image.id.clone();
    if image.id != decision.id || image.digest != decision.digest {
        return Err(Refused::OtherImage(decision.id.clone()));
    }
    if image.phase == Phase::Deleted {
        return Ok(());
    }
    match own(policy, image, now).into_iter().min() {
        Some(hold) => Err(Refused::Held { id, hold }),
        None => Ok(()),
    }
}
