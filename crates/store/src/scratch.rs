//! Scratch directories: where work under way stands. They go when their owner
//! drops them, and with the next sweep when their owner was killed.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Store;
use crate::error::StoreError;
use crate::fault::Faults;
use crate::format;
use crate::lock;
use crate::remove::remove_tree;

/// Locked in every scratch directory while its owner lives.
pub(crate) const OWNER_LOCK: &str = ".lock";

/// A directory for work under way. Removed, with whatever is in it, when dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    faults: Faults,
    is_grave: bool,
    _owner: File,
}

impl Scratch {
    /// The directory. It holds nothing but a hidden lock file at first.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.is_grave {
            return;
        }
        self.faults.before("remove scratch");
        // What cannot be removed now goes with the next sweep.
        drop(remove_tree(&self.path, Some(OWNER_LOCK)));
    }
}

/// What a sweep removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// Names of the scratch directories whose owners were dead.
    pub removed: Vec<String>,
    /// Whether there is something to [bury](crate::bury): that takes longer than anybody waits.
    pub has_graves: bool,
}

impl Store {
    /// Makes a scratch directory. `purpose` is a short word for people who look into the store.
    pub fn scratch(&self, purpose: &str) -> Result<Scratch, StoreError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        check_name(purpose)?;
        let _no_sweep = sweep_lock(&self.root)?;
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{purpose}-{}-{count}", process::id());
            let path = self.root.join("scratch").join(name);
            self.faults.before("make scratch");
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                // A dead process had the same number.
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(StoreError::io("create", &path, e)),
            }
            let lock_path = path.join(OWNER_LOCK);
            self.faults.before("own scratch");
            let owner = lock::open(&lock_path)?;
            owner
                .lock()
                .map_err(|e| StoreError::io("lock", &lock_path, e))?;
            return Ok(Scratch {
                path,
                faults: self.faults.clone(),
                is_grave: purpose == format::GRAVE,
                _owner: owner,
            });
        }
    }

    /// Removes the scratch directories of dead processes. Every command begins with it.
    ///
    /// A directory that cannot be removed is left for the next time, and graves are left alone.
    pub fn sweep(&self) -> Result<Swept, StoreError> {
        let (dead, has_graves) = {
            let _no_new = sweep_lock(&self.root)?;
            let graves = scratches(&self.root, true)?;
            (
                abandoned(scratches(&self.root, false)?)?,
                !graves.is_empty(),
            )
        };
        let mut swept = Swept {
            has_graves,
            ..Swept::default()
        };
        for (path, _owner) in dead {
            self.faults.before("sweep scratch");
            if remove_tree(&path, Some(OWNER_LOCK)).is_ok() {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                swept.removed.push(name.into_owned());
            }
        }
        swept.removed.sort();
        self.sweep_locks()?;
        Ok(swept)
    }

    /// Removes the lock files of dead processes. Whoever asks for one at this moment finds it
    /// taken, and asks again.
    fn sweep_locks(&self) -> Result<(), StoreError> {
        for entry in read_dir(&self.root.join("locks"))? {
            let path = entry.path();
            let is_of_all =
                [format::USERS_LOCK, format::SWEEP_LOCK].map(|name| self.root.join(name));
            if !is_of_all.contains(&path) {
                drop(lock::Lock::try_take(path)?);
            }
        }
        Ok(())
    }
}

/// The scratch directories, those of collections or the others.
fn scratches(root: &Path, graves: bool) -> Result<Vec<PathBuf>, StoreError> {
    let entries = read_dir(&root.join("scratch"))?;
    let paths = entries.iter().map(fs::DirEntry::path);
    Ok(paths.filter(|path| is_grave(path) == graves).collect())
}

/// Whether a scratch directory holds what a collection threw away.
pub(crate) fn is_grave(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('-').next() == Some(format::GRAVE)
}

/// A directory that nobody owns, with the lock that keeps others from removing it as well.
pub(crate) type Abandoned = (PathBuf, Option<File>);

/// Those of them that nobody owns, now locked. The sweep lock must be held.
fn abandoned(paths: Vec<PathBuf>) -> Result<Vec<Abandoned>, StoreError> {
    let mut dead = Vec::new();
    for path in paths {
        // Without a lock file its owner died before it had one, or while removing it.
        let Ok(owner) = File::open(path.join(OWNER_LOCK)) else {
            dead.push((path, None));
            continue;
        };
        if lock::try_exclusive(&owner, &path)? {
            dead.push((path, Some(owner)));
        }
    }
    Ok(dead)
}

/// The graves that no collection is filling and nobody is emptying.
pub(crate) fn graves(root: &Path) -> Result<Vec<Abandoned>, StoreError> {
    let _no_new = sweep_lock(root)?;
    abandoned(scratches(root, true)?)
}

/// Held for the moments in which a directory has no owner's lock yet.
fn sweep_lock(root: &Path) -> Result<File, StoreError> {
    let path = root.join(format::SWEEP_LOCK);
    let file = lock::open(&path)?;
    file.lock().map_err(|e| StoreError::io("lock", &path, e))?;
    Ok(file)
}

/// Entries of a directory of the store, sorted by name.
pub(crate) fn read_dir(path: &Path) -> Result<Vec<fs::DirEntry>, StoreError> {
    let mut entries = fs::read_dir(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| StoreError::io("read", path, e))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}

/// Refuses what cannot be one component of a path.
pub(crate) fn check_name(name: &str) -> Result<(), StoreError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 200 || name.starts_with('.') || !name.chars().all(plain) {
        return Err(StoreError::Name(name.chars().take(80).collect()));
    }
    Ok(())
}
