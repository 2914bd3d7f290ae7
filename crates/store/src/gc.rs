//! Garbage collection: what would go is decided first, as a value that can be
//! shown; then exactly that is removed. What is pinned stays.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;

use crate::Store;
use crate::entry::Shelf;
use crate::error::StoreError;
use crate::format::{self, EntryFile, USERS_LOCK};
use crate::lock;
use crate::scratch::read_dir;

/// What the store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKind {
    /// A blob.
    Blob,
    /// A download that was broken off.
    Partial,
    /// A decoded package.
    Package,
    /// A layer.
    Layer,
}

/// Why an item goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Nobody used it for longer than the policy says.
    Unused,
    /// The store is larger than the policy says, and it was used longest ago.
    Size,
}

/// One thing in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcItem {
    /// What it is.
    pub kind: ItemKind,
    /// Its name.
    pub digest: Sha256,
    /// Bytes it takes on disk.
    pub bytes: u64,
    /// Seconds since 1970-01-01 UTC of its last use.
    pub used: i64,
    path: PathBuf,
}

/// How much stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcPolicy {
    /// Goes when unused for longer than this; zero: whatever is not pinned.
    pub unused_for: Option<Duration>,
    /// The longest unused go until the store is no larger than this, in bytes.
    pub size_max: Option<u64>,
}

/// What a collection would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GcPlan {
    /// What goes, longest unused first.
    pub remove: Vec<(GcItem, Reason)>,
    /// Bytes that are freed.
    pub freed: u64,
    /// Bytes that stay.
    pub kept: u64,
    /// Bytes that stay because they are pinned.
    pub pinned: u64,
}

/// How full the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Number and bytes of blobs.
    pub blobs: (u64, u64),
    /// Number and bytes of broken-off downloads.
    pub partial: (u64, u64),
    /// Number and bytes of decoded packages.
    pub packages: (u64, u64),
    /// Number and bytes of layers.
    pub layers: (u64, u64),
}

impl Store {
    /// Counts what the store holds.
    pub fn usage(&self) -> Result<Usage, StoreError> {
        let mut usage = Usage::default();
        for item in self.items()? {
            let (count, bytes) = match item.kind {
                ItemKind::Blob => &mut usage.blobs,
                ItemKind::Partial => &mut usage.partial,
                ItemKind::Package => &mut usage.packages,
                ItemKind::Layer => &mut usage.layers,
            };
            *count += 1;
            *bytes += item.bytes;
        }
        Ok(usage)
    }

    /// Decides what would go. Changes nothing.
    pub fn gc_plan(&self, cx: &Cx, policy: GcPolicy) -> Result<GcPlan, StoreError> {
        let pinned = self.pinned()?;
        let now = cx.clock().unix_seconds();
        let mut plan = GcPlan::default();
        let mut loose = Vec::new();
        for item in self.items()? {
            plan.kept += item.bytes;
            if pinned.contains(&item.digest) {
                plan.pinned += item.bytes;
            } else {
                loose.push(item);
            }
        }
        loose.sort_by_key(|item| (item.used, item.kind, item.digest));
        for item in loose {
            let age = u64::try_from(now - item.used).unwrap_or(0);
            let reason = if policy.unused_for.is_some_and(|t| age >= t.as_secs()) {
                Reason::Unused
            } else if policy.size_max.is_some_and(|max| plan.kept > max) {
                Reason::Size
            } else {
                continue;
            };
            plan.kept -= item.bytes;
            plan.freed += item.bytes;
            plan.remove.push((item, reason));
        }
        Ok(plan)
    }

    /// Does what the plan says; refuses while other processes work in the store.
    ///
    /// What was pinned or used since the plan was made stays. Gives the bytes freed. For a
    /// command that does nothing else: clones of this store must not be in use.
    pub fn gc(&self, cx: &Cx, plan: &GcPlan) -> Result<u64, StoreError> {
        let path = self.root.join(USERS_LOCK);
        let alone = lock::try_exclusive(&self.users, &path);
        let done = match alone {
            Ok(true) => self.remove_all(cx, plan),
            Ok(false) => Err(StoreError::InUse(self.root.clone())),
            Err(e) => Err(e),
        };
        self.users
            .lock_shared()
            .map_err(|e| StoreError::io("lock", &path, e))?;
        done
    }

    fn remove_all(&self, cx: &Cx, plan: &GcPlan) -> Result<u64, StoreError> {
        let pinned = self.pinned()?;
        let mut freed = 0;
        for (item, _) in &plan.remove {
            cx.cancel.check()?;
            let used = fs::symlink_metadata(&item.path).map(|m| m.mtime());
            if pinned.contains(&item.digest) || used.is_ok_and(|used| used > item.used) {
                continue;
            }
            match item.kind {
                ItemKind::Blob | ItemKind::Partial => match fs::remove_file(&item.path) {
                    Err(e) if e.kind() != ErrorKind::NotFound => {
                        return Err(StoreError::io("remove", &item.path, e));
                    }
                    _ => {}
                },
                ItemKind::Package => self.discard(Shelf::Packages, &item.digest)?,
                ItemKind::Layer => self.discard(Shelf::Layers, &item.digest)?,
            }
            freed += item.bytes;
        }
        Ok(freed)
    }

    /// Everything that is kept by digest.
    fn items(&self) -> Result<Vec<GcItem>, StoreError> {
        let mut items = Vec::new();
        for prefix in read_dir(&self.root.join("blobs/sha256"))? {
            list(&prefix.path(), ItemKind::Blob, &mut items)?;
        }
        list(&self.root.join("partial"), ItemKind::Partial, &mut items)?;
        for shelf in Shelf::ALL {
            let kind = match shelf {
                Shelf::Packages => ItemKind::Package,
                Shelf::Layers => ItemKind::Layer,
            };
            list(&self.root.join(shelf.directory()), kind, &mut items)?;
        }
        Ok(items)
    }
}

/// Adds what a directory holds.
fn list(directory: &Path, kind: ItemKind, items: &mut Vec<GcItem>) -> Result<(), StoreError> {
    for entry in read_dir(directory)? {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let Ok(digest) = name.trim_end_matches(".part").parse() else {
            continue;
        };
        // Another process may have removed or renamed it.
        let Ok(meta) = entry.metadata() else { continue };
        let bytes = if meta.is_dir() {
            let file = fs::read(path.join(format::ENTRY_FILE)).unwrap_or_default();
            serde_json::from_slice::<EntryFile>(&file).map_or(0, |f| f.bytes)
        } else {
            meta.blocks() * 512
        };
        items.push(GcItem {
            kind,
            digest,
            bytes,
            used: meta.mtime(),
            path,
        });
    }
    Ok(())
}
