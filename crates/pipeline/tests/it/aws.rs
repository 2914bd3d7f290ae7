//! Images that retire in AWS, at the strict fake: what holds them, what nobody can see.

mod year;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Batch, Catalog, Change, NewImage};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::recipe::{Keep, LifecyclePolicy};
use goldsmith_core::target::{Parcel, Target};
use goldsmith_pipeline::happening::Silent;
use goldsmith_pipeline::lifecycle::{LifecycleError, Remove, Retirement};
use goldsmith_plan::lifecycle::{Decision, Next, Plan};
use goldsmith_provider::aws::Settings;
use goldsmith_provider::target::AwsTarget;
use goldsmith_provider::target::aws::AwsPlace;
use goldsmith_testing::aws::{ACCOUNT, Fake, Options};
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::disks::Disks;
use goldsmith_testing::ledger::Notes;
use serde_json::{Value, json};

use crate::world::pipeline;

const DAY: i64 = 24 * 3600;
/// 2026-01-01 00:00 UTC: when the fake begins, too.
const START: i64 = 1_767_225_600;
const REGIONS: [&str; 2] = ["eu-north-1", "eu-west-1"];
const OTHER: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::444455556666:role/audit";

fn id(patch: u32) -> ImageId {
    format!("web@1.0.{patch}/1").parse().unwrap()
}

/// A catalog, a target in AWS, and a clock that both go by.
struct World {
    dir: tempfile::TempDir,
    fake: Fake,
    clock: Arc<FakeClock>,
    cx: Cx,
    catalog: Sqlite,
    targets: Vec<Box<dyn Target>>,
    policy: LifecyclePolicy,
    removed: Mutex<BTreeSet<ImageId>>,
}

