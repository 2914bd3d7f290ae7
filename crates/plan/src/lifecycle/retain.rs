//! Which images the rules keep.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use goldsmith_core::recipe::{Keep, LifecyclePolicy};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Group, Image, Standing};

/// Why a rule keeps an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is the newest approved one of its group, which always stays.
    NewestApproved,
    /// It is newer than that one, and may still be approved.
    Candidate,
    /// One of the last, counted from 1.
    Last(usize),
    /// The newest of its month.
    Monthly {
        /// The year.
        year: i16,
        /// From 1 to 12.
        month: i8,
    },
    /// The newest of its quarter.
    Quarterly {
        /// The year.
        year: i16,
        /// From 1 to 4.
        quarter: i8,
    },
    /// It is not older than the policy says.
    Within,
    /// It failed, and the time for that is not over.
    Failed,
    /// It is evidence: an image that was revoked stays until the time for that is over.
    Evidence,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewestApproved => f.write_str("the newest approved one"),
            Self::Candidate => f.write_str("may still be approved"),
            Self::Last(n) => write!(f, "number {n} of the last"),
            Self::Monthly { year, month } => write!(f, "the newest of {year}-{month:02}"),
            Self::Quarterly { year, quarter } => {
                write!(f, "the newest of {year}, quarter {quarter}")
            }
            Self::Within => f.write_str("young enough"),
            Self::Failed => f.write_str("failed, and not long ago"),
            Self::Evidence => f.write_str("kept as evidence"),
        }
    }
}

/// The reasons of each image, in the order of the images.
pub(super) fn retain(
    policy: &LifecyclePolicy,
    images: &[&Image],
    now: Timestamp,
) -> Vec<Vec<Reason>> {
    let mut groups: BTreeMap<&Group, Vec<usize>> = BTreeMap::new();
    for (at, image) in images.iter().enumerate() {
        groups.entry(&image.group).or_default().push(at);
    }
    let mut kept = vec![Vec::new(); images.len()];
    for mut members in groups.into_values() {
        // Names are the last resort: nothing may depend on the order that images come in.
        members.sort_unstable_by_key(|at| {
            let image = images[*at];
            Reverse((image.created, image.version, image.digest, &image.id))
        });
        slots(policy, images, &members, &mut kept);
        terms(policy, images, &members, now, &mut kept);
    }
    for reasons in &mut kept {
        reasons.sort_unstable();
    }
    kept
}

/// The rules whose places only approved images fill. `members` are newest first.
fn slots(policy: &LifecyclePolicy, images: &[&Image], members: &[usize], kept: &mut [Vec<Reason>]) {
    let is_approved = |at: &&usize| images[**at].standing == Standing::Approved;
    let approved: Vec<usize> = members.iter().filter(is_approved).copied().collect();
    if let Some(newest) = approved.first() {
        kept[*newest].push(Reason::NewestApproved);
    }
    let limit = |keep: Option<Keep>| keep.map_or(0, Keep::limit);
    for (n, at) in approved.iter().take(limit(policy.keep_last)).enumerate() {
        kept[*at].push(Reason::Last(n + 1));
    }
    let (mut months, mut quarters) = (limit(policy.keep_monthly), limit(policy.keep_quarterly));
    let (mut last_month, mut last_quarter) = (None, None);
    for at in approved {
        if months == 0 && quarters == 0 {
            break;
        }
        let date = TimeZone::UTC.to_datetime(images[at].created).date();
        let (year, month) = (date.year(), date.month());
        let quarter = (month - 1) / 3 + 1;
        // Newest first: the first of a month or quarter is its newest.
        if months > 0 && last_month != Some((year, month)) {
            last_month = Some((year, month));
            months -= 1;
            kept[at].push(Reason::Monthly { year, month });
        }
        if quarters > 0 && last_quarter != Some((year, quarter)) {
            last_quarter = Some((year, quarter));
            quarters -= 1;
            kept[at].push(Reason::Quarterly { year, quarter });
        }
    }
}

/// The rules that go by time.
fn terms(
    policy: &LifecyclePolicy,
    images: &[&Image],
    members: &[usize],
    now: Timestamp,
    kept: &mut [Vec<Reason>],
) {
    let mut is_newer_than_approved = true;
    for at in members {
        let image = images[*at];
        let is_young = |term: Option<Duration>| term.is_some_and(|term| age(image, now) <= term);
        let reasons = &mut kept[*at];
        match image.standing {
            Standing::Approved => is_newer_than_approved = false,
            Standing::Candidate if is_newer_than_approved => reasons.push(Reason::Candidate),
            Standing::Candidate => {}
            // Without a term they stay.
            Standing::Failed => {
                if policy.failed_after.is_none() || is_young(policy.failed_after) {
                    reasons.push(Reason::Failed);
                }
                continue;
            }
            Standing::Revoked => {
                if policy.revoked_after.is_none() || is_young(policy.revoked_after) {
                    reasons.push(Reason::Evidence);
                }
                continue;
            }
        }
        if is_young(policy.keep_within) {
            reasons.push(Reason::Within);
        }
    }
}

/// How old an image is; one of the future is new.
pub(super) fn age(image: &Image, now: Timestamp) -> Duration {
    now.duration_since(image.created)
        .try_into()
        .unwrap_or(Duration::ZERO)
}
