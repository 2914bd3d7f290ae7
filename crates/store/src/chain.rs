//! Chains: the layers that a recipe of a project was last made of, bottom first. What is in a chain
//! is kept as if it were pinned, as long as the project is where it was.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use goldsmith_core::digest::Sha256;

use crate::Store;
use crate::error::StoreError;
use crate::format::{ChainFile, VERSION};
use crate::scratch::{check_name, read_dir};

impl Store {
    /// Keeps these layers for `owner` (letters, digits, `.`, `_`, `-`) instead of those before,
    /// as long as `place` exists.
    pub fn set_chain(
        &self,
        owner: &str,
        place: &Path,
        layers: &[Sha256],
    ) -> Result<(), StoreError> {
        check_name(owner)?;
        let file = ChainFile {
            version: VERSION,
            place: place.to_owned(),
            layers: layers.to_vec(),
        };
        let text = serde_json::to_vec(&file).expect("digests and a path have a JSON form");
        // Not flushed, as the layers are not: after a power cut it may be empty.
        let scratch = self.scratch("file")?;
        let (draft, path) = (scratch.path().join("file"), self.chain_path(owner));
        self.faults.before("write chain");
        fs::write(&draft, text).map_err(|e| StoreError::io("write", &path, e))?;
        self.faults.before("name chain");
        fs::rename(&draft, &path).map_err(|e| StoreError::io("write", &path, e))
    }

    /// The layers kept for `owner`, bottom first; empty when there are none.
    pub fn chain(&self, owner: &str) -> Result<Vec<Sha256>, StoreError> {
        check_name(owner)?;
        Ok(read(&self.chain_path(owner))?.map_or_else(Vec::new, |file| file.layers))
    }

    /// The layers of all chains whose place exists.
    pub(crate) fn chained(&self) -> Result<BTreeSet<Sha256>, StoreError> {
        let mut chained = BTreeSet::new();
        for entry in read_dir(&self.root.join("chains"))? {
            if let Some(file) = read(&entry.path())?.filter(|file| file.place.exists()) {
                chained.extend(file.layers);
            }
        }
        Ok(chained)
    }

    fn chain_path(&self, owner: &str) -> PathBuf {
        self.root.join("chains").join(format!("{owner}.json"))
    }
}

/// Reads a chain; a damaged one stops the caller: it may keep anything.
pub(crate) fn read(path: &Path) -> Result<Option<ChainFile>, StoreError> {
    let text = match fs::read(path) {
        Ok(text) if text.is_empty() => return Ok(None),
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(StoreError::io("read", path, e)),
    };
    let damaged = |detail: String| StoreError::Damaged {
        path: path.to_owned(),
        detail,
    };
    let file: ChainFile = serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
    if file.version != VERSION {
        return Err(damaged(format!("version {}", file.version)));
    }
    Ok(Some(file))
}
