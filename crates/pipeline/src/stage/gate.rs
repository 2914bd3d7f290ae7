//! `gate`: what is stated of the image is read back and held against what the pipeline asks for.
//! Statements decide, not what stages say of themselves.

use goldsmith_core::catalog::Change;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::Pipeline;
use serde_json::json;

use super::Subject;
use super::test::{begin, refuse};
use crate::evidence::PublicKey;
use crate::gate::{obstacles, verdict};
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// The channel whose gate an image has to pass before people are asked.
const CHANNEL: &str = "staging";

/// Holds the evidence against what is asked for.
#[derive(Debug)]
pub struct Gate<'a> {
    /// Whose statements count.
    pub keys: &'a [PublicKey],
    /// What asks for them.
    pub pipeline: &'a Pipeline,
}

impl Unit for Gate<'_> {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let (image, disk) = Subject::of(scene)?;
        let rows = scene.catalog.statements(&image);
        let rows = rows.map_err(|error| StageError::of(&error))?;
        let now = cx.clock().unix_seconds();
        let found = verdict(self.pipeline, CHANNEL, &rows, self.keys, disk, false, now);
        if !found.is_open {
            let text = format!(
                "the evidence of {image} is not enough: {}",
                obstacles(&found).join("; ")
            );
            return Err(StageError::new(Class::Policy, text));
        }
        let asked = found.rules.iter().filter(|rule| rule.is_asked);
        let kinds: Vec<&str> = asked.map(|rule| rule.kind.word()).collect();
        Ok(Outcome::Done(Effects {
            summary: format!("{} are stated and signed", kinds.join(", ")),
            output: json!({ "passed": true, "kinds": kinds }),
            changes: begin(scene, &image)?,
            image: None,
        }))
    }

    fn failed(&self, scene: &Scene<'_>, error: &StageError) -> Vec<Change> {
        refuse(scene, error.class == Class::Policy, &error.text)
    }
}
