use std::collections::BTreeSet;
use std::time::Duration;

use goldsmith_core::fleet::{User, UserKind};
use goldsmith_core::image::ImageState;

use super::{Image, ImageCopy, Limits, Reason, Verdict, audit};

const DAY: i64 = 24 * 60 * 60;
const NOW: i64 = 100 * DAY;

/// An image made on a day, with a copy in each region, `ami-<build>-<region>`.
fn image(id: &str, state: ImageState, day: i64, regions: &[&str]) -> Image {
    let id: goldsmith_core::image::ImageId = id.parse().unwrap();
    let copy = |region: &&str| ImageCopy {
        region: (*region).to_owned(),
        id: format!("ami-{}-{}-{region}", id.name, id.version),
        name: format!("{}-{}", id.name, id.version),
        is_there: true,
    };
    Image {
        state,
        created_unix: day * DAY,
        channels: Vec::new(),
        findings: Vec::new(),
        copies: regions.iter().map(copy).collect(),
        id,
    }
}

fn user(kind: UserKind, region: &str, image: &str) -> User {
    User {
        account: "111122223333".to_owned(),
        region: region.to_owned(),
        id: match kind {
            UserKind::Instance { .. } => "i-0abc",
            UserKind::LaunchTemplate { .. } => "lt-0abc",
            UserKind::LaunchConfiguration | UserKind::AutoScalingGroup { .. } => "web",
            UserKind::Parameter => "/golden/web",
        }
        .to_owned(),
        name: String::new(),
        image: image.to_owned(),
        kind,
    }
}

fn instance(region: &str, image: &str) -> User {
    user(UserKind::Instance { by: None }, region, image)
}

fn one(user: User, images: &[Image], limits: &Limits) -> Verdict {
    audit(&[user], images, limits, NOW).remove(0)
}

/// What an instance on an image of version 1.0.0 is told.
fn check(state: ImageState, limits: &Limits, expected: &[Reason]) {
    let images = [image("web@1.0.0/1", state, 10, &["eu-north-1"])];
    let verdict = one(
        instance("eu-north-1", "ami-web-1.0.0-eu-north-1"),
        &images,
        limits,
    );
    assert_eq!(verdict.reasons, expected, "{state:?}");
    assert_eq!(verdict.image.as_ref(), Some(&images[0].id));
    assert_eq!(verdict.fix.is_some(), !expected.is_empty());
    let is_refused = expected.iter().any(|it| *it != Reason::Deprecated);
    assert_eq!(verdict.is_refused(), is_refused);
}

#[test]
fn every_state() {
    let limits = Limits::default();
    for state in ImageState::ALL {
        let expected = match state {
            ImageState::Approved | ImageState::Distributing | ImageState::Available => vec![],
            ImageState::Deprecated => vec![Reason::Deprecated],
            state => vec![Reason::State(state)],
        };
        check(state, &limits, &expected);
    }
}

#[test]
fn ages() {
    let limits = |days: u64| Limits {
        max_age: Some(Duration::from_hours(24 * days)),
        ..Limits::default()
    };
    // It is 90 days old to the second.
    check(ImageState::Available, &limits(90), &[]);
    let too_old = Reason::TooOld { days: 90, most: 89 };
    check(ImageState::Available, &limits(89), &[too_old]);
}

#[test]
fn findings() {
    let mut images = [image(
        "web@1.0.0/1",
        ImageState::Available,
        10,
        &["eu-north-1"],
    )];
    images[0].findings = vec!["CVE-2026-1".to_owned()];
    let user = instance("eu-north-1", "ami-web-1.0.0-eu-north-1");
    let verdict = one(user, &images, &Limits::default());
    assert!(verdict.is_refused());
    assert_eq!(verdict.reasons[0].to_string(), "its image has CVE-2026-1");
    // Nothing newer is there.
    let fix = verdict.fix.unwrap();
    assert_eq!(fix.image, None);
    assert_eq!(
        fix.to_string(),
        "no image of `web` may be used: run its pipeline"
    );
}

/// An id counts in its own region only, and what somebody allowed is let be.
#[test]
fn images_of_others() {
    let images = [image(
        "web@1.0.0/1",
        ImageState::Available,
        10,
        &["eu-north-1"],
    )];
    let elsewhere = instance("eu-west-1", "ami-web-1.0.0-eu-north-1");
    let verdict = one(elsewhere.clone(), &images, &Limits::default());
    assert_eq!(verdict.reasons, [Reason::Unknown]);
    assert_eq!(verdict.image, None);
    let limits = Limits {
        allowed: BTreeSet::from([elsewhere.image.clone()]),
        ..Limits::default()
    };
    assert_eq!(one(elsewhere, &images, &limits).reasons, []);
}

