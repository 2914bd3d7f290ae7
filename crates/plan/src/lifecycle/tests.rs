//! The edge cases of retention, its properties, and a year of it.

mod holds;
mod properties;
mod year;

use std::time::Duration;

use goldsmith_core::diagnostic::{SourceFile, Span};
use goldsmith_core::recipe::Keep;

use super::*;

fn time(text: &str) -> Timestamp {
    let text = if text.contains('T') {
        text.to_owned()
    } else {
        format!("{text}T12:00:00Z")
    };
    text.parse().unwrap()
}

fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

fn policy() -> LifecyclePolicy {
    LifecyclePolicy::new("standard", Span::new(&SourceFile::new("", ""), 0..0))
}

fn last(count: u32) -> LifecyclePolicy {
    LifecyclePolicy {
        keep_last: Some(Keep::Newest(count)),
        ..policy()
    }
}

fn group(family: &str) -> Group {
    Group {
        family: family.to_owned(),
        arch: "amd64".to_owned(),
        platform: "local".to_owned(),
        channel: String::new(),
    }
}

fn image(id: &str, created: &str) -> Image {
    Image {
        id: id.to_owned(),
        group: group("web"),
        version: "1.0.0".parse().unwrap(),
        digest: Sha256::of(id.as_bytes()),
        created: time(created),
        standing: Standing::Approved,
        phase: Phase::Available { announced: None },
        parent: None,
        tags: BTreeMap::new(),
        launched: None,
        holds: Vec::new(),
    }
}

fn images(all: &[(&str, &str)]) -> Vec<Image> {
    all.iter().map(|(id, created)| image(id, created)).collect()
}

fn planned(policy: &LifecyclePolicy, images: &[Image], now: &str) -> Plan {
    plan(policy, images, time(now), false).unwrap()
}

/// Names of what stays, in their order.
fn kept(policy: &LifecyclePolicy, images: &[Image], now: &str) -> Vec<String> {
    let plan = planned(policy, images, now);
    let kept = plan.decisions.into_iter().filter(Decision::is_kept);
    kept.map(|decision| decision.id).collect()
}

fn next_of(policy: &LifecyclePolicy, images: &[Image], now: &str, id: &str) -> Next {
    let plan = planned(policy, images, now);
    plan.decisions
        .iter()
        .find(|decision| decision.id == id)
        .unwrap()
        .next
}

#[test]
fn the_last() {
    let all = images(&[
        ("a", "2026-01-01"),
        ("b", "2026-01-02"),
        ("c", "2026-01-03"),
        ("d", "2026-01-04"),
    ]);
    assert_eq!(kept(&last(1), &all, "2026-03-01"), ["d"]);
    assert_eq!(kept(&last(3), &all, "2026-03-01"), ["b", "c", "d"]);
    assert_eq!(kept(&last(9), &all, "2026-03-01"), ["a", "b", "c", "d"]);
    let everything = LifecyclePolicy {
        keep_last: Some(Keep::All),
        ..policy()
    };
    assert_eq!(kept(&everything, &all, "2026-03-01"), ["a", "b", "c", "d"]);
    // A group of one.
    assert_eq!(kept(&last(1), &all[..1], "2036-03-01"), ["a"]);
}

#[test]
fn months_and_quarters_are_those_of_the_calendar() {
    let all = images(&[
        ("leap", "2028-02-29T23:59:59Z"),
        ("march", "2028-03-01T00:00:00Z"),
        ("end-of-quarter", "2028-03-31T23:59:59Z"),
        ("next-quarter", "2028-04-01T00:00:00Z"),
        ("new-year", "2029-01-01T00:00:00Z"),
        ("old-year", "2028-12-31T23:59:59Z"),
    ]);
    let monthly = LifecyclePolicy {
        keep_monthly: Some(Keep::All),
        ..policy()
    };
    assert_eq!(
        kept(&monthly, &all, "2030-01-01"),
        [
            "end-of-quarter",
            "leap",
            "new-year",
            "next-quarter",
            "old-year"
        ]
    );
    let quarterly = LifecyclePolicy {
        keep_quarterly: Some(Keep::All),
        ..policy()
    };
    assert_eq!(
        kept(&quarterly, &all, "2030-01-01"),
        ["end-of-quarter", "new-year", "next-quarter", "old-year"]
    );
    let plan = planned(&quarterly, &all, "2030-01-01");
    let reasons: Vec<String> = plan.decisions[3]
        .kept
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        reasons,
        ["the newest approved one", "the newest of 2029, quarter 1"]
    );
    // By the clock of the world, in summer and in winter.
    let edge = images(&[
        ("june", "2026-06-30T23:30:00Z"),
        ("july", "2026-07-01T00:30:00+02:00"),
    ]);
    assert_eq!(kept(&monthly, &edge, "2027-01-01"), ["june"]);
}

