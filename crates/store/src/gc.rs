//! Garbage collection: what would go is decided first, as a value that can be
//! shown; then exactly that is removed. What is pinned or in a chain stays, and so does what
//! something that stays cannot do without.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;

use crate::Store;
use crate::again::layer_name;
use crate::entry::{Shelf, read_entry};
use crate::error::StoreError;
use crate::format::{self, USERS_LOCK};
use crate::grave::{self, Grave};
use crate::lock;
use crate::pin::Lapsed;
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
    /// Seconds since 1970-01-01 UTC of its last use, or of that of what needs it.
    pub used: i64,
    /// The last use of itself.
    stamp: i64,
    needs: Vec<Sha256>,
    /// How many stand below it, of those it needs.
    depth: u32,
    path: PathBuf,
}

/// How much stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcPolicy {
    /// Goes when unused for longer than this; zero: whatever is not pinned. Pins of a place that is
    /// gone, too.
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
    /// Pins that do not count any more, and go.
    pub lapsed: Vec<Lapsed>,
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
        let mut items = self.items()?;
        let mut plan = GcPlan::default();
        if let Some(age) = policy.unused_for {
            plan.lapsed = self.lapsed(cx, age)?;
        }
        let needed = closure(self.roots(&plan.lapsed)?, items.iter());
        use_as_users_do(&mut items);
        let now = cx.clock().unix_seconds();
        let mut loose = Vec::new();
        for item in items {
            plan.kept += item.bytes;
            if needed.contains(&item.digest) {
                plan.pinned += item.bytes;
            } else {
                loose.push(item);
            }
        }
        // Of those used at one time the layer that needs the other goes first.
        let deepest_first = |item: &GcItem| std::cmp::Reverse(item.depth);
        loose.sort_by_key(|item| (item.used, item.kind, deepest_first(item), item.digest));
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
    /// What was pinned or used since the plan was made stays. Gives the bytes freed: those of files
    /// at once, those of trees when they are [buried](crate::bury). For a command that does nothing
    /// else: clones of this store must not be in use.
    pub fn gc(&self, cx: &Cx, plan: &GcPlan) -> Result<u64, StoreError> {
        self.alone(|| self.remove_all(cx, plan))
    }

    /// Does something that no other process may see half of.
    pub(crate) fn alone<T>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let path = self.root.join(USERS_LOCK);
        let done = match lock::try_exclusive(&self.users, &path) {
            Ok(true) => work(),
            Ok(false) => Err(StoreError::InUse(self.root.clone())),
            Err(e) => Err(e),
        };
        self.users
            .lock_shared()
            .map_err(|e| StoreError::io("lock", &path, e))?;
        done
    }

    fn remove_all(&self, cx: &Cx, plan: &GcPlan) -> Result<u64, StoreError> {
        let needed = self.needed_without(plan)?;
        let still = self.lapsed(cx, Duration::ZERO)?;
        for pin in plan.lapsed.iter().filter(|pin| still.contains(pin)) {
            self.unpin(&pin.owner)?;
        }
        let (mut freed, mut exposed) = (0, Vec::new());
        // Files first: on a full disk their space is what the rest is done with.
        let is_tree = |item: &GcItem| matches!(item.kind, ItemKind::Package | ItemKind::Layer);
        let trees_of = |is_wanted| {
            let items = plan.remove.iter().map(|(item, _)| item);
            items.filter(move |item| is_tree(item) == is_wanted)
        };
        let mut grave = Grave::default();
        for item in trees_of(false).chain(trees_of(true)) {
            cx.cancel.check()?;
            let used = fs::symlink_metadata(&item.path).map(|m| m.mtime());
            if needed.contains(&item.digest) || used.is_ok_and(|used| used > item.stamp) {
                continue;
            }
            let removed = if is_tree(item) {
                let taken = grave.take(self, &item.path);
                taken.map(|place| exposed.extend(place))
            } else {
                self.faults.before("collect");
                let removed = fs::remove_file(&item.path);
                removed.map_err(|e| StoreError::io("remove", &item.path, e))
            };
            match removed {
                Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
                other => other?,
            }
            freed += item.bytes;
        }
        self.forget_numbers()?;
        self.forget_clean(cx)?;
        // Beside their places, for want of a grave: the space is needed now.
        grave::remove_all(cx, &exposed);
        Ok(freed)
    }

    /// Removes the numbers of layers that are gone.
    fn forget_numbers(&self) -> Result<(), StoreError> {
        for entry in read_dir(&self.root.join("again"))? {
            let Ok(key) = entry.file_name().to_string_lossy().parse::<Sha256>() else {
                continue;
            };
            let number = self.again(&key)?;
            let is_there = |n| {
                self.entry_path(Shelf::Layers, &layer_name(&key, n))
                    .exists()
            };
            if !is_there(0) && !is_there(number) {
                self.faults.before("forget number");
                fs::remove_file(entry.path())
                    .map_err(|e| StoreError::io("remove", &entry.path(), e))?;
            }
        }
        Ok(())
    }

    /// What is pinned or in a chain.
    fn roots(&self, lapsed: &[Lapsed]) -> Result<BTreeSet<Sha256>, StoreError> {
        let mut roots = self.pinned_without(lapsed)?;
        roots.extend(self.chained()?);
        Ok(roots)
    }

    /// What is needed, as things are now: also by layers that came after a plan was made.
    fn needed_without(&self, plan: &GcPlan) -> Result<BTreeSet<Sha256>, StoreError> {
        let mut layers = Vec::new();
        let shelf = self.root.join(Shelf::Layers.directory());
        list(&shelf, ItemKind::Layer, &mut layers)?;
        let planned: BTreeMap<&Sha256, i64> = plan
            .remove
            .iter()
            .map(|(item, _)| (&item.digest, item.stamp))
            .collect();
        let is_going = |layer: &GcItem| planned.get(&layer.digest) >= Some(&layer.stamp);
        let mut roots = self.roots(&plan.lapsed)?;
        let stay = layers.iter().filter(|layer| !is_going(layer));
        roots.extend(stay.map(|layer| layer.digest));
        Ok(closure(roots, layers.iter()))
    }

    /// Everything that is kept by digest.
    pub(crate) fn items(&self) -> Result<Vec<GcItem>, StoreError> {
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

/// What these are, and what they cannot do without.
fn closure<'a>(
    mut needed: BTreeSet<Sha256>,
    items: impl Iterator<Item = &'a GcItem>,
) -> BTreeSet<Sha256> {
    let with_needs = items.filter(|item| !item.needs.is_empty());
    let by_digest: BTreeMap<&Sha256, &GcItem> =
        with_needs.map(|item| (&item.digest, item)).collect();
    let mut open: Vec<Sha256> = needed.iter().copied().collect();
    while let Some(digest) = open.pop() {
        let needs = by_digest.get(&digest).map_or(&[][..], |item| &item.needs);
        open.extend(needs.iter().filter(|need| needed.insert(**need)));
    }
    needed
}

