//! What holds for any images.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// 2026-01-01.
const START: i64 = 1_767_225_600;
const NOW: i64 = START + 86_400 * 400;

fn any_image(n: usize) -> impl Strategy<Value = Image> {
    let standing = prop_oneof![
        5 => Just(Standing::Approved),
        2 => Just(Standing::Candidate),
        1 => Just(Standing::Failed),
        1 => Just(Standing::Revoked),
    ];
    let phase = (0_u8..4, 0_i64..400).prop_map(|(phase, day)| {
        let since = Timestamp::from_second(START + day * 86_400).unwrap();
        match phase {
            0 => Phase::Deprecated { since },
            1 => Phase::Disabled { since },
            _ => Phase::Available { announced: None },
        }
    });
    let hold = prop::option::weighted(0.1, Just(Hold::InUse("i-1".to_owned())));
    let parent = prop::option::weighted(0.2, 0_usize..40);
    // A few days only, so that times are shared.
    (0_i64..400, 0_u8..3, 0_u32..3, standing, phase, hold, parent).prop_map(
        move |(day, family, patch, standing, phase, hold, parent)| Image {
            group: group(["web", "db", "base"][usize::from(family)]),
            version: format!("1.0.{patch}").parse().unwrap(),
            created: Timestamp::from_second(START + day * 86_400).unwrap(),
            standing,
            phase,
            parent: parent.map(|parent| format!("image {parent}")),
            holds: hold.into_iter().collect(),
            ..image(&format!("image {n}"), "2026-01-01")
        },
    )
}

fn any_images() -> impl Strategy<Value = Vec<Image>> {
    (0_usize..40).prop_flat_map(|count| (0..count).map(any_image).collect::<Vec<_>>())
}

fn any_policy() -> impl Strategy<Value = LifecyclePolicy> {
    let keep = || {
        prop_oneof![
            1 => Just(None),
            4 => (0_u32..15).prop_map(|n| Some(Keep::Newest(n))),
            1 => Just(Some(Keep::All)),
        ]
    };
    (
        1_u32..6,
        keep(),
        keep(),
        prop::option::of(0_u64..500),
        prop::option::of(0_u64..100),
        1_u32..50,
    )
        .prop_map(
            |(last_count, keep_monthly, keep_quarterly, within, failed, max_per_run)| {
                LifecyclePolicy {
                    keep_monthly,
                    keep_quarterly,
                    keep_within: within.map(days),
                    failed_after: failed.map(days),
                    revoked_after: failed.map(days),
                    max_per_run,
                    ..last(last_count)
                }
            },
        )
}

fn planned_at(policy: &LifecyclePolicy, images: &[Image]) -> Plan {
    plan(policy, images, Timestamp::from_second(NOW).unwrap(), true).unwrap()
}

fn kept_ids(plan: &Plan) -> BTreeSet<&str> {
    let kept = plan.decisions.iter().filter(|decision| decision.is_kept());
    kept.map(|decision| decision.id.as_str()).collect()
}

/// Kept by rules alone.
fn ruled_ids(plan: &Plan) -> BTreeSet<&str> {
    let kept = plan
        .decisions
        .iter()
        .filter(|decision| !decision.kept.is_empty());
    kept.map(|decision| decision.id.as_str()).collect()
}

fn more(keep: Option<Keep>) -> Keep {
    match keep {
        None => Keep::Newest(1),
        Some(Keep::Newest(n)) => Keep::Newest(n + 1),
        Some(Keep::All) => Keep::All,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn grows_with_each_rule(images in any_images(), policy in any_policy()) {
        let plan = planned_at(&policy, &images);
        for wider in [
            LifecyclePolicy { keep_last: Some(more(policy.keep_last)), ..policy.clone() },
            LifecyclePolicy { keep_monthly: Some(more(policy.keep_monthly)), ..policy.clone() },
            LifecyclePolicy { keep_quarterly: Some(more(policy.keep_quarterly)), ..policy.clone() },
            LifecyclePolicy { keep_within: Some(policy.keep_within.unwrap_or_default() + days(30)), ..policy.clone() },
        ] {
            let wider = planned_at(&wider, &images);
            prop_assert!(kept_ids(&plan).is_subset(&kept_ids(&wider)));
            prop_assert!(ruled_ids(&plan).is_subset(&ruled_ids(&wider)));
        }
    }

    #[test]
    fn the_order_of_images_is_nothing(images in any_images(), policy in any_policy(), by in 0_usize..40) {
        let plan = planned_at(&policy, &images);
        let mut turned = images.clone();
        turned.rotate_left(by % images.len().max(1));
        prop_assert_eq!(&planned_at(&policy, &turned), &plan);
        turned.reverse();
        prop_assert_eq!(&planned_at(&policy, &turned), &plan);
    }

    /// When all that goes is gone, nothing more goes.
    #[test]
    fn done_is_done(images in any_images(), policy in any_policy()) {
        let plan = planned_at(&policy, &images);
        let kept = kept_ids(&plan);
        let left: Vec<Image> = images.iter().filter(|image| kept.contains(image.id.as_str())).cloned().collect();
        let again = planned_at(&policy, &left);
        prop_assert_eq!(kept_ids(&again), kept);
    }

    #[test]
    fn no_group_is_emptied(images in any_images(), policy in any_policy()) {
        let plan = planned_at(&policy, &images);
        let kept = kept_ids(&plan);
        for image in images.iter().filter(|image| matches!(image.standing, Standing::Approved | Standing::Candidate)) {
            let stays = images.iter().any(|other| other.group == image.group && kept.contains(other.id.as_str()));
            prop_assert!(stays, "nothing of {:?} stays", image.group);
        }
        // The newest approved one above all.
        for decision in &plan.decisions {
            prop_assert!(!decision.kept.contains(&Reason::NewestApproved) || decision.is_kept());
        }
    }

    #[test]
    fn what_is_held_stays(images in any_images(), policy in any_policy()) {
        let plan = planned_at(&policy, &images);
        let kept = kept_ids(&plan);
        for image in &images {
            if !image.holds.is_empty() {
                prop_assert!(kept.contains(image.id.as_str()));
            }
            // And so does what it was made from.
            if let Some(parent) = &image.parent
                && kept.contains(image.id.as_str())
                && images.iter().any(|other| other.id == *parent)
            {
                prop_assert!(kept.contains(parent.as_str()));
            }
        }
    }

    /// What was revoked never takes the place of what is good.
    #[test]
    fn what_is_bad_changes_nothing(images in any_images(), policy in any_policy()) {
        let good: Vec<Image> = images.iter().filter(|image| !matches!(image.standing, Standing::Revoked | Standing::Failed)).cloned().collect();
        let (all, alone) = (planned_at(&policy, &images), planned_at(&policy, &good));
        let ruled = ruled_ids(&all);
        for decision in &alone.decisions {
            prop_assert_eq!(ruled.contains(decision.id.as_str()), !decision.kept.is_empty());
        }
    }

    #[test]
    fn never_more_than_the_limit(images in any_images(), policy in any_policy()) {
        let plan = planned_at(&policy, &images);
        prop_assert!(plan.actions().count() <= policy.max_per_run as usize);
        let none_kept = plan.actions().all(|(decision, _)| decision.holds.is_empty() && decision.kept.is_empty());
        prop_assert!(none_kept);
    }
}