#[test]
fn twelve_months_are_twelve_that_have_an_image() {
    let all = images(&[
        ("a", "2020-05-01"),
        ("b", "2022-05-01"),
        ("c", "2024-05-01"),
        ("d", "2024-05-02"),
    ]);
    let monthly = LifecyclePolicy {
        keep_monthly: Some(Keep::Newest(3)),
        ..policy()
    };
    assert_eq!(kept(&monthly, &all, "2026-01-01"), ["a", "b", "d"]);
    // By age there are none, and the newest stays all the same.
    let within = LifecyclePolicy {
        keep_within: Some(days(365)),
        ..policy()
    };
    assert_eq!(kept(&within, &all, "2026-01-01"), ["d"]);
    assert_eq!(kept(&within, &all, "2025-04-30"), ["c", "d"]);
}

/// Each rule counts by itself: the last three are also the newest of their months.
#[test]
fn rules_are_a_union() {
    let all = images(&[
        ("a", "2026-01-10"),
        ("b", "2026-02-10"),
        ("c", "2026-03-10"),
        ("d", "2026-03-11"),
        ("e", "2026-04-10"),
    ]);
    let policy = LifecyclePolicy {
        keep_last: Some(Keep::Newest(2)),
        keep_monthly: Some(Keep::Newest(3)),
        keep_quarterly: Some(Keep::Newest(1)),
        ..policy()
    };
    assert_eq!(kept(&policy, &all, "2026-12-01"), ["b", "d", "e"]);
}

#[test]
fn only_approved_images_fill_a_place() {
    let mut all = images(&[
        ("good", "2026-01-01"),
        ("bad", "2026-01-02"),
        ("failed", "2026-01-03"),
        ("newer", "2026-01-04"),
        ("new", "2026-01-05"),
    ]);
    all[1].standing = Standing::Revoked;
    all[2].standing = Standing::Failed;
    all[4].standing = Standing::Candidate;
    let policy = LifecyclePolicy {
        failed_after: Some(days(7)),
        revoked_after: Some(days(90)),
        ..last(2)
    };
    // What was revoked is evidence, what failed has its time, the newest may still be approved.
    assert_eq!(
        kept(&policy, &all, "2026-01-09"),
        ["bad", "failed", "good", "new", "newer"]
    );
    assert_eq!(
        kept(&policy, &all, "2026-03-01"),
        ["bad", "good", "new", "newer"]
    );
    assert_eq!(kept(&policy, &all, "2026-09-01"), ["good", "new", "newer"]);
    // Without a term both stay.
    assert_eq!(kept(&last(2), &all, "2036-09-01").len(), 5);
    // One that was passed over is not kept for that it was never approved.
    all[0].standing = Standing::Candidate;
    assert_eq!(kept(&policy, &all, "2026-09-01"), ["new", "newer"]);
    // What failed goes at once.
    assert_eq!(
        next_of(&policy, &all, "2026-03-01", "failed"),
        Next::Act(Action::Delete)
    );
}

#[test]
fn never_across_groups() {
    let mut all = images(&[
        ("a", "2026-01-01"),
        ("b", "2026-01-02"),
        ("c", "2026-01-03"),
    ]);
    all[0].group.arch = "arm64".to_owned();
    all[1].group.channel = "dev".to_owned();
    assert_eq!(kept(&last(1), &all, "2026-09-01"), ["a", "b", "c"]);
}

#[test]
fn two_in_one_second() {
    let mut all = images(&[("a", "2026-01-01"), ("b", "2026-01-01")]);
    all[0].version = "1.0.1".parse().unwrap();
    assert_eq!(kept(&last(1), &all, "2026-09-01"), ["a"]);
    all[0].version = all[1].version;
    let greater = if all[0].digest > all[1].digest {
        "a"
    } else {
        "b"
    };
    assert_eq!(kept(&last(1), &all, "2026-09-01"), [greater]);
    // Of one disk registered twice, the names decide.
    all[0].digest = all[1].digest;
    assert_eq!(kept(&last(1), &all, "2026-09-01"), ["b"]);
}

