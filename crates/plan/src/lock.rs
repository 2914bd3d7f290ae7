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

use std::collections::BTreeMap;

pub use self::error::LockError;
pub use self::format::{Input, Package, ReleaseRef, Request, Section, Why};
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

    /// The Release that was used for a suite.
    pub fn release(&self, suite: &str) -> Option<&ReleaseRef> {
        self.releases.iter().find(|release| release.suite == suite)
    }
}

#[cfg(test)]
pub(crate) mod tests;
