//! A year of images, one a week by its schedule, and of a lifecycle policy that is applied every
//! day, on a clock that is set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Batch, Catalog, Change, ImageFilter, NewImage};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::target::{FormFile, Parcel, Target};
use goldsmith_pipeline::evidence::{Envelope, SigningKey};
use goldsmith_pipeline::happening::Silent;
use goldsmith_pipeline::lifecycle::{LEGAL_HOLD, LifecycleError, Retirement};
use goldsmith_plan::schedule::Timetable;
use goldsmith_provider::target::LocalTarget;
use goldsmith_testing::clock::FakeClock;
use jiff::Timestamp;

use crate::world::{Bytes, pipeline};

const DAY: i64 = 24 * 3600;
/// 2026-01-01 00:00 UTC.
const START: i64 = 1_767_225_600;

fn id(patch: u32) -> ImageId {
    format!("web@1.0.{patch}/1").parse().unwrap()
}

/// An image that is made, brought to the target, and what `latest` names from then on.
fn publish(cx: &Cx, catalog: &dyn Catalog, target: &dyn Target, patch: u32) {
    let (image, unix) = (id(patch), cx.clock().unix_seconds());
    let name = format!("web-{patch}");
    let sign = |files: &BTreeMap<String, FormFile>| {
        let rows: BTreeMap<&String, serde_json::Value> = files
            .iter()
            .map(|(file, written)| {
                (
                    file,
                    serde_json::json!({ "sha256": written.sha256.to_string() }),
                )
            })
            .collect();
        let manifest = serde_json::json!({ "image": image.to_string(), "name": name,
            "files": rows });
        let key = SigningKey::of_seed([3; 32]);
        let envelope = Envelope::sign("text/json", manifest.to_string().as_bytes(), &key);
        envelope.to_text().into_bytes()
    };
    let digest = Sha256::of(name.as_bytes());
    let copies = target.send(
        cx,
        Parcel {
            image: &image,
            name: &name,
            arch: "amd64",
            disk: &digest,
            tags: &BTreeMap::new(),
            forms: &Bytes,
            sign: &sign,
        },
    );
    let mut changes = vec![Change::Image(NewImage {
        id: image.clone(),
        purpose: "web".to_owned(),
        os: "debian-12".to_owned(),
        arch: "amd64".to_owned(),
        key: digest,
        digest,
        parent: None,
        artifacts: Vec::new(),
        created_unix: unix,
    })];
    for to in [
        ImageState::Testing,
        ImageState::Approved,
        ImageState::Available,
    ] {
        changes.push(Change::State {
            image: image.clone(),
            to,
            reason: String::new(),
        });
    }
    changes.extend(copies.unwrap().into_iter().map(Change::Copy));
    changes.push(Change::Channel {
        family: "web".to_owned(),
        channel: "latest".to_owned(),
        image: Some(image),
        reason: String::new(),
    });
    catalog
        .keep(&Batch {
            actor: "schedule".to_owned(),
            unix,
            changes,
            ..Batch::default()
        })
        .unwrap();
}

#[test]
fn a_year() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(FakeClock::at(START));
    let cx = Cx::silent(Arc::clone(&clock) as _);
    let catalog = Sqlite::open(dir.path()).unwrap();
    let target: Box<dyn Target> = Box::new(LocalTarget::new(
        "lab",
        dir.path().join("images"),
        vec!["raw".to_owned()],
    ));
    let targets = vec![target];
    let pipeline = pipeline();
    let (schedule, policy) = (pipeline.schedule.unwrap(), pipeline.lifecycle.unwrap());
    let moment = |unix| Timestamp::from_second(unix).unwrap();
    let timetable = Timetable::new(&schedule, moment(START)).unwrap();
    let removed = std::sync::Mutex::new(BTreeSet::new());
    let remove = |image: &ImageId| {
        removed.lock().unwrap().insert(image.clone());
        Ok(())
    };
    let retirement = Retirement {
        pipeline: "web",
        family: "web",
        policy: &policy,
        catalog: &catalog,
        targets: &targets,
        remove: &remove,
        herald: &Silent,
    };
    let (mut since, mut made) = (START, 0);
    for day in 1..=365 {
        let now = START + day * DAY;
        goldsmith_core::cx::Clock::sleep(&*clock, Duration::from_secs(DAY.unsigned_abs()));
        assert_eq!(cx.clock().unix_seconds(), now);
        if let Some(due) = timetable.due(moment(since), moment(now)) {
            since = due.at.as_second();
            publish(&cx, &catalog, &*targets[0], made);
            if made == 3 {
                let hold = Change::Tag {
                    image: id(3),
                    name: LEGAL_HOLD.to_owned(),
                    value: Some("a lawsuit".to_owned()),
                };
                let batch = Batch {
                    changes: vec![hold],
                    ..Batch::default()
                };
                catalog.keep(&batch).unwrap();
            }
            made += 1;
        }
        if made == 0 {
            continue;
        }
        let plan = retirement.plan(&cx).unwrap();
        retirement.apply(&cx, plan.digest, "schedule").unwrap();
        // The same plan is not taken twice when something was done.
        if plan.actions().next().is_some() {
            let again = retirement.apply(&cx, plan.digest, "schedule");
            assert!(
                matches!(again, Err(LifecycleError::Stale { .. })),
                "{again:?}"
            );
        }
    }
    assert_eq!(made, 52, "one a week");
    let all = catalog.images(&ImageFilter::default(), None, 1000).unwrap();
    let usable: Vec<u32> = all
        .iter()
        .filter(|row| row.state == ImageState::Available)
        .map(|row| row.made.id.version.patch)
        .collect();
    // The newest three, the last of each month, and what somebody holds.
    assert!(
        [51, 50, 49, 3].iter().all(|patch| usable.contains(patch)),
        "{usable:?}"
    );
    assert!((12..=17).contains(&usable.len()), "{usable:?}");
    let deleted: BTreeSet<ImageId> = all
        .iter()
        .filter(|row| row.state == ImageState::Deleted)
        .map(|row| row.made.id.clone())
        .collect();
    assert!(deleted.len() > 20, "{}", deleted.len());
    assert_eq!(*removed.lock().unwrap(), deleted);
    for row in &all {
        let name = format!("web-{}", row.made.id.version.patch);
        let is_there = dir.path().join("images").join(&name).exists();
        assert_eq!(is_there, row.state != ImageState::Deleted, "{name}");
        assert!(
            catalog
                .copies(&row.made.id)
                .unwrap()
                .iter()
                .all(|copy| copy.is_there == is_there),
            "{name}"
        );
    }
    assert_eq!(catalog.channel("web", "latest").unwrap(), Some(id(51)));
    // Until the last step it can be undone.
    let disabled = all
        .iter()
        .find(|row| row.state == ImageState::Disabled)
        .unwrap();
    let id = &disabled.made.id;
    retirement.restore(&cx, id, "ann@example.com").unwrap();
    let state = catalog.image(id).unwrap().state;
    assert_eq!(state, ImageState::Available);
    let again = retirement.restore(&cx, id, "ann@example.com");
    assert!(
        matches!(again, Err(LifecycleError::Step { .. })),
        "{again:?}"
    );
}
