//! Commands that look at a target in AWS and change what is there, at the strict fake: `lifecycle`,
//! `audit --generate --apply`, `audit --public-access`.

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Batch, Catalog as _, Change, CopyRow, NewImage};
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_testing::aws::{ACCOUNT, Fake, Options};
use goldsmith_testing::front::{Act, Front};
use serde_json::{Value, json};

use crate::env::{Ran, TestEnv};
use crate::small;

const PROJECT: &str = r#"
source "debian" "server" { suite = "bookworm" }
recipe "web" {
  version = "1.0.x"
  purpose = "web"
  source  = source.debian.server
  disk { size = "1GiB" }
}
pipeline "web" {
  recipe       = recipe.web
  distribution = distribution.cloud
  lifecycle    = lifecycle.short
}
lifecycle "short" {
  keep_last       = 1
  min_age         = "0s"
  launched_within = "0s"
  disable_after   = "0s"
  roles           = ["arn:aws:iam::444455556666:role/audit"]
}
distribution "cloud" {
  tags = { team = "a", environment = "b", compliance = "c" }
  target "aws" "eu" {
    regions  = ["eu-north-1", "eu-west-1"]
    endpoint = "ENDPOINT"
  }
}
"#;

const REGION: &str = "eu-north-1";
const OTHER: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::444455556666:role/audit";
/// Long ago; the clock of the program is that of the machine.
const MADE: i64 = 1_735_689_600;

/// A project with two images in AWS, made of one snapshot each.
struct Cloud {
    env: TestEnv,
    fake: Fake,
    /// In `eu-north-1`, the older one first.
    amis: [String; 2],
}

impl Cloud {
    fn new() -> Self {
        let env = TestEnv::new();
        let fake = Fake::start(Options {
            settle_seconds: 0,
            ..Options::default()
        });
        env.write("web.gold.hcl", PROJECT.replace("ENDPOINT", &fake.url()));
        std::fs::create_dir_all(env.home()).unwrap();
        let amis = ["0", "1"].map(|number| {
            let ask = |operation: &str, input: &Value| fake.ask(ACCOUNT, REGION, operation, input);
            let volume = json!({ "AvailabilityZone": "eu-north-1a", "Size": 1 });
            let volume = json!({ "VolumeId": ask("CreateVolume", &volume)["VolumeId"] });
            let snapshot = &ask("CreateSnapshot", &volume)["SnapshotId"];
            let tags = json!([
                { "Key": "goldsmith:image", "Value": format!("web@1.0.{number}/1") },
                { "Key": "goldsmith:complete", "Value": "true" },
            ]);
            let image = json!({
                "Name": format!("web-debian-12-1.0.{number}"),
                "Architecture": "x86_64",
                "RootDeviceName": "/dev/xvda",
                "BlockDeviceMappings": [
                    { "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": snapshot } },
                ],
                "TagSpecifications": [{ "ResourceType": "image", "Tags": tags }],
            });
            let image = ask("RegisterImage", &image);
            image["ImageId"].as_str().unwrap().to_owned()
        });
        let cloud = Self { env, fake, amis };
        for (number, ami) in (0..).zip(&cloud.amis) {
            cloud.image(number, ami);
        }
        cloud
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.env.command(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "hunter22");
        command.output().unwrap().into()
    }

    /// An image that is available, with a copy in a region.
    fn image(&self, number: i64, ami: &str) {
        let id: ImageId = format!("web@1.0.{number}/1").parse().unwrap();
        let digest = Sha256::of(id.to_string().as_bytes());
        let unix = MADE + number;
        let made = Change::Image(NewImage {
            id: id.clone(),
            purpose: "web".to_owned(),
            os: "debian-12".to_owned(),
            arch: "amd64".to_owned(),
            key: digest,
            digest,
            parent: None,
            artifacts: Vec::new(),
            created_unix: unix,
        });
        let states = [
            ImageState::Testing,
            ImageState::Approved,
            ImageState::Available,
        ];
        let states = states.map(|to| Change::State {
            image: id.clone(),
            to,
            reason: "a test".to_owned(),
        });
        let copy = Change::Copy(CopyRow {
            image: id.clone(),
            target: "aws/eu/eu-north-1".to_owned(),
            name: format!("web-debian-12-{}", id.version),
            location: ami.to_owned(),
            format: String::new(),
            digest: None,
            unix,
            is_there: true,
        });
        let changes = [made].into_iter().chain(states).chain([copy]).collect();
        let batch = Batch {
            actor: "ann@example.com".to_owned(),
            unix,
            changes,
            ..Batch::default()
        };
        let catalog = Sqlite::open(&self.env.home()).unwrap();
        catalog.keep(&batch).unwrap();
    }

    /// Has an account do something, by the names of the service model.
    fn ask(&self, account: &str, operation: &str, input: &Value) -> Value {
        self.fake.ask(account, REGION, operation, input)
    }

    /// An instance that an account starts; its id.
    fn launch(&self, account: &str, ami: &str) -> String {
        let input =
            json!({ "ImageId": ami, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro" });
        let launched = self.ask(account, "RunInstances", &input);
        let id = launched["Instances"][0]["InstanceId"].as_str();
        id.unwrap().to_owned()
    }

    fn terminate(&self, account: &str, instance: &str) {
        let input = json!({ "InstanceIds": [instance] });
        self.ask(account, "TerminateInstances", &input);
    }
}

fn of<'a>(plan: &'a Value, image: &str) -> &'a Value {
    let decisions = plan["decisions"].as_array().unwrap();
    decisions.iter().find(|it| it["image"] == image).unwrap()
}

