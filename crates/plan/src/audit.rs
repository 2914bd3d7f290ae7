//! What runs on images that it should not run on, and what to do about it.
//!
//! ```text
//! what runs (instances, templates, groups)  ┐
//! images of the catalog with their copies   ├─► a verdict each: its image, why not, what to do
//! limits (age, channel, others' images)     ┘
//! ```
//!
//! Pure: the time is given. What is allowed in advance is written by [`generate`].

pub mod apply;
mod fix;
pub mod generate;
pub mod news;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use goldsmith_core::fleet::User;
use goldsmith_core::image::{ImageId, ImageState};

pub use fix::Fix;

/// An image of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Which.
    pub id: ImageId,
    /// How it stands.
    pub state: ImageState,
    /// When it was made, in seconds since 1970-01-01 UTC.
    pub created_unix: i64,
    /// The channels that name it now.
    pub channels: Vec<String>,
    /// What the last assessment found that was not known when it was approved.
    pub findings: Vec<String>,
    /// Its copies.
    pub copies: Vec<ImageCopy>,
}

/// A copy of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageCopy {
    /// `eu-north-1`.
    pub region: String,
    /// `ami-0abc`.
    pub id: String,
    /// Its name there.
    pub name: String,
    /// Whether it is there still.
    pub is_there: bool,
}

/// What may run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// The most that an image may have been made ago.
    pub max_age: Option<Duration>,
    /// The channel whose image should run; `None`: whichever names one of the family.
    pub channel: Option<String>,
    /// Images of others that may run: `ami-0abc`.
    pub allowed: BTreeSet<String>,
}

/// Why something should not run on its image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The catalog does not know the image.
    Unknown,
    /// It is not one that may be used.
    State(ImageState),
    /// It is older than it may be.
    TooOld {
        /// Whole days since it was made.
        days: u64,
        /// Whole days that it may be.
        most: u64,
    },
    /// It has findings that it did not have when it was approved.
    Vulnerable(Vec<String>),
    /// Something newer should be used: said, and not refused.
    Deprecated,
}

impl Reason {
    /// Whether it is refused, and not only said.
    pub const fn is_refusal(&self) -> bool {
        !matches!(self, Self::Deprecated)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("its image is none of the catalog's"),
            Self::State(state) => write!(f, "its image is {}", state.name()),
            Self::TooOld { days, most } => {
                write!(f, "its image is {days} days old, {most} are allowed")
            }
            Self::Vulnerable(ids) => write!(f, "its image has {}", ids.join(", ")),
            Self::Deprecated => f.write_str("its image is deprecated"),
        }
    }
}

/// What an audit says of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Of what.
    pub user: User,
    /// The image that it runs on, where the catalog knows it.
    pub image: Option<ImageId>,
    /// Why it should not; empty: it may.
    pub reasons: Vec<Reason>,
    /// What to do, when there is a reason.
    pub fix: Option<Fix>,
}

impl Verdict {
    /// Whether it must not run.
    pub fn is_refused(&self) -> bool {
        self.reasons.iter().any(Reason::is_refusal)
    }
}

/// Judges everything, in the order given.
pub fn audit(users: &[User], images: &[Image], limits: &Limits, now_unix: i64) -> Vec<Verdict> {
    let known: BTreeMap<(&str, &str), &Image> = images
        .iter()
        .flat_map(|image| {
            let copies = image.copies.iter();
            copies.map(move |copy| ((copy.region.as_str(), copy.id.as_str()), image))
        })
        .collect();
    let judge = |user: &User| {
        let image = known.get(&(user.region.as_str(), user.image.as_str()));
        let reasons = match image {
            Some(image) => reasons(image, limits, now_unix),
            None if limits.allowed.contains(&user.image) => Vec::new(),
            None => vec![Reason::Unknown],
        };
        let fix =
            (!reasons.is_empty()).then(|| fix::fix(user, image.copied(), images, limits, now_unix));
        Verdict {
            user: user.clone(),
            image: image.map(|image| image.id.clone()),
            reasons,
            fix,
        }
    };
    users.iter().map(judge).collect()
}

/// Whether something may be started from an image: one that the limits refuse nothing of, and
/// that their channel names where they have one.
pub fn is_approved(image: &Image, limits: &Limits, now_unix: i64) -> bool {
    let channel = limits.channel.as_ref();
    let is_named = channel.is_none_or(|channel| image.channels.contains(channel));
    is_named
        && !reasons(image, limits, now_unix)
            .iter()
            .any(Reason::is_refusal)
}

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

fn reasons(image: &Image, limits: &Limits, now_unix: i64) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if !image.state.is_usable() {
        reasons.push(Reason::State(image.state));
    }
    let age = u64::try_from(now_unix.saturating_sub(image.created_unix)).unwrap_or(0);
    if let Some(most) = limits.max_age.filter(|most| age > most.as_secs()) {
        reasons.push(Reason::TooOld {
            days: age / DAY,
            most: most.as_secs() / DAY,
        });
    }
    if !image.findings.is_empty() {
        reasons.push(Reason::Vulnerable(image.findings.clone()));
    }
    if image.state == ImageState::Deprecated {
        reasons.push(Reason::Deprecated);
    }
    reasons
}
