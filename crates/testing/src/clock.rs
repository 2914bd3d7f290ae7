//! Clocks for tests.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use goldsmith_core::cx::Clock;

/// The clock of this machine, for tests that wait for real processes. Its calendar says
/// 1970: nothing a test makes may depend on the day.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealClock;

#[expect(
    clippy::disallowed_methods,
    reason = "one of the places that may look at the clock"
)]
impl Clock for RealClock {
    fn unix_seconds(&self) -> i64 {
        0
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// The clock of this machine, for tests that wait both for real processes and for a cloud that is
/// none: sleeping takes a twentieth of the time.
#[derive(Debug, Clone, Copy, Default)]
pub struct HastyClock;

impl Clock for HastyClock {
    fn unix_seconds(&self) -> i64 {
        RealClock.unix_seconds()
    }

    fn monotonic(&self) -> Duration {
        RealClock.monotonic()
    }

    fn sleep(&self, time: Duration) {
        RealClock.sleep(time / 20);
    }
}

/// A clock that stands still but when somebody sleeps; sleeping takes no time.
#[derive(Debug)]
pub struct FakeClock {
    start: i64,
    now: AtomicI64,
    sleeps: Mutex<Vec<Duration>>,
}

impl FakeClock {
    /// A clock that shows `unix_seconds`.
    pub fn at(unix_seconds: i64) -> Self {
        Self {
            start: unix_seconds,
            now: AtomicI64::new(0),
            sleeps: Mutex::default(),
        }
    }

    /// How long anybody has slept altogether.
    pub fn slept(&self) -> Duration {
        self.sleeps
            .lock()
            .expect("no panic while held")
            .iter()
            .sum()
    }
}

impl Clock for FakeClock {
    fn unix_seconds(&self) -> i64 {
        self.start + self.now.load(Ordering::SeqCst) / 1000
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.now.load(Ordering::SeqCst).unsigned_abs())
    }

    fn sleep(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).expect("no test sleeps for ages");
        self.now.fetch_add(ms, Ordering::SeqCst);
        self.sleeps.lock().expect("no panic while held").push(time);
        // Others may be waited for.
        std::thread::yield_now();
    }
}
