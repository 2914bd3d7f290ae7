//! A run that brings an image to two regions of AWS and is killed at its calls, before they arrive and
//! before their answer does, by the real binary against the strict fake: `gc` finds what is left, and
//! whoever goes on makes every image once.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use goldsmith_catalog::Sqlite;
use goldsmith_core::cx::Cx;
use goldsmith_core::ledger::Ledger as _;
use goldsmith_testing::aws::{Fake, Options, operation};
use goldsmith_testing::front::{Act, Front, Seen};

use crate::env::{Ran, TestEnv};
use crate::small;

const PIPELINE: &str = r#"
pipeline "tiny" {
  recipe = recipe.tiny

  test "boot" {
    skip = true
  }
  distribution = distribution.cloud
}

distribution "cloud" {
  tags = { team = "platform", environment = "staging", compliance = "none" }

  target "aws" "eu" {
    regions         = ["eu-north-1", "us-east-1"]
    accounts        = ["222233334444"]
    endpoint        = "ENDPOINT"
    deprecate_after = "180d"
  }
}
"#;
const RUN: [&str; 5] = ["run", "tiny", "--offline", "--as", "dev@example.com"];
/// Calls that are all of one kind: the first and the last of them stand for the others.
const KINDS_MIN: usize = 8;

/// When the program is killed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Moment {
    operation: String,
    /// Which call of it, from 1.
    number: usize,
    /// Whether the call has its effect, and only its answer is lost.
    is_after: bool,
}

/// The program under way, and when it is to be killed.
#[derive(Default)]
struct Killer {
    moment: Option<Moment>,
    victim: Mutex<Option<Child>>,
    counts: Mutex<BTreeMap<String, usize>>,
}

impl Killer {
    fn act(&self, seen: &Seen) -> Option<Act> {
        let operation = operation(seen);
        let mut counts = self.counts.lock().unwrap();
        let number = counts.entry(operation.clone()).or_default();
        *number += 1;
        let moment = self.moment.as_ref()?;
        if (&moment.operation, moment.number) != (&operation, *number) {
            return None;
        }
        let mut victim = self.victim.lock().unwrap();
        let victim = victim.as_mut().expect("it is the one that calls");
        victim.kill().unwrap();
        victim.wait().unwrap();
        Some(if moment.is_after {
            Act::LoseAnswer
        } else {
            Act::Close
        })
    }
}

/// A project, and the AWS that its images go to.
struct Cloud {
    env: TestEnv,
    fake: Fake,
    _front: Front,
    killer: Arc<Killer>,
}

impl Cloud {
    fn new(moment: Option<Moment>) -> Self {
        let fake = Fake::start(Options {
            settle_seconds: 0,
            ..Options::default()
        });
        let killer = Arc::new(Killer {
            moment,
            ..Killer::default()
        });
        let for_front = Arc::clone(&killer);
        let front = Front::choosing(fake.address(), move |seen| for_front.act(seen));
        let env = small::project(&PIPELINE.replace("ENDPOINT", &front.url()));
        Self {
            env,
            fake,
            _front: front,
            killer,
        }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.env.command(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "hunter22");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Starts a run that may be killed; whether it was.
    fn is_killed(&self) -> bool {
        let mut command = self.command(&RUN);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut victim = self.killer.victim.lock().unwrap();
        *victim = Some(command.spawn().unwrap());
        drop(victim);
        loop {
            // The lock is for whoever kills in between.
            let mut victim = self.killer.victim.lock().unwrap();
            if let Some(status) = victim.as_mut().unwrap().try_wait().unwrap() {
                return !status.success();
            }
            drop(victim);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What there is, without names: `eu-north-1/image`.
    fn left(&self) -> Vec<String> {
        let resources = self.fake.resources().into_iter();
        let kind = |of: String| {
            let parts: Vec<&str> = of.split('/').collect();
            format!("{}/{}", parts[1], parts[2])
        };
        resources.map(kind).collect()
    }

    fn open(&self) -> usize {
        let catalog = Sqlite::open(&self.env.home()).unwrap();
        let cx = Cx::new(
            Arc::new(goldsmith_testing::clock::RealClock),
            Arc::new(goldsmith_core::event::NoEvents),
        );
        catalog.open(&cx, "aws").unwrap().len()
    }
}

/// Every call that a whole run makes, the first and the last of each kind, on both of its sides.
fn moments(whole: &Cloud) -> Vec<Moment> {
    let counts = whole.killer.counts.lock().unwrap();
    assert!(counts.len() >= KINDS_MIN, "{counts:?}");
    let mut moments = Vec::new();
    for (operation, last) in &*counts {
        let mut numbers = vec![1, *last];
        numbers.dedup();
        for number in numbers {
            // The first on both sides; the last, which is like it, on the one where more is lost.
            for is_after in [false, true].into_iter().skip(usize::from(number > 1)) {
                moments.push(Moment {
                    operation: operation.clone(),
                    number,
                    is_after,
                });
            }
        }
    }
    moments
}

/// Kills a run at a moment. Then `gc` leaves nothing but what is finished; or another run goes on, and
/// there is what there would be.
fn killed_at(moment: &Moment, expected: &[String], is_collected: bool) {
    let cloud = Cloud::new(Some(moment.clone()));
    // Regions are served at once: which of them makes the last call of a kind is left open.
    if cloud.is_killed() && is_collected {
        cloud.run(&["gc", "--target", "aws/eu"]).expect(0);
        let left = cloud.left();
        let of = |kind| left.iter().filter(|of| of.ends_with(kind)).count();
        assert_eq!(of("/image"), of("/snapshot"), "{moment:?}: {left:?}");
    } else {
        cloud.run(&RUN).expect(0);
        assert_eq!(cloud.left(), expected, "{moment:?}");
    }
    let twice = cloud.fake.made_twice("goldsmith:operation");
    assert_eq!(twice, [], "{moment:?}");
    assert_eq!(cloud.open(), 0, "{moment:?}");
    crate::crash::assert_swept(&cloud.env);
}

#[test]
fn at_every_call() {
    let whole = Cloud::new(None);
    assert!(!whole.is_killed());
    let expected = whole.left();
    assert_eq!(
        expected,
        [
            "eu-north-1/image",
            "eu-north-1/snapshot",
            "us-east-1/image",
            "us-east-1/snapshot"
        ]
    );
    let moments = moments(&whole);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(moment) = moments.get(next.fetch_add(1, Ordering::SeqCst)) {
                    killed_at(moment, &expected, false);
                    if moment.number == 1 {
                        killed_at(moment, &expected, true);
                    }
                }
            });
        }
    });
    println!("killed at {} moments", moments.len());
}
