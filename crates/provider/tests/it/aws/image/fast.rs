//! What else an image of AWS can have: a watermark, snapshots that are fast, everybody as its user.

use goldsmith_core::failure::Class;
use goldsmith_core::target::Target as _;
use goldsmith_provider::target::aws::AwsPlace;
use serde_json::json;

use super::cloud::{AWAY, Cloud, HOME, NAME, at};

/// A watermark is put on the image once; its copies have it from there.
#[test]
fn a_watermark() {
    let cloud = Cloud::fake();
    let target = cloud.target(AwsPlace {
        watermark: Some("golden".to_owned()),
        ..at(&[HOME, AWAY[0]])
    });
    for _ in 0..2 {
        cloud.send(&target, "web@1.0.0/1").unwrap();
        for region in [HOME, AWAY[0]] {
            let found = cloud.ask(region, "DescribeImages", &json!({ "Owners": ["self"] }));
            let marks = &found["Images"][0]["ImageWatermarks"];
            assert_eq!(marks[0]["WatermarkKey"], "111122223333:golden");
            assert_eq!(marks.as_array().unwrap().len(), 1);
        }
        assert_eq!(cloud.calls("AttachImageWatermark"), 1);
    }
}

/// Zones that the target names no more are taken back all the same when the image goes.
#[test]
fn zones_that_are_no_longer_named() {
    let cloud = Cloud::fake();
    let zones = |zones: &[&str]| {
        cloud.target(AwsPlace {
            fast_restore_zones: zones.iter().map(|zone| (*zone).to_owned()).collect(),
            ..at(&[HOME])
        })
    };
    let fast = || {
        let found = cloud.ask(HOME, "DescribeFastSnapshotRestores", &json!({}));
        let found = found["FastSnapshotRestores"].as_array().unwrap().iter();
        let zones = found.map(|one| one["AvailabilityZone"].as_str().unwrap().to_owned());
        zones.collect::<Vec<_>>()
    };
    cloud.send(&zones(&["us-east-1a"]), "web@1.0.0/1").unwrap();
    assert_eq!(fast(), ["us-east-1a"]);
    cloud.send(&zones(&["us-east-1b"]), "web@1.0.0/1").unwrap();
    assert_eq!(fast(), ["us-east-1a", "us-east-1b"]);
    zones(&[]).disable(&cloud.cx, NAME).unwrap();
    assert_eq!(fast(), [""; 0]);
}

/// A snapshot that is refused, with a status of success, is an error that says so.
#[test]
fn a_refusal_among_others() {
    let cloud = Cloud::fake();
    let target = cloud.target(AwsPlace {
        fast_restore_zones: vec!["us-east-1a".to_owned()],
        ..at(&[HOME])
    });
    let answer = "<EnableFastSnapshotRestoresResponse><successful/><unsuccessful><item><snapshotId>snap-1</snapshotId><fastSnapshotRestoreStateErrorSet><item><availabilityZone>us-east-1a</availabilityZone><error><code>FastSnapshotRestoreLimitExceeded</code><message>Five at most</message></error></item></fastSnapshotRestoreStateErrorSet></item></unsuccessful></EnableFastSnapshotRestoresResponse>";
    let act = goldsmith_testing::front::Act::answer(200, answer);
    cloud
        .front
        .on_containing("Action=EnableFastSnapshotRestores&", 2, act);
    let error = cloud.send(&target, "web@1.0.0/1").unwrap_err().to_string();
    let expected = "us-east-1a: FastSnapshotRestoreLimitExceeded: Five at most";
    assert!(error.contains(expected), "{error}");
    // The image is there, and the next try goes on.
    assert_eq!(cloud.send(&target, "web@1.0.0/1").unwrap().len(), 1);
    assert_eq!(cloud.count(), (1, 1));
}

/// Where a region lets no image be public, nothing is sent; no image is public unasked.
#[test]
fn everybody() {
    let cloud = Cloud::fake();
    let public = |is_public| {
        cloud.target(AwsPlace {
            is_public,
            ..at(&[HOME, AWAY[0]])
        })
    };
    let block = json!({ "ImageBlockPublicAccessState": "block-new-sharing" });
    cloud.ask(AWAY[0], "EnableImageBlockPublicAccess", &block);
    let error = cloud.send(&public(true), "web@1.0.0/1").unwrap_err();
    let expected = "eu-north-1 does not let images be public: block public access is on";
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(error.class(), Class::Policy);
    assert!(!error.hints().is_empty());
    assert_eq!(cloud.counts(), [(0, 0); 3]);
    cloud.send(&public(false), "web@1.0.0/1").unwrap();
    let seen = || {
        [HOME, AWAY[0]].map(|region| {
            let found = cloud.ask(region, "DescribeImages", &json!({ "Owners": ["self"] }));
            found["Images"][0]["Public"].as_bool().unwrap()
        })
    };
    assert_eq!(seen(), [false; 2]);
    cloud.ask(AWAY[0], "DisableImageBlockPublicAccess", &json!({}));
    cloud.send(&public(true), "web@1.0.0/1").unwrap();
    assert_eq!(seen(), [true; 2]);
    let both = AwsPlace {
        is_public: true,
        encrypt: Some(None),
        ..at(&[HOME])
    };
    let error = cloud.send(&cloud.target(both), "web@1.0.0/2").unwrap_err();
    assert!(error.to_string().contains("cannot be encrypted"), "{error}");
}
