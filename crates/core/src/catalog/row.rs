//! What is kept of images, and of what was decided about them.

use std::collections::BTreeMap;

use crate::digest::Sha256;
use crate::image::{ImageId, ImageState};

/// One artifact of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRow {
    /// `disk.raw`, `sbom.cdx.json`.
    pub file: String,
    /// `raw`, `qcow2`, `cyclonedx`.
    pub format: String,
    /// Disk digest of a disk, SHA-256 of another file.
    pub digest: Sha256,
    /// Bytes.
    pub size_bytes: u64,
}

/// An image as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImage {
    /// Which.
    pub id: ImageId,
    /// What it is for, as used in names.
    pub purpose: String,
    /// `debian-12`.
    pub os: String,
    /// `amd64`, `arm64`.
    pub arch: String,
    /// Its key: the digest of every input.
    pub key: Sha256,
    /// Digest of its disk.
    pub digest: Sha256,
    /// The image that it starts from.
    pub parent: Option<ImageId>,
    /// Its artifacts.
    pub artifacts: Vec<ArtifactRow>,
    /// When it was made, in seconds since 1970-01-01 UTC.
    pub created_unix: i64,
}

/// What is known of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRow {
    /// As it was made.
    pub made: NewImage,
    /// How it stands.
    pub state: ImageState,
    /// Why it stands so.
    pub reason: String,
    /// When that changed, in seconds since 1970-01-01 UTC.
    pub changed_unix: i64,
    /// What people and pipelines wrote on it.
    pub tags: BTreeMap<String, String>,
    /// The channels that name it now.
    pub channels: Vec<String>,
}

/// A copy of an image at a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyRow {
    /// Which image.
    pub image: ImageId,
    /// Kind and name of the target, and what is below it: `local/lab`, `aws/eu/eu-north-1`.
    pub target: String,
    /// Its name there.
    pub name: String,
    /// What a user of the target gives to have it: a path, a URL, `ami-0abc`.
    pub location: String,
    /// `qcow2`; empty where a target has no forms.
    pub format: String,
    /// SHA-256 of the bytes there, where they are a file.
    pub digest: Option<Sha256>,
    /// When it was made, in seconds since 1970-01-01 UTC.
    pub unix: i64,
    /// Whether it is there still.
    pub is_there: bool,
}

/// A signed statement about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRow {
    /// Which image.
    pub image: ImageId,
    /// URI of what is stated.
    pub predicate_type: String,
    /// The DSSE envelope, JSON.
    pub envelope: String,
    /// SHA-256 of the envelope.
    pub digest: Sha256,
    /// Seconds since 1970-01-01 UTC.
    pub unix: i64,
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place, from 1.
    pub seq: u64,
    /// Seconds since 1970-01-01 UTC.
    pub unix: i64,
    /// Who.
    pub actor: String,
    /// Did what: `state`, `channel`, `copy`, `approve`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// JSON.
    pub detail: String,
    /// SHA-256 over the digest of the line before and everything of this one.
    pub digest: Sha256,
}

/// A moment in the history of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRow {
    /// Name of the recipe whose images it names.
    pub family: String,
    /// `production`.
    pub channel: String,
    /// Which it named from then on.
    pub image: Option<ImageId>,
    /// Who said so.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// From when, in seconds since 1970-01-01 UTC.
    pub unix: i64,
}
