//! How many blocks are under way at once: more with every one that is taken, half as many when
//! the service says that it is too many.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// To begin with.
const FIRST: f64 = 8.0;
/// The most: what hides the way to another continent.
pub(super) const MOST: usize = 64;

#[derive(Debug)]
struct State {
    limit: f64,
    under_way: usize,
    /// How often it was halved. Once it was, it grows by one for a whole round only.
    halved: u32,
}

/// Where blocks wait for their turn.
#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    left: Condvar,
}

/// One block's turn.
#[derive(Debug)]
pub(super) struct Turn {
    halved: u32,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Taken,
    TooFast,
    Failed,
}

impl Gate {
    pub(super) const fn new() -> Self {
        Self {
            state: Mutex::new(State {
                limit: FIRST,
                under_way: 0,
                halved: 0,
            }),
            left: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn.
    pub(super) fn enter(&self) -> Turn {
        let mut state = self.state();
        while state.under_way >= 1 && to_count(state.under_way) + 1.0 > state.limit {
            state = self
                .left
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.under_way += 1;
        Turn {
            halved: state.halved,
        }
    }

    /// Ends a turn.
    pub(super) fn leave(&self, turn: &Turn, end: End) {
        let mut state = self.state();
        state.under_way -= 1;
        match end {
            End::Taken => {
                let step = if state.halved == 0 {
                    1.0
                } else {
                    1.0 / state.limit
                };
                state.limit = (state.limit + step).min(to_count(MOST));
            }
            // Those that were under way together count once.
            End::TooFast if turn.halved == state.halved => {
                state.limit = (state.limit / 2.0).max(1.0);
                state.halved += 1;
            }
            End::TooFast | End::Failed => {}
        }
        drop(state);
        // For the one that left, and for the one by which the limit may have grown. All who wait would
        // mostly wake in vain, and take time from those that are under way.
        self.left.notify_one();
        self.left.notify_one();
    }
}

/// A small number as one that has fractions.
fn to_count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(gate: &Gate) -> f64 {
        gate.state().limit
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "halves of whole numbers are exact")]
    fn grows_and_halves() {
        let gate = Gate::new();
        for _ in 0..24 {
            let turn = gate.enter();
            gate.leave(&turn, End::Taken);
        }
        assert_eq!(limit(&gate), 32.0);
        let (one, other) = (gate.enter(), gate.enter());
        gate.leave(&one, End::TooFast);
        gate.leave(&other, End::TooFast);
        assert_eq!(limit(&gate), 16.0);
        for _ in 0..16 {
            let turn = gate.enter();
            gate.leave(&turn, End::Taken);
        }
        assert!((16.9..17.0).contains(&limit(&gate)));
        for _ in 0..10 {
            let turn = gate.enter();
            gate.leave(&turn, End::TooFast);
        }
        assert_eq!(limit(&gate), 1.0);
        for _ in 0..1000 {
            let turn = gate.enter();
            gate.leave(&turn, End::Failed);
        }
        assert_eq!(limit(&gate), 1.0);
    }

    #[test]
    fn no_more_than_the_limit_are_under_way() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let (gate, now, most) = (Gate::new(), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let turn = gate.enter();
                        let under_way = now.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(under_way, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                        gate.leave(&turn, End::Failed);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 8, "{most:?}");
    }
}
