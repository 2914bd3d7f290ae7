//! Recipes that are made on an instance: the real binary against the strict fake of AWS, behind
//! whose instances a machine with a real `sshd` is.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use goldsmith_catalog::Sqlite;
use goldsmith_testing::aws::{Fake, Host, Options};
use goldsmith_testing::remote::Remote;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::env::{Ran, TestEnv};

const PROJECT: &str = r#"
variable "mode" {
  type    = string
  default = "good"
}
variable "token" {
  type      = string
  default   = "hunter2222"
  sensitive = true
}
infrastructure "aws" "lab" {
  region     = "us-east-1"
  endpoint   = "ENDPOINT"
  types      = ["m7i.large"]
  user       = "root"
  allow_from = "192.0.2.9"
  tags       = { team = "platform" }
}
source "aws-ami" "base" {
  owners = ["self"]
  name   = "base"
}
recipe "web" {
  version        = "1.0.x"
  purpose        = "web"
  source         = source.aws-ami.base
  infrastructure = infrastructure.aws.lab
  component "./web.yaml" {
    parameters = { Mode = var.mode, Token = var.token }
  }
}
"#;

const PIPELINE: &str = r#"
pipeline "web" {
  recipe = recipe.web
  test "smoke" {
    components = ["./smoke.yaml"]
  }
  scan {
    fail_on = "critical"
  }
  distribution = distribution.everywhere
}
distribution "everywhere" {
  tags = { team = "platform", environment = "production", compliance = "none" }
  TARGET
}
"#;

const AWS: &str = r#"target "aws" "us" {
    regions  = ["us-east-1", "eu-west-1"]
    accounts = ["444455556666"]
    endpoint = "ENDPOINT"
  }"#;
const LOCAL: &str = r#"target "local" "lab" {
    directory = "images"
    formats   = ["qcow2"]
  }"#;

/// Reboots once, and does what the mode says.
const DOCUMENT: &str = r#"name: web
schemaVersion: 1.0
parameters:
  - Mode: {type: string}
  - Token: {type: string}
phases:
  - name: build
    steps:
      - name: Make
        action: ExecuteBash
        inputs:
          commands:
            - if [ ! -e /etc/made ]; then echo made >/etc/made; exit 194; fi
            - echo "made with {{ Token }} as {{ Mode }}"
            - mkdir -p /var/lib/dpkg /srv
            - 'printf "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.15-1\nMaintainer: Debian <a@lists.debian.org>\nDescription: x\n\n" >/var/lib/dpkg/status'
            - echo 'curl -u root:hunter22' >/root/.bash_history
            - case "{{ Mode }}" in fail) exit 3;; key) echo x >/srv/store.p12;; esac
  - name: validate
    steps:
      - {name: Look, action: ExecuteBash, inputs: {commands: ['cat /etc/made']}}
  - name: test
    steps:
      - {name: Try, action: ExecuteBash, inputs: {commands: ['[ -e /etc/made ] && [ ! -e /root/.bash_history ]']}}
"#;

const SMOKE: &str = "name: smoke\nschemaVersion: 1.0\nphases:\n  - name: test\n    steps:\n\
    \x20     - {name: Smoke, action: ExecuteBash, inputs: {commands: ['echo smoke in $IMAGE_PHASE']}}\n";

struct Lab {
    env: TestEnv,
    fake: Fake,
    remote: Arc<Remote>,
    base: String,
    before: Vec<String>,
}

