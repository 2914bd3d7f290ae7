//! Machines of EC2, against the strict fake: what is asked for, and what is left when any call
//! fails, when answers are lost, and when whoever made them dies.

mod broken;
mod tunnel;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::ledger::{Ledger as _, Resource};
use goldsmith_core::machine::{Capture, Captured, Cloud as _, CloudError, Machine, Start};
use goldsmith_core::recipe::{AwsInfrastructure, AwsVolume, MachineReach};
use goldsmith_provider::aws::Settings;
use goldsmith_provider::aws::launch::AwsMachines;
use goldsmith_provider::aws::leftovers::{self, Removal};
use goldsmith_testing::aws::{ACCOUNT, Fake, Host, Launch, Options};
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::infrastructure;
use goldsmith_testing::ledger::Notes;
use serde_json::Value;

use super::{cx, settings};

const REGION: &str = "us-east-1";
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIm5SxTOY4cnFSl9MdEFnYTVVxdBCZRfTGYWi4XFOBCu";
/// Another one, as the key of a host.
const HOST_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKUlH0LzC6w0yZ9c4m3mQ7W0c3l5q0cQ9jJp2x3r8b1d";

struct Lab {
    fake: Fake,
    base: String,
    cx: Cx,
    notes: Arc<Notes>,
    launches: Arc<Mutex<Vec<Launch>>>,
}

impl Lab {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let fake = Fake::start(Options::default());
        let base = fake.base_image();
        fake.set_options(options);
        let launches: Arc<Mutex<Vec<Launch>>> = Arc::default();
        let kept = Arc::clone(&launches);
        fake.hosts(move |launch| {
            kept.lock().unwrap().push(launch.clone());
            Host {
                address: "198.51.100.7".to_owned(),
                console: format!(
                    "Linux\r\n-----BEGIN SSH HOST KEY KEYS-----\r\n{HOST_KEY} root@x\r\n\
                     -----END SSH HOST KEY KEYS-----\r\n"
                ),
            }
        });
        Self {
            fake,
            base,
            cx: cx().0,
            notes: Arc::default(),
            launches,
        }
    }

    fn machines(&self, url: &str, place: AwsInfrastructure) -> AwsMachines {
        let place = AwsInfrastructure {
            endpoint: Some(url.to_owned()),
            ..place
        };
        AwsMachines::new(keys(), place, Arc::clone(&self.notes) as _)
    }

    fn launch(&self, machines: &AwsMachines, lease: &str) -> Result<Machine, CloudError> {
        let start = Start {
            lease,
            image: &self.base,
            public_key: KEY,
            owner: "build of web@1.0.0/1",
            tags: &BTreeMap::from([("team".to_owned(), "platform".to_owned())]),
        };
        machines.launch(&self.cx, &start)
    }

    /// From a machine to an image that is kept.
    fn make(&self, machines: &AwsMachines, lease: &str) -> Result<Captured, CloudError> {
        let cx = &self.cx;
        let made = self.launch(machines, lease).and_then(|machine| {
            machines.stop(cx, &machine)?;
            let capture = Capture {
                name: lease,
                description: "web@1.0.0/1",
                tags: &BTreeMap::new(),
                owner: "web@1.0.0/1",
            };
            machines.capture(cx, &machine, &capture)
        });
        // What could not be ended is in the ledger.
        drop(machines.end(cx, lease));
        made.and_then(|captured| {
            let kept = machines.keep(cx, &captured);
            if kept.is_err() {
                drop(machines.discard(cx, &captured));
            }
            kept.map(|()| captured)
        })
    }

    /// What was asked for in the calls of an operation that did it.
    fn asked(&self, action: &str) -> Vec<Value> {
        let log = self.fake.log().into_iter();
        log.filter(|logged| logged.action == action && logged.error.is_none())
            .map(|logged| serde_json::from_str(&logged.input).unwrap())
            .collect()
    }

    fn open(&self) -> Vec<Resource> {
        self.notes.open(&self.cx, "aws").unwrap()
    }

    /// Cleans up as somebody else, by the ledger alone; whether an image was finished.
    fn collect(&self) -> bool {
        let machines = self.machines(&self.fake.url(), place());
        let mut open = self.open();
        // As `gc` does it: what is made of others, or has them, first.
        open.sort_by_key(|resource| match resource.kind.word() {
            "instance" => 0,
            "image" => 1,
            _ => 2,
        });
        let mut is_kept = false;
        for resource in &open {
            let removed = leftovers::remove(&self.cx, machines.client(), resource).unwrap();
            is_kept |= removed == Removal::Kept;
            self.notes.gone(&self.cx, resource).unwrap();
        }
        is_kept
    }
}

