//! Pins: what an image, a lock or anything else with a name needs kept.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use goldsmith_core::digest::Sha256;

use crate::Store;
use crate::error::StoreError;
use crate::format::{PinFile, VERSION};
use crate::scratch::{check_name, read_dir};

impl Store {
    /// Keeps blobs and entries of these digests until the owner says otherwise; replaces what the
    /// owner had pinned before. `owner` is letters, digits, `.`, `_` and `-`.
    pub fn pin(&self, owner: &str, digests: &BTreeSet<Sha256>) -> Result<(), StoreError> {
        check_name(owner)?;
        let file = PinFile {
            version: VERSION,
            digests: digests.iter().copied().collect(),
        };
        let text = serde_json::to_vec_pretty(&file).expect("digests have a JSON form");
        let path = self.root.join("pins").join(format!("{owner}.json"));
        self.write_whole(&path, &text)
    }

    /// Forgets the owner's pins; an owner without pins is no failure.
    pub fn unpin(&self, owner: &str) -> Result<(), StoreError> {
        check_name(owner)?;
        let path = self.root.join("pins").join(format!("{owner}.json"));
        self.faults.before("unpin");
        match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(StoreError::io("remove", &path, e)),
            _ => Ok(()),
        }
    }

    /// Every pinned digest. A pin file that cannot be read stops the caller: it may pin anything.
    pub fn pinned(&self) -> Result<BTreeSet<Sha256>, StoreError> {
        let mut pinned = BTreeSet::new();
        for entry in read_dir(&self.root.join("pins"))? {
            pinned.extend(read(&entry.path())?.digests);
        }
        Ok(pinned)
    }

    /// Writes a small file of the store, whole or not at all, also when the power goes.
    pub(crate) fn write_whole(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let scratch = self.scratch("file")?;
        let draft = scratch.path().join("file");
        self.faults.before("write file");
        File::create(&draft)
            .and_then(|mut f| f.write_all(bytes).and_then(|()| f.sync_data()))
            .map_err(|e| StoreError::io("write", path, e))?;
        self.faults.before("name file");
        fs::rename(&draft, path).map_err(|e| StoreError::io("write", path, e))
    }
}

/// Reads a pin file.
pub(crate) fn read(path: &Path) -> Result<PinFile, StoreError> {
    let text = fs::read(path).map_err(|e| StoreError::io("read", path, e))?;
    let damaged = |detail: String| StoreError::Damaged {
        path: path.to_owned(),
        detail,
    };
    let file: PinFile = serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
    if file.version != VERSION {
        return Err(damaged(format!("version {}", file.version)));
    }
    Ok(file)
}
