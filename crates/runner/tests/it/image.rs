//! Images made on machines of the strict fake of AWS, behind which a real `sshd` is: the whole way,
//! and what is left when something on it goes wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use goldsmith_component::run::StepReport;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::ledger::{Ledger as _, ResourceKind};
use goldsmith_core::machine::Capture;
use goldsmith_core::recipe::{AwsInfrastructure, MachineReach};
use goldsmith_inspect::{sanitize, sbom};
use goldsmith_provider::aws::launch::{AwsMachines, LaunchError};
use goldsmith_provider::aws::{Settings, leftovers};
use goldsmith_runner::drive::Limits;
use goldsmith_runner::format::Job;
use goldsmith_runner::image::{self, ImageError, Listener, Made, Order};
use goldsmith_testing::aws::{Fake, Host, Options, Wire};
use goldsmith_testing::clock::HastyClock;
use goldsmith_testing::faults::{Faults, Schedule};
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::infrastructure;
use goldsmith_testing::ledger::Notes;
use goldsmith_testing::remote::Remote;

use crate::job::{Events, job, machine, program};

struct Lab {
    fake: Fake,
    base: String,
    before: Vec<String>,
    remote: Arc<Remote>,
    notes: Arc<Notes>,
    cx: Cx,
    events: Arc<Events>,
    /// Whether nothing can be recorded any more.
    is_full: AtomicBool,
    /// How machines are reached.
    reach: MachineReach,
    is_spot: bool,
    /// How long a machine may be out of reach.
    lost: Duration,
}

impl Lab {
    fn new() -> Self {
        Self::with(Options::default())
    }

    /// Machines are reached by sessions of Systems Manager, on connections where this goes wrong.
    fn tunnelled(seed: u64, wire: Wire) -> Self {
        let options = Options {
            seed,
            wire,
            ..Options::default()
        };
        Self {
            reach: MachineReach::Ssm,
            ..Self::with(options)
        }
    }

    fn with(options: Options) -> Self {
        let fake = Fake::start(Options {
            settle_seconds: 1,
            ..options
        });
        let base = fake.base_image();
        let remote = Arc::new(machine());
        let events = Arc::new(Events::default());
        let cx = Cx::new(Arc::new(HastyClock), Arc::clone(&events) as _);
        let lab = Self {
            before: fake.resources(),
            fake,
            base,
            remote,
            notes: Arc::default(),
            cx,
            events,
            is_full: AtomicBool::new(false),
            reach: infrastructure::aws("", "").reach,
            is_spot: false,
            lost: Duration::from_mins(1),
        };
        lab.behind(|host| host);
        lab
    }

    /// Every instance is the machine, booted anew; its console shows what `shown` makes of its key.
    fn behind(&self, shown: impl Fn(String) -> String + Send + 'static) {
        let remote = Arc::clone(&self.remote);
        self.fake.hosts(move |launch| {
            let host = remote.start_over(launch.public_key.as_deref().unwrap());
            Host {
                address: remote.host().to_owned(),
                console: format!(
                    "-----BEGIN SSH HOST KEY KEYS-----\n{}\n-----END SSH HOST KEY KEYS-----\n",
                    shown(host)
                ),
            }
        });
    }

    fn cloud(&self, url: &str) -> AwsMachines {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings =
            Settings::from_env(&variables.into(), goldsmith_provider::Settings::default());
        let place = AwsInfrastructure {
            reach: self.reach,
            profile: Some("builder".to_owned()),
            is_spot: self.is_spot,
            ..infrastructure::aws("us-east-1", url)
        };
        AwsMachines::new(settings, place, Arc::clone(&self.notes) as _)
    }

    fn make(&self, run: &str, build: &str, test: &str) -> Result<Made, ImageError> {
        self.make_at(&self.fake.url(), run, build, test)
    }

    /// Makes an image `run` with scripts to build and to try it.
    fn make_at(&self, url: &str, run: &str, build: &str, test: &str) -> Result<Made, ImageError> {
        let folder = tempfile::tempdir().unwrap();
        let tags = [("team".to_owned(), "platform".to_owned())].into();
        image::make(
            &self.cx,
            &Order {
                cloud: &self.cloud(url),
                from: &self.base,
                run,
                image: Capture {
                    name: run,
                    description: "web@1.0.0/1",
                    tags: &tags,
                    owner: "web@1.0.0/1",
                },
                program: &std::fs::read(program()).unwrap(),
                build: &script(run, build),
                test: Some(&script(&format!("{run}-test"), test)),
                settings: &sanitize::Settings::default(),
                folder: folder.path(),
                limits: Limits {
                    lost: self.lost,
                    reboot: Duration::from_mins(1),
                },
            },
            &mut Heard(self),
        )
    }

