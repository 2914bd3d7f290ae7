//! Where trees go that a collection removes. Out of sight, by a rename each, they are gone for
//! everybody; their files are removed when there is time for it, by whoever comes first, so that
//! nobody waits for a hundred thousand of them.
//!
//! ```text
//! gc ── rename ──► scratch/grave-<id>/<number> ── bury ──► gone
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use goldsmith_core::cx::Cx;

use crate::Store;
use crate::error::StoreError;
use crate::fault::Faults;
use crate::format;
use crate::remove::remove_tree;
use crate::scratch::{self, OWNER_LOCK, Scratch, read_dir};

/// Threads that remove trees: the time goes by in the file system.
const REMOVERS: usize = 4;

/// Takes the trees of one collection.
#[derive(Default)]
pub(crate) struct Grave {
    scratch: Option<Scratch>,
    taken: u64,
}

impl Grave {
    /// Moves a tree out of sight. A full disk has no room for a grave: then it is moved beside its
    /// place, and where that is comes back. What is left there when this process dies is found by
    /// `check`.
    pub(crate) fn take(
        &mut self,
        store: &Store,
        path: &Path,
    ) -> Result<Option<PathBuf>, StoreError> {
        if self.scratch.is_none() {
            self.scratch = match store.scratch(format::GRAVE) {
                Err(StoreError::NoSpace { .. }) => None,
                other => Some(other?),
            };
        }
        let inside = self.scratch.as_ref().map(Scratch::path);
        let place = inside.map_or_else(
            || path.with_extension("gone"),
            |grave| grave.join(self.taken.to_string()),
        );
        let exposed = inside.is_none().then(|| place.clone());
        self.taken += 1;
        store.faults.before("collect");
        fs::rename(path, place).map_err(|e| StoreError::io("remove", path, e))?;
        Ok(exposed)
    }
}

impl Store {
    /// As [`bury`].
    pub fn bury(&self, cx: &Cx) -> Result<(), StoreError> {
        empty(cx, &self.root, &self.faults)
    }
}

/// Removes what collections in the store at `root` threw away, until it is told to stop. What
/// another process is removing, and what cannot be removed, is left.
///
/// The store need not be open: a collection may go on beside it.
pub fn bury(cx: &Cx, root: &Path) -> Result<(), StoreError> {
    empty(cx, root, &Faults::default())
}

fn empty(cx: &Cx, root: &Path, faults: &Faults) -> Result<(), StoreError> {
    for (path, _owner) in scratch::graves(root)? {
        faults.before("bury");
        let mut trees: Vec<PathBuf> = read_dir(&path)?.iter().map(fs::DirEntry::path).collect();
        trees.retain(|tree| tree.file_name() != Some(OWNER_LOCK.as_ref()));
        remove_all(cx, &trees);
        cx.cancel.check()?;
        faults.before("close grave");
        drop(remove_tree(&path, Some(OWNER_LOCK)));
    }
    Ok(())
}

/// Removes trees, several at a time, until it is told to stop.
pub(crate) fn remove_all(cx: &Cx, trees: &[PathBuf]) {
    let remove = |part: &[PathBuf]| {
        for tree in part {
            if cx.cancel.is_cancelled() {
                return;
            }
            // What cannot be removed is tried again by whoever comes next.
            drop(remove_tree(tree, None));
        }
    };
    thread::scope(|scope| {
        for part in trees.chunks(trees.len().div_ceil(REMOVERS).max(1)) {
            scope.spawn(|| remove(part));
        }
    });
}
