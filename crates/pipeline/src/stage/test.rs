//! `test`: the image is booted and tested, once for each `test` block.

use goldsmith_core::catalog::Change;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::image::ImageState;
use serde_json::json;

use super::{Subject, state, statement};
use crate::evidence::{SigningKey, predicate};
use crate::port::Workshop;
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// Tests the image.
pub struct Test<'a> {
    name: String,
    block: String,
    goes_on: bool,
    workshop: &'a dyn Workshop,
    key: &'a SigningKey,
}

impl std::fmt::Debug for Test<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl<'a> Test<'a> {
    /// Of the `test` block of a name; that without one has none. `goes_on`: the run does, also
    /// when it fails.
    pub fn new(
        block: &str,
        goes_on: bool,
        workshop: &'a dyn Workshop,
        key: &'a SigningKey,
    ) -> Self {
        Self {
            name: if block.is_empty() {
                "test".to_owned()
            } else {
                format!("test/{block}")
            },
            block: block.to_owned(),
            goes_on,
            workshop,
            key,
        }
    }
}

impl Unit for Test<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let (image, disk) = Subject::of(scene)?;
        let tested = self.workshop.test(cx, &image, &self.block)?;
        if !tested.failed.is_empty() {
            let mut error = StageError::new(
                Class::Test,
                format!(
                    "{} of {} checks failed: {}",
                    tested.failed.len(),
                    tested.failed.len() + tested.passed.len(),
                    tested.failed.join("; ")
                ),
            );
            error.hints = vec![format!(
                "the logs lie beside the image: `goldsmith show {image}`"
            )];
            return Err(error);
        }
        let unix = cx.clock().unix_seconds();
        let what = predicate::test(&tested, &self.block);
        let mut changes = begin(scene, &image)?;
        changes.push(statement(
            &image,
            disk,
            self.key,
            unix,
            predicate::TEST,
            what,
        ));
        Ok(Outcome::Done(Effects {
            summary: format!("{} checks passed", tested.passed.len()),
            output: json!({ "passed": tested.passed.len(), "how": tested.how }),
            changes,
            image: None,
        }))
    }

    fn failed(&self, scene: &Scene<'_>, error: &StageError) -> Vec<Change> {
        let is_a_verdict = error.class == Class::Test && !self.goes_on;
        refuse(scene, is_a_verdict, &error.text)
    }

    fn goes_on(&self) -> bool {
        self.goes_on
    }
}

/// The image is being judged, if it was not judged before.
pub(super) fn begin(
    scene: &Scene<'_>,
    image: &goldsmith_core::image::ImageId,
) -> Result<Vec<Change>, StageError> {
    let row = scene
        .catalog
        .image(image)
        .map_err(|error| StageError::of(&error))?;
    let is_open = matches!(row.state, ImageState::Built | ImageState::Rejected);
    Ok(if is_open {
        vec![state(
            image,
            ImageState::Testing,
            format!("run {}", scene.run),
        )]
    } else {
        Vec::new()
    })
}

/// The image was refused, if it was not approved before.
pub(super) fn refuse(scene: &Scene<'_>, is_a_verdict: bool, reason: &str) -> Vec<Change> {
    let Ok((image, _)) = Subject::of(scene) else {
        return Vec::new();
    };
    let row = scene.catalog.image(&image);
    let is_open = row.is_ok_and(|row| matches!(row.state, ImageState::Built | ImageState::Testing));
    if is_a_verdict && is_open {
        vec![state(&image, ImageState::Rejected, reason)]
    } else {
        Vec::new()
    }
}