    /// Cleans up by the ledger, as `gc` does.
    fn collect(&self) {
        let cloud = self.cloud(&self.fake.url());
        let mut open = self.notes.open(&self.cx, "aws").unwrap();
        // A machine has its group.
        open.sort_by_key(|resource| resource.kind != ResourceKind::Instance);
        for resource in open {
            leftovers::remove(&self.cx, cloud.client(), &resource).unwrap();
            self.notes.gone(&self.cx, &resource).unwrap();
        }
    }

    /// What there is besides what there was.
    fn left(&self) -> Vec<String> {
        let kind = |text: &String| text.split('/').nth(2).unwrap().to_owned();
        self.fake.leftovers(&self.before).iter().map(kind).collect()
    }

    #[track_caller]
    fn check_nothing(&self) {
        assert_eq!(self.fake.open_sessions(), 0);
        assert_eq!(self.left(), [""; 0]);
        assert_eq!(self.notes.open(&self.cx, "aws").unwrap(), []);
    }
}

/// Whoever keeps the records: the image is there by then, and not yet finished.
struct Heard<'a>(&'a Lab);

impl Listener for Heard<'_> {
    fn step(&mut self, _: &str, _: &StepReport) {}

    fn record(&mut self, made: &Made) -> Result<(), Box<dyn Failure>> {
        let open = self.0.notes.open(&self.0.cx, "aws").unwrap();
        let of_image = open
            .iter()
            .find(|it| it.id.as_ref() == Some(&made.image.id));
        assert!(of_image.is_some(), "{open:?}");
        let laps: Vec<&str> = made.times.iter().map(|(name, _)| *name).collect();
        let all = [
            "launch",
            "documents",
            "sanitize and verify",
            "capture",
            "test",
        ];
        assert_eq!(laps, all);
        if self.0.is_full.load(Ordering::SeqCst) {
            return Err(Box::new(LaunchError::NoType));
        }
        Ok(())
    }
}

/// A job with one step.
fn script(id: &str, lines: &str) -> Job {
    let lines: Vec<String> = lines.lines().map(|line| format!("{line:?}")).collect();
    let step =
        "      - name: Do\n        action: ExecuteBash\n        inputs:\n          commands: ";
    job(id, &format!("{step}[{}]\n", lines.join(", ")))
}

const BUILD: &str = "if [ ! -e /etc/made ]; then echo made >/etc/made; exit 194; fi
echo 'curl -u root:hunter22' >/root/.bash_history
mkdir -p /var/log; echo noise >/var/log/web.log; echo booted";

#[test]
fn the_whole_way() {
    let lab = Lab::new();
    let test = "cat /etc/made; [ ! -e /root/.bash_history ] || exit 1; [ ! -e /var/log/web.log ] || [ ! -s /var/log/web.log ] || exit 2";
    let made = lab.make("web-1", BUILD, test).unwrap();
    assert_eq!(lab.events.printed(), ["booted", "made"]);
    // Its own, the first machine's two, the test machine's.
    assert_eq!(lab.remote.boots(), 4);
    let removed = made.sealed.sanitized.findings();
    let removed: Vec<&str> = removed.map(|(_, row)| row.path.as_str()).collect();
    for path in [
        "/root/.bash_history",
        "/root/.ssh/authorized_keys",
        "/etc/ssh/ssh_host_ed25519_key",
    ] {
        assert!(removed.contains(&path), "{path}: {removed:?}");
    }
    assert!(made.sealed.verified.passed);
    let software = sbom::read(made.sealed.software.as_bytes()).unwrap();
    let system = software.distribution.unwrap();
    assert_eq!(
        (&*system.id, system.version.as_deref()),
        ("debian", Some("12"))
    );
    assert_eq!(made.test.unwrap().documents.len(), 1);
    assert_eq!(lab.left(), ["image", "snapshot", "snapshot"]);
    assert_eq!(lab.notes.open(&lab.cx, "aws").unwrap(), []);
    assert_eq!(lab.remote.processes(), [""; 0]);
    let above = lab.remote.root().join("var/lib").read_dir().unwrap();
    assert_eq!(above.count(), 0, "nothing of the runner is left");

    // A name that is taken, or is none, is said before there is a machine.
    let error = lab.make("web-1", "true", "true").unwrap_err();
    assert!(matches!(error, ImageError::Taken { .. }), "{error}");
    let error = lab.make("w", "true", "true").unwrap_err();
    assert_eq!(error.class(), Class::Config, "{error}");
    assert_eq!(lab.fake.calls("RunInstances"), 2);
}

