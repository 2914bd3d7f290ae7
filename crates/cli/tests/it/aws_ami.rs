//! Recipes on images of AWS, as the strict fake has it: which image the lock pins, and when it is
//! another one.

use goldsmith_testing::aws::{ACCOUNT, Fake, Options};
use serde_json::Value;

use crate::env::{Ran, TestEnv};

const REGION: &str = "eu-north-1";
/// Who makes images; it publishes what it makes, as vendors do.
const VENDOR: &str = ACCOUNT;
/// Somebody else, who publishes as well.
const STRANGER: &str = "999988887777";
/// Who builds, in an account of its own.
const ROLE: &str = "arn:aws:iam::777788889999:role/builder";

const PLACE: &str = r#"
infrastructure "aws" "builders" {
  region   = "eu-north-1"
  role     = "arn:aws:iam::777788889999:role/builder"
  endpoint = "ENDPOINT"
  types    = ["t3.micro", "t3.large"]
  user     = "admin"
}
recipe "web" {
  version        = "1.0.x"
  source         = source.aws-ami.base
  infrastructure = infrastructure.aws.builders
  component "./web.yaml" {}
}
"#;

const DOCUMENT: &str = "name: web\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - {name: Say, action: ExecuteBash, inputs: {commands: [echo hello]}}\n  - name: test\n    steps:\n      - {name: Look, action: ExecuteBash, inputs: {commands: ['true']}}\n";

