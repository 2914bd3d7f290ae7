//! The stages of a run: a file each.

pub mod approve;
pub mod build;
pub mod distribute;
pub mod gate;
pub mod lock;
pub mod register;
pub mod scan;
pub mod test;

use goldsmith_core::catalog::{Change, StatementRow};
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::evidence::{SigningKey, Statement};
use crate::unit::{Scene, StageError};

/// The image that a run is about, as the stage `build` hands it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// As it is shown: `web 1.4.0/3`.
    image: String,
    version: String,
    /// Digest of its disk.
    digest: String,
    /// Whether this run made it.
    new: bool,
}

impl Subject {
    /// An image with this disk.
    pub fn new(image: &ImageId, disk: Sha256, is_new: bool) -> Self {
        Self {
            image: image.to_string(),
            version: image.version.to_string(),
            digest: disk.to_string(),
            new: is_new,
        }
    }

    /// What the stage `build` of this run handed on.
    pub fn of(scene: &Scene<'_>) -> Result<(ImageId, Sha256), StageError> {
        let subject: Self = scene.output("build")?;
        let malformed = |what: &str| {
            StageError::new(
                goldsmith_core::failure::Class::Config,
                format!("the journal of the run names no {what}"),
            )
        };
        Ok((
            subject.image.parse().map_err(|_| malformed("image"))?,
            subject.digest.parse().map_err(|_| malformed("disk"))?,
        ))
    }
}

/// The image of a scene stands otherwise.
fn state(image: &ImageId, to: ImageState, reason: impl Into<String>) -> Change {
    Change::State {
        image: image.clone(),
        to,
        reason: reason.into(),
    }
}

/// Something stated of an image, signed and ready to be kept.
pub fn statement(
    image: &ImageId,
    disk: Sha256,
    key: &SigningKey,
    unix: i64,
    predicate_type: &str,
    predicate: Value,
) -> Change {
    let envelope = Statement::new(image, disk, predicate_type, predicate)
        .sign(key)
        .to_text();
    Change::Statement(StatementRow {
        image: image.clone(),
        predicate_type: predicate_type.to_owned(),
        digest: Sha256::of(envelope.as_bytes()),
        envelope,
        unix,
    })
}
