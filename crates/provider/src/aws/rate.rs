//! How fast a service of a region is asked: as fast as one likes, until it says that it is too
//! fast. Then calls are spaced out, twice as far each time it says so again, and come closer
//! again with every one that it takes.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The first space between two calls.
const FIRST: Duration = Duration::from_millis(20);
/// The longest.
const LONGEST: Duration = Duration::from_secs(2);
/// A shorter space than this is none.
const NONE: Duration = Duration::from_millis(2);

/// The rate of calls to one service of one region. Times are those of a clock that only goes on.
#[derive(Debug, Default)]
pub(super) struct Rate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    space: Duration,
    /// When the next call may go.
    next: Duration,
    /// When the space was last made longer.
    slowed: Duration,
}

impl Rate {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a call has to wait that would go now.
    pub(super) fn reserve(&self, now: Duration) -> Duration {
        let mut state = self.state();
        if state.space.is_zero() {
            return Duration::ZERO;
        }
        let slot = state.next.max(now);
        state.next = slot + state.space;
        slot.saturating_sub(now)
    }

    /// A call was taken.
    pub(super) fn taken(&self) {
        let mut state = self.state();
        state.space = state.space.mul_f64(0.9);
        if state.space < NONE {
            state.space = Duration::ZERO;
        }
    }

    /// A call that went out at `sent` was one too many. Calls that were under way together count
    /// once.
    pub(super) fn too_fast(&self, sent: Duration, now: Duration) {
        let mut state = self.state();
        if state.space.is_zero() || sent >= state.slowed {
            state.space = (state.space * 2).clamp(FIRST, LONGEST);
            state.slowed = now;
            state.next = state.next.max(now + state.space);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn halves_and_recovers() {
        let rate = Rate::default();
        assert_eq!(rate.reserve(ms(0)), ms(0));
        rate.too_fast(ms(10), ms(100));
        // They were under way when the first no came.
        rate.too_fast(ms(20), ms(101));
        rate.too_fast(ms(30), ms(102));
        let waits: Vec<_> = (0..3).map(|_| rate.reserve(ms(102))).collect();
        assert_eq!(waits, [ms(18), ms(38), ms(58)]);
        rate.too_fast(ms(160), ms(170));
        assert_eq!(rate.reserve(ms(170)), ms(40));
        assert_eq!(rate.reserve(ms(170)), ms(80));
        for _ in 0..30 {
            rate.taken();
        }
        assert_eq!(rate.reserve(ms(1000)), ms(0));
        assert_eq!(rate.reserve(ms(1000)), ms(0));
    }

    #[test]
    fn has_an_end() {
        let rate = Rate::default();
        for second in 0..100 {
            rate.too_fast(ms(second * 1000), ms(second * 1000 + 1));
        }
        rate.reserve(ms(200_000));
        assert_eq!(rate.reserve(ms(200_000)), LONGEST);
    }
}
