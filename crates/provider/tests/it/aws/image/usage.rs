//! What uses an image of a target, each way by itself, and what is said where it cannot be found out.

use std::collections::BTreeMap;

use goldsmith_core::catalog::CopyRow;
use goldsmith_core::failure::Class;
use goldsmith_core::fleet::{ImageFacts, Usage};
use goldsmith_core::target::Target as _;
use goldsmith_provider::target::AwsTarget;
use goldsmith_provider::target::aws::{AwsPlace, LaunchTemplate};
use goldsmith_testing::aws::ACCOUNT;
use serde_json::{Value, json};

use super::cloud::{AWAY, Cloud, HOME, NAME, at};

const OTHER: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::444455556666:role/audit";
const ANOTHER: &str = "ami-0123456789abcdef0";

/// A cloud with an image in one region.
fn with_image(place: AwsPlace) -> (Cloud, AwsTarget, Vec<CopyRow>) {
    let cloud = Cloud::fake();
    let target = cloud.target(place);
    let rows = cloud.send(&target, "web@1.0.0/1").unwrap();
    (cloud, target, rows)
}

/// An instance of an image, started by an account; its id.
fn launch(cloud: &Cloud, account: &str, ami: &str) -> String {
    let input = json!({ "ImageId": ami, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro" });
    let launched = cloud.as_fake().ask(account, HOME, "RunInstances", &input);
    cloud.as_fake().advance(60);
    let id = launched["Instances"][0]["InstanceId"].as_str();
    id.unwrap().to_owned()
}

fn terminate(cloud: &Cloud, instance: &str) {
    let input = json!({ "InstanceIds": [instance] });
    cloud.ask(HOME, "TerminateInstances", &input);
}

/// A launch template whose first version has this image; its id.
fn template(cloud: &Cloud, ami: &str) -> String {
    let data = json!({ "ImageId": ami, "InstanceType": "t3.micro" });
    let input = json!({ "LaunchTemplateName": "web", "LaunchTemplateData": data });
    let made = cloud.ask(HOME, "CreateLaunchTemplate", &input);
    let id = made["LaunchTemplate"]["LaunchTemplateId"].as_str();
    id.unwrap().to_owned()
}

/// Gives a template another version, with another image, that counts.
fn newer(cloud: &Cloud, template: &str, number: &str) {
    let data = json!({ "ImageId": ANOTHER });
    let input = json!({ "LaunchTemplateId": template, "LaunchTemplateData": data });
    cloud.ask(HOME, "CreateLaunchTemplateVersion", &input);
    let input = json!({ "LaunchTemplateId": template, "DefaultVersion": number });
    cloud.ask(HOME, "ModifyLaunchTemplate", &input);
}

fn group(cloud: &Cloud, how: &str, by: &Value) {
    let input = json!({ "AutoScalingGroupName": "web", "MinSize": 0, "MaxSize": 0, how: by });
    cloud.ask(HOME, "CreateAutoScalingGroup", &input);
}

fn share(cloud: &Cloud, ami: &str, with: &Value) {
    let input = json!({ "ImageId": ami, "LaunchPermission": { "Add": [with] } });
    cloud.ask(HOME, "ModifyImageAttribute", &input);
}

fn used(cloud: &Cloud, target: &AwsTarget, rows: &[CopyRow], roles: &[&str]) -> Usage {
    let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
    target.usage(&cloud.cx, rows, &roles).unwrap()
}

/// Uses an image in a way, and says how that is named.
type Way = fn(&Cloud, &str) -> Vec<String>;

/// Every way to use an image, and some that are none.
const WAYS: [Way; 11] = [
    |cloud, ami| vec![format!("instance {}", launch(cloud, ACCOUNT, ami))],
    |cloud, ami| {
        let id = launch(cloud, ACCOUNT, ami);
        cloud.ask(HOME, "StopInstances", &json!({ "InstanceIds": [id] }));
        vec![format!("instance {id}")]
    },
    |cloud, ami| {
        share(cloud, ami, &json!({ "UserId": OTHER }));
        vec![format!("instance {}", launch(cloud, OTHER, ami))]
    },
    |cloud, ami| {
        vec![format!(
            "launch template {} version 1",
            template(cloud, ami)
        )]
    },
    |cloud, ami| {
        let id = template(cloud, ami);
        newer(cloud, &id, "2");
        vec![format!("launch template {id} version 1")]
    },
    |cloud, ami| {
        let id = template(cloud, ami);
        newer(cloud, &id, "2");
        let by = json!({ "LaunchTemplateId": id, "Version": "1" });
        group(cloud, "LaunchTemplate", &by);
        vec![
            format!("launch template {id} version 1"),
            "auto scaling group web".to_owned(),
        ]
    },
    |cloud, ami| {
        let input =
            json!({ "LaunchConfigurationName": "old", "ImageId": ami, "InstanceType": "t3.micro" });
        cloud.ask(HOME, "CreateLaunchConfiguration", &input);
        vec!["launch configuration old".to_owned()]
    },
    |cloud, ami| {
        let input =
            json!({ "LaunchConfigurationName": "old", "ImageId": ami, "InstanceType": "t3.micro" });
        cloud.ask(HOME, "CreateLaunchConfiguration", &input);
        group(cloud, "LaunchConfigurationName", &json!("old"));
        let found = ["launch configuration old", "auto scaling group web"];
        found.map(str::to_owned).to_vec()
    },
    |cloud, ami| {
        let input = json!({ "Name": "/app/ami", "Value": ami, "Type": "String" });
        cloud.ask(HOME, "PutParameter", &input);
        vec!["parameter /app/ami".to_owned()]
    },
    |cloud, ami| {
        let id = launch(cloud, ACCOUNT, ami);
        terminate(cloud, &id);
        cloud.as_fake().advance(60);
        Vec::new()
    },
    |cloud, _| {
        let input = json!({ "Name": "/app/ami", "Value": ANOTHER, "Type": "String" });
        cloud.ask(HOME, "PutParameter", &input);
        Vec::new()
    },
];

#[test]
fn each_user_by_itself() {
    for (number, way) in WAYS.into_iter().enumerate() {
        let (cloud, target, rows) = with_image(at(&[HOME]));
        let ami = &rows[0].location;
        let mut expected = way(&cloud, ami);
        let usage = used(&cloud, &target, &rows, &[ROLE]);
        assert_eq!(usage.seen.unread, [], "{number}");
        let mut found: Vec<String> = usage.seen.users.iter().map(ToString::to_string).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{number}");
        let is_of_it =
            |user: &goldsmith_core::fleet::User| user.image == *ami && user.region == HOME;
        assert!(usage.seen.users.iter().all(is_of_it), "{number}");
    }
}

/// Whom an image is for, when it was launched, what protects it.
#[test]
fn facts() {
    let (cloud, target, rows) = with_image(AwsPlace {
        accounts: vec![OTHER.to_owned()],
        ..at(&[HOME])
    });
    let ami = &rows[0].location;
    let facts = |roles: &[&str]| used(&cloud, &target, &rows, roles).facts[ami].clone();
    assert_eq!(
        facts(&[ROLE]),
        ImageFacts::default(),
        "somebody looks there"
    );
    assert_eq!(facts(&[]).shared_with, [OTHER]);
    let organization = "arn:aws:organizations::111122223333:organization/o-abcdefghij";
    share(&cloud, ami, &json!({ "Group": "all" }));
    share(&cloud, ami, &json!({ "OrganizationArn": organization }));
    let protect = |word: &str| {
        let operation = format!("{word}ImageDeregistrationProtection");
        cloud.ask(HOME, &operation, &json!({ "ImageId": ami }));
    };
    protect("Enable");
    terminate(&cloud, &launch(&cloud, ACCOUNT, ami));
    let now = facts(&[ROLE]);
    assert_eq!(now.shared_with, [organization, "everybody"]);
    let launched = now.launched_unix.unwrap();
    let fake = cloud.as_fake();
    assert!(
        (fake.now() - 120..=fake.now()).contains(&launched),
        "{launched}"
    );
    let protection = now.protection.unwrap();
    assert!(
        protection.contains("(enabled-without-cooldown)"),
        "{protection}"
    );
    protect("Disable");
    assert_eq!(facts(&[]).protection, None);
}

/// A version that a template of the target got for an image does not keep it, once another one is
/// the default; whoever names that version does.
#[test]
fn versions_of_our_own() {
    let cloud = Cloud::fake();
    let template = template(&cloud, ANOTHER);
    let target = cloud.target(AwsPlace {
        launch_templates: vec![LaunchTemplate {
            id: template.clone(),
            region: HOME.to_owned(),
            is_default: true,
        }],
        ..at(&[HOME])
    });
    let rows = cloud.send(&target, "web@1.0.0/1").unwrap();
    let names = || -> Vec<String> {
        let usage = used(&cloud, &target, &rows, &[]);
        usage.seen.users.iter().map(ToString::to_string).collect()
    };
    assert_eq!(names(), [format!("launch template {template} version 2")]);
    newer(&cloud, &template, "3");
    assert_eq!(names(), [""; 0]);
    let by = json!({ "LaunchTemplateId": template, "Version": "2" });
    group(&cloud, "LaunchTemplate", &by);
    assert_eq!(names(), ["auto scaling group web"]);
}

/// What cannot be read is said, whichever it is, and everything else is read.
#[test]
fn what_cannot_be_read() {
    for (operation, what) in [
        ("DescribeInstances", "us-east-1 DescribeInstances"),
        (
            "DescribeLaunchTemplateVersions",
            "us-east-1 DescribeLaunchTemplateVersions",
        ),
        (
            "DescribeLaunchConfigurations",
            "us-east-1 DescribeLaunchConfigurations",
        ),
        (
            "DescribeAutoScalingGroups",
            "us-east-1 DescribeAutoScalingGroups",
        ),
        (
            "DescribeImageReferences",
            "us-east-1 DescribeImageReferences",
        ),
        ("DescribeImageAttribute", "the images in us-east-1"),
    ] {
        let (cloud, target, rows) = with_image(at(&[HOME]));
        cloud.as_fake().deny(ACCOUNT, operation);
        let usage = used(&cloud, &target, &rows, &[]);
        let unread: Vec<&str> = usage
            .seen
            .unread
            .iter()
            .map(|it| it.what.as_str())
            .collect();
        assert_eq!(unread, [what]);
        let why = &usage.seen.unread[0].why;
        assert!(
            why.contains(operation) && why.contains("may not call"),
            "{why}"
        );
        cloud.as_fake().allow(ACCOUNT, operation);
        assert_eq!(used(&cloud, &target, &rows, &[]).seen.unread, []);
    }
    // Another account that says no: the role cannot be had, or may not look.
    let (cloud, target, rows) = with_image(at(&[HOME]));
    let fake = cloud.as_fake();
    fake.deny(OTHER, "DescribeInstances");
    let found = used(&cloud, &target, &rows, &[ROLE]).seen.unread;
    assert_eq!(found[0].what, "us-east-1 DescribeInstances");
    fake.role("arn:aws:iam::444455556666:role/another", None);
    // Somebody who has no keys of the role yet.
    let target = cloud.target(at(&[HOME]));
    let found = used(&cloud, &target, &rows, &[ROLE]).seen.unread;
    assert_eq!(
        found[0].what,
        format!("what runs in the account of `{ROLE}`")
    );
    assert!(found[0].why.contains("access denied"), "{}", found[0].why);
    assert_eq!(found.len(), 1);
}

/// Whatever there is, everything is asked for once.
#[test]
fn the_calls_do_not_grow_with_the_images() {
    let (cloud, target, rows) = with_image(at(&[HOME, AWAY[0]]));
    let fake = cloud.as_fake();
    let count = |rows: &[CopyRow]| {
        let before = fake.log().len();
        used(&cloud, &target, rows, &[]);
        let mut calls: BTreeMap<String, usize> = BTreeMap::new();
        for logged in fake.log().split_off(before) {
            *calls.entry(logged.action).or_default() += 1;
        }
        calls
    };
    let one = count(&rows);
    // Of those that are no more there is nothing to find.
    let many: Vec<CopyRow> = (0..9)
        .flat_map(|number| {
            rows.iter().map(move |row| CopyRow {
                location: format!("ami-{number:017x}"),
                ..row.clone()
            })
        })
        .chain(rows.iter().cloned())
        .collect();
    assert_eq!(count(&many), one);
    assert_eq!(one["DescribeInstances"], 2);
    assert_eq!(one["DescribeLaunchTemplateVersions"], 4);
    assert_eq!(one["DescribeImageReferences"], 2);
    assert_eq!(one["DescribeImageAttribute"], 2);
}

#[test]
fn an_interruption_is_one() {
    let (cloud, target, rows) = with_image(at(&[HOME]));
    cloud.cx.cancel.cancel();
    let error = target.usage(&cloud.cx, &rows, &[]).unwrap_err();
    assert_eq!(error.class(), Class::Cancelled);
}

/// Copies of regions that the target has left are not its own.
#[test]
fn a_region_that_the_target_left() {
    let (cloud, _, rows) = with_image(at(&[HOME, AWAY[0]]));
    let smaller = cloud.target(at(&[HOME]));
    assert_eq!(
        rows.iter().map(|row| smaller.has(row)).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(rows[0].name, NAME);
}
