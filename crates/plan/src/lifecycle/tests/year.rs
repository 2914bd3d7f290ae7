//! Two years of an image a day, its retirement applied every night.

use std::collections::BTreeSet;

use super::*;

fn apply(image: &mut Image, action: Action, now: Timestamp) {
    image.phase = match action {
        Action::Announce => Phase::Available {
            announced: Some(now),
        },
        Action::Deprecate => Phase::Deprecated { since: now },
        Action::Disable => Phase::Disabled { since: now },
        Action::Delete => Phase::Deleted,
    };
}

#[test]
fn two_years() {
    let policy = LifecyclePolicy {
        keep_last: Some(Keep::Newest(3)),
        keep_monthly: Some(Keep::Newest(12)),
        keep_quarterly: Some(Keep::Newest(8)),
        failed_after: Some(days(7)),
        deprecate_after: days(2),
        ..policy()
    };
    let mut now = time("2026-01-01");
    let mut all: Vec<Image> = Vec::new();
    let mut deleted: BTreeSet<String> = BTreeSet::new();
    for day in 0..730 {
        let mut new = image(&format!("web {day:03}"), "2026-01-01");
        new.created = now;
        // Every fifth fails.
        if day % 5 == 4 {
            new.standing = Standing::Failed;
        }
        all.push(new);
        let plan = plan(&policy, &all, now, false).unwrap();
        let steps: Vec<(String, Action)> = plan
            .actions()
            .map(|(decision, action)| (decision.id.clone(), action))
            .collect();
        assert!(steps.len() <= 50);
        for (id, action) in steps {
            let image = all.iter_mut().find(|image| image.id == id).unwrap();
            apply(image, action, now);
            if action == Action::Delete {
                assert!(deleted.insert(id), "deleted twice");
            }
        }
        // What was done is not done again the same night.
        let again = super::super::plan(&policy, &all, now, false).unwrap();
        assert_eq!(again.actions().count(), 0, "day {day}");
        now += jiff::Span::new().hours(24);
    }
    let there: Vec<&Image> = all
        .iter()
        .filter(|image| image.phase != Phase::Deleted)
        .collect();
    let usable = |image: &&&Image| {
        matches!(image.phase, Phase::Available { .. }) && image.standing == Standing::Approved
    };
    let months: BTreeSet<String> = there
        .iter()
        .filter(usable)
        .map(|image| image.created.to_string()[..7].to_owned())
        .collect();
    // Twelve months, and of the year before the newest of each quarter.
    let mut expected: BTreeSet<String> = (1..=12).map(|month| format!("2027-{month:02}")).collect();
    expected.extend(["2026-03", "2026-06", "2026-09", "2026-12"].map(str::to_owned));
    assert_eq!(months, expected);
    // Eighteen that stay; four of five days: two days announced, two weeks deprecated, a month
    // disabled; one of five: a week failed.
    assert!((53..=58).contains(&there.len()), "{}", there.len());
    assert_eq!(there.len() + deleted.len(), 730);
}
