//! Commands that look at a target in AWS, as `moto` has it: `audit`, `gc --target`.

use std::sync::Arc;

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Batch, Catalog as _, Change, CopyRow, NewImage};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::ledger::{Ledger as _, Resource, ResourceKind};
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::moto::Moto;
use serde_json::Value;

use crate::env::{Ran, TestEnv};

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
}
distribution "cloud" {
  tags = { team = "a", environment = "b", compliance = "c" }
  target "aws" "eu" {
    regions  = ["eu-north-1", "eu-west-1"]
    endpoint = "ENDPOINT"
  }
}
"#;

const DAY: i64 = 24 * 60 * 60;

/// A project with a target, and the AWS that it is in.
struct Cloud {
    env: TestEnv,
    moto: Moto,
}

impl Cloud {
    fn new() -> Self {
        let (env, moto) = (TestEnv::new(), Moto::start(&[]));
        env.write("web.gold.hcl", PROJECT.replace("ENDPOINT", &moto.url()));
        std::fs::create_dir_all(env.home()).unwrap();
        Self { env, moto }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.env.command(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "hunter22");
        command.output().unwrap().into()
    }

    fn catalog(&self) -> Sqlite {
        Sqlite::open(&self.env.home()).unwrap()
    }

    fn keep(&self, changes: Vec<Change>) {
        let batch = Batch {
            actor: "ann@example.com".to_owned(),
            unix: now(),
            changes,
            ..Batch::default()
        };
        self.catalog().keep(&batch).unwrap();
    }

    /// An image that is available, with a copy in a region.
    fn image(&self, id: &str, region: &str, ami: &str) {
        let id: ImageId = id.parse().unwrap();
        let digest = Sha256::of(id.to_string().as_bytes());
        let state = |to| Change::State {
            image: id.clone(),
            to,
            reason: "a test".to_owned(),
        };
        let made = Change::Image(NewImage {
            id: id.clone(),
            purpose: "web".to_owned(),
            os: "debian-12".to_owned(),
            arch: "amd64".to_owned(),
            key: digest,
            digest,
            parent: None,
            artifacts: Vec::new(),
            created_unix: now() - 40 * DAY,
        });
        let copy = Change::Copy(CopyRow {
            image: id.clone(),
            target: format!("aws/eu/{region}"),
            name: format!("web-debian-12-{}", id.version),
            location: ami.to_owned(),
            format: String::new(),
            digest: None,
            unix: now(),
            is_there: true,
        });
        let states = [
            ImageState::Testing,
            ImageState::Approved,
            ImageState::Available,
        ];
        let states = states.map(state);
        self.keep([made].into_iter().chain(states).chain([copy]).collect());
    }

    /// Python with a client of EC2 in `eu-north-1`.
    fn ec2(&self, script: &str) -> String {
        let client = "ec2 = boto3.client('ec2', endpoint_url=os.environ['ENDPOINT'], region_name='eu-north-1', aws_access_key_id='test', aws_secret_access_key='test')\n";
        self.moto.boto(&format!("{client}{script}"))
    }
}

#[expect(clippy::disallowed_methods, reason = "the program looks at the clock")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_secs()).unwrap()
}

const OLD: &str = "ami-00000000000000001";
const NEW: &str = "ami-00000000000000002";
const FOREIGN: &str = "ami-00000000000000003";

/// Two images, of which `production` names the second, and an instance on each and on another.
fn with_instances() -> Cloud {
    let cloud = Cloud::new();
    cloud.image("web@1.0.0/1", "eu-north-1", OLD);
    cloud.image("web@1.0.1/1", "eu-north-1", NEW);
    cloud.keep(vec![Change::Channel {
        family: "web".to_owned(),
        channel: "production".to_owned(),
        image: Some("web@1.0.1/1".parse().unwrap()),
        reason: "a test".to_owned(),
    }]);
    for ami in [OLD, NEW, FOREIGN] {
        cloud.ec2(&format!(
            "ec2.run_instances(ImageId='{ami}', MinCount=1, MaxCount=1)"
        ));
    }
    cloud
}

