//! The store: everything that Goldsmith fetched or computed once and may need
//! again, kept by digest. Its layout on disk is drawn in [`format`].
//!
//! Several processes may work in one store at the same time: whatever comes
//! into being appears whole, by a rename; work on one entry is done by one
//! process, under a lock that dies with it; directories of dead processes go
//! with the next [`Store::sweep`]. Nothing else writes below the root.

mod again;
mod blob;
mod chain;
mod check;
mod clean;
mod entry;
mod error;
mod fault;
mod feeds;
pub mod format;
mod gc;
mod grave;
mod lock;
mod measure;
mod pin;
mod remove;
mod scratch;

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use crate::again::layer_name;
pub use crate::blob::Download;
pub use crate::check::{Checked, Problem};
pub use crate::entry::{Claim, Draft, Shelf};
pub use crate::error::StoreError;
pub use crate::fault::Fault;
pub use crate::feeds::{FeedWriter, Feeds};
pub use crate::gc::{GcItem, GcPlan, GcPolicy, ItemKind, Reason, Usage};
pub use crate::grave::bury;
pub use crate::pin::Lapsed;
pub use crate::scratch::{Scratch, Swept};

/// A store that is open. Cheap to clone. While one lives, no other process collects garbage.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    users: Arc<File>,
    faults: fault::Faults,
}

impl Store {
    /// Opens the store at `root`, and makes it when there is none. Waits while another process
    /// collects garbage.
    ///
    /// The root is readable by its owner only: decoded packages hold set-user-id files.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let make = |path: &Path| {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(|e| StoreError::io("create", path, e))
        };
        make(root)?;
        for directory in format::DIRECTORIES {
            make(&root.join(directory))?;
        }
        format::check_version(root)?;
        let root = fs::canonicalize(root).map_err(|e| StoreError::io("open", root, e))?;
        let users = lock::open(&root.join(format::USERS_LOCK))?;
        users
            .lock_shared()
            .map_err(|e| StoreError::io("lock", &root.join(format::USERS_LOCK), e))?;
        Ok(Self {
            root,
            users: Arc::new(users),
            faults: fault::Faults::default(),
        })
    }

    /// The absolute path of the root.
    pub fn root(&self) -> &Path {
        &self.root
    }
}
