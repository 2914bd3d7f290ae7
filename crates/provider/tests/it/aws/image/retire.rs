//! The steps by which an image of AWS retires, and back: each alone, repeated, and after a kill at any
//! call.

use goldsmith_core::cx::Cx;
use goldsmith_core::target::{Target, TargetError};
use goldsmith_provider::target::AwsTarget;
use goldsmith_provider::target::aws::AwsPlace;
use goldsmith_testing::front::Act;
use serde_json::{Value, json};

use super::cloud::{AWAY, Cloud, HOME, NAME, at};

const OTHER: &str = "444455556666";

fn shared() -> AwsPlace {
    AwsPlace {
        accounts: vec![OTHER.to_owned()],
        fast_restore_zones: vec!["us-east-1a".to_owned(), "eu-north-1b".to_owned()],
        ..at(&[HOME, AWAY[0]])
    }
}

/// How an image stands in both regions: its state, whether it is deprecated, with how many it and its
/// snapshot are shared, and where that is fast.
fn standing(cloud: &Cloud) -> String {
    let mut lines = String::new();
    for region in [HOME, AWAY[0]] {
        let all = json!({ "Owners": ["self"], "IncludeDisabled": true, "IncludeDeprecated": true });
        let found = cloud.ask(region, "DescribeImages", &all);
        for image in found["Images"].as_array().unwrap() {
            let id = json!({ "ImageId": image["ImageId"], "Attribute": "launchPermission" });
            let users = cloud.ask(region, "DescribeImageAttribute", &id);
            let snapshot = &image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"];
            let id = json!({ "SnapshotId": snapshot, "Attribute": "createVolumePermission" });
            let readers = cloud.ask(region, "DescribeSnapshotAttribute", &id);
            let fast = cloud.ask(region, "DescribeFastSnapshotRestores", &json!({}));
            let fast = fast["FastSnapshotRestores"].as_array().unwrap().iter();
            let fast: Vec<&str> = fast
                .filter_map(|one| one["AvailabilityZone"].as_str())
                .collect();
            let count = |list: &Value| list.as_array().map_or(0, Vec::len);
            lines.push_str(&format!(
                "{} {} {} {} {}\n",
                image["State"].as_str().unwrap(),
                if image["DeprecationTime"].is_null() {
                    "-"
                } else {
                    "deprecated"
                },
                count(&users["LaunchPermissions"]),
                count(&readers["CreateVolumePermissions"]),
                fast.join(",")
            ));
        }
    }
    lines
}

const ALIVE: &str = "available - 1 1 us-east-1a\navailable - 1 1 eu-north-1b\n";
const DEPRECATED: &str =
    "available deprecated 1 1 us-east-1a\navailable deprecated 1 1 eu-north-1b\n";
const DISABLED: &str = "disabled deprecated 0 0 \ndisabled deprecated 0 0 \n";

type Step = fn(&AwsTarget, &Cx, &str) -> Result<(), TargetError>;

/// The steps, what is seen after each, and the calls that each makes.
const STEPS: [(Step, &str, &[&str]); 5] = [
    (
        |target, cx, name| target.deprecate(cx, name),
        DEPRECATED,
        &["EnableImageDeprecation"],
    ),
    (
        |target, cx, name| target.disable(cx, name),
        DISABLED,
        &[
            "DisableImage",
            "ResetSnapshotAttribute",
            "DisableFastSnapshotRestores",
        ],
    ),
    (
        |target, cx, name| target.restore(cx, name),
        ALIVE,
        &[
            "EnableImage",
            "DisableImageDeprecation",
            "ModifySnapshotAttribute",
            "ModifyImageAttribute",
            "EnableFastSnapshotRestores",
        ],
    ),
    (
        |target, cx, name| target.disable(cx, name),
        "disabled - 0 0 \ndisabled - 0 0 \n",
        &["DisableImage"],
    ),
    (
        |target, cx, name| target.withdraw(cx, name),
        "",
        &["DeregisterImage", "DeleteSnapshot"],
    ),
];