/// Makes an image of a small snapshot, which all the world may start.
const PUBLISH: &str = r"
import base64, hashlib
def publish(key, name, architecture):
    ec2, ebs = (client(service, region='eu-north-1', key=key) for service in ('ec2', 'ebs'))
    data = b'a' * 524288
    disk = ebs.start_snapshot(VolumeSize=1)['SnapshotId']
    ebs.put_snapshot_block(SnapshotId=disk, BlockIndex=0, BlockData=data, DataLength=524288, ChecksumAlgorithm='SHA256',
                           Checksum=base64.b64encode(hashlib.sha256(data).digest()).decode())
    ebs.complete_snapshot(SnapshotId=disk, ChangedBlocksCount=1)
    for _ in range(20):
        ec2.describe_snapshots(SnapshotIds=[disk])
    id = ec2.register_image(Name=name, Architecture=architecture, RootDeviceName='/dev/xvda', VirtualizationType='hvm',
                            BlockDeviceMappings=[{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': disk}}])['ImageId']
    for _ in range(20):
        ec2.describe_images(ImageIds=[id])
    ec2.modify_image_attribute(ImageId=id, LaunchPermission={'Add': [{'Group': 'all'}]})
    print(id)
";

/// A project on an image, and the AWS that it is in.
struct Lab {
    env: TestEnv,
    fake: Fake,
}

impl Lab {
    fn new(source: &str) -> Self {
        let (env, fake) = (TestEnv::new(), Fake::start(Options::default()));
        fake.login("vendor", VENDOR);
        fake.login("stranger", STRANGER);
        fake.role(ROLE, None);
        env.write("place.gold.hcl", PLACE.replace("ENDPOINT", &fake.url()));
        env.write("web.yaml", DOCUMENT);
        let lab = Self { env, fake };
        lab.source(source);
        lab
    }

    /// What the recipe starts from.
    fn source(&self, attributes: &str) {
        let source = format!("source \"aws-ami\" \"base\" {{\n  {attributes}\n}}\n");
        self.env.write("source.gold.hcl", source);
    }

    /// Its id. A minute later there may be a newer one.
    fn publish(&self, who: &str, name: &str, architecture: &str) -> String {
        let call = format!("publish('{who}', '{name}', '{architecture}')");
        let id = self.fake.boto(&format!("{PUBLISH}{call}\n"));
        self.fake.advance(60);
        id.trim().to_owned()
    }

    fn vendor(&self, script: &str) {
        let clients = "ec2, ssm = (client(service, region='eu-north-1', key='vendor') for service in ('ec2', 'ssm'))\n";
        self.fake.boto(&format!("{clients}{script}"));
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.env.command(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "hunter22");
        command.output().unwrap().into()
    }

    fn pin(&self) -> Value {
        let lock: Value = serde_json::from_str(&self.env.read("goldsmith.lock")).unwrap();
        lock["recipes"]["web"].clone()
    }

    #[track_caller]
    fn check_pin(&self, id: &str) {
        assert_eq!(self.pin()["parent"]["ami"]["id"], id);
    }
}

const BY_NAME: &str = "owners = [\"111122223333\"]\n  name = \"debian-12-*\"";

/// Of all that are called so the newest of the owner, for the machines that are asked for; a newer
/// one only when somebody asks for an update.
#[test]
fn the_newest_of_an_owner() {
    let lab = Lab::new(BY_NAME);
    lab.run(&["validate"]).expect(0);
    lab.publish("vendor", "debian-12-1", "x86_64");
    let second = lab.publish("vendor", "debian-12-2", "x86_64");
    lab.publish("vendor", "debian-12-3", "arm64");
    lab.publish("stranger", "debian-12-9", "x86_64");
    let ran = lab.run(&["lock"]).expect(0);
    let said = format!("web: {second} (debian-12-2) of {VENDOR}, in {REGION}\n");
    assert!(ran.stdout.contains(&said), "{}", ran.stdout);
    lab.check_pin(&second);
    let section = lab.pin();
    let pin = &section["parent"]["ami"];
    assert_eq!(
        (&pin["owner"], &pin["region"], &pin["arch"]),
        (&VENDOR.into(), &REGION.into(), &"amd64".into())
    );
    let created: jiff::Timestamp = pin["created"].as_str().unwrap().parse().unwrap();
    assert_eq!(section["epoch"], created.as_second());
    assert_eq!(section["documents"][0]["path"], "./web.yaml");
    assert_eq!(section["packages"], serde_json::json!([]));
    // All of it as the role that is named.
    let log = lab.fake.log();
    assert!(
        log.iter().any(|call| call.action == "AssumeRole"),
        "{log:?}"
    );

    lab.run(&["lock", "--check"]).expect(0);
    let fourth = lab.publish("vendor", "debian-12-4", "x86_64");
    lab.run(&["lock"]).expect(0);
    lab.check_pin(&second);
    let ran = lab.run(&["lock", "--check"]).expect(4);
    let line = format!("* base: {second} (debian-12-2, ");
    assert!(ran.stdout.contains(&line), "{}", ran.stdout);
    let line = format!(") -> {fourth} (debian-12-4, ");
    assert!(ran.stdout.contains(&line), "{}", ran.stdout);
    lab.check_pin(&second);
    let ran = lab.run(&["lock", "--check", "--json"]).expect(4).json();
    assert_eq!(ran["changed"], true);
    // Somewhere else in the project.
    let error = lab.run(&["lock", "--update", "other"]).expect(2);
    assert!(error.stderr.contains("`other`"), "{}", error.stderr);
    lab.run(&["lock", "--update", "base"]).expect(0);
    lab.check_pin(&fourth);
    lab.run(&["lock", "--check"]).expect(0);
}

#[test]
fn by_id_and_by_parameter() {
    let lab = Lab::new("id = \"ami-00000000000000000\"");
    let ran = lab.run(&["lock"]).expect(8);
    assert!(
        ran.stderr.contains("fits the id `ami-00000000000000000`"),
        "{}",
        ran.stderr
    );
    let first = lab.publish("vendor", "debian-12-1", "x86_64");
    let arm = lab.publish("vendor", "debian-12-2", "arm64");
    lab.source(&format!("id = \"{first}\""));
    lab.run(&["lock"]).expect(0);
    lab.check_pin(&first);
    // An id is one image for ever.
    lab.publish("vendor", "debian-12-3", "x86_64");
    lab.run(&["lock", "--check"]).expect(0);

    lab.source(&format!("id = \"{arm}\""));
    let ran = lab.run(&["lock"]).expect(3);
    let said = format!("{arm} (debian-12-2) is for `arm64`, and source `base` is for `x86_64`");
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    assert!(ran.stderr.contains("arch = \"arm64\""), "{}", ran.stderr);
    lab.check_pin(&first);
    // The instances must go with it, which needs no AWS to see.
    lab.source(&format!("id = \"{arm}\"\n  arch = \"arm64\""));
    let ran = lab.run(&["lock"]).expect(3);
    assert!(
        ran.stderr
            .contains("no `t3.micro` can start an image for arm64"),
        "{}",
        ran.stderr
    );

    // A parameter is of the account that looks for it; the vendor shares none.
    let parameter = |id: &str| {
        let builder = format!(
            "sts = client('sts', region='eu-north-1')\n\
             keys = sts.assume_role(RoleArn='{ROLE}', RoleSessionName='test')['Credentials']\n\
             ssm = client('ssm', region='eu-north-1', key=keys['AccessKeyId'], secret=keys['SecretAccessKey'], token=keys['SessionToken'])\n\
             ssm.put_parameter(Name='/golden/base', Value='{id}', Type='String', Overwrite=True)\n"
        );
        lab.fake.boto(&builder);
    };
    lab.source("parameter = \"/golden/base\"");
    let ran = lab.run(&["lock"]).expect(8);
    assert!(ran.stderr.contains("/golden/base"), "{}", ran.stderr);
    parameter(&first);
    lab.run(&["lock"]).expect(0);
    lab.check_pin(&first);
    let newest = lab.publish("vendor", "debian-12-4", "x86_64");
    lab.run(&["lock", "--check"]).expect(0);
    parameter(&newest);
    lab.run(&["lock", "--check"]).expect(4);
    lab.run(&["lock", "--update"]).expect(0);
    lab.check_pin(&newest);
    parameter(&arm);
    lab.run(&["lock", "--update"]).expect(3);
    lab.check_pin(&newest);
}

#[test]
fn an_image_that_is_gone() {
    let lab = Lab::new(BY_NAME);
    let first = lab.publish("vendor", "debian-12-1", "x86_64");
    lab.run(&["lock"]).expect(0);
    lab.vendor(&format!("ec2.deregister_image(ImageId='{first}')"));
    let ran = lab.run(&["lock"]).expect(8);
    let said = format!("{first} (debian-12-1) of the lock is gone from {REGION}");
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("`goldsmith lock --update base`"),
        "{}",
        ran.stderr
    );
    let ran = lab.run(&["lock", "--update", "base"]).expect(8);
    let said = "fits the owners 111122223333 with architecture = x86_64, name = debian-12-*";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    lab.check_pin(&first);
    // Offline nobody can tell, and nothing moves.
    lab.run(&["lock", "--offline"]).expect(0);
    lab.check_pin(&first);
    let second = lab.publish("vendor", "debian-12-2", "x86_64");
    lab.run(&["lock", "--update", "base"]).expect(0);
    lab.check_pin(&second);
    // One that is only withdrawn from others is as good as gone for them.
    lab.vendor(&format!(
        "ec2.modify_image_attribute(ImageId='{second}', LaunchPermission={{'Remove': [{{'Group': 'all'}}]}})"
    ));
    let ran = lab.run(&["lock"]).expect(8);
    assert!(ran.stderr.contains("or no longer shared"), "{}", ran.stderr);

    lab.source(&format!("id = \"{second}\""));
    let ran = lab.run(&["lock", "--offline"]).expect(7);
    assert!(ran.stderr.contains("is not locked"), "{}", ran.stderr);
}

/// What is asked for is part of the lock: it is stale when that changes, and says why.
#[test]
fn plans_and_changes() {
    let lab = Lab::new(BY_NAME);
    let first = lab.publish("vendor", "debian-12-1", "x86_64");
    let ran = lab.run(&["plan"]).expect(4);
    assert!(ran.stderr.contains("is not locked yet"), "{}", ran.stderr);
    lab.run(&["lock"]).expect(0);
    let calls = lab.fake.log().len();
    let ran = lab.run(&["plan", "--explain"]).expect(0);
    assert_eq!(lab.fake.log().len(), calls, "a plan asks nobody");
    let wanted = format!(
        "web 1.0.x
  start from {first} (debian-12-1)
  instance   t3.micro, else t3.large, in {REGION}
  component  ./web.yaml (build, 1 steps)
  image      of all disks of the instance, sanitized and verified
  test       ./web.yaml (1 steps, on an instance of it)
  layers     none: every step is done again on a new instance
"
    );
    assert_eq!(ran.stdout, wanted);

    lab.source("owners = [\"111122223333\", \"self\"]\n  name = \"debian-13-*\"");
    let ran = lab.run(&["plan"]).expect(4);
    for line in [
        "owners: added self",
        "filter `name`: added debian-13-*, removed debian-12-*",
    ] {
        assert!(ran.stderr.contains(line), "{}", ran.stderr);
    }
    lab.source(BY_NAME);
    lab.run(&["plan"]).expect(0);
    let place = lab.env.read("place.gold.hcl");
    let elsewhere = place.replace("eu-north-1", "eu-west-1");
    lab.env.write("place.gold.hcl", elsewhere);
    let ran = lab.run(&["plan"]).expect(4);
    assert!(
        ran.stderr.contains("region: eu-north-1 to eu-west-1"),
        "{}",
        ran.stderr
    );
    // An image is of a region.
    let ran = lab.run(&["lock"]).expect(8);
    assert!(
        ran.stderr.contains("no image that can be used"),
        "{}",
        ran.stderr
    );
}