#[test]
fn phases_have_their_times() {
    let policy = LifecyclePolicy {
        deprecate_after: days(3),
        disable_after: days(14),
        delete_after: days(30),
        ..last(1)
    };
    let mut all = images(&[("old", "2026-01-01"), ("new", "2026-01-02")]);
    let at = |all: &[Image], now: &str| next_of(&policy, all, now, "old");
    let wait = |until: &str, then| Next::Wait {
        until: time(until),
        then,
    };
    assert_eq!(at(&all, "2026-02-01"), Next::Act(Action::Announce));
    all[0].phase = Phase::Available {
        announced: Some(time("2026-02-01")),
    };
    assert_eq!(
        at(&all, "2026-02-02"),
        wait("2026-02-04", Action::Deprecate)
    );
    assert_eq!(at(&all, "2026-02-04"), Next::Act(Action::Deprecate));
    all[0].phase = Phase::Deprecated {
        since: time("2026-02-04"),
    };
    assert_eq!(
        at(&all, "2026-02-18T11:59:59Z"),
        wait("2026-02-18", Action::Disable)
    );
    assert_eq!(at(&all, "2026-02-18"), Next::Act(Action::Disable));
    all[0].phase = Phase::Disabled {
        since: time("2026-02-18"),
    };
    assert_eq!(at(&all, "2026-02-19"), wait("2026-03-20", Action::Delete));
    assert_eq!(at(&all, "2026-03-20"), Next::Act(Action::Delete));
    all[0].phase = Phase::Deleted;
    assert_eq!(planned(&policy, &all, "2026-03-21").decisions.len(), 1);
    // Kept again, it stays where it is.
    all[0].phase = Phase::Disabled {
        since: time("2026-02-18"),
    };
    assert_eq!(next_of(&last(2), &all, "2026-04-20", "old"), Next::Keep);
    // Without a time to announce, it is deprecated at once.
    all[0].phase = Phase::Available { announced: None };
    assert_eq!(
        next_of(&last(1), &all, "2026-04-20", "old"),
        Next::Act(Action::Deprecate)
    );
}

#[test]
fn a_run_has_its_limit() {
    let all = images(&[
        ("d", "2026-01-01"),
        ("c", "2026-01-02"),
        ("b", "2026-01-03"),
        ("a", "2026-01-04"),
    ]);
    let policy = LifecyclePolicy {
        max_per_run: 2,
        ..last(1)
    };
    let plan = planned(&policy, &all, "2026-09-01");
    let acts: Vec<&str> = plan
        .actions()
        .map(|(decision, _)| decision.id.as_str())
        .collect();
    assert_eq!(acts, ["c", "d"]);
    assert_eq!(
        next_of(&policy, &all, "2026-09-01", "b"),
        Next::Later(Action::Deprecate)
    );
}

#[test]
fn refusals() {
    let all = images(&[("a", "2026-01-01")]);
    let at = time("2026-09-01");
    assert_eq!(
        plan(&policy(), &all, at, true),
        Err(PlanError::EmptyPolicy("standard".to_owned()))
    );
    assert_eq!(
        plan(&last(0), &all, at, true),
        Err(PlanError::EmptyPolicy("standard".to_owned()))
    );
    let twice = [all[0].clone(), all[0].clone()];
    assert_eq!(
        plan(&last(1), &twice, at, true),
        Err(PlanError::Twice("a".to_owned()))
    );
    let mut failed = all.clone();
    failed[0].standing = Standing::Failed;
    let policy = LifecyclePolicy {
        failed_after: Some(days(7)),
        ..last(3)
    };
    let error = plan(&policy, &failed, at, false).unwrap_err();
    assert_eq!(
        error,
        PlanError::KeepsNone {
            policy: "standard".to_owned(),
            images: 1
        }
    );
    assert_eq!(error.class(), Class::Policy);
    assert_eq!(
        plan(&policy, &failed, at, true).unwrap().actions().count(),
        1
    );
    // Nothing is nothing to refuse.
    assert_eq!(plan(&policy, &[], at, false).unwrap().decisions, []);
}

#[test]
fn the_digest_is_of_what_was_shown() {
    let mut all = images(&[("a", "2026-01-01"), ("b", "2026-01-02")]);
    let digest =
        |policy: &LifecyclePolicy, all: &[Image], now: &str| planned(policy, all, now).digest;
    let shown = digest(&last(1), &all, "2026-09-01");
    // The same an hour later, and in another order.
    assert_eq!(digest(&last(1), &all, "2026-09-01T13:00:00Z"), shown);
    all.reverse();
    assert_eq!(digest(&last(1), &all, "2026-09-01"), shown);
    // Another when anything that was shown is another.
    assert_ne!(digest(&last(2), &all, "2026-09-01"), shown);
    assert_ne!(
        digest(
            &LifecyclePolicy {
                delete_after: days(1),
                ..last(1)
            },
            &all,
            "2026-09-01"
        ),
        shown
    );
    let mut held = all.clone();
    held[1].holds.push(Hold::InUse("i-1".to_owned()));
    assert_ne!(digest(&last(1), &held, "2026-09-01"), shown);
    let mut other = all.clone();
    other[1].digest = Sha256::of(b"another disk");
    assert_ne!(digest(&last(1), &other, "2026-09-01"), shown);
    all[1].phase = Phase::Deprecated {
        since: time("2026-08-31"),
    };
    assert_ne!(digest(&last(1), &all, "2026-09-01"), shown);
}
