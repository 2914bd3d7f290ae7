//! `test`: the image is booted and tested, once for each `test` block.

use goldsmith_core::catalog::Change;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::image::ImageState;
use goldsmith_core::recipe::{OnFailure, Test as Block};
use serde_json::json;

use super::{Subject, state, statement};
use crate::evidence::{SigningKey, predicate};
use crate::port::Workshop;
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// Tests the image as a block says.
pub struct Test<'a> {
    name: String,
    block: &'a Block,
    workshop: &'a dyn Workshop,
    key: &'a SigningKey,
}

impl std::fmt::Debug for Test<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl<'a> Test<'a> {
    /// Of a `test` block.
    pub fn new(block: &'a Block, workshop: &'a dyn Workshop, key: &'a SigningKey) -> Self {
        Self {
            name: format!("test/{}", block.name),
            block,
            workshop,
            key,
        }
    }

    /// A test of this kind says what it found and stops nothing.
    fn goes_on(&self) -> bool {
        self.block.on_failure == OnFailure::Continue
    }
}

impl Unit for Test<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        if self.block.skip {
            return Ok(Outcome::Skip("the pipeline says `skip`".to_owned()));
        }
        let (image, disk) = Subject::of(scene)?;
        let tested = self.workshop.test(cx, &image, self.block)?;
        let unix = cx.clock().unix_seconds();
        let what = predicate::test(&tested, &self.block.name);
        let mut changes = begin(scene, &image)?;
        changes.push(statement(
            &image,
            disk,
            self.key,
            unix,
            predicate::TEST,
            what,
        ));
        let (passed, failed) = (tested.passed.len(), tested.failed.len());
        let is_passed = failed == 0;
        if !is_passed && !self.goes_on() {
            let list = tested.failed.join("; ");
            let mut error = StageError::new(
                Class::Test,
                format!("{failed} of {} checks failed: {list}", passed + failed),
            );
            error.hints = vec!["the logs lie beside the image: `goldsmith show`".to_owned()];
            error.changes = changes;
            return Err(error);
        }
        Ok(Outcome::Done(Effects {
            summary: if is_passed {
                format!("{passed} checks passed")
            } else {
                format!(
                    "{failed} of {} checks failed, and the run goes on",
                    passed + failed
                )
            },
            output: json!({ "passed": is_passed, "how": tested.how }),
            changes,
            image: None,
        }))
    }

    fn failed(&self, scene: &Scene<'_>, error: &StageError) -> Vec<Change> {
        refuse(scene, error.class == Class::Test, &error.text)
    }

    fn goes_on(&self) -> bool {
        self.goes_on()
    }
}

/// The image is being judged, if it was not judged before.
pub(super) fn begin(
    scene: &Scene<'_>,
    image: &goldsmith_core::image::ImageId,
) -> Result<Vec<Change>, StageError> {
    let row = scene.image(image)?;
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
