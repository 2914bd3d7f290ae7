//! `build`: the image is made, or found where one was made of the same inputs; the catalog learns
//! of it, with its provenance and its bill of materials.

use goldsmith_core::catalog::Change;
use goldsmith_core::cx::Cx;
use serde_json::to_value;

use super::{Subject, statement};
use crate::evidence::{SigningKey, predicate};
use crate::port::Workshop;
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// Makes the image.
pub struct Build<'a> {
    /// Who does it.
    pub workshop: &'a dyn Workshop,
    /// Signs the statements.
    pub key: &'a SigningKey,
    /// Version of Goldsmith, for the provenance.
    pub version: &'a str,
}

impl std::fmt::Debug for Build<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Build")
    }
}

impl Unit for Build<'_> {
    fn name(&self) -> &'static str {
        "build"
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let made = self.workshop.build(cx)?;
        let (image, disk) = (made.image.id.clone(), made.image.digest);
        let unix = cx.clock().unix_seconds();
        let run = format!("run {}", scene.run);
        let mut stated = vec![(
            predicate::PROVENANCE,
            predicate::provenance(&made, &run, scene.actor, self.version),
        )];
        stated.extend(made.bill.clone().map(|bill| (predicate::BILL, bill)));
        let mut changes = vec![Change::Image(made.image.clone())];
        changes.extend(
            stated
                .into_iter()
                .map(|(kind, what)| statement(&image, disk, self.key, unix, kind, what)),
        );
        let subject = Subject::new(&image, disk, made.is_new);
        Ok(Outcome::Done(Effects {
            summary: if made.is_new {
                format!("made {image}")
            } else {
                format!("nothing to do: {image} was made of the same inputs")
            },
            output: to_value(subject).expect("texts have a JSON form"),
            changes,
            image: Some(image),
        }))
    }
}
