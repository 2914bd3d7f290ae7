//! What keeps an image whatever the rules say.

use goldsmith_core::recipe::TagMatch;

use super::*;

const NOW: &str = "2026-09-01";

/// An image that the rules let go, with one thing changed.
fn held(policy: &LifecyclePolicy, change: impl Fn(&mut Image)) -> Vec<String> {
    let mut all = images(&[("old", "2026-01-01"), ("new", "2026-01-02")]);
    change(&mut all[0]);
    let plan = planned(policy, &all, NOW);
    let old = plan
        .decisions
        .iter()
        .find(|decision| decision.id == "old")
        .unwrap();
    assert_eq!(old.is_kept(), !old.holds.is_empty());
    old.holds.iter().map(ToString::to_string).collect()
}

#[test]
fn each_holds() {
    let nothing: [&str; 0] = [];
    assert_eq!(held(&last(1), |_| {}), nothing);
    for (hold, text) in [
        (
            Hold::ChannelHead("production".to_owned()),
            "the channel `production` names it",
        ),
        (Hold::InUse("lt-1".to_owned()), "in use by lt-1"),
        (
            Hold::Shared("111122223333".to_owned()),
            "shared with 111122223333",
        ),
        (Hold::Legal("case 7".to_owned()), "must stay: case 7"),
        (Hold::Protected("EC2".to_owned()), "protected by EC2"),
        (
            Hold::Unreadable("access denied".to_owned()),
            "nobody knows whether it is in use: access denied",
        ),
        (
            Hold::CopyPending("s3/archive".to_owned()),
            "its copy to s3/archive is not finished",
        ),
    ] {
        assert_eq!(
            held(&last(1), |image| image.holds.push(hold.clone())),
            [text]
        );
    }
}

#[test]
fn what_was_launched_lately() {
    let lately = ["a machine was started from it not long ago"];
    let nothing: [&str; 0] = [];
    let at = |text: &'static str| move |image: &mut Image| image.launched = Some(time(text));
    assert_eq!(held(&last(1), at("2026-08-20")), lately);
    assert_eq!(held(&last(1), at("2026-08-02")), lately);
    assert_eq!(held(&last(1), at("2026-07-31")), nothing);
    // By a clock that is ahead of ours.
    assert_eq!(held(&last(1), at("2026-09-02")), lately);
}

#[test]
fn tags_that_say_it_stays() {
    let with = |tag: &str| LifecyclePolicy {
        keep_tag: Some(tag.parse::<TagMatch>().unwrap()),
        ..last(1)
    };
    let tagged = |image: &mut Image| drop(image.tags.insert("keep".to_owned(), "yes".to_owned()));
    let stays = ["its tag says that it stays"];
    let nothing: [&str; 0] = [];
    assert_eq!(held(&with("keep"), tagged), stays);
    assert_eq!(held(&with("keep=yes"), tagged), stays);
    assert_eq!(held(&with("keep=no"), tagged), nothing);
    assert_eq!(held(&with("kept"), tagged), nothing);
}

#[test]
fn the_young_and_those_of_the_future() {
    let old = |created: &'static str| {
        move |image: &mut Image| {
            image.created = time(created);
            image.standing = Standing::Failed;
        }
    };
    let policy = LifecyclePolicy {
        failed_after: Some(Duration::ZERO),
        ..last(1)
    };
    assert_eq!(
        held(&policy, old("2026-09-01T11:59:59Z")),
        ["younger than the policy touches"]
    );
    let mut all = images(&[("early", "2026-01-01"), ("skewed", "2027-01-01")]);
    all[1].standing = Standing::Candidate;
    let none = LifecyclePolicy {
        min_age: Duration::ZERO,
        ..last(1)
    };
    let plan = planned(&none, &all, NOW);
    assert_eq!(plan.decisions[1].holds, [Hold::OfTheFuture]);
    // An approved one of the future takes a place, and the last known good stays by its channel.
    all[1].standing = Standing::Approved;
    all[0]
        .holds
        .push(Hold::ChannelHead("production".to_owned()));
    assert_eq!(kept(&none, &all, NOW), ["early", "skewed"]);
}

#[test]
fn parents_of_what_stays() {
    let mut all = images(&[
        ("base", "2025-01-01"),
        ("base-2", "2025-02-01"),
        ("middle", "2025-03-01"),
        ("leaf", "2026-01-01"),
        ("other", "2025-04-01"),
        ("gone", "2025-05-01"),
    ]);
    all[0].group = group("base");
    all[1].group = group("base");
    all[2].group = group("middle");
    all[2].parent = Some("base".to_owned());
    all[3].parent = Some("middle".to_owned());
    all[4].group = group("middle");
    // A parent that is not there, and one that is its own: neither leads anywhere.
    all[5].parent = Some("nobody".to_owned());
    let plan = planned(&last(1), &all, NOW);
    let texts: Vec<String> = plan.decisions[0]
        .holds
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(texts, ["`middle` was made from it"]);
    assert_eq!(
        kept(&last(1), &all, NOW),
        ["base", "base-2", "leaf", "middle", "other"]
    );
    all[5].parent = Some("gone".to_owned());
    assert!(!kept(&last(1), &all, NOW).contains(&"gone".to_owned()));
}

/// What has a child goes after it, even when both go.
#[test]
fn children_go_first() {
    let mut all = images(&[
        ("parent", "2025-01-01"),
        ("child", "2025-02-01"),
        ("new", "2026-01-01"),
    ]);
    all[1].parent = Some("parent".to_owned());
    for image in &mut all[..2] {
        image.phase = Phase::Disabled {
            since: time("2026-03-01"),
        };
    }
    assert_eq!(
        next_of(&last(1), &all, NOW, "child"),
        Next::Act(Action::Delete)
    );
    assert_eq!(
        next_of(&last(1), &all, NOW, "parent"),
        Next::Later(Action::Delete)
    );
    all[1].phase = Phase::Deleted;
    assert_eq!(
        next_of(&last(1), &all, NOW, "parent"),
        Next::Act(Action::Delete)
    );
}

#[test]
fn looked_at_again_before_each_step() {
    let mut all = images(&[("old", "2026-01-01"), ("new", "2026-01-02")]);
    let policy = last(1);
    let plan = planned(&policy, &all, NOW);
    let (decision, action) = plan.actions().next().unwrap();
    assert_eq!((decision.id.as_str(), action), ("old", Action::Deprecate));
    let again = |image: &Image| recheck(&policy, decision, image, time(NOW));
    assert_eq!(again(&all[0]), Ok(()));
    // Taken already by a run that was killed.
    all[0].phase = Phase::Deprecated { since: time(NOW) };
    assert_eq!(again(&all[0]), Ok(()));
    all[0].launched = Some(time(NOW));
    let error = again(&all[0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`old` is held: a machine was started from it not long ago"
    );
    all[0].digest = Sha256::of(b"registered anew");
    assert_eq!(again(&all[0]), Err(Refused::OtherImage("old".to_owned())));
}
