//! What can go wrong with the store.

use std::io;
use std::path::{Path, PathBuf};

use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Cancelled, Class, Failure};

use crate::format::VERSION;

/// An operation on the store that failed. Nothing half-written is visible after it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The system refused.
    #[error("cannot {action} `{path}` in the store")]
    Io {
        /// What was tried: a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The disk, or the user's share of it, is full.
    #[error("no space left for `{path}` in the store")]
    NoSpace {
        /// What could not be written.
        path: PathBuf,
    },
    /// The bytes are not the promised ones.
    #[error("the bytes given for blob {expected} have the digest {found}")]
    Mismatch {
        /// What was promised.
        expected: Sha256,
        /// What came.
        found: Sha256,
    },
    /// The store was made by a program that writes another form.
    #[error("the store `{path}` has version `{found}`, and this program reads version {VERSION}")]
    Version {
        /// The root.
        path: PathBuf,
        /// Its version.
        found: String,
    },
    /// A file of the store is not in its form.
    #[error("`{path}` in the store is damaged: {detail}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The name of a scratch purpose or of an owner of pins cannot be a file name.
    #[error("`{0}` cannot be a name in the store (letters, digits, `.`, `_`, `-`)")]
    Name(String),
    /// Other processes work in the store, so nothing can be collected.
    #[error("another process is working in the store `{0}`")]
    InUse(PathBuf),
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl StoreError {
    /// Wraps an error of the system; a full disk gets its own kind.
    pub(crate) fn io(action: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace {
                path: path.to_owned(),
            },
            _ => Self::Io {
                action,
                path: path.to_owned(),
                source,
            },
        }
    }
}

impl Failure for StoreError {
    fn class(&self) -> Class {
        match self {
            Self::Io { .. }
            | Self::NoSpace { .. }
            | Self::Version { .. }
            | Self::Damaged { .. }
            | Self::InUse(_) => Class::Environment,
            Self::Mismatch { .. } => Class::Remote,
            Self::Name(_) => Class::Bug,
            Self::Cancelled(_) => Class::Cancelled,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NoSpace { .. } => {
                "`goldsmith gc` frees what no image needs; GOLDSMITH_HOME may name a larger disk"
            }
            Self::Version { .. } => "give this version its own GOLDSMITH_HOME",
            Self::Damaged { .. } => {
                "`goldsmith doctor --store --repair` removes what is damaged; it is then made again"
            }
            Self::InUse(_) => "try again when it has ended",
            _ => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}
