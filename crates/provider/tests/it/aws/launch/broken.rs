//! What is left when a call fails, when its answer is lost, when whoever made it dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_testing::aws::Options;
use goldsmith_testing::faults::{Faults, Schedule};
use goldsmith_testing::front::{Act, Front};

use super::{Lab, place};

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
