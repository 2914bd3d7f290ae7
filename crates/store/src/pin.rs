//! Pins: what an image, a lock or anything else with a name needs kept. A pin that says where its
//! owner is lapses when that place is gone and nobody has pinned there for as long as the policy of
//! a collection says: a drive that is not plugged in today is no project that was deleted.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;

use crate::Store;
use crate::error::StoreError;
use crate::format::{PinFile, VERSION};
use crate::scratch::{check_name, read_dir};

/// A pin whose owner is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lapsed {
    /// The owner.
    pub owner: String,
    /// Where it was.
    pub place: PathBuf,
    /// When it was pinned last, in seconds since 1970-01-01 UTC.
    pinned: i64,
}

/// A pin as it stands in the store.
struct Pin {
    owner: String,
    file: PinFile,
    pinned: i64,
}

impl Pin {
    /// Itself as a lapsed one, if its place is gone.
    fn without_place(&self) -> Option<Lapsed> {
        let place = self.file.place.as_ref().filter(|place| !place.exists())?;
        Some(Lapsed {
            owner: self.owner.clone(),
            place: place.clone(),
            pinned: self.pinned,
        })
    }
}

impl Store {
    /// Keeps blobs and entries of these digests until the owner says otherwise; replaces what the
    /// owner had pinned before. `owner` is letters, digits, `.`, `_` and `-`.
    pub fn pin(&self, owner: &str, digests: &BTreeSet<Sha256>) -> Result<(), StoreError> {
        self.write_pin(owner, digests, None)
    }

    /// As [`Store::pin`], for an owner who is at `place`.
    pub fn pin_at(
        &self,
        owner: &str,
        place: &Path,
        digests: &BTreeSet<Sha256>,
    ) -> Result<(), StoreError> {
        self.write_pin(owner, digests, Some(place.to_owned()))
    }

    fn write_pin(
        &self,
        owner: &str,
        digests: &BTreeSet<Sha256>,
        place: Option<PathBuf>,
    ) -> Result<(), StoreError> {
        check_name(owner)?;
        let file = PinFile {
            version: VERSION,
            digests: digests.iter().copied().collect(),
            place,
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
        self.pinned_without(&[])
    }

    /// As [`Store::pinned`], without pins that have lapsed and still are as they were then.
    pub(crate) fn pinned_without(&self, lapsed: &[Lapsed]) -> Result<BTreeSet<Sha256>, StoreError> {
        let mut pins = self.pins()?;
        pins.retain(|pin| pin.without_place().is_none_or(|pin| !lapsed.contains(&pin)));
        Ok(pins.into_iter().flat_map(|pin| pin.file.digests).collect())
    }

    /// Pins whose places are gone, and which are this old at least.
    pub(crate) fn lapsed(&self, cx: &Cx, age: Duration) -> Result<Vec<Lapsed>, StoreError> {
        let now = cx.clock().unix_seconds();
        let pins = self.pins()?;
        let gone = pins.iter().filter_map(Pin::without_place);
        let is_old = |pin: &Lapsed| u64::try_from(now - pin.pinned).unwrap_or(0) >= age.as_secs();
        Ok(gone.filter(is_old).collect())
    }

    fn pins(&self) -> Result<Vec<Pin>, StoreError> {
        let mut pins = Vec::new();
        for entry in read_dir(&self.root.join("pins"))? {
            let path = entry.path();
            let meta = entry.metadata();
            let meta = meta.map_err(|e| StoreError::io("read", &path, e))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            pins.push(Pin {
                owner: name.trim_end_matches(".json").to_owned(),
                file: read(&path)?,
                pinned: meta.mtime(),
            });
        }
        Ok(pins)
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
