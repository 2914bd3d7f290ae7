//! When to try again, and how long to wait before.
//!
//! The schedule is fixed (0.5, 1, 2, 4 s) and has no random part: a run that failed can
//! be repeated and read. A try that brought new bytes starts the schedule afresh, so a
//! large file gets through a line that drops it again and again.

use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Cancelled;

/// Tries in a row that bring nothing new before we give up.
const FRUITLESS_TRIES: u32 = 5;
/// Tries altogether: an end also for a server that gives one byte at a time.
const ALL_TRIES: u32 = 60;
/// First wait; doubled after every fruitless try.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait we let a server ask for (`Retry-After`).
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How often a wait looks whether somebody asked to stop.
const SLICE: Duration = Duration::from_millis(100);

/// Counts the tries of one fetch.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    all: u32,
    fruitless: u32,
}

impl Tries {
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
        if self.fruitless >= FRUITLESS_TRIES || self.all >= ALL_TRIES {
            return None;
        }
        let planned = FIRST_WAIT * (1 << (self.fruitless - 1));
        match asked {
            Some(time) if time > LONGEST_WAIT => None,
            Some(time) => Some(time.max(planned)),
            None => Some(planned),
        }
    }
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
