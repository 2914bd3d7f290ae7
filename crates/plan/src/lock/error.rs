//! Why a lock file cannot be used.

use goldsmith_core::failure::{Class, Failure};

/// A text that is no lock file, or one that must not be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Far larger than any lock.
    #[error("the lock file is larger than {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// Version control left both sides of a conflict in it.
    #[error("the lock file has a merge conflict at line {line}")]
    Conflict {
        /// From 1.
        line: usize,
    },
    /// Not JSON, or not the JSON of a lock.
    #[error("the lock file is broken at line {line}, column {column}: {detail}")]
    Broken {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        detail: String,
    },
    /// Of another version of Goldsmith.
    #[error("the lock file has version {found}, and this Goldsmith knows version {known}")]
    Version {
        /// In the file.
        found: u32,
        /// Of this build.
        known: u32,
    },
    /// A value that no lock may have.
    #[error("{place} of the lock file has a bad {field}: `{value}`")]
    Value {
        /// Which recipe, and which package of it.
        place: String,
        /// `path`.
        field: &'static str,
        /// Shortened, without control characters.
        value: String,
    },
    /// The same package twice.
    #[error("{place} of the lock file stands there twice")]
    Twice {
        /// Which.
        place: String,
    },
}

impl Failure for LockError {
    fn class(&self) -> Class {
        Class::Config
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Conflict { .. } => {
                "take either side (`git checkout --theirs goldsmith.lock`), then run `goldsmith lock`"
            }
            Self::Version { found, known } if found > known => {
                "it was written by a newer Goldsmith: update this one"
            }
            _ => "`goldsmith lock` writes it anew; version control has the last good one",
        };
        vec![hint.to_owned()]
    }
}