fn keys() -> Settings {
    settings(&[
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "hunter22"),
    ])
}

fn place() -> AwsInfrastructure {
    AwsInfrastructure {
        user: "admin".to_owned(),
        ..infrastructure::aws(REGION, "")
    }
}

/// Where nobody says which address is let in, and this service is asked.
fn asking(service: &str) -> (Settings, AwsInfrastructure) {
    let settings = Settings {
        address_service: service.to_owned(),
        ..keys()
    };
    let reach = MachineReach::Ssh {
        is_private: false,
        from: None,
    };
    (settings, AwsInfrastructure { reach, ..place() })
}

#[test]
fn a_machine_is_as_it_is_asked_for() {
    let lab = Lab::new();
    let before = lab.fake.resources();
    lab.fake.key(ACCOUNT, REGION, "alias/golden");
    let machines = lab.machines(
        &lab.fake.url(),
        AwsInfrastructure {
            types: vec!["c7i.large".to_owned(), "m7i.large".to_owned()],
            subnet: Some("subnet-0b".to_owned()),
            has_public_address: Some(true),
            profile: Some("builder".to_owned()),
            user_data: Some("#cloud-config\n".to_owned()),
            tags: BTreeMap::from([
                ("stage".to_owned(), "lab".to_owned()),
                ("team".to_owned(), "others".to_owned()),
            ]),
            volumes: vec![AwsVolume {
                gib: Some(20),
                kind: Some("gp3".to_owned()),
                throughput: Some(250),
                key: Some("alias/golden".to_owned()),
                ..AwsVolume::default()
            }],
            ..place()
        },
    );
    lab.fake.set_capacity(ACCOUNT, REGION, "c7i.large", false);
    let machine = lab.launch(&machines, "run-1").unwrap();
    assert_eq!(
        (machine.address.as_str(), machine.port),
        ("198.51.100.7", 22)
    );
    assert_eq!(machine.user, "admin");
    assert_eq!(machine.host_keys, [HOST_KEY]);
    let launch = lab.launches.lock().unwrap()[0].clone();
    assert_eq!(launch.public_key.as_deref(), Some(KEY));
    assert_eq!(launch.user_data.as_deref(), Some("I2Nsb3VkLWNvbmZpZwo="));

    let asked = &lab.asked("RunInstances")[0];
    assert_eq!(asked["InstanceType"], "m7i.large");
    assert_eq!(asked["MetadataOptions"]["HttpTokens"], "required");
    assert_eq!(asked["IamInstanceProfile"]["Name"], "builder");
    assert_eq!(asked["NetworkInterfaces"][0]["SubnetId"], "subnet-0b");
    let disks = asked["BlockDeviceMappings"].as_array().unwrap();
    assert_eq!(disks.len(), 2, "{disks:?}");
    assert_eq!(disks[0]["DeviceName"], "/dev/xvda");
    assert_eq!(disks[0]["Ebs"]["Encrypted"], true);
    assert_eq!(disks[0]["Ebs"]["VolumeSize"], 20);
    assert_eq!(disks[1]["DeviceName"], "/dev/sdf");
    let goes = |disk: &Value| disk["Ebs"]["DeleteOnTermination"] == true;
    assert!(disks.iter().all(goes), "{disks:?}");
    let tags = asked["TagSpecifications"].as_array().unwrap();
    let kinds: Vec<_> = tags.iter().map(|of| &of["ResourceType"]).collect();
    assert_eq!(kinds, ["instance", "volume", "network-interface"]);
    assert!(tags[1].to_string().contains("run-1.instance-2"), "{tags:?}");
    // What is said of this image comes before what is said of all.
    assert!(tags[1].to_string().contains("platform"), "{tags:?}");
    assert!(tags[1].to_string().contains("\"lab\""), "{tags:?}");

    let opened = &lab.asked("AuthorizeSecurityGroupIngress");
    assert_eq!(opened.len(), 1);
    let rules = opened[0]["IpPermissions"].as_array().unwrap();
    assert_eq!(rules.len(), 1);
    assert_eq!(
        (&rules[0]["FromPort"], &rules[0]["ToPort"]),
        (&22.into(), &22.into())
    );
    assert_eq!(rules[0]["IpRanges"][0]["CidrIp"], "192.0.2.9/32");
    assert_eq!(lab.asked("CreateSecurityGroup")[0]["VpcId"], "vpc-0default");

    let open: Vec<_> = lab.open().into_iter().map(|row| row.kind.word()).collect();
    assert_eq!(open, ["key-pair", "security-group", "instance"]);
    machines.end(&lab.cx, "run-1").unwrap();
    machines.end(&lab.cx, "run-1").unwrap();
    assert_eq!(lab.fake.leftovers(&before), [""; 0]);
    assert_eq!(lab.open(), []);
}