/// What uses an image is named; then it goes, step by step, and comes back.
#[test]
fn an_image_goes() {
    let cloud = Cloud::new();
    let ami = &cloud.amis[0];
    let plan = || cloud.run(&["lifecycle", "plan", "--json"]).expect(0).json();
    let share = json!({ "ImageId": ami, "LaunchPermission": { "Add": [{ "UserId": OTHER }] } });
    cloud.ask(ACCOUNT, "ModifyImageAttribute", &share);
    let instance = cloud.launch(OTHER, ami);
    let held = plan();
    let old = of(&held, "web 1.0.0/1");
    assert_eq!(old["step"], "keep");
    let why = format!("in use by instance {instance} in eu-north-1 ({OTHER})");
    assert_eq!(old["why"], why);
    let shown = cloud.run(&["lifecycle", "plan"]).expect(0).stdout;
    assert!(shown.contains(&why), "{shown}");
    cloud.fake.deny(OTHER, "DescribeLaunchConfigurations");
    let why = of(&plan(), "web 1.0.0/1")["why"].to_string();
    assert!(
        why.contains("nobody knows whether it is in use: eu-north-1 DescribeLaunchConfigurations"),
        "{why}"
    );
    cloud.fake.allow(OTHER, "DescribeLaunchConfigurations");
    cloud.terminate(OTHER, &instance);
    let apply = || {
        let digest = plan()["plan"].as_str().unwrap().to_owned();
        let done = [
            "lifecycle",
            "apply",
            "--plan",
            &digest,
            "--as",
            "ann@example.com",
            "--json",
        ];
        cloud.run(&done).expect(0).json()["steps"][0]["step"].clone()
    };
    let state = || {
        let all = json!({ "ImageIds": [ami], "IncludeDisabled": true });
        let found = cloud.ask(ACCOUNT, "DescribeImages", &all);
        let image = &found["Images"][0];
        let is_deprecated = !image["DeprecationTime"].is_null();
        (image["State"].as_str().unwrap().to_owned(), is_deprecated)
    };
    assert_eq!(apply(), "deprecate");
    assert_eq!(state(), ("available".to_owned(), true));
    assert_eq!(apply(), "disable");
    assert_eq!(state(), ("disabled".to_owned(), true));
    let back = [
        "lifecycle",
        "restore",
        "web@1.0.0/1",
        "--as",
        "ann@example.com",
    ];
    let said = cloud.run(&back).expect(0).stdout;
    assert_eq!(said, "web 1.0.0/1 is available\n");
    assert_eq!(state(), ("available".to_owned(), false));
    let again = cloud.run(&back).expect(2).stderr;
    assert!(again.contains("cannot be brought back"), "{again}");
}