#[test]
fn each_step_may_be_repeated() {
    let cloud = Cloud::fake();
    let target = cloud.target(shared());
    for (step, ..) in [STEPS[0], STEPS[1], STEPS[4]] {
        step(&target, &cloud.cx, NAME).unwrap();
    }
    let error = target.restore(&cloud.cx, NAME).unwrap_err();
    assert!(error.to_string().contains("there is no image"), "{error}");
    cloud.send(&target, "web@1.0.0/1").unwrap();
    assert_eq!(standing(&cloud), ALIVE);
    for (step, expected, calls) in STEPS {
        step(&target, &cloud.cx, NAME).unwrap();
        assert_eq!(standing(&cloud), expected);
        let before: Vec<usize> = calls.iter().map(|call| cloud.calls(call)).collect();
        step(&target, &cloud.cx, NAME).unwrap();
        assert_eq!(standing(&cloud), expected);
        // What changes how an image stands is not asked for twice.
        if let [first, ..] = calls {
            assert_eq!(cloud.calls(first), before[0], "{first}");
        }
    }
    assert_eq!(cloud.counts()[..2], [(0, 0); 2]);
}

/// Whichever call is the last: the step is taken again, and comes to the same.
#[test]
fn a_kill_between_the_calls() {
    let dead = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>dead</Message></Error></Errors></Response>";
    let acts = [
        ("refused", Act::answer(403, dead)),
        ("lost", Act::LoseAnswer),
    ];
    for (name, act) in acts {
        let cloud = Cloud::fake();
        let target = cloud.target(shared());
        cloud.send(&target, "web@1.0.0/1").unwrap();
        for (step, expected, calls) in STEPS {
            for call in calls {
                let part = format!("Action={call}&");
                cloud.front.on_containing(&part, 1, act.clone());
            }
            // Each try gets one call further at least.
            let mut tries = 0;
            while let Err(error) = step(&target, &cloud.cx, NAME) {
                assert!(error.to_string().contains("dead"), "{name}: {error}");
                tries += 1;
                assert!(tries <= 2 * calls.len(), "{name}: {calls:?}");
            }
            assert_eq!(standing(&cloud), expected, "{name}: {calls:?}");
        }
        assert_eq!(cloud.counts()[..2], [(0, 0); 2], "{name}");
    }
}

/// A date that the target has set already, and one that is to come.
#[test]
fn a_date_of_deprecation() {
    let cloud = Cloud::fake();
    let target = cloud.target(AwsPlace {
        deprecate_after_days: Some(30),
        ..at(&[HOME])
    });
    cloud.send(&target, "web@1.0.0/1").unwrap();
    let date = || {
        let found = cloud.ask(HOME, "DescribeImages", &json!({ "Owners": ["self"] }));
        let date = found["Images"][0]["DeprecationTime"].as_str().unwrap();
        date[..10].to_owned()
    };
    assert_eq!(date(), "2026-12-23");
    target.deprecate(&cloud.cx, NAME).unwrap();
    assert_eq!(date(), "2026-11-23");
    target.restore(&cloud.cx, NAME).unwrap();
    assert_eq!(date(), "2026-12-23", "as when it was sent");
}

/// What is protected stays whole, and the reason is said.
#[test]
fn what_is_protected() {
    let cloud = Cloud::fake();
    let target = cloud.target(at(&[HOME]));
    let rows = cloud.send(&target, "web@1.0.0/1").unwrap();
    let id = json!({ "ImageId": rows[0].location });
    cloud.ask(HOME, "EnableImageDeregistrationProtection", &id);
    let error = target.withdraw(&cloud.cx, NAME).unwrap_err().to_string();
    assert!(error.contains("protected from deregistration"), "{error}");
    assert_eq!(cloud.count(), (1, 1));
}