/// What is needed counts as used when its user was.
fn use_as_users_do(items: &mut [GcItem]) {
    let places: BTreeMap<Sha256, usize> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.kind == ItemKind::Layer)
        .map(|(at, item)| (item.digest, at))
        .collect();
    let mut open: Vec<usize> = (0..items.len()).collect();
    while let Some(at) = open.pop() {
        let used = items[at].used;
        for need in items[at].needs.clone() {
            if let Some(&below) = places.get(&need)
                && items[below].used < used
            {
                items[below].used = used;
                open.push(below);
            }
        }
    }
    for at in 0..items.len() {
        set_depth(items, &places, at);
    }
}

/// Counts what stands below an item, and below all those on the way.
fn set_depth(items: &mut [GcItem], places: &BTreeMap<Sha256, usize>, at: usize) {
    let mut way = vec![at];
    while let Some(&top) = way.last() {
        let below = items[top].needs.first().and_then(|need| places.get(need));
        match below.copied() {
            Some(below) if items[below].depth == 0 && !way.contains(&below) => way.push(below),
            below => {
                items[top].depth = below.map_or(0, |below| items[below].depth) + 1;
                way.pop();
            }
        }
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
        let (bytes, needs) = if meta.is_dir() {
            let entry = read_entry(&path.join(format::ENTRY_FILE));
            entry.map_or((0, Vec::new()), |entry| (entry.bytes, entry.needs))
        } else {
            (meta.blocks() * 512, Vec::new())
        };
        items.push(GcItem {
            kind,
            digest,
            bytes,
            used: meta.mtime(),
            stamp: meta.mtime(),
            needs,
            depth: 0,
            path,
        });
    }
    Ok(())
}
