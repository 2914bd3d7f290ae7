//! The digest of a plan: equal for equal decisions of one policy, whenever they are made.
//!
//! ```text
//! H( field("goldsmith-lifecycle-1") policy number-of-images image* )
//! policy = field(name) keep_last keep_monthly keep_quarterly keep_within deprecate_after
//!          disable_after delete_after failed_after revoked_after min_age launched_within
//!          max_per_run keep_tag                                        each a field, as text
//! image  = field(id) field(digest of its disk) field(phase) field(next) field(kept) field(holds)
//!                                                             in the order of identifiers
//! ```
//!
//! The time of the plan is not in it: what matters of it is in the decisions. Of what is in use it
//! counts that it is, not by whom: a fleet has other machines every hour.

use std::fmt::Write as _;
use std::time::Duration;

use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_core::recipe::{Keep, LifecyclePolicy};

use super::{Decision, Hold, Image, Next, Phase};

pub(super) fn of(policy: &LifecyclePolicy, images: &[&Image], decisions: &[Decision]) -> Sha256 {
    let mut hasher = Hasher::new();
    hasher.field(b"goldsmith-lifecycle-1");
    for field in policy_fields(policy) {
        hasher.field(field.as_bytes());
    }
    hasher.field(decisions.len().to_string().as_bytes());
    let mut text = String::new();
    for (image, decision) in images.iter().zip(decisions) {
        hasher.field(decision.id.as_bytes());
        hasher.field(decision.digest.as_bytes());
        hasher.field(phase(image.phase).as_bytes());
        hasher.field(next(decision.next).as_bytes());
        hasher.field(listed(&mut text, &decision.kept).as_bytes());
        let mut holds: Vec<String> = decision.holds.iter().map(Hold::gist).collect();
        holds.dedup();
        hasher.field(listed(&mut text, &holds).as_bytes());
    }
    hasher.finish()
}

fn listed<'t, T: std::fmt::Display>(text: &'t mut String, all: &[T]) -> &'t str {
    text.clear();
    for one in all {
        let _ = writeln!(text, "{one}");
    }
    text
}

fn policy_fields(policy: &LifecyclePolicy) -> Vec<String> {
    let LifecyclePolicy {
        name,
        span: _,
        keep_last,
        keep_monthly,
        keep_quarterly,
        keep_within,
        deprecate_after,
        disable_after,
        delete_after,
        failed_after,
        revoked_after,
        min_age,
        launched_within,
        max_per_run,
        keep_tag,
        // What was found there is in the holds.
        roles: _,
    } = policy;
    let keep = |keep: Option<Keep>| match keep {
        None => "none".to_owned(),
        Some(Keep::All) => "all".to_owned(),
        Some(Keep::Newest(count)) => count.to_string(),
    };
    let time = |time: Duration| time.as_millis().to_string();
    let term = |term: Option<Duration>| term.map_or("none".to_owned(), time);
    let tag = keep_tag
        .as_ref()
        .map_or(String::new(), |tag| match &tag.value {
            Some(value) => format!("{}={value}", tag.key),
            None => tag.key.clone(),
        });
    vec![
        name.clone(),
        keep(*keep_last),
        keep(*keep_monthly),
        keep(*keep_quarterly),
        term(*keep_within),
        time(*deprecate_after),
        time(*disable_after),
        time(*delete_after),
        term(*failed_after),
        term(*revoked_after),
        time(*min_age),
        time(*launched_within),
        max_per_run.to_string(),
        tag,
    ]
}

fn phase(phase: Phase) -> String {
    match phase {
        Phase::Available { announced: None } => "available".to_owned(),
        Phase::Available {
            announced: Some(since),
        } => format!("announced {since}"),
        Phase::Deprecated { since } => format!("deprecated {since}"),
        Phase::Disabled { since } => format!("disabled {since}"),
        Phase::Deleted => "deleted".to_owned(),
    }
}

fn next(next: Next) -> String {
    match next {
        Next::Keep => "keep".to_owned(),
        Next::Act(action) => action.word().to_owned(),
        Next::Wait { until, then } => format!("{then} {until}"),
        Next::Later(action) => format!("later {action}"),
    }
}