impl World {
    fn new(policy: LifecyclePolicy) -> Self {
        let fake = Fake::start(Options {
            milliseconds_per_call: 10,
            settle_seconds: 0,
            ..Options::default()
        });
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::at(START));
        let mut world = Self {
            cx: Cx::silent(Arc::clone(&clock) as _),
            catalog: Sqlite::open(dir.path()).unwrap(),
            targets: Vec::new(),
            removed: Mutex::default(),
            dir,
            fake,
            clock,
            policy,
        };
        world.go_to(&REGIONS);
        world
    }

    /// The target has these regions from now on.
    fn go_to(&mut self, regions: &[&str]) {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let http = goldsmith_provider::Settings::default();
        let settings = Settings::from_env(&BTreeMap::from(variables), http);
        let place = AwsPlace {
            regions: regions.iter().map(|region| (*region).to_owned()).collect(),
            endpoint: Some(self.fake.url()),
            ..AwsPlace::default()
        };
        let folder = self.dir.path().join("kept");
        let notes = Arc::new(Notes::default());
        self.targets = vec![Box::new(AwsTarget::new(
            "eu", settings, place, folder, notes,
        ))];
    }

    fn with<T>(&self, work: impl FnOnce(&Retirement<'_>) -> T) -> T {
        let remove: &Remove<'_> = &|image: &ImageId| {
            self.removed.lock().unwrap().insert(image.clone());
            Ok(())
        };
        work(&Retirement {
            pipeline: "web",
            family: "web",
            policy: &self.policy,
            catalog: &self.catalog,
            targets: &self.targets,
            remove,
            herald: &Silent,
        })
    }

    fn plan(&self) -> Plan {
        self.with(|retirement| retirement.plan(&self.cx)).unwrap()
    }

    /// Plans, and does what the plan says.
    fn retire(&self) {
        let plan = self.plan();
        let done = self.with(|it| it.apply(&self.cx, plan.digest, "schedule"));
        let done = done.unwrap();
        assert!(done.iter().all(|(_, step)| step.is_ok()), "{done:?}");
    }

    /// Days go by, for everybody.
    fn pass(&self, days: i64) {
        let seconds = Duration::from_secs((days * DAY).unsigned_abs());
        goldsmith_core::cx::Clock::sleep(&*self.clock, seconds);
        let behind = self.cx.clock().unix_seconds() - self.fake.now();
        self.fake.advance(behind.max(0));
    }

    fn keep(&self, changes: Vec<Change>) {
        let batch = Batch {
            actor: "schedule".to_owned(),
            unix: self.cx.clock().unix_seconds(),
            changes,
            ..Batch::default()
        };
        self.catalog.keep(&batch).unwrap();
    }

    /// An image that is made, tested, brought to AWS, and what `latest` names from then on.
    fn publish(&self, patch: u32) {
        self.make(patch, &[ImageState::Testing, ImageState::Approved]);
        let image = id(patch);
        let copies = self.targets[0].send(
            &self.cx,
            Parcel {
                image: &image,
                name: &format!("web-{patch}"),
                arch: "amd64",
                disk: &Sha256::of(image.to_string().as_bytes()),
                tags: &BTreeMap::new(),
                forms: &Disks::default(),
                sign: &|_| Vec::new(),
            },
        );
        let mut changes: Vec<Change> = copies.unwrap().into_iter().map(Change::Copy).collect();
        changes.push(state(&image, ImageState::Available));
        changes.push(Change::Channel {
            family: "web".to_owned(),
            channel: "latest".to_owned(),
            image: Some(image),
            reason: String::new(),
        });
        self.keep(changes);
    }

    fn make(&self, patch: u32, states: &[ImageState]) {
        let image = id(patch);
        let digest = Sha256::of(image.to_string().as_bytes());
        let mut changes = vec![Change::Image(NewImage {
            id: image.clone(),
            purpose: "web".to_owned(),
            os: "debian-12".to_owned(),
            arch: "amd64".to_owned(),
            key: digest,
            digest,
            parent: None,
            artifacts: Vec::new(),
            created_unix: self.cx.clock().unix_seconds(),
        })];
        changes.extend(states.iter().map(|to| state(&image, *to)));
        self.keep(changes);
    }

    /// The id of an image in a region.
    fn ami(&self, patch: u32, region: &str) -> String {
        let copies = self.catalog.copies(&id(patch)).unwrap();
        let target = format!("aws/eu/{region}");
        let copy = copies.into_iter().find(|copy| copy.target == target);
        copy.unwrap().location
    }

    fn state(&self, patch: u32) -> ImageState {
        self.catalog.image(&id(patch)).unwrap().state
    }

    /// Has our account do something, by the names of the service model.
    fn ask(&self, region: &str, operation: &str, input: &Value) -> Value {
        self.fake.ask(ACCOUNT, region, operation, input)
    }

    /// An instance that an account starts; its id.
    fn launch(&self, account: &str, region: &str, ami: &str) -> String {
        let input =
            json!({ "ImageId": ami, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro" });
        let launched = self.fake.ask(account, region, "RunInstances", &input);
        let id = launched["Instances"][0]["InstanceId"].as_str();
        id.unwrap().to_owned()
    }

    fn terminate(&self, account: &str, region: &str, instance: &str) {
        let input = json!({ "InstanceIds": [instance] });
        self.fake.ask(account, region, "TerminateInstances", &input);
    }

    fn share(&self, region: &str, ami: &str, how: &str, account: &str) {
        let input = json!({ "ImageId": ami, "LaunchPermission": { how: [{ "UserId": account }] } });
        self.ask(region, "ModifyImageAttribute", &input);
    }

    /// The images of both regions with their states.
    fn images(&self) -> Vec<String> {
        let all = json!({ "Owners": ["self"], "IncludeDisabled": true });
        let mut lines = Vec::new();
        for region in REGIONS {
            let found = self.ask(region, "DescribeImages", &all);
            for image in found["Images"].as_array().unwrap() {
                let word = |name: &str| image[name].as_str().unwrap().to_owned();
                lines.push(format!("{region} {} {}", word("Name"), word("State")));
            }
        }
        lines.sort();
        lines
    }
}

fn state(image: &ImageId, to: ImageState) -> Change {
    Change::State {
        image: image.clone(),
        to,
        reason: String::new(),
    }
}

/// Keeps the newest, and lets the others go a day after each step.
fn quick() -> LifecyclePolicy {
    let day = Duration::from_hours(24);
    LifecyclePolicy {
        keep_last: Some(Keep::Newest(1)),
        disable_after: day,
        delete_after: day,
        launched_within: day,
        ..LifecyclePolicy::new("quick", pipeline().lifecycle.unwrap().span)
    }
}

fn of(plan: &Plan, patch: u32) -> &Decision {
    let id = id(patch).to_string();
    plan.decisions.iter().find(|it| it.id == id).unwrap()
}

fn holds(plan: &Plan, patch: u32) -> Vec<String> {
    of(plan, patch)
        .holds
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// An image that was replaced stays until the new one is approved, and until nothing uses it; then
/// it goes step by step, and until the last one it can be brought back.
#[test]
fn what_was_replaced() {
    let world = World::new(quick());
    world.publish(1);
    world.pass(2);
    // The new one is not tested yet.
    world.make(2, &[ImageState::Testing]);
    world.retire();
    assert_eq!(world.state(1), ImageState::Available);
    world.keep(vec![state(&id(2), ImageState::Rejected)]);
    world.publish(3);
    let ami = world.ami(1, "eu-west-1");
    let instances = [(); 2].map(|()| world.launch(ACCOUNT, "eu-west-1", &ami));
    world.pass(2);
    let plan = world.plan();
    let found = holds(&plan, 1);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("in use by instance i-"), "{found:?}");
    let place = format!(" and 1 more in eu-west-1 ({ACCOUNT})");
    assert!(found[0].ends_with(&place), "{found:?}");
    assert_eq!(of(&plan, 1).next, Next::Keep);
    world.retire();
    assert_eq!(world.state(1), ImageState::Available);
    // Another machine of the same image is no other plan.
    world.terminate(ACCOUNT, "eu-west-1", &instances[0]);
    let third = world.launch(ACCOUNT, "eu-west-1", &ami);
    world.pass(2);
    assert_eq!(world.plan().digest, plan.digest);
    for instance in [&instances[1], &third] {
        world.terminate(ACCOUNT, "eu-west-1", instance);
    }
    // The plan that was shown is not the one any more.
    let stale = world.with(|it| it.apply(&world.cx, plan.digest, "ann@example.com"));
    assert!(
        matches!(stale, Err(LifecycleError::Stale { .. })),
        "{stale:?}"
    );
    world.retire();
    assert_eq!(world.state(1), ImageState::Deprecated);
    world.pass(2);
    world.retire();
    assert_eq!(world.state(1), ImageState::Disabled);
    let both = |first: &str| {
        let lines = |region: &str| {
            let first = format!("{region} web-1 {first}");
            [first, format!("{region} web-3 available")]
        };
        REGIONS.map(lines).concat()
    };
    assert_eq!(world.images(), both("disabled"));
    world
        .with(|it| it.restore(&world.cx, &id(1), "ann@example.com"))
        .unwrap();
    assert_eq!(world.state(1), ImageState::Available);
    assert_eq!(world.images(), both("available"));
    for expected in [
        ImageState::Deprecated,
        ImageState::Disabled,
        ImageState::Deleted,
    ] {
        world.pass(2);
        world.retire();
        assert_eq!(world.state(1), expected);
    }
    let left = REGIONS.map(|region| format!("{region} web-3 available"));
    assert_eq!(world.images(), left);
    assert!(
        world
            .catalog
            .copies(&id(1))
            .unwrap()
            .iter()
            .all(|copy| !copy.is_there)
    );
    let left = world.fake.resources();
    assert_eq!(
        left.iter().filter(|it| it.contains("/snapshot/")).count(),
        2,
        "{left:?}"
    );
    assert!(world.removed.lock().unwrap().contains(&id(1)));
}

/// What nobody can see holds, and is said with its reason.
#[test]
fn what_nobody_can_see() {
    let mut world = World::new(LifecyclePolicy {
        roles: vec![ROLE.to_owned()],
        ..quick()
    });
    world.publish(1);
    world.publish(2);
    world.pass(2);
    assert_eq!(holds(&world.plan(), 1), [""; 0]);
    // An account that says no.
    world.fake.deny(OTHER, "DescribeInstances");
    let found = holds(&world.plan(), 1);
    assert_eq!(found.len(), 2, "one for each region: {found:?}");
    assert!(
        found[0].starts_with("nobody knows whether it is in use: eu-north-1 DescribeInstances: ")
            && found[0].contains("may not call"),
        "{found:?}"
    );
    world.retire();
    assert_eq!(world.state(1), ImageState::Available);
    world.fake.allow(OTHER, "DescribeInstances");
    // An account where nobody looks.
    let ami = world.ami(1, "eu-north-1");
    let share = |account: &str, how: &str| world.share("eu-north-1", &ami, how, account);
    share(OTHER, "Add");
    assert_eq!(holds(&world.plan(), 1), [""; 0]);
    share("777788889999", "Add");
    assert_eq!(
        holds(&world.plan(), 1),
        ["shared with 777788889999, where nobody looks"]
    );
    share("777788889999", "Remove");
    // AWS itself.
    let protect = |word: &str| {
        let operation = format!("{word}ImageDeregistrationProtection");
        world.ask("eu-north-1", &operation, &json!({ "ImageId": ami }));
    };
    protect("Enable");
    let found = holds(&world.plan(), 1);
    assert!(
        found[0].starts_with("protected by AWS against being deregistered"),
        "{found:?}"
    );
    protect("Disable");
    // A machine that was there a moment ago.
    let instance = world.launch(OTHER, "eu-north-1", &ami);
    world.terminate(OTHER, "eu-north-1", &instance);
    assert_eq!(
        holds(&world.plan(), 1),
        ["a machine was started from it not long ago"]
    );
    world.pass(2);
    assert_eq!(holds(&world.plan(), 1), [""; 0]);
    // A region that the target has left, with its copies.
    world.go_to(&REGIONS[..1]);
    let found = holds(&world.plan(), 1);
    assert!(
        found[0].contains("no distribution names `aws/eu/eu-west-1` any more"),
        "{found:?}"
    );
    // Nobody at all can be asked.
    world.go_to(&REGIONS);
    world.fake.deny(ACCOUNT, "GetCallerIdentity");
    let found = holds(&world.plan(), 1);
    assert!(
        found[0].contains("what runs in the account of the images"),
        "{found:?}"
    );
}
