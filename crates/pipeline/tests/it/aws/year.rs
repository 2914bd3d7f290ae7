//! A year over two regions and two accounts.

use std::time::Duration;

use goldsmith_core::catalog::{Catalog as _, ImageFilter};
use goldsmith_core::image::ImageState;
use goldsmith_testing::aws::ACCOUNT;
use serde_json::json;

use super::{OTHER, REGIONS, ROLE, World};
use crate::world::pipeline;

/// One image a week, and a look after each; a group that never lets go of one, an account that uses
/// one for a while, and weeks in which that account says nothing. Nothing in use ever goes,
/// everything else does.
#[test]
fn a_year_over_two_regions() {
    let mut policy = pipeline().lifecycle.unwrap();
    policy.roles = vec![ROLE.to_owned()];
    policy.launched_within = Duration::from_hours(24);
    policy.keep_monthly = None;
    let world = World::new(policy);
    let mut instance = String::new();
    for week in 0..52 {
        world.publish(week);
        world.pass(7);
        if week == 6 {
            let ami = world.ami(4, "eu-west-1");
            let old = json!({ "LaunchConfigurationName": "old", "ImageId": ami, "InstanceType": "t3.micro" });
            world.ask("eu-west-1", "CreateLaunchConfiguration", &old);
            let group = json!({ "AutoScalingGroupName": "web", "MinSize": 0, "MaxSize": 0, "LaunchConfigurationName": "old" });
            world.ask("eu-west-1", "CreateAutoScalingGroup", &group);
            let ami = world.ami(5, "eu-north-1");
            world.share("eu-north-1", &ami, "Add", OTHER);
            instance = world.launch(OTHER, "eu-north-1", &ami);
        }
        match week {
            30 => world.terminate(OTHER, "eu-north-1", &instance),
            40 => world.fake.deny(OTHER, "DescribeInstances"),
            44 => world.fake.allow(OTHER, "DescribeInstances"),
            _ => {}
        }
        let states = || {
            (0..=week)
                .map(|patch| world.state(patch))
                .collect::<Vec<_>>()
        };
        let before = states();
        world.retire();
        let after = states();
        if (40..44).contains(&week) {
            assert_eq!(before, after, "week {week}: nobody knows what runs there");
        }
        if week >= 6 {
            assert_eq!(
                after[4],
                ImageState::Available,
                "week {week}: a group has it"
            );
        }
        if (6..30).contains(&week) {
            assert_eq!(
                after[5],
                ImageState::Available,
                "week {week}: a machine has it"
            );
        }
    }
    assert_eq!(world.state(5), ImageState::Deleted);
    let all = world
        .catalog
        .images(&ImageFilter::default(), None, 1000)
        .unwrap();
    let there = all
        .iter()
        .filter(|row| row.state != ImageState::Deleted)
        .count();
    assert!((8..16).contains(&there), "{there}");
    // What is there is what the catalog says: an image and a snapshot in each region.
    let left = world.fake.resources();
    for region in REGIONS {
        for kind in ["image", "snapshot"] {
            let start = format!("{ACCOUNT}/{region}/{kind}/");
            let count = left.iter().filter(|one| one.starts_with(&start)).count();
            assert_eq!(count, there, "{start}");
        }
    }
}