#[test]
fn an_image_of_all_disks() {
    let lab = Lab::new();
    let before = lab.fake.resources();
    let machines = lab.machines(&lab.fake.url(), place());
    assert!(!machines.is_taken(&lab.cx, "web-1").unwrap());
    let captured = lab.make(&machines, "web-1").unwrap();
    assert!(machines.is_taken(&lab.cx, "web-1").unwrap());
    let left = lab.fake.leftovers(&before);
    let kind = |text: &String| text.split('/').nth(2).unwrap().to_owned();
    let kinds: Vec<String> = left.iter().map(kind).collect();
    assert_eq!(kinds, ["image", "snapshot", "snapshot"], "{left:?}");
    assert_eq!(lab.open(), []);
    // It was at rest, and carries its tags from the first moment on, as its snapshots do.
    let calls: Vec<_> = lab.fake.log().into_iter().map(|call| call.action).collect();
    let at = |action: &str| calls.iter().position(|call| call == action).unwrap();
    assert!(at("StopInstances") < at("CreateImage"));
    assert!(at("CreateImage") < at("TerminateInstances"));
    assert!(at("TerminateInstances") < at("DeleteSecurityGroup"));
    assert!(at("DeleteSecurityGroup") < at("DeleteKeyPair"));
    let look = format!(
        "ec2 = client('ec2')\nids = ['{}']\n\
         image = ec2.describe_images(ImageIds=ids)['Images'][0]\n\
         ids += [disk['Ebs']['SnapshotId'] for disk in image['BlockDeviceMappings']]\n\
         for id in ids: print(sorted(tag['Key'] for tag in ec2.describe_tags(Filters=[{{'Name': 'resource-id', 'Values': [id]}}])['Tags']))",
        captured.id
    );
    let tags = lab.fake.boto(&look);
    let common = "'Name', 'goldsmith:made', 'goldsmith:name', 'goldsmith:operation'";
    let finished =
        "'Name', 'goldsmith:complete', 'goldsmith:made', 'goldsmith:name', 'goldsmith:operation'";
    let expected = format!("[{finished}]\n[{common}]\n[{common}]");
    assert_eq!(tags.trim(), expected);

    // A name is of one image, and nothing is left of the attempt at another one.
    let before = lab.fake.resources();
    let machine = lab.launch(&machines, "web-2").unwrap();
    let capture = Capture {
        name: "web-1",
        description: "",
        tags: &BTreeMap::new(),
        owner: "web",
    };
    let error = machines.capture(&lab.cx, &machine, &capture).unwrap_err();
    assert!(error.to_string().contains("there already"), "{error}");
    machines.end(&lab.cx, "web-2").unwrap();
    assert_eq!(lab.fake.leftovers(&before), [""; 0]);
    assert_eq!(lab.open(), []);

    machines.discard(&lab.cx, &captured).unwrap();
    assert_eq!(lab.fake.leftovers(&before), [""; 0], "what is kept stays");
}

#[test]
fn what_cannot_be_had_is_said() {
    let lab = Lab::new();
    let before = lab.fake.resources();
    let check = |place: AwsInfrastructure, lease: &str, class: Class, text: &str, hint: &str| {
        let machines = lab.machines(&lab.fake.url(), place);
        let error = lab.launch(&machines, lease).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(error.class(), class, "{error}");
        let hints = error.hints().join("\n");
        assert!(hints.contains(hint), "{hints}");
        assert_eq!(lab.fake.leftovers(&before), [""; 0], "{text}");
        assert_eq!(lab.open(), [], "{text}");
    };
    let none = AwsInfrastructure {
        types: Vec::new(),
        ..place()
    };
    check(none, "a", Class::Config, "no type of instance", "m7i.large");
    check(place(), "A b", Class::Bug, "cannot name things", "");
    let nowhere = AwsInfrastructure {
        subnet: Some("subnet-9".to_owned()),
        ..place()
    };
    check(nowhere, "a", Class::Remote, "`subnet-9`", "");
    lab.fake.set_capacity(ACCOUNT, REGION, "m7i.large", false);
    check(
        place(),
        "b",
        Class::Remote,
        "no capacity for any",
        "name more types",
    );
    lab.fake.set_capacity(ACCOUNT, REGION, "m7i.large", true);
    lab.fake.hosts(|_| Host {
        address: "198.51.100.7".to_owned(),
        console: "Linux version 6.1\nlogin:".to_owned(),
    });
    check(
        place(),
        "c",
        Class::Remote,
        "does not show the keys",
        "it ends with: Linux version 6.1\nlogin:",
    );
    lab.fake.hosts(|_| Host {
        address: "198.51.100.7".to_owned(),
        console: format!(
            "-----BEGIN SSH HOST KEY KEYS-----\n{HOST_KEY}\n-----END SSH HOST KEY KEYS-----\n"
        ),
    });
    let no_agent = AwsInfrastructure {
        reach: MachineReach::Ssm,
        ..place()
    };
    // Without a profile it cannot speak to Systems Manager.
    check(
        no_agent,
        "d",
        Class::Remote,
        "does not hear of the agent",
        "AmazonSSMManagedInstanceCore",
    );
}

