//! The lock: which package, document and input file, by digest, an image is made of.
//!
//! `goldsmith.lock` stands beside the configuration and belongs into version control. It
//! is written by `goldsmith lock` and read by all else; its form is drawn in [`format`].
//! What changed between two locks is [`diff::diff`]; whether a recipe still fits its
//! section is [`stale::stale`].

pub mod diff;
pub mod error;
pub mod format;
mod read;
pub mod stale;
mod v1;

use std::collections::BTreeMap;

use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_core::recipe::Firmware;

pub use self::error::LockError;
pub use self::format::{
    AmiPin, AmiRequest, DebianRequest, DiskPin, DiskRequest, ImagePin, ImageRequest, Input,
    Package, Parent, ReleaseRef, Request, Section, Why,
};
pub use self::read::check_package;

/// A whole lock file: a section per recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// By the recipe's name.
    pub recipes: BTreeMap<String, Section>,
}

impl Lock {
    /// Reads a lock file. Everything that later becomes part of a path or a URL has been
    /// checked afterwards.
    pub fn parse(bytes: &[u8]) -> Result<Self, LockError> {
        read::parse(bytes)
    }

    /// The file's text: the same lock always gives the same text.
    pub fn to_text(&self) -> String {
        format::write(&self.recipes)
    }
}

impl Section {
    /// Every package to fetch: those of the tree, then those of the boot loader.
    pub fn all_packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().chain(&self.boot)
    }

    /// Debian's name of the architecture.
    pub fn arch(&self) -> &str {
        match (&self.request, &self.parent) {
            (Request::Debian(request), _) => &request.arch,
            (Request::Disk(request), _) => &request.arch,
            (Request::Ami(request), _) => &request.arch,
            (Request::Image(_), Some(Parent::Image(pin))) => &pin.arch,
            // Refused when a lock is read.
            (Request::Image(_), _) => "",
        }
    }

    /// The Release that was used for a suite.
    pub fn release(&self, suite: &str) -> Option<&ReleaseRef> {
        self.releases.iter().find(|release| release.suite == suite)
    }
}

impl Parent {
    /// What identifies it: of an image the digest of its disk, of a disk that of its file. Of an
    /// image of AWS, whose bytes nobody has seen, that of its region and its id.
    pub fn digest(&self) -> Sha256 {
        match self {
            Self::Image(pin) => pin.digest,
            Self::Disk(pin) => pin.sha256,
            Self::Ami(pin) => {
                let mut hasher = Hasher::new();
                hasher.field(pin.region.as_bytes());
                hasher.field(pin.id.as_bytes());
                hasher.finish()
            }
        }
    }
}

impl Request {
    /// What the disk starts with; nothing of an image of AWS, which says so itself.
    pub fn boot(&self) -> &[Firmware] {
        match self {
            Self::Debian(request) => &request.boot,
            Self::Image(request) => &request.boot,
            Self::Disk(request) => &request.boot,
            Self::Ami(_) => &[],
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