/// Approved images only, in another account: shown, set, and set once.
#[test]
fn allowed_images_are_set() {
    let cloud = Cloud::new();
    let apply = |more: &[&str]| {
        let all = [
            "audit",
            "--target",
            "aws/eu",
            "--generate",
            "allowed-amis",
            "--apply",
        ];
        let all = [
            &all[..],
            &["--role", ROLE, "--region", "eu-north-1", "--json"],
            more,
        ]
        .concat();
        cloud.run(&all)
    };
    let place = |ran: &Ran| ran.json()["places"][0].clone();
    let seen = || {
        let found = cloud.ask(OTHER, "GetAllowedImagesSettings", &json!({}));
        let criteria = found["ImageCriteria"].as_array().unwrap().iter();
        let names = criteria.flat_map(|it| it["ImageNames"].as_array().unwrap());
        let words = [&found["State"]].into_iter().chain(names);
        let words: Vec<&str> = words.filter_map(Value::as_str).collect();
        words.join(" ")
    };
    let dry = place(&apply(&["--dry-run"]).expect(0));
    let difference = [
        format!("+ web-debian-12-1.0.0 of {ACCOUNT}"),
        format!("+ web-debian-12-1.0.1 of {ACCOUNT}"),
        "~ state: disabled -> audit-mode".to_owned(),
    ];
    assert_eq!(dry["difference"], serde_json::json!(difference));
    assert_eq!(
        (&dry["outcome"], &dry["account"]),
        (&"would change".into(), &OTHER.into())
    );
    assert_eq!(seen(), "disabled");
    assert_eq!(place(&apply(&[]).expect(0))["outcome"], "changed");
    assert_eq!(seen(), "audit-mode web-debian-12-1.0.0 web-debian-12-1.0.1");
    let before = cloud
        .fake
        .calls("ReplaceImageCriteriaInAllowedImagesSettings");
    assert_eq!(place(&apply(&[]).expect(0))["outcome"], "as it should be");
    let calls = cloud
        .fake
        .calls("ReplaceImageCriteriaInAllowedImagesSettings");
    assert_eq!((before, calls), (1, 1));
    apply(&["--enforce"]).expect(0);
    assert!(seen().starts_with("enabled "), "{}", seen());
    // Where no image is approved nothing is set, the other region is.
    let all = [
        "audit",
        "--target",
        "aws/eu",
        "--generate",
        "allowed-amis",
        "--apply",
        "--role",
        ROLE,
    ];
    let said = cloud.run(&all).expect(5).stdout;
    let line = format!("{OTHER} eu-west-1 allowed-amis: failed: no image is approved");
    assert!(said.contains(&line), "{said}");
    assert!(
        said.contains(&format!("{OTHER} eu-north-1 allowed-amis: as it should be")),
        "{said}"
    );
    // An account that says no is named.
    cloud.fake.deny(OTHER, "GetAllowedImagesSettings");
    let said = place(&apply(&[]).expect(8));
    assert!(said["why"].to_string().contains("may not call"), "{said}");
}

#[test]
fn a_rule_of_config_is_put() {
    let cloud = Cloud::new();
    let apply = |more: &[&str]| {
        let all = [
            "audit",
            "--target",
            "aws/eu",
            "--generate",
            "config-rule",
            "--apply",
            "--region",
            "eu-north-1",
        ];
        cloud.run(&[&all[..], more].concat())
    };
    let rule = || {
        let found = cloud.ask(ACCOUNT, "DescribeConfigRules", &json!({}));
        let rules = found["ConfigRules"].as_array().unwrap().iter();
        let texts = rules.map(|rule| rule["InputParameters"].as_str().unwrap().to_owned());
        texts.collect::<Vec<_>>()
    };
    let said = apply(&["--dry-run"]).expect(0).stdout;
    assert!(
        said.contains("+ rule golden-images (APPROVED_AMIS_BY_ID)"),
        "{said}"
    );
    assert_eq!(rule(), [""; 0]);
    for expected in [": changed\n", ": as it should be\n"] {
        let said = apply(&[]).expect(0).stdout;
        assert!(said.contains(expected), "{said}");
        let mut ids = cloud.amis.clone();
        ids.sort();
        assert_eq!(rule(), [format!("{{\"amiIds\":\"{}\"}}", ids.join(","))]);
    }
    assert_eq!(cloud.fake.calls("PutConfigRule"), 1);
}

/// What has no interface for it, and options that say nothing.
#[test]
fn what_cannot_be_set() {
    let cloud = Cloud::new();
    for (more, why) in [
        (
            &["--generate", "scp", "--apply"][..],
            "cannot be set from here",
        ),
        (&["--generate", "iam", "--apply"], "cannot be set from here"),
        (&["--generate", "scp", "--role", ROLE], "`--apply` sets it"),
        (&["--apply"], "--generate"),
        (
            &[
                "--generate",
                "allowed-amis",
                "--apply",
                "--region",
                "us-east-1",
            ],
            "none of the target's regions",
        ),
    ] {
        let all = [&["audit", "--target", "aws/eu"], more].concat();
        let said = cloud.run(&all).expect(2).stderr;
        assert!(said.contains(why), "{more:?}: {said}");
    }
}