/// The entry of an AMI.
fn of<'a>(audit: &'a Value, ami: &str) -> &'a Value {
    let users = audit["users"].as_array().unwrap();
    users.iter().find(|user| user["ami"] == ami).unwrap()
}

#[test]
fn an_audit() {
    let cloud = with_instances();
    let audit = cloud
        .run(&["audit", "--target", "aws/eu", "--json"])
        .expect(5)
        .json();
    assert_eq!(audit["unread"], Value::Array(vec![]));
    assert_eq!(audit["users"].as_array().unwrap().len(), 3);
    assert_eq!(of(&audit, OLD)["image"], "web 1.0.0/1");
    assert_eq!(of(&audit, OLD)["refused"], false);
    let foreign = of(&audit, FOREIGN);
    assert_eq!(foreign["refused"], true);
    assert_eq!(foreign["reasons"][0], "its image is none of the catalog's");
    let allowed = ["audit", "--target", "aws/eu", "--allow", FOREIGN];
    let said = cloud.run(&allowed).expect(0).stdout;
    assert_eq!(said, "3 looked at, 0 refused\n");
    // Revoked, it is to be replaced by what the channel names.
    cloud.keep(vec![Change::State {
        image: "web@1.0.0/1".parse().unwrap(),
        to: ImageState::Revoked,
        reason: "a hole".to_owned(),
    }]);
    let audit = cloud
        .run(&[&allowed[..], &["--json"]].concat())
        .expect(5)
        .json();
    let old = of(&audit, OLD);
    assert_eq!(old["reasons"][0], "its image is revoked");
    assert_eq!(old["fix"]["ami"], NEW);
    assert_eq!(old["fix"]["image"], "web 1.0.1/1");
    let said = cloud.run(&allowed).expect(5).stdout;
    assert!(
        said.contains("WHAT") && said.contains("3 looked at, 1 refused"),
        "{said}"
    );
    assert!(said.contains(&format!("by one from {NEW}")), "{said}");
    let aged = cloud.run(&[&allowed[..], &["--max-age", "39d", "--json"]].concat());
    let aged = aged.expect(5).json();
    assert_eq!(
        of(&aged, NEW)["reasons"][0],
        "its image is 40 days old, 39 are allowed"
    );
}

#[test]
fn what_an_assessment_found() {
    let cloud = with_instances();
    cloud.keep(vec![Change::Tag {
        image: "web@1.0.1/1".parse().unwrap(),
        name: "goldsmith:new-findings".to_owned(),
        value: Some("CVE-2026-1 CVE-2026-2".to_owned()),
    }]);
    let audit = cloud
        .run(&["audit", "--target", "aws/eu", "--json"])
        .expect(5)
        .json();
    let reason = "its image has CVE-2026-1, CVE-2026-2";
    assert_eq!(of(&audit, NEW)["reasons"][0], reason);
}

#[test]
fn another_account() {
    let cloud = with_instances();
    let role = "arn:aws:iam::444455556666:role/audit";
    let arguments = ["audit", "--target", "aws/eu", "--role", role, "--json"];
    let audit = cloud.run(&arguments).expect(5).json();
    let accounts = audit["users"].as_array().unwrap().iter();
    assert!(
        accounts
            .into_iter()
            .all(|user| user["account"] == "123456789012")
    );
    // What runs there is seen with it.
    let script = format!(
        "sts = client('sts')\n\
         keys = sts.assume_role(RoleArn='{role}', RoleSessionName='test')['Credentials']\n\
         there = boto3.client('ec2', endpoint_url=os.environ['ENDPOINT'], region_name='eu-west-1', aws_access_key_id=keys['AccessKeyId'], aws_secret_access_key=keys['SecretAccessKey'], aws_session_token=keys['SessionToken'])\n\
         there.run_instances(ImageId='{FOREIGN}', MinCount=1, MaxCount=1)"
    );
    cloud.moto.boto(&script);
    let audit = cloud.run(&arguments).expect(5).json();
    let users = audit["users"].as_array().unwrap();
    let place = |user: &&Value| user["account"] == "444455556666" && user["region"] == "eu-west-1";
    assert_eq!(users.iter().filter(place).count(), 1);
}

