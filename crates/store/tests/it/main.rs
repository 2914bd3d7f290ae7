//! The store from outside: what it keeps, what it refuses, and what a crash leaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crash;
mod full;
mod gc;
mod keep;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use goldsmith_core::cx::{Clock, Cx};
use goldsmith_store::Store;

/// A clock that a test sets.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// A context in which it is `seconds` after 1970.
fn at(seconds: i64) -> Cx {
    Cx::silent(Arc::new(Hands(AtomicI64::new(seconds))))
}

fn open(directory: &Path) -> Store {
    Store::open(&directory.join("store")).expect("a store in a fresh directory")
}
