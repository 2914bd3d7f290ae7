//! Entries: directories that took work to make, kept by digest. One process
//! makes an entry; the others wait for it or do something else meanwhile.

use std::fs::{self, DirBuilder, File, FileTimes};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;

use crate::Store;
use crate::blob::WAIT;
use crate::error::StoreError;
use crate::format::{self, EntryFile};
use crate::lock::Lock;
use crate::measure::measure;
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

    /// A directory beside it, on the same file system, that is no part of the entry; it need not
    /// exist.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Tells those who wait for the entry how far it is, in a line.
    pub fn say(&self, text: &str) {
        self.lock.say(text);
    }

    /// Gives the right back; what was made stays, for the caller alone, at the path it has.
    pub fn keep_private(self) -> (Scratch, PathBuf) {
        (self.scratch, self.path)
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
        let Some(lock) = Lock::try_take(self.entry_lock(shelf, digest))? else {
            return Ok(Claim::Busy);
        };
        // It may have come between the look and the lock.
        if let Some(path) = self.entry(cx, shelf, digest) {
            return Ok(Claim::Ready(path));
        }
        let scratch = self.scratch(shelf.directory())?;
        let path = scratch.path().join("entry");
        self.faults.before("begin entry");
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
        self.claim_and_listen(cx, shelf, digest, &mut |_| {})
    }

    /// As [`Store::claim_or_wait`]; `said` gets every new line that the maker leaves, empty ones
    /// as well: so the first one tells that there is somebody to wait for.
    pub fn claim_and_listen(
        &self,
        cx: &Cx,
        shelf: Shelf,
        digest: &Sha256,
        said: &mut dyn FnMut(&str),
    ) -> Result<Claim, StoreError> {
        let mut last = None;
        loop {
            match self.claim(cx, shelf, digest)? {
                Claim::Busy => {
                    let line = fs::read_to_string(self.entry_lock(shelf, digest)).ok();
                    if line.is_some() && line != last {
                        said(line.as_deref().unwrap_or_default());
                        last = line;
                    }
                    cx.cancel.check()?;
                    cx.clock().sleep(WAIT);
                }
                claim => return Ok(claim),
            }
        }
    }

    /// Makes a finished draft an entry, at once and whole, without waiting for the disk: after another
    /// boot of the system it is [doubtful](Store::is_doubtful). It is of no use without the entries in
    /// `needs`.
    pub fn publish(&self, draft: Draft, needs: &[Sha256]) -> Result<PathBuf, StoreError> {
        let boot = boot_id();
        self.describe(&draft, needs, boot.clone())?;
        if boot.is_none() {
            sync_file_system(&self.root).map_err(|e| StoreError::io("sync", &self.root, e))?;
        }
        self.name_entry(draft)
    }

    fn describe(
        &self,
        draft: &Draft,
        needs: &[Sha256],
        boot: Option<String>,
    ) -> Result<(), StoreError> {
        let (bytes, files) =
            measure(&draft.path).map_err(|e| StoreError::io("read", &draft.path, e))?;
        let entry = EntryFile {
            version: format::VERSION,
            bytes,
            files,
            needs: needs.to_vec(),
            boot,
        };
        let path = draft.path.join(format::ENTRY_FILE);
        let text = serde_json::to_vec(&entry).expect("numbers have a JSON form");
        self.faults.before("describe entry");
        fs::write(&path, text).map_err(|e| StoreError::io("write", &path, e))
    }

    fn name_entry(&self, draft: Draft) -> Result<PathBuf, StoreError> {
        let path = self.entry_path(draft.shelf, &draft.digest);
        self.faults.before("name entry");
        fs::rename(&draft.path, &path).map_err(|e| StoreError::io("create", &path, e))?;
        self.faults.before("release entry");
        // In this order: nobody may find neither the lock nor the entry.
        drop(draft.lock);
        drop(draft.scratch);
        Ok(path)
    }

    /// Whether an entry was written under an earlier boot of the system and nobody flushed it:
    /// its maker then looks whether it is whole, and [vouches](Store::vouch) for it or discards it.
    pub fn is_doubtful(&self, shelf: Shelf, digest: &Sha256) -> bool {
        let path = self.entry_path(shelf, digest).join(format::ENTRY_FILE);
        match read_entry(&path) {
            Ok(entry) => entry.boot.is_some() && entry.boot != boot_id(),
            Err(_) => true,
        }
    }

    /// Says that a doubtful entry was found whole.
    pub fn vouch(&self, shelf: Shelf, digest: &Sha256) -> Result<(), StoreError> {
        let path = self.entry_path(shelf, digest).join(format::ENTRY_FILE);
        let mut entry = read_entry(&path)?;
        entry.boot = None;
        let text = serde_json::to_vec(&entry).expect("numbers have a JSON form");
        self.write_whole(&path, &text)
    }

    /// Removes an entry that its maker finds unusable: damaged, or of an older form. Others that
    /// are reading it may fail.
    pub fn discard(&self, shelf: Shelf, digest: &Sha256) -> Result<(), StoreError> {
        let path = self.entry_path(shelf, digest);
        // Out of sight first: nobody may find half of it.
        let grave = self.scratch("discard")?;
        self.faults.before("discard entry");
        match fs::rename(&path, grave.path().join("entry")) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", &path, e))
            }
            _ => Ok(()),
        }
    }

    /// Where the entry stands, or would stand.
    pub fn entry_path(&self, shelf: Shelf, digest: &Sha256) -> PathBuf {
        self.root.join(shelf.directory()).join(digest.to_string())
    }

    fn entry_lock(&self, shelf: Shelf, digest: &Sha256) -> PathBuf {
        let name = format!("{}-{digest}", shelf.directory());
        self.root.join("locks").join(name)
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

/// What the store knows of an entry.
pub(crate) fn read_entry(path: &Path) -> Result<EntryFile, StoreError> {
    let text = fs::read(path).map_err(|e| StoreError::io("read", path, e))?;
    serde_json::from_slice(&text).map_err(|e| StoreError::Damaged {
        path: path.to_owned(),
        detail: e.to_string(),
    })
}

/// What tells one boot of the system from the next; `None` on a system that does not say.
fn boot_id() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}
