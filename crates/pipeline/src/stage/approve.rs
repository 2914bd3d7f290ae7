//! `approve`: people say yes or no, or a policy does where nothing new was found.

use goldsmith_core::cx::Cx;
use goldsmith_core::image::ImageState;
use serde_json::json;

use super::{Subject, state};
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// Who has to say yes.
#[derive(Debug)]
pub struct Approve {}

impl Approve {
    /// Nobody is asked: what passed the gate is approved.
    pub fn by_policy() -> Self {
        Self {}
    }
}

impl Unit for Approve {
    fn name(&self) -> &'static str {
        "approve"
    }

    fn run(&self, _cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let (image, _) = Subject::of(scene)?;
        let row = scene.catalog.image(&image).map_err(|error| StageError::of(&error))?;
        let changes = if row.state.is_usable() {
            Vec::new()
        } else {
            vec![state(&image, ImageState::Approved, "the pipeline asks nobody")]
        };
        Ok(Outcome::Done(Effects {
            summary: "the pipeline asks nobody".to_owned(),
            output: json!({ "decision": "approved" }),
            changes,
            image: None,
        }))
    }
}
