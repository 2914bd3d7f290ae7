//! Clocks for tests.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use goldsmith_core::cx::Clock;

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
