//! Lock files: advisory locks of the system, which end with the process that holds them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// Opens a lock file and makes it when it is missing.
pub(crate) fn open(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| StoreError::io("open", path, e))
}

/// An exclusive lock whose file goes with it.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock, or gives `None` when somebody holds it.
    pub(crate) fn try_take(path: PathBuf) -> Result<Option<Self>, StoreError> {
        loop {
            let file = open(&path)?;
            if !try_exclusive(&file, &path)? {
                return Ok(None);
            }
            // The last holder removes the file: what was locked may have no name any more.
            let held = file
                .metadata()
                .map_err(|e| StoreError::io("read", &path, e))?;
            if fs::metadata(&path).is_ok_and(|m| m.ino() == held.ino()) {
                let lock = Self { path, file };
                // A dead holder's words.
                lock.say("");
                return Ok(Some(lock));
            }
        }
    }

    /// Leaves a line for those who wait. What cannot be written is not said.
    pub(crate) fn say(&self, text: &str) {
        drop(
            self.file
                .set_len(0)
                .and_then(|()| self.file.write_all_at(text.as_bytes(), 0)),
        );
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Failure leaves an empty file without a lock, which the next holder takes over.
        drop(fs::remove_file(&self.path));
    }
}

/// Locks `file` if nobody else has.
pub(crate) fn try_exclusive(file: &File, path: &Path) -> Result<bool, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(e)) => Err(StoreError::io("lock", path, e)),
    }
}