/// The address that may reach a machine is asked for where nobody says it.
#[test]
fn our_address() {
    let lab = Lab::new();
    let before = lab.fake.resources();
    let service = Front::of(None);
    let launch = |answer: &str, lease: &str| {
        service.on("GET /", 1, Act::answer(200, answer));
        let (settings, place) = asking(&service.url());
        let place = AwsInfrastructure {
            endpoint: Some(lab.fake.url()),
            ..place
        };
        let machines = AwsMachines::new(settings, place, Arc::clone(&lab.notes) as _);
        lab.launch(&machines, lease)?;
        machines.end(&lab.cx, lease)
    };
    launch("203.0.113.77\n", "a").unwrap();
    let opened = &lab.asked("AuthorizeSecurityGroupIngress")[0];
    let range = &opened["IpPermissions"][0]["IpRanges"][0]["CidrIp"];
    assert_eq!(range, "203.0.113.77/32");

    let error = launch("<html>", "b").unwrap_err();
    assert!(error.to_string().contains("is no address"), "{error}");
    assert!(error.hints().join("").contains("say which"));
    assert_eq!(lab.fake.leftovers(&before), [""; 0]);
}

/// Somebody who wants to stop is left nothing either.
#[test]
fn a_cancel_takes_everything_away() {
    let lab = Lab::new();
    let before = lab.fake.resources();
    let cancel = lab.cx.cancel.clone();
    lab.fake.hosts(move |_| {
        cancel.cancel();
        Host {
            address: "198.51.100.7".to_owned(),
            console: String::new(),
        }
    });
    let machines = lab.machines(&lab.fake.url(), place());
    let error = lab.launch(&machines, "a").unwrap_err();
    assert_eq!(error.class(), Class::Cancelled, "{error}");
    assert_eq!(lab.fake.leftovers(&before), [""; 0]);
}

/// Bought by the moment: there may be none of it, and it may be taken away.
#[test]
fn bought_by_the_moment() {
    let lab = Lab::new();
    let before = lab.fake.resources();
    let machines = lab.machines(
        &lab.fake.url(),
        AwsInfrastructure {
            types: vec!["c7i.large".to_owned(), "m7i.large".to_owned()],
            is_spot: true,
            ..place()
        },
    );
    lab.fake.set_capacity(ACCOUNT, REGION, "c7i.large", false);
    let machine = lab.launch(&machines, "run-1").unwrap();
    let asked = &lab.asked("RunInstances")[0];
    assert_eq!(asked["InstanceType"], "m7i.large");
    assert_eq!(asked["InstanceMarketOptions"]["MarketType"], "spot");
    assert_eq!(machines.taken_away(&lab.cx, &machine).unwrap(), None);
    // It cannot be told to stop, and is made an image of as it is.
    machines.stop(&lab.cx, &machine).unwrap();
    let capture = Capture {
        name: "web-1",
        description: "",
        tags: &BTreeMap::new(),
        owner: "web",
    };
    let captured = machines.capture(&lab.cx, &machine, &capture).unwrap();
    machines.discard(&lab.cx, &captured).unwrap();

    lab.fake.interrupt(REGION, &machine.id);
    let why = machines.taken_away(&lab.cx, &machine).unwrap().unwrap();
    assert!(why.contains("SpotInstanceTermination"), "{why}");
    let error = machines.capture(&lab.cx, &machine, &capture).unwrap_err();
    assert_eq!(error.class(), Class::Remote, "{error}");
    machines.end(&lab.cx, "run-1").unwrap();
    // Nobody knows for certain that there is no image.
    assert_eq!(lab.open().len(), 1);
    lab.collect();
    assert_eq!(lab.fake.leftovers(&before), [""; 0]);
}