#[test]
fn nothing_is_left_of_what_fails() {
    let lab = Lab::new();
    let error = lab.make("web-a", "exit 3", "true").unwrap_err();
    assert!(error.to_string().contains("Do"), "{error}");
    assert_eq!(error.class(), Class::Test);
    lab.check_nothing();
    assert_eq!(lab.fake.calls("CreateImage"), 0);

    // What only a person can decide about.
    let key = "mkdir -p /srv; echo x >/srv/store.p12";
    let error = lab.make("web-b", key, "true").unwrap_err();
    assert!(matches!(error, ImageError::Unclean { .. }), "{error}");
    let hints = error.hints().join("\n");
    assert!(hints.contains("/srv/store.p12"), "{hints}");
    lab.check_nothing();
    std::fs::remove_file(lab.remote.root().join("srv/store.p12")).unwrap();
    assert_eq!(lab.fake.calls("CreateImage"), 0);

    let error = lab.make("web-c", "true", "exit 4").unwrap_err();
    assert_eq!(error.class(), Class::Test, "{error}");
    assert_eq!(lab.fake.calls("CreateImage"), 1);
    lab.check_nothing();

    // Of what there is no record there is no image.
    lab.is_full.store(true, Ordering::SeqCst);
    let error = lab.make("web-e", "true", "true").unwrap_err();
    assert!(matches!(error, ImageError::Unrecorded(_)), "{error}");
    lab.check_nothing();
    lab.is_full.store(false, Ordering::SeqCst);

    // Somebody in between.
    lab.behind(|_| {
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKUlH0LzC6w0yZ9c4m3mQ7W0c3l5q0cQ9jJp2x3r8b1d".into()
    });
    let error = lab.make("web-d", "true", "true").unwrap_err();
    assert!(matches!(error, ImageError::OtherHost { .. }), "{error}");
    lab.check_nothing();
}

/// Also where the way to the machine is to be cleaned up, through which it is cleaned up.
#[test]
fn a_cancel_ends_both_machines() {
    for (build, test, lab) in [
        ("echo here; sleep 600", "true", Lab::new()),
        ("true", "echo here; sleep 600", Lab::new()),
        (
            "echo here; sleep 600",
            "true",
            Lab::tunnelled(1, Wire::default()),
        ),
    ] {
        let error = std::thread::scope(|scope| {
            let (cancel, events) = (lab.cx.cancel.clone(), Arc::clone(&lab.events));
            scope.spawn(move || {
                for _ in 0..1200 {
                    if !events.printed().is_empty() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
                cancel.cancel();
            });
            lab.make("web-a", build, test).unwrap_err()
        });
        assert_eq!(error.class(), Class::Cancelled, "{error}");
        lab.check_nothing();
    }
}

/// Calls that are refused for good; those that there are before a machine is reached are tried with
/// the client of the cloud.
#[test]
fn nothing_is_left_whichever_call_is_refused() {
    let lab = Lab::new();
    let refusal = "<Response><Errors><Error><Code>InvalidParameterCombination</Code><Message>no</Message></Error></Errors></Response>";
    let refused = |run: &str, call: &str| {
        let front = Front::of(Some(lab.fake.address().port()));
        front.on_containing(&format!("Action={call}&"), 1, Act::answer(400, refusal));
        lab.make_at(&front.url(), run, "true", "true")
    };
    let is_said = |part: &str| lab.events.said().iter().any(|said| said.contains(part));
    let kept = ["image", "snapshot", "snapshot"];

    let error = refused("run-1", "CreateImage").unwrap_err();
    assert!(error.to_string().contains("CreateImage"), "{error}");
    lab.collect();
    assert_eq!(lab.left(), [""; 0]);

    // It is recorded as made: that AWS does not know yet that it is finished is left to the ledger.
    refused("run-2", "CreateTags").unwrap();
    assert!(is_said("that it is finished could not be said there"));
    assert_eq!(lab.left(), kept);
    let open = lab.notes.open(&lab.cx, "aws").unwrap();
    assert!(matches!(open.as_slice(), [one] if one.kind == ResourceKind::Image));
    lab.collect();
    assert_eq!(lab.left(), [""; 0]);

    // That a machine is left to the ledger is no reason to throw an image away.
    let made = refused("run-3", "TerminateInstances").unwrap();
    assert!(is_said("stays in the ledger"));
    assert!(made.sealed.verified.passed);
    lab.collect();
    assert_eq!(lab.left(), kept);
}

/// `cargo xtask storm` has more, one for twenty that bring an image there.
#[expect(
    clippy::disallowed_methods,
    reason = "a storm that lasts longer than the gate is asked for by the environment"
)]
fn storms() -> u64 {
    let said = std::env::var("GOLDSMITH_STORM_RUNS").ok();
    said.map_or(2, |said| said.parse::<u64>().unwrap().div_ceil(20))
}

