//! Machines of EC2, against the strict fake: what is asked for, and what is left when any call
//! fails, when answers are lost, and when whoever made them dies.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::ledger::{Ledger as _, Resource};
use goldsmith_core::machine::{Capture, Captured, Cloud as _, CloudError, Machine, Start};
use goldsmith_provider::aws::launch::{AwsMachines, MachinePlace, Volume};
use goldsmith_provider::aws::leftovers::{self, Removal};
use goldsmith_testing::aws::{ACCOUNT, Fake, Host, Launch, Options};
use goldsmith_testing::faults::{Faults, Schedule};
use goldsmith_testing::front::{Act, Front};
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

    fn machines(&self, url: &str, place: MachinePlace) -> AwsMachines {
        let settings = settings(&[
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
        ]);
        let place = MachinePlace {
            region: REGION.to_owned(),
            endpoint: Some(url.to_owned()),
            ..place
        };
        AwsMachines::new(settings, place, Arc::clone(&self.notes) as _)
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

fn place() -> MachinePlace {
    MachinePlace {
        types: vec!["m7i.large".to_owned()],
        from: Some(Ipv4Addr::new(192, 0, 2, 9)),
        user: "admin".to_owned(),
        ..MachinePlace::default()
    }
}

#[test]
fn a_machine_is_as_it_is_asked_for() {
    let lab = Lab::new();
    let before = lab.fake.resources();
    lab.fake.key(ACCOUNT, REGION, "alias/golden");
    let machines = lab.machines(
        &lab.fake.url(),
        MachinePlace {
            types: vec!["c7i.large".to_owned(), "m7i.large".to_owned()],
            subnet: Some("subnet-0b".to_owned()),
            has_public_address: Some(true),
            profile: Some("builder".to_owned()),
            user_data: Some("#cloud-config\n".to_owned()),
            volumes: vec![Volume {
                gib: Some(20),
                kind: Some("gp3".to_owned()),
                throughput: Some(250),
                key: Some("alias/golden".to_owned()),
                ..Volume::default()
            }],
            ..place()
        },
    );
    lab.fake.set_capacity(ACCOUNT, REGION, "c7i.large", false);
    let machine = lab.launch(&machines, "run-1").unwrap();
    assert_eq!(machine.address, "198.51.100.7");
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
    assert!(tags[1].to_string().contains("platform"), "{tags:?}");

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
    let check = |place: MachinePlace, lease: &str, class: Class, text: &str, hint: &str| {
        let machines = lab.machines(&lab.fake.url(), place);
        let error = lab.launch(&machines, lease).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(error.class(), class, "{error}");
        let hints = error.hints().join("\n");
        assert!(hints.contains(hint), "{hints}");
        assert_eq!(lab.fake.leftovers(&before), [""; 0], "{text}");
        assert_eq!(lab.open(), [], "{text}");
    };
    let none = MachinePlace {
        types: Vec::new(),
        ..place()
    };
    check(none, "a", Class::Config, "no type of instance", "m7i.large");
    check(place(), "A b", Class::Bug, "cannot name things", "");
    let nowhere = MachinePlace {
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
    let asks = Front::of(None);
    asks.on("GET /", 1, Act::answer(200, "<html>"));
    let nobody = MachinePlace {
        from: None,
        address_service: asks.url(),
        ..place()
    };
    check(nobody, "d", Class::Remote, "is no address", "say which");
}

/// The address that may reach a machine is asked for where nobody says it.
#[test]
fn our_address() {
    let lab = Lab::new();
    let service = Front::of(None);
    service.on("GET /", 1, Act::answer(200, "203.0.113.77\n"));
    let machines = lab.machines(
        &lab.fake.url(),
        MachinePlace {
            from: None,
            address_service: service.url(),
            ..place()
        },
    );
    lab.launch(&machines, "a").unwrap();
    let opened = &lab.asked("AuthorizeSecurityGroupIngress")[0];
    let range = &opened["IpPermissions"][0]["IpRanges"][0]["CidrIp"];
    assert_eq!(range, "203.0.113.77/32");
    machines.end(&lab.cx, "a").unwrap();
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

/// What becomes of the n-th call of a run, and of those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    /// It is refused for good.
    Refuse,
    /// It is done, and from then on nobody is heard of: as for whoever was killed then.
    Die,
}

/// Breaks each call of a run in turn.
fn each_call(how: Break, options: Options) {
    let lab = Lab::with(options);
    for n in 1.. {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let front = Front::choosing(lab.fake.address(), move |_| {
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            let refusal = "<Response><Errors><Error><Code>InvalidParameterCombination</Code><Message>no</Message></Error></Errors></Response>";
            match how {
                Break::Refuse if number == n => Some(Act::answer(400, refusal)),
                Break::Die if number == n => Some(Act::LoseAnswer),
                Break::Die if number > n => Some(Act::Close),
                _ => None,
            }
        });
        let before = lab.fake.resources();
        let machines = lab.machines(&front.url(), place());
        let made = lab.make(&machines, &format!("run-{n}"));
        if calls.load(Ordering::SeqCst) < n {
            made.unwrap();
            assert!(n > 12, "a run has more calls than {n}");
            return;
        }
        let is_kept = lab.collect();
        let left = lab.fake.leftovers(&before);
        if made.is_ok() || is_kept {
            assert_eq!(left.len(), 3, "call {n}, {how:?}: {left:?}");
        } else {
            assert_eq!(left, [""; 0], "call {n}, {how:?}: {:?}", made.err());
        }
    }
}

#[test]
fn nothing_is_left_whichever_call_is_refused() {
    each_call(Break::Refuse, Options::default());
}

#[test]
fn nothing_is_left_whenever_somebody_dies() {
    each_call(Break::Die, Options::default());
}

/// Where what was made a moment ago is not known yet.
#[test]
fn nothing_is_left_where_things_appear_late() {
    let late = Options {
        late: 3,
        ..Options::default()
    };
    each_call(Break::Refuse, late);
}

/// Throttled, failing, losing answers, doing things twice: what is made is made once.
#[test]
fn a_storm_leaves_nothing() {
    let lab = Lab::new();
    let mut made = 0;
    for seed in 1..=30 {
        let before = lab.fake.resources();
        let faults = Faults::before(lab.fake.address(), Schedule::new(seed, 200));
        let machines = lab.machines(&faults.url(), place());
        let run = lab.make(&machines, &format!("storm-{seed}"));
        let is_kept = lab.collect();
        let left = lab.fake.leftovers(&before);
        if run.is_ok() || is_kept {
            made += 1;
            assert_eq!(left.len(), 3, "seed {seed}: {left:?}");
        } else {
            assert_eq!(left, [""; 0], "seed {seed}: {:?}", run.err());
        }
        let launched = lab.launches.lock().unwrap().len();
        assert!(launched <= usize::try_from(seed).unwrap(), "seed {seed}");
    }
    assert!(made >= 20, "{made} of 30");
}