/// By its schedule: what is refused is told once, and again when it was gone.
#[test]
fn an_audit_by_its_schedule() {
    let cloud = Cloud::new();
    let front = Front::of(None);
    front.on("POST /chat", 9, Act::answer(200, ""));
    let more = format!(
        "  audit {{\n    target = \"aws/eu\"\n    rate = \"rate(1 day)\"\n    allow = [\"ami-0\"]\n  }}\n  \
         notify \"webhook\" \"chat\" {{\n    url = \"{}/chat\"\n    events = [\"audit-refused\"]\n  }}\n  \
         recipe       = recipe.web",
        front.url()
    );
    let project = PROJECT.replace("ENDPOINT", &cloud.fake.url());
    let project = project.replacen("  recipe       = recipe.web", &more, 1);
    cloud.env.write("web.gold.hcl", project);
    let look = |moment: &str| {
        let mut command = small::at(
            cloud.env.command(&["serve", "--scheduler", "--once"]),
            moment,
        );
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "hunter22");
        let ran: Ran = command.output().unwrap().into();
        ran.expect(0).stderr
    };
    look("2026-02-02 06:00:00");
    let theirs =
        json!({ "Name": "theirs", "SourceImageId": cloud.amis[0], "SourceRegion": REGION });
    let theirs = &cloud.ask(ACCOUNT, "CopyImage", &theirs)["ImageId"];
    let theirs = theirs.as_str().unwrap();
    let instance = &*cloud.launch(ACCOUNT, theirs);
    let said = look("2026-02-03 06:00:00");
    assert!(
        said.contains(&format!("refuses instance {instance}")),
        "{said}"
    );
    let told = || -> Vec<Value> {
        let seen = front.seen();
        let bodies = seen
            .iter()
            .map(|it| serde_json::from_slice(&it.body).unwrap());
        bodies.collect()
    };
    assert_eq!(told().len(), 1);
    assert_eq!(told()[0]["type"], "goldsmith.audit.refused");
    let refused = told()[0]["data"]["facts"]["refused"].to_string();
    assert!(
        refused.contains(instance) && refused.contains("none of the catalog's"),
        "{refused}"
    );
    // The same the day after is no news, nor is a look that is not due.
    let said = look("2026-02-04 06:00:00");
    assert!(said.contains("refuses nothing that is new"), "{said}");
    assert!(!look("2026-02-04 07:00:00").contains("audit"));
    // Nor what could not be looked at in between.
    cloud.fake.deny(ACCOUNT, "DescribeInstances");
    look("2026-02-05 06:00:00");
    cloud.fake.allow(ACCOUNT, "DescribeInstances");
    look("2026-02-06 06:00:00");
    assert_eq!(told().len(), 1);
    cloud.terminate(ACCOUNT, instance);
    look("2026-02-07 06:00:00");
    assert_eq!(told().len(), 1);
    cloud.launch(ACCOUNT, theirs);
    look("2026-02-08 06:00:00");
    assert_eq!(told().len(), 2);
}

/// Where images and snapshots may be made public.
#[test]
fn public_access() {
    let cloud = Cloud::new();
    let all = ["audit", "--target", "aws/eu", "--public-access"];
    let said = cloud.run(&all).expect(5).stdout;
    let line = format!("refused: snapshots of {ACCOUNT} may be made public in eu-west-1\n");
    assert!(said.contains(&line), "{said}");
    let json = cloud
        .run(&[&all[..], &["--json"]].concat())
        .expect(5)
        .json();
    assert_eq!(json["open"].as_array().unwrap().len(), 4);
    for region in [REGION, "eu-west-1"] {
        for (operation, name) in [
            (
                "EnableImageBlockPublicAccess",
                "ImageBlockPublicAccessState",
            ),
            ("EnableSnapshotBlockPublicAccess", "State"),
        ] {
            let input = json!({ name: "block-new-sharing" });
            cloud.fake.ask(ACCOUNT, region, operation, &input);
        }
    }
    assert_eq!(cloud.run(&all).expect(0).stdout, "0 looked at, 0 refused\n");
    cloud.run(&["audit", "--target", "aws/eu"]).expect(0);
}
