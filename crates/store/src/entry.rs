//! Entries: directories that took work to make, kept by digest. One process
//! makes an entry; the others wait for it or do something else meanwhile.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, FileTimes};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;

use crate::Store;
use crate::blob::WAIT;
use crate::error::StoreError;
use crate::format::{self, EntryFile};
use crate::lock::Lock;
use crate::remove::sync_file_system;
use crate::scratch::Scratch;

/// The kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Decoded packages, by the digest of the .deb.
    Packages,
    /// Any directories, by a key.
    Layers,
}

impl Shelf {
    pub(crate) const ALL: [Self; 2] = [Self::Packages, Self::Layers];

    /// The directory below the root.
    pub(crate) const fn directory(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Layers => "layers",
        }
    }
}

/// Answer to the wish for an entry.
#[derive(Debug)]
pub enum Claim {
    /// It is there.
    Ready(PathBuf),
    /// It is missing, and the caller has the right to make it.
    Mine(Draft),
    /// Another thread or process is making it.
    Busy,
}

/// An entry that is being made. Dropped without [`Store::publish`], it never was.
#[derive(Debug)]
pub struct Draft {
    shelf: Shelf,
    digest: Sha256,
    path: PathBuf,
    scratch: Scratch,
    lock: Lock,
}

impl Draft {
    /// The directory to fill, empty at first.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The digest the entry will have.
    pub fn digest(&self) -> &Sha256 {
        &self.digest
    }
}

impl Store {
    /// The entry's directory, if it is there; it counts as used now.
    pub fn entry(&self, cx: &Cx, shelf: Shelf, digest: &Sha256) -> Option<PathBuf> {
        let path = self.entry_path(shelf, digest);
        if !path.is_dir() {
            return None;
        }
        mark_used(cx, &path);
        Some(path)
    }

    /// Asks for an entry without waiting.
    pub fn claim(&self, cx: &Cx, shelf: Shelf, digest: &Sha256) -> Result<Claim, StoreError> {
        if let Some(path) = self.entry(cx, shelf, digest) {
            return Ok(Claim::Ready(path));
        }
        let name = format!("{}-{digest}", shelf.directory());
        let Some(lock) = Lock::try_take(self.root.join("locks").join(name))? else {
            return Ok(Claim::Busy);
        };
        // It may have come between the look and the lock.
        if let Some(path) = self.entry(cx, shelf, digest) {
            return Ok(Claim::Ready(path));
        }
        let scratch = self.scratch(shelf.directory())?;
        let path = scratch.path().join("entry");
        DirBuilder::new()
            .mode(0o755)
            .create(&path)
            .map_err(|e| StoreError::io("create", &path, e))?;
        Ok(Claim::Mine(Draft {
            shelf,
            digest: *digest,
            path,
            scratch,
            lock,
        }))
    }

    /// Asks for an entry and waits while another is making it: never [`Claim::Busy`].
    ///
    /// Who holds a draft must publish or drop it before waiting for another entry, else two
    /// processes may wait for each other.
    pub fn claim_or_wait(
        &self,
        cx: &Cx,
        shelf: Shelf,
        digest: &Sha256,
    ) -> Result<Claim, StoreError> {
        loop {
            match self.claim(cx, shelf, digest)? {
                Claim::Busy => {
                    cx.cancel.check()?;
                    cx.clock().sleep(WAIT);
                }
                claim => return Ok(claim),
            }
        }
    }

    /// Makes finished drafts entries, each at once and whole. All of them share one flush of the
    /// file system, without which a power cut could leave entries with empty files.
    pub fn publish(&self, drafts: Vec<Draft>) -> Result<Vec<PathBuf>, StoreError> {
        for draft in &drafts {
            let path = draft.path.join(format::ENTRY_FILE);
            let entry = measure(&draft.path).map_err(|e| StoreError::io("read", &draft.path, e))?;
            let text = serde_json::to_vec(&entry).expect("numbers have a JSON form");
            fs::write(&path, text).map_err(|e| StoreError::io("write", &path, e))?;
        }
        if !drafts.is_empty() {
            sync_file_system(&self.root).map_err(|e| StoreError::io("sync", &self.root, e))?;
        }
        let mut paths = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let path = self.entry_path(draft.shelf, &draft.digest);
            fs::rename(&draft.path, &path).map_err(|e| StoreError::io("create", &path, e))?;
            paths.push(path);
            // In this order: nobody may find neither the lock nor the entry.
            drop(draft.lock);
            drop(draft.scratch);
        }
        Ok(paths)
    }

    /// Removes an entry that its maker finds unusable: damaged, or of an older form. Others that
    /// are reading it may fail.
    pub fn discard(&self, shelf: Shelf, digest: &Sha256) -> Result<(), StoreError> {
        let path = self.entry_path(shelf, digest);
        // Out of sight first: nobody may find half of it.
        let grave = self.scratch("discard")?;
        match fs::rename(&path, grave.path().join("entry")) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", &path, e))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn entry_path(&self, shelf: Shelf, digest: &Sha256) -> PathBuf {
        self.root.join(shelf.directory()).join(digest.to_string())
    }
}

/// Sets the time of last use, which garbage collection goes by.
pub(crate) fn mark_used(cx: &Cx, path: &Path) {
    let seconds = u64::try_from(cx.clock().unix_seconds()).unwrap_or(0);
    let now = UNIX_EPOCH + Duration::from_secs(seconds);
    // A store that cannot be written to can still be read from.
    if let Ok(file) = File::open(path) {
        drop(file.set_times(FileTimes::new().set_modified(now)));
    }
}

/// Counts what a finished tree takes.
fn measure(path: &Path) -> io::Result<EntryFile> {
    let mut entry = EntryFile {
        version: format::VERSION,
        bytes: 0,
        files: 0,
    };
    let mut seen = BTreeSet::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        for child in fs::read_dir(directory)? {
            let child = child?;
            let meta = child.metadata()?;
            if meta.is_dir() {
                directories.push(child.path());
            }
            entry.files += 1;
            if meta.nlink() == 1 || meta.is_dir() || seen.insert(meta.ino()) {
                entry.bytes += meta.blocks() * 512;
            }
        }
    }
    Ok(entry)
}
