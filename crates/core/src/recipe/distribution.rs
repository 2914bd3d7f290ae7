//! Where images go, and what they are called there.

mod aws;

use std::collections::BTreeMap;

use crate::diagnostic::Span;

use super::NamePattern;

pub use aws::{AwsEncryption, AwsTarget, LaunchTemplate};

/// A `distribution` block.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// The label of its block.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// What copies are called.
    pub naming: NamePattern,
    /// What every copy is tagged with, besides what Goldsmith fills in.
    pub tags: BTreeMap<String, String>,
    /// At least one, each with a name of its own among those of its kind.
    pub targets: Vec<Target>,
}

/// A `target` block.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its second label.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// Where.
    pub kind: TargetKind,
}

impl Target {
    /// Kind and name, `local/lab`: what names a target in records and commands.
    pub fn id(&self) -> String {
        format!("{}/{}", self.kind.word(), self.name)
    }
}

/// The kinds of targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetKind {
    /// A folder.
    Local(LocalTarget),
    /// A bucket of an object store that speaks S3.
    S3(S3Target),
    /// Images of EC2, in some regions.
    Aws(AwsTarget),
}

impl TargetKind {
    /// As written in a distribution.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Local(_) => "local",
            Self::S3(_) => "s3",
            Self::Aws(_) => "aws",
        }
    }
}

/// `target "local"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTarget {
    /// Path relative to the project.
    pub directory: String,
    /// Formats of the disk, at least one: the names of `goldsmith export --format`.
    pub formats: Vec<String>,
}

/// `target "s3"`. Keys come from where AWS's own tools find them, never from the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Target {
    /// Name of the bucket.
    pub bucket: String,
    /// What the names of objects begin with, without a `/` at either end; may be empty.
    pub prefix: String,
    /// `eu-north-1`.
    pub region: String,
    /// Base URL of a store that is not AWS's.
    pub endpoint: Option<String>,
    /// Formats of the disk, at least one: the names of `goldsmith export --format`.
    pub formats: Vec<String>,
}
