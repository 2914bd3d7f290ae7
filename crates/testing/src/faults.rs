//! A server in front of another one where things go wrong by lot: calls are refused as too many,
//! fail, break off, come late, are done though their answer is lost, are done twice. What becomes
//! of the n-th call of an operation follows from the seed alone, so that what a seed has shown is
//! shown again.
//!
//! ```text
//! client -> Faults { seed, rates } -> the fake, moto, any server
//!             log: [RegisterImage 1: LoseAnswer] [CopyImage 4: Throttle] ...
//! ```

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use goldsmith_core::digest::Sha256;

use crate::aws::{Refusal, glance, mixed, throttled};
use crate::front::{Act, Front, Seen};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Refused as one call too many.
    Throttle,
    /// Status 500.
    Fail,
    /// Status 503.
    Unavailable,
    /// The connection ends without an answer; nothing was done.
    Close,
    /// It was done, and the connection ends without an answer.
    LoseAnswer,
    /// It was done twice; the second answer comes.
    Repeat,
    /// It is done late.
    Delay,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Throttle,
        Self::Fail,
        Self::Unavailable,
        Self::Close,
        Self::LoseAnswer,
        Self::Repeat,
        Self::Delay,
    ];
}

/// How much goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What is drawn by lot begins here.
    pub seed: u64,
    /// Of a thousand calls, so many go wrong.
    pub per_mille: u32,
    /// In these ways, each as often as the others; several times the same is more often.
    pub kinds: Vec<Kind>,
    /// How late what is late comes.
    pub delay: Duration,
}

impl Schedule {
    /// In all ways.
    pub fn new(seed: u64, per_mille: u32) -> Self {
        Self {
            seed,
            per_mille,
            kinds: Kind::ALL.to_vec(),
            delay: Duration::from_millis(5),
        }
    }

    /// What becomes of the n-th call of an operation, counted from 1.
    pub fn lot(&self, operation: &str, number: u64) -> Option<Kind> {
        let digest = Sha256::of(operation.as_bytes());
        let (word, _) = digest.as_bytes().split_first_chunk::<8>()?;
        let lot = mixed(self.seed ^ u64::from_le_bytes(*word), number);
        if lot % 1000 >= u64::from(self.per_mille) || self.kinds.is_empty() {
            return None;
        }
        let at = usize::try_from((lot / 1000) % self.kinds.len() as u64).ok()?;
        self.kinds.get(at).copied()
    }
}

/// A call that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Such as `RegisterImage` or `PUT /snapshots/*/blocks/*`.
    pub operation: String,
    /// Which call of it, from 1.
    pub number: u64,
    /// How.
    pub kind: Kind,
}

#[derive(Debug)]
struct Shared {
    schedule: Schedule,
    counts: BTreeMap<String, u64>,
    log: Vec<Fault>,
}

/// A running server, ended when dropped.
#[derive(Debug)]
pub struct Faults {
    front: Front,
    shared: Arc<Mutex<Shared>>,
}

impl Faults {
    /// In front of a server.
    pub fn before(address: SocketAddr, schedule: Schedule) -> Self {
        let shared = Shared {
            schedule,
            counts: BTreeMap::new(),
            log: Vec::new(),
        };
        let shared = Arc::new(Mutex::new(shared));
        let for_front = Arc::clone(&shared);
        let front = Front::choosing(address, move |seen| {
            let mut shared = for_front.lock().expect("no panic while held");
            shared.act(seen)
        });
        Self { front, shared }
    }

    /// Its URL, without a slash at the end.
    pub fn url(&self) -> String {
        self.front.url()
    }

    /// From now on nothing goes wrong.
    pub fn calm(&self) {
        let mut shared = self.shared.lock().expect("no panic while held");
        shared.schedule.per_mille = 0;
    }

    /// What has gone wrong so far.
    pub fn log(&self) -> Vec<Fault> {
        let shared = self.shared.lock().expect("no panic while held");
        shared.log.clone()
    }
}

