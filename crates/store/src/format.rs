//! The form of the store on disk, version 1.
//!
//! ```text
//! store/                      mode 0700
//!   version                   "1\n"
//!   blobs/sha256/aa/<hex>     any bytes, named by their SHA-256 (aa: its first two digits), mode 0444
//!   partial/<hex>             a download that is whole but not yet verified
//!   partial/<hex>.part        a download under way, or broken off
//!   packages/<hex>/           a decoded package, named by the digest of its .deb
//!     entry.json              {"version":1,"bytes":…,"files":…}
//!     …                       what its maker wrote (see `build::deb`)
//!   layers/<hex>/             any directory, named by a key; entry.json as above, and in it
//!                             "needs":["<hex>"]: layers without which this one is of no use,
//!                             "boot":"<id>": written under this boot of the system, not yet flushed
//!   again/<hex>               "2\n": how often the layer of this key was made anew
//!   clean/<hex>               empty: what has this key was searched for secrets and has none
//!   chains/<owner>.json       {"version":1,"place":"/…","layers":["<hex>",…]}: the layers that something
//!                             was last made of, bottom first; kept while its place exists
//!   scratch/<purpose>-<id>/   work under way; `.lock` in it is locked while its owner lives
//!   scratch/grave-<id>/<n>/   what a collection threw away, until somebody removes it
//!   pins/<owner>.json         {"version":1,"digests":["<hex>",…],"place":"/…"}: what the owner needs
//!                             kept; with a place, until that has been gone for some time
//!   locks/                    lock files: `users` (shared by every process, exclusive for gc),
//!                             `sweep`, and one per blob or entry that is being made, which holds
//!                             a line that says how far its maker is
//! ```
//!
//! A blob's or an entry's modification time is the last time that it was used.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use goldsmith_core::digest::Sha256;

use crate::error::StoreError;

/// The version this program reads and writes.
pub const VERSION: u32 = 1;

pub(crate) const DIRECTORIES: [&str; 10] = [
    "blobs/sha256",
    "partial",
    "packages",
    "layers",
    "again",
    "clean",
    "chains",
    "scratch",
    "pins",
    "locks",
];
pub(crate) const USERS_LOCK: &str = "locks/users";
pub(crate) const SWEEP_LOCK: &str = "locks/sweep";
/// The purpose of a scratch directory that outlives its owner.
pub(crate) const GRAVE: &str = "grave";
pub(crate) const ENTRY_FILE: &str = "entry.json";

/// What the store knows of an entry: `entry.json`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct EntryFile {
    pub(crate) version: u32,
    /// Allocated bytes that its removal gives back: hard links counted once, and not at all when
    /// the file has names elsewhere.
    pub(crate) bytes: u64,
    /// Number of its files.
    pub(crate) files: u64,
    /// Entries without which it is of no use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) needs: Vec<Sha256>,
    /// The boot of the system under which it was written, while nobody has flushed it: after
    /// another boot its files may be cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) boot: Option<String>,
}

/// What an owner needs kept: `pins/<owner>.json`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct PinFile {
    pub(crate) version: u32,
    pub(crate) digests: Vec<Sha256>,
    /// Where the owner is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<PathBuf>,
}

/// What something was last made of: `chains/<owner>.json`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct ChainFile {
    pub(crate) version: u32,
    /// Gone: nobody needs the layers any more.
    pub(crate) place: PathBuf,
    pub(crate) layers: Vec<Sha256>,
}

/// Where a blob stands below the root.
pub(crate) fn blob(digest: &Sha256) -> PathBuf {
    let hex = digest.to_string();
    Path::new("blobs/sha256").join(&hex[..2]).join(hex)
}

/// Writes the version into a new store; refuses a store of another version.
pub(crate) fn check_version(root: &Path) -> Result<(), StoreError> {
    let path = root.join("version");
    match fs::read_to_string(&path) {
        // A crash between creation and writing leaves it empty.
        Ok(text) if text.is_empty() => {}
        Ok(text) if text.trim() == VERSION.to_string() => return Ok(()),
        Ok(text) => {
            return Err(StoreError::Version {
                path: root.to_owned(),
                found: text.trim().chars().take(20).collect(),
            });
        }
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) => return Err(StoreError::io("read", &path, e)),
    }
    fs::write(&path, format!("{VERSION}\n")).map_err(|e| StoreError::io("write", &path, e))
}