impl Lab {
    fn new(more: &str) -> Self {
        let runner = Path::new(env!("CARGO_BIN_EXE_goldsmith")).with_file_name("goldsmith-runner");
        assert!(
            runner.exists(),
            "build the whole workspace: this test needs the runner"
        );
        let fake = Fake::start(Options {
            settle_seconds: 0,
            ..Options::default()
        });
        let base = fake.base_image();
        let remote = Arc::new(Remote::start(&runner));
        let machine = Arc::clone(&remote);
        // Every instance is the machine, booted anew.
        fake.hosts(move |launch| {
            let key = machine.start_over(launch.public_key.as_deref().unwrap());
            Host {
                address: machine.host().to_owned(),
                console: format!(
                    "-----BEGIN SSH HOST KEY KEYS-----\n{key}\n-----END SSH HOST KEY KEYS-----\n"
                ),
            }
        });
        let env = TestEnv::new();
        env.write("web.yaml", DOCUMENT);
        env.write("smoke.yaml", SMOKE);
        let project = format!("{PROJECT}{more}").replace("ENDPOINT", &fake.url());
        env.write("web.gold.hcl", project);
        fs::create_dir_all(env.home()).unwrap();
        Self {
            before: fake.resources(),
            env,
            fake,
            remote,
            base,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.env.command(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "hunter22");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// What there is besides what there was: region and kind of each.
    fn left(&self) -> Vec<String> {
        let kind = |text: &String| {
            let parts: Vec<&str> = text.split('/').collect();
            format!("{} {}", parts[1], parts[2])
        };
        self.fake.leftovers(&self.before).iter().map(kind).collect()
    }

    /// There is nothing that is not finished.
    #[track_caller]
    fn check_left(&self, expected: &[&str]) {
        assert_eq!(self.left(), expected);
        let catalog = Sqlite::open(&self.env.home()).unwrap();
        assert_eq!(catalog.ledger("aws").unwrap(), []);
        assert_eq!(self.remote.processes(), [""; 0]);
    }

    fn record(&self, numbers: &str) -> Value {
        let path = self.env.home().join("images/web").join(numbers);
        assert!(!path.join("disk.raw").exists());
        let text = fs::read_to_string(path.join("record.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Starts a command that gets a signal as soon as a call was made once more; its exit code.
    fn ended_at(&self, call: &str, signal: Signal, arguments: &[&str]) -> Option<i32> {
        let before = self.fake.calls(call);
        let mut child: Child = self
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while self.fake.calls(call) == before {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended before `{call}`: {ended:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        child.wait().unwrap().code()
    }

    fn killed_at(&self, call: &str, arguments: &[&str]) {
        assert_eq!(self.ended_at(call, Signal::KILL, arguments), None);
    }
}

/// Files below a folder that have a text in them.
fn having(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(having(&path, text));
        } else {
            let bytes = fs::read(&path).unwrap_or_default();
            if String::from_utf8_lossy(&bytes).contains(text) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

const IMAGE: [&str; 3] = [
    "us-east-1 image",
    "us-east-1 snapshot",
    "us-east-1 snapshot",
];

#[test]
fn an_image_that_is_made_on_an_instance() {
    let lab = Lab::new("");
    lab.run(&["lock"]).expect(0);
    assert!(lab.env.read("goldsmith.lock").contains(&lab.base));
    let built = lab.run(&["build", "web"]).expect(0);
    assert!(
        built.stderr.contains("made with (secret) as good"),
        "{}",
        built.stderr
    );
    assert!(built.stderr.contains("build/Make"), "{}", built.stderr);
    lab.check_left(&IMAGE);
    let record = lab.record("1.0.0-1");
    let cloud = &record["cloud"];
    let ami = cloud["id"].as_str().unwrap();
    assert!(ami.starts_with("ami-") && built.stdout.contains(ami));
    assert_eq!(
        (&cloud["region"], &cloud["account"]),
        (&"us-east-1".into(), &"111122223333".into())
    );
    assert_eq!(record["packages"], 1);
    assert_eq!(record["test"]["passed"], true);
    assert_eq!(record["parent"]["kind"], "ami");
    let steps: Vec<&str> = record["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["Make", "Look"]);
    let folder = lab.env.home().join("images/web/1.0.0-1");
    let sanitized = fs::read_to_string(folder.join("sanitize.json")).unwrap();
    assert!(sanitized.contains("/root/.bash_history"));
    assert_eq!(having(&lab.env.home(), "hunter2222"), [""; 0]);
    assert_eq!(
        having(&lab.remote.root().join("var/lib"), "hunter2222"),
        [""; 0]
    );
    // Known by its tags, as everything of ours.
    let tags = lab.fake.boto(&format!(
        "image = client('ec2').describe_images(ImageIds=['{ami}'])['Images'][0]\n\
         tags = {{tag['Key']: tag['Value'] for tag in image['Tags']}}\n\
         print(image['Name'].rsplit('-', 1)[0], tags['goldsmith:image'], tags['goldsmith:complete'], tags['team'])"
    ));
    assert_eq!(tags.trim(), "web-1.0.0-1 web@1.0.0/1 true platform");

    // The same inputs make nothing; forced, they make another one.
    let launched = lab.fake.calls("RunInstances");
    let again = lab.run(&["build", "web"]).expect(0);
    assert!(
        again.stdout.contains("nothing to do: web 1.0.0/1"),
        "{}",
        again.stdout
    );
    assert_eq!(lab.fake.calls("RunInstances"), launched);
    lab.run(&["build", "web", "--force"]).expect(0);
    let [image, snapshot, _] = IMAGE;
    lab.check_left(&[image, image, snapshot, snapshot, snapshot, snapshot]);

    let scan = lab.run(&["scan", "web@1.0.0", "--all"]).expect(0).stdout;
    assert!(scan.contains("openssl"), "{scan}");
    let bill = lab
        .run(&["scan", "web@1.0.0", "--sbom", "cyclonedx"])
        .expect(0);
    assert!(
        bill.stdout.contains("pkg:deb/debian/openssl@3.0.15-1"),
        "{}",
        bill.stdout
    );
    let diff = lab
        .run(&["diff", "web@1.0.0", "web@1.0.1", "--json"])
        .expect(0)
        .json();
    assert_eq!(diff["packages"]["changed"], Value::Array(vec![]));
    assert_eq!(diff["sizes"][0]["new"], 1);
    for (arguments, expected) in [
        (&["show", "web@1.0.0"][..], ami),
        (&["images"], ami),
        (&["history", "web"], ""),
        (&["tag", "web@1.0.0", "owner=ann"], ""),
    ] {
        let shown = lab.run(arguments).expect(0).stdout;
        assert!(shown.contains(expected), "{arguments:?}: {shown}");
    }
    // What needs a disk says so, and what to do instead.
    for arguments in [
        &["export", "web@1.0.0"][..],
        &["test", "web@1.0.0", "--bare"],
        &["diff", "web@1.0.0", "web@1.0.1", "--blocks"],
        &["scan", "web@1.0.0", "--profile", "cis-1"],
        &["build", "web", "--check-reproducible"],
        &["build", "web", "--from", "Make"],
        &["build", "web", "--debug"],
    ] {
        let refused = lab.run(arguments).expect(2).stderr;
        assert!(refused.contains("hint:"), "{arguments:?}: {refused}");
    }
}

#[test]
fn nothing_is_left_of_what_fails_or_is_killed() {
    let lab = Lab::new("");
    let failed = lab.run(&["build", "web", "-var", "mode=fail"]).expect(6);
    assert!(failed.stderr.contains("build/Make"), "{}", failed.stderr);
    lab.check_left(&[]);
    let unclean = lab.run(&["build", "web", "-var", "mode=key"]).expect(6);
    assert!(
        unclean.stderr.contains("/srv/store.p12"),
        "{}",
        unclean.stderr
    );
    lab.check_left(&[]);
    fs::remove_file(lab.remote.root().join("srv/store.p12")).unwrap();
    assert_eq!(lab.fake.calls("CreateImage"), 0);

    let stopped = lab.ended_at("RunInstances", Signal::INT, &["build", "web"]);
    assert_eq!(stopped, Some(130));
    lab.check_left(&[]);

    for call in [
        "ImportKeyPair",
        "RunInstances",
        "StopInstances",
        "CreateImage",
        "DeleteKeyPair",
    ] {
        lab.killed_at(call, &["build", "web"]);
        assert_ne!(lab.left(), [""; 0], "killed at {call}");
        lab.run(&["gc", "--infrastructure", "lab"]).expect(0);
        assert_eq!(lab.left(), [""; 0], "killed at {call}");
    }
    lab.run(&["build", "web"]).expect(0);
    lab.check_left(&IMAGE);
    let images = fs::read_dir(lab.env.home().join("images/web")).unwrap();
    assert_eq!(images.count(), 1);
    let said = lab.run(&["gc", "--infrastructure", "lab"]).expect(0).stdout;
    assert_eq!(said, "nothing is left over\n");
    let unknown = lab
        .run(&["gc", "--infrastructure", "labs"])
        .expect(2)
        .stderr;
    assert!(unknown.contains("there is lab"), "{unknown}");
}

#[test]
fn a_pipeline_to_two_regions() {
    let lab = Lab::new(&PIPELINE.replace("TARGET", AWS));
    let run = ["run", "web", "--as", "dev@example.com", "--json"];
    lab.killed_at("CopyImage", &run);
    let done = lab.run(&run).expect(0).json();
    assert_eq!(done["run"]["status"], "done", "{done}");
    let copies = [
        "eu-west-1 image",
        "eu-west-1 snapshot",
        "eu-west-1 snapshot",
        "us-east-1 image",
        "us-east-1 image",
        "us-east-1 snapshot",
        "us-east-1 snapshot",
        "us-east-1 snapshot",
        "us-east-1 snapshot",
    ];
    lab.check_left(&copies);
    // Each disk of an image has the tags of its image.
    let mut twice = lab.fake.made_twice("goldsmith:operation");
    twice.retain(|(what, _)| what.contains("/image/"));
    assert_eq!(twice, []);
    // The build and its tests, the block's test.
    assert_eq!(lab.fake.calls("RunInstances"), 3);
    let shown = lab.run(&["show", "web", "--json"]).expect(0).json();
    assert_eq!(shown["image"]["state"], "available", "{shown}");
    let there = shown["catalog"]["copies"].as_array().unwrap().iter();
    let there: Vec<&str> = there.map(|copy| copy["target"].as_str().unwrap()).collect();
    assert_eq!(there, ["aws/us/eu-west-1", "aws/us/us-east-1"]);
    lab.run(&["verify", "web"]).expect(0);
    lab.run(&[
        "promote",
        "web",
        "--channel",
        "production",
        "--reason",
        "a test",
    ])
    .expect(0);
    let resolve = ["resolve", "web@production", "--target", "aws/us/eu-west-1"];
    let resolved = lab.run(&resolve).expect(0).stdout;
    assert!(resolved.starts_with("ami-"), "{resolved}");

    // What takes disks is refused before there is a machine.
    let project = format!("{PROJECT}{}", PIPELINE.replace("TARGET", LOCAL));
    lab.env
        .write("web.gold.hcl", project.replace("ENDPOINT", &lab.fake.url()));
    let refused = lab.run(&["run", "web", "--new"]).expect(3).stderr;
    assert!(refused.contains("local/lab"), "{refused}");
    assert_eq!(lab.fake.calls("RunInstances"), 3);
}
