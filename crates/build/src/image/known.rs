//! What was searched for secrets in a build and need not be in the next one: kept in the store.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_inspect::known::Known;
use goldsmith_store::Store;

/// The keys of a store, as this program makes them.
pub(super) struct KnownInStore<'a> {
    cx: &'a Cx,
    store: &'a Store,
    program: Option<Sha256>,
}

impl<'a> KnownInStore<'a> {
    pub(super) fn new(cx: &'a Cx, store: &'a Store) -> Self {
        Self {
            cx,
            store,
            program: program(),
        }
    }

    /// Another program may find what this one does not.
    fn key(&self, key: &Sha256) -> Option<Sha256> {
        let mut hasher = Hasher::new();
        hasher.field(self.program?.as_bytes());
        hasher.field(key.as_bytes());
        Some(hasher.finish())
    }
}

impl Known for KnownInStore<'_> {
    fn is_clean(&self, key: &Sha256) -> bool {
        self.key(key)
            .is_some_and(|key| self.store.is_clean(self.cx, &key))
    }

    fn add_clean(&self, key: &Sha256) {
        if let Some(key) = self.key(key) {
            self.store.add_clean(&key);
        }
    }
}

/// Which program runs, by what its file shows from outside. `None` where that cannot be seen: then
/// nothing is known.
fn program() -> Option<Sha256> {
    let file = fs::metadata("/proc/self/exe").ok()?;
    let mut hasher = Hasher::new();
    for number in [file.dev(), file.ino(), file.size()] {
        hasher.field(&number.to_le_bytes());
    }
    for time in [
        file.mtime(),
        file.mtime_nsec(),
        file.ctime(),
        file.ctime_nsec(),
    ] {
        hasher.field(&time.to_le_bytes());
    }
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use goldsmith_testing::clock::RealClock;

    use super::*;

    #[test]
    fn kept_from_one_build_to_the_next() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(&home.path().join("store")).unwrap();
        let cx = Cx::silent(Arc::new(RealClock));
        let (one, other) = (Sha256::of(b"one"), Sha256::of(b"other"));
        KnownInStore::new(&cx, &store).add_clean(&one);
        let next = KnownInStore::new(&cx, &store);
        assert!(next.is_clean(&one) && !next.is_clean(&other));
        let newer = KnownInStore {
            program: Some(Sha256::of(b"another program")),
            ..next
        };
        assert!(!newer.is_clean(&one));
        let nobody = KnownInStore {
            program: None,
            ..newer
        };
        nobody.add_clean(&other);
        assert!(!nobody.is_clean(&other));
    }
}
