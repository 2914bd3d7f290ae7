//! Moments at which a test may break a process off: before every change that the store makes to
//! its directories. Without a test nothing happens there.

use std::fmt;
use std::sync::Arc;

use crate::Store;

/// What a test does at such a moment; it learns its name.
pub type Fault =
    dyn Fn(&'static str) + Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe;

/// Carried by every clone of a store.
#[derive(Clone, Default)]
pub(crate) struct Faults(Option<Arc<Fault>>);

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    /// The moment before a change.
    pub(crate) fn before(&self, change: &'static str) {
        if let Some(fault) = &self.0 {
            fault(change);
        }
    }
}

impl Store {
    /// The store with somebody who is told of every change before it is made: a test that ends
    /// the process there.
    #[must_use]
    pub fn with_faults(mut self, fault: Arc<Fault>) -> Self {
        self.faults = Faults(Some(fault));
        self
    }
}