impl Shared {
    fn act(&mut self, seen: &Seen) -> Option<Act> {
        let (service, operation) = glance(seen);
        let number = self.counts.entry(operation.clone()).or_default();
        *number += 1;
        let kind = self.schedule.lot(&operation, *number)?;
        self.log.push(Fault {
            operation,
            number: *number,
            kind,
        });
        let refusal = match kind {
            Kind::Throttle => throttled(service),
            Kind::Fail => Refusal::new("InternalError", "An internal error has occurred"),
            Kind::Unavailable => Refusal::new("Unavailable", "The server is overloaded"),
            Kind::Close => return Some(Act::Close),
            Kind::LoseAnswer => return Some(Act::LoseAnswer),
            Kind::Repeat => return Some(Act::Repeat),
            Kind::Delay => return Some(Act::Delay(self.schedule.delay)),
        };
        Some(Act::Answer {
            status: refusal.status(service),
            headers: vec![("x-amzn-ErrorType".to_owned(), refusal.code.clone())],
            body: refusal.body(service, "request-0"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{Fake, Options};

    /// Reads and makes parameters and images, patiently; says how often it was refused.
    const SCRIPT: &str = r"
MANY = {'retries': {'total_max_attempts': 12}, 'read_timeout': 5}
ec2, ssm, ebs = [client(name, **MANY) for name in ['ec2', 'ssm', 'ebs']]
for number in range(15):
    ssm.put_parameter(Name=f'/p/{number}', Value='v', Type='String', Overwrite=True)
    ec2.describe_images()
    ebs.start_snapshot(VolumeSize=1, ClientToken=f'token-{number}')
print(len(ec2.describe_snapshots(OwnerIds=['self'])['Snapshots']), len(ssm.describe_parameters(MaxResults=50)['Parameters']))
";

    #[test]
    fn a_seed_shows_the_same_again() {
        let storm = |seed| {
            let fake = Fake::start(Options::default());
            let faults = Faults::before(fake.address(), Schedule::new(seed, 300));
            let printed = crate::moto::boto(&faults.url(), SCRIPT);
            // A token makes one snapshot, however often it is sent.
            assert_eq!(printed.trim(), "15 15");
            faults.log()
        };
        let log = storm(7);
        assert_eq!(log, storm(7));
        assert_ne!(log, storm(8));
        assert!(log.len() >= 5, "{log:?}");
    }

    #[test]
    fn each_kind_comes_as_often_as_it_should() {
        let schedule = Schedule::new(1, 200);
        let mut counts: BTreeMap<Kind, u32> = BTreeMap::new();
        for number in 1..=10_000 {
            if let Some(kind) = schedule.lot("CopyImage", number) {
                *counts.entry(kind).or_default() += 1;
            }
        }
        assert_eq!(counts.len(), Kind::ALL.len(), "{counts:?}");
        // 2,000 of them, about 286 of each kind.
        assert!(
            counts.values().all(|count| (220..360).contains(count)),
            "{counts:?}"
        );
        let calm = Schedule {
            per_mille: 0,
            ..schedule
        };
        assert!((1..100).all(|number| calm.lot("CopyImage", number).is_none()));
    }

    #[test]
    fn what_is_done_though_the_answer_is_lost_is_done() {
        let fake = Fake::start(Options::default());
        let schedule = Schedule {
            kinds: vec![Kind::LoseAnswer],
            ..Schedule::new(1, 1000)
        };
        let faults = Faults::before(fake.address(), schedule);
        let script = r"
from botocore.exceptions import HTTPClientError
ssm = client('ssm', retries={'total_max_attempts': 1})
try:
    ssm.put_parameter(Name='/p', Value='v', Type='String')
except HTTPClientError as error:
    print('lost')
";
        assert_eq!(crate::moto::boto(&faults.url(), script).trim(), "lost");
        assert_eq!(fake.resources(), ["111122223333/us-east-1/parameter//p"]);
        faults.calm();
        let look = "print(client('ssm').get_parameter(Name='/p')['Parameter']['Value'])";
        assert_eq!(crate::moto::boto(&faults.url(), look).trim(), "v");
    }
}
