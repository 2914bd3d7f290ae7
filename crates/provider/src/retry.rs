//! When to try again, and how long to wait before.
//!
//! The schedule is fixed (0.5, 1, 2, 4 s) and has no random part: a run that failed can
//! be repeated and read. Only towards a service that throttles, where many runs that wait
//! equally long meet again, is each wait shortened by up to half at random. A try that brought
//! new bytes starts the schedule afresh, so a large file gets through a line that drops it
//! again and again.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Cancelled;

/// Tries in a row that bring nothing new before we give up.
const FRUITLESS_TRIES: u32 = 5;
/// The same for what was made a moment ago and may not be seen yet: two minutes.
const PATIENT_TRIES: u32 = 9;
/// Tries altogether: an end also for a server that gives one byte at a time.
const ALL_TRIES: u32 = 60;
/// First wait; doubled after every fruitless try.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait we let a server ask for (`Retry-After`).
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How often a wait looks whether somebody asked to stop.
const SLICE: Duration = Duration::from_millis(100);

/// Counts the tries of one fetch.
#[derive(Debug)]
pub(crate) struct Tries {
    all: u32,
    fruitless: u32,
    fruitless_max: u32,
    is_jittered: bool,
}

impl Default for Tries {
    fn default() -> Self {
        Self::at_most(FRUITLESS_TRIES)
    }
}

impl Tries {
    /// So many tries in a row that bring nothing new.
    pub(crate) const fn at_most(fruitless_max: u32) -> Self {
        Self {
            all: 0,
            fruitless: 0,
            fruitless_max,
            is_jittered: false,
        }
    }

    /// Waits of random length.
    pub(crate) fn jittered() -> Self {
        Self {
            is_jittered: true,
            ..Self::default()
        }
    }

    /// Goes on for longer: what is wanted will be there in a while.
    pub(crate) const fn be_patient(&mut self) {
        self.fruitless_max = PATIENT_TRIES;
    }

    /// How many tries have failed.
    pub(crate) const fn count(&self) -> u32 {
        self.all
    }

    /// After a failed try: how long to wait before the next, `None` to give up.
    pub(crate) fn after_failure(
        &mut self,
        has_progressed: bool,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        self.all += 1;
        self.fruitless = if has_progressed {
            1
        } else {
            self.fruitless + 1
        };
        if self.fruitless >= self.fruitless_max || self.all >= ALL_TRIES {
            return None;
        }
        let mut planned = FIRST_WAIT * (1 << (self.fruitless - 1));
        if self.is_jittered {
            planned -= planned.mul_f64(random() / 2.0);
        }
        match asked {
            Some(time) if time > LONGEST_WAIT => None,
            Some(time) => Some(time.max(planned)),
            None => Some(planned),
        }
    }
}

/// A number from 0 to 1. Decides how long somebody waits, nothing that is kept.
fn random() -> f64 {
    // The standard library seeds its hash maps with what the system calls random.
    let bits = RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(bits).unwrap_or(0)) / f64::from(u32::MAX)
}

/// Waits on the context's clock; ends at once when somebody asks to stop.
pub(crate) fn wait(cx: &Cx, time: Duration) -> Result<(), Cancelled> {
    let mut left = time;
    while !left.is_zero() {
        cx.cancel.check()?;
        let slice = left.min(SLICE);
        cx.clock().sleep(slice);
        left -= slice;
    }
    cx.cancel.check()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedule() {
        let mut tries = Tries::default();
        let waits: Vec<_> = std::iter::from_fn(|| tries.after_failure(false, None))
            .map(|wait| wait.as_millis())
            .collect();
        assert_eq!(waits, [500, 1000, 2000, 4000]);
        assert_eq!(tries.count(), 5);
    }

    #[test]
    fn patience() {
        let mut tries = Tries::default();
        tries.be_patient();
        let waits = std::iter::from_fn(|| tries.after_failure(false, None));
        assert_eq!(waits.sum::<Duration>(), Duration::from_millis(127_500));
    }

    #[test]
    fn jitter_halves_at_most() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let wait = Tries::jittered().after_failure(false, None).unwrap();
            assert!((250..=500).contains(&wait.as_millis()), "{wait:?}");
            seen.insert(wait);
        }
        assert!(seen.len() > 1);
        assert_eq!(Tries::at_most(1).after_failure(false, None), None);
    }

    #[test]
    fn progress_starts_afresh_but_ends() {
        let mut tries = Tries::default();
        let waits = std::iter::from_fn(|| tries.after_failure(true, None)).count();
        assert_eq!(waits, 59);
    }

    #[test]
    fn servers_wish() {
        let mut tries = Tries::default();
        let seconds = Duration::from_secs;
        assert_eq!(
            tries.after_failure(false, Some(seconds(7))),
            Some(seconds(7))
        );
        assert_eq!(
            tries.after_failure(false, Some(seconds(0))),
            Some(seconds(1))
        );
        assert_eq!(tries.after_failure(false, Some(seconds(3600))), None);
    }
}
