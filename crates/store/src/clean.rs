//! Keys of what was searched for secrets, and had none in it: `clean/<key>`, an empty file.
//!
//! What a key stands for is its maker's to say. Losing one costs a search.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;

use crate::Store;
use crate::entry::mark_used;
use crate::error::StoreError;
use crate::scratch::read_dir;

/// Seconds after which a collection removes one that nobody has used: a month.
const KEPT_FOR: i64 = 30 * 24 * 3600;

impl Store {
    /// Whether a key was added; it counts as used now.
    pub fn is_clean(&self, cx: &Cx, key: &Sha256) -> bool {
        let path = self.root.join("clean").join(key.to_string());
        let is_known = path.exists();
        if is_known {
            mark_used(cx, &path);
        }
        is_known
    }

    /// Adds a key, if there is room for it.
    pub fn add_clean(&self, key: &Sha256) {
        self.faults.before("add clean");
        drop(File::create(self.root.join("clean").join(key.to_string())));
    }

    /// Removes the keys that nobody has used for a month.
    pub(crate) fn forget_clean(&self, cx: &Cx) -> Result<(), StoreError> {
        let now = cx.clock().unix_seconds();
        for entry in read_dir(&self.root.join("clean"))? {
            let path = entry.path();
            let used = fs::symlink_metadata(&path).map_err(|e| StoreError::io("read", &path, e))?;
            if now - used.mtime() > KEPT_FOR {
                self.faults.before("forget clean");
                fs::remove_file(&path).map_err(|e| StoreError::io("remove", &path, e))?;
            }
        }
        Ok(())
    }
}