/// Five images, of which `production` names the second newest.
fn family() -> Vec<Image> {
    let both = &["eu-north-1", "eu-west-1"];
    let mut images = vec![
        image("web@1.0.0/1", ImageState::Revoked, 10, both),
        image("web@1.1.0/1", ImageState::Available, 20, both),
        image("web@1.2.0/1", ImageState::Available, 30, &["eu-north-1"]),
        image("web@1.3.0/1", ImageState::Quarantined, 40, both),
        image("db@9.0.0/1", ImageState::Available, 50, both),
    ];
    images[1].channels = vec!["production".to_owned()];
    images
}

/// What the fix names for an instance on the revoked image.
fn replacement(images: &[Image], region: &str, channel: Option<&str>) -> Option<String> {
    let limits = Limits {
        channel: channel.map(str::to_owned),
        ..Limits::default()
    };
    let user = instance(region, &format!("ami-web-1.0.0-{region}"));
    let fix = one(user, images, &limits).fix.unwrap();
    fix.image.map(|(id, there)| format!("{id} {there}"))
}

#[test]
fn what_to_run_on_instead() {
    let mut images = family();
    // What a channel names goes before what is newer.
    let named = Some("web 1.1.0/1 ami-web-1.1.0-eu-west-1".to_owned());
    assert_eq!(replacement(&images, "eu-west-1", None), named);
    assert_eq!(replacement(&images, "eu-west-1", Some("production")), named);
    let newest = Some("web 1.2.0/1 ami-web-1.2.0-eu-north-1".to_owned());
    assert_eq!(replacement(&images, "eu-north-1", Some("staging")), newest);
    images[1].copies.pop();
    assert_eq!(replacement(&images, "eu-west-1", None), None);
    let user = instance("eu-west-1", "ami-web-1.0.0-eu-west-1");
    let fix = one(user, &images, &Limits::default()).fix.unwrap();
    let expected = "bring web 1.1.0/1 to `eu-west-1`: add it to the regions of the target, and run the pipeline";
    assert_eq!(fix.to_string(), expected);
}

#[test]
fn what_to_change() {
    let id = "ami-web-1.1.0-eu-north-1";
    for (kind, expected) in [
        (
            UserKind::Instance { by: None },
            format!("replace i-0abc by one from {id}"),
        ),
        (
            UserKind::Instance {
                by: Some("asg/web".to_owned()),
            },
            format!(
                "have the group `web` start from {id}; then `aws autoscaling start-instance-refresh --region eu-north-1 --auto-scaling-group-name web`"
            ),
        ),
        (
            UserKind::Instance {
                by: Some("lt-0def".to_owned()),
            },
            format!("have `lt-0def` start from {id}; then replace i-0abc"),
        ),
        (
            UserKind::LaunchTemplate {
                version: 3,
                is_current: true,
            },
            format!(
                "`aws ec2 create-launch-template-version --region eu-north-1 --launch-template-id lt-0abc --source-version 3 --launch-template-data ImageId={id}`; then `aws ec2 modify-launch-template --region eu-north-1 --launch-template-id lt-0abc --default-version <the new one>`"
            ),
        ),
        (
            UserKind::LaunchTemplate {
                version: 2,
                is_current: false,
            },
            "`aws ec2 delete-launch-template-versions --region eu-north-1 --launch-template-id lt-0abc --versions 2`, if nothing names it".to_owned(),
        ),
        (
            UserKind::LaunchConfiguration,
            format!("make a launch template with {id} in its place"),
        ),
        (
            UserKind::AutoScalingGroup {
                by: Some("lt-0abc".to_owned()),
            },
            format!(
                "have `lt-0abc` name {id}; then `aws autoscaling start-instance-refresh --region eu-north-1 --auto-scaling-group-name web`"
            ),
        ),
    ] {
        let user = user(kind, "eu-north-1", "ami-web-1.0.0-eu-north-1");
        let fix = one(user, &family(), &Limits::default()).fix.unwrap();
        assert_eq!(fix.to_string(), expected);
    }
}
