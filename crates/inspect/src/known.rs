//! What one look at an image leaves for the next: files that need not be searched again.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use goldsmith_core::digest::Sha256;

/// What was searched, and had nothing in it.
///
/// A key stands for a path and bytes, as this program searches them: whoever keeps keys for longer
/// than a process must forget them when the program becomes another.
pub trait Known: Sync {
    /// Whether the key was added.
    fn is_clean(&self, key: &Sha256) -> bool;

    /// Adds a key. Losing one costs time, nothing else.
    fn add_clean(&self, key: &Sha256);
}

/// For as long as it lives.
#[derive(Debug, Default)]
pub struct KnownHere(Mutex<BTreeSet<Sha256>>);

impl Known for KnownHere {
    fn is_clean(&self, key: &Sha256) -> bool {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.contains(key)
    }

    fn add_clean(&self, key: &Sha256) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(*key);
    }
}