/// Throttled, failing, losing answers, doing things twice.
#[test]
fn a_storm_leaves_nothing() {
    for seed in 1..=storms() {
        let lab = Lab::new();
        let faults = Faults::before(lab.fake.address(), Schedule::new(seed, 200));
        let made = lab.make_at(&faults.url(), "web-a", "true", "true");
        lab.collect();
        let expected: &[&str] = match made {
            Ok(_) => &["image", "snapshot", "snapshot"],
            Err(_) => &[],
        };
        assert_eq!(lab.left(), expected, "seed {seed}: {:?}", made.err());
    }
}

/// The whole way without a port that is open to anybody: a reboot, messages that come twice and late,
/// connections that break off.
#[test]
fn by_sessions_alone() {
    let wire = Wire {
        per_mille: 50,
        lasts: Some(2_000),
    };
    let lab = Lab::tunnelled(1, wire);
    let made = lab.make("web-1", BUILD, "cat /etc/made").unwrap();
    assert_eq!(lab.events.printed(), ["booted", "made"]);
    assert_eq!(lab.remote.boots(), 4);
    assert!(made.sealed.verified.passed);
    assert_eq!(lab.left(), ["image", "snapshot", "snapshot"]);
    assert_eq!(lab.notes.open(&lab.cx, "aws").unwrap(), []);
    assert_eq!(lab.fake.calls("AuthorizeSecurityGroupIngress"), 0);
    assert_eq!(lab.fake.open_sessions(), 0);
    let begun = lab.fake.log().into_iter();
    let begun = begun.filter(|call| call.action == "StartSession" && call.error.is_none());
    assert_eq!(begun.count(), lab.fake.calls("TerminateSession"));
    assert!(lab.fake.calls("ResumeSession") > 0);
}

/// Whoever is at the other end of a tunnel is not believed.
#[test]
fn another_machine_at_the_end_of_a_tunnel() {
    let lab = Lab::tunnelled(1, Wire::default());
    lab.behind(|_| {
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKUlH0LzC6w0yZ9c4m3mQ7W0c3l5q0cQ9jJp2x3r8b1d".into()
    });
    let error = lab.make("web-d", "true", "true").unwrap_err();
    assert!(matches!(error, ImageError::OtherHost { .. }), "{error}");
    lab.check_nothing();
}

/// What was bought by the moment is taken away while a document runs.
#[test]
fn an_instance_that_is_taken_away() {
    let lab = Lab {
        is_spot: true,
        lost: Duration::from_secs(3),
        ..Lab::tunnelled(1, Wire::default())
    };
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..1200 {
                if !lab.events.printed().is_empty() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            let resources = lab.fake.resources().into_iter();
            let mut instances = resources.filter(|resource| resource.contains("/instance/"));
            let instance = instances.next().unwrap();
            lab.fake
                .interrupt("us-east-1", instance.rsplit('/').next().unwrap());
            lab.fake.advance(10);
        });
        lab.make("web-a", "echo here; sleep 600", "true")
            .unwrap_err()
    });
    assert!(matches!(error, ImageError::TakenAway { .. }), "{error}");
    assert_eq!(error.class(), Class::Remote);
    assert!(
        error.to_string().contains("SpotInstanceTermination"),
        "{error}"
    );
    assert!(error.hints()[0].contains("start again"));
    assert_eq!(lab.fake.calls("CreateImage"), 0);
    lab.check_nothing();
}