#[test]
fn a_target_that_cannot_be_looked_at() {
    let cloud = Cloud::new();
    cloud.env.write(
        "web.gold.hcl",
        PROJECT.replace("ENDPOINT", "http://127.0.0.1:1"),
    );
    let failed = cloud.run(&["audit", "--target", "aws/eu"]).expect(8);
    assert!(failed.stderr.contains("STS"), "{}", failed.stderr);
    let unknown = cloud.run(&["audit", "--target", "aws/us"]).expect(2);
    assert!(
        unknown.stderr.contains("there is aws/eu"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn controls() {
    let cloud = with_instances();
    let generate = |more: &[&str]| {
        let all = [&["audit", "--target", "aws/eu", "--generate"], more].concat();
        cloud.run(&all)
    };
    let settings = generate(&["allowed-amis", "--owner", "777788889999"])
        .expect(0)
        .json();
    let expected = serde_json::json!({ "ImageCriteria": [{ "ImageProviders": ["777788889999"],
        "ImageNames": ["web-debian-12-1.0.0", "web-debian-12-1.0.1"] }] });
    assert_eq!(settings, expected);
    // The account is asked for where nobody says.
    let policy = generate(&["scp"]).expect(0).json();
    let owners = &policy["Statement"][0]["Condition"]["StringNotEquals"]["ec2:Owner"];
    assert_eq!(owners[0], "123456789012");
    let policy = generate(&["iam", "--channel", "production"])
        .expect(0)
        .json();
    let ids = &policy["Statement"][0]["Condition"]["StringNotEquals"]["ec2:ImageID"];
    assert_eq!(ids, &serde_json::json!([NEW]));
    let rule = generate(&["config-rule", "--as", "terraform"])
        .expect(0)
        .stdout;
    assert!(
        rule.starts_with("resource \"aws_config_config_rule\""),
        "{rule}"
    );
    assert!(rule.contains(&format!("{OLD},{NEW}")), "{rule}");
    let none = generate(&["iam", "--region", "eu-west-1"]).expect(5);
    assert!(
        none.stderr.contains("no image is approved"),
        "{}",
        none.stderr
    );
    generate(&["config-rule", "--tag", "golden"]).expect(2);
}

/// Something that was begun for an image of the target.
fn thing(kind: ResourceKind, operation: &str) -> Resource {
    Resource {
        provider: "aws".to_owned(),
        account: "123456789012".to_owned(),
        region: "eu-north-1".to_owned(),
        kind,
        operation: operation.to_owned(),
        id: None,
        owner: "aws/eu web-debian-12-1.0.0".to_owned(),
    }
}

impl Cloud {
    /// A snapshot as a run makes it; its id.
    fn snapshot(&self, operation: &str) -> String {
        let script = format!(
            "tags = {{'goldsmith:operation': '{operation}', 'goldsmith:target': 'aws/eu', 'goldsmith:name': 'web-debian-12-1.0.0'}}\n\
             volume = ec2.create_volume(AvailabilityZone='eu-north-1a', Size=1)['VolumeId']\n\
             tags = [{{'Key': key, 'Value': value}} for key, value in tags.items()]\n\
             snapshot = ec2.create_snapshot(VolumeId=volume, TagSpecifications=[{{'ResourceType': 'snapshot', 'Tags': tags}}])\n\
             print(snapshot['SnapshotId'])"
        );
        self.ec2(&script).trim().to_owned()
    }

    /// The snapshots with our tags.
    fn snapshots(&self) -> Vec<String> {
        let filter = "[{'Name': 'tag-key', 'Values': ['goldsmith:operation']}]";
        let script = format!(
            "for one in ec2.describe_snapshots(Filters={filter})['Snapshots']: print(one['SnapshotId'])"
        );
        self.ec2(&script).lines().map(str::to_owned).collect()
    }

    /// What `gc --target` says of each: operation, outcome and why.
    fn gc(&self, more: &[&str]) -> Vec<[String; 3]> {
        let all = [&["gc", "--target", "aws/eu", "--json"], more].concat();
        let said = self.run(&all).expect(0).json();
        let text = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
        let things = said["things"].as_array().unwrap().iter();
        let one = |it: &Value| [text(it, "operation"), text(it, "outcome"), text(it, "why")];
        things.map(one).collect()
    }
}

#[test]
fn what_a_broken_run_left() {
    let cloud = Cloud::new();
    let cx = Cx::silent(Arc::new(FakeClock::at(now())));
    let snapshot = cloud.snapshot("op-1");
    let young = cloud.snapshot("op-of-another-machine");
    let catalog = cloud.catalog();
    for operation in ["op-1", "op-2"] {
        let thing = thing(ResourceKind::Snapshot, operation);
        catalog.begin(&cx, &thing).unwrap();
    }
    // Alive, and nothing of it is touched.
    let stays = ["stays", "it is being made"].map(str::to_owned);
    for [_, outcome, why] in cloud.gc(&[]) {
        assert_eq!([outcome, why], stays);
    }
    drop(catalog);
    let gone = "whoever began it is gone";
    let expected = |outcomes: [&str; 2]| {
        let line = |at: usize| ["op-1", "op-2"][at].to_owned();
        [0, 1].map(|at| [line(at), outcomes[at].to_owned(), gone.to_owned()])
    };
    assert_eq!(cloud.gc(&["--dry-run"]), expected(["would go", "would go"]));
    assert_eq!(cloud.snapshots().len(), 2);
    assert_eq!(cloud.gc(&[]), expected(["removed", "was not there"]));
    // Without an entry, what is not older than a day may be of another machine.
    assert_eq!(cloud.snapshots(), [young]);
    assert!(!cloud.snapshots().contains(&snapshot));
    assert_eq!(cloud.catalog().ledger("aws").unwrap(), []);
    assert_eq!(cloud.gc(&[]), [[""; 3]; 0]);
    let said = cloud.run(&["gc", "--target", "aws/eu"]).expect(0).stdout;
    assert_eq!(said, "nothing is left over\n");
}

/// What became a copy stays, whatever the ledger says; its entry goes. Those of other targets and
/// regions are left alone.
#[test]
fn what_is_not_left_over() {
    let cloud = Cloud::new();
    let cx = Cx::silent(Arc::new(FakeClock::at(now())));
    cloud.image("web@1.0.0/1", "eu-north-1", OLD);
    let mut copy = thing(ResourceKind::Image, "op-copy");
    copy.id = Some(OLD.to_owned());
    let mut other = thing(ResourceKind::Snapshot, "op-other");
    other.owner = "aws/europe web-debian-12-1.0.0".to_owned();
    let mut elsewhere = thing(ResourceKind::Snapshot, "op-elsewhere");
    elsewhere.region = "us-east-1".to_owned();
    let catalog = cloud.catalog();
    for thing in [&copy, &other, &elsewhere] {
        catalog.begin(&cx, thing).unwrap();
    }
    drop(catalog);
    let expected = ["op-copy", "stays", "it is a copy of web 1.0.0/1"].map(str::to_owned);
    assert_eq!(cloud.gc(&[]), [expected]);
    let left = cloud.catalog().ledger("aws").unwrap().into_iter();
    let left: Vec<String> = left.map(|row| row.resource.operation).collect();
    assert_eq!(left, ["op-other", "op-elsewhere"]);
}
