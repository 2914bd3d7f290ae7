//! `register`: the image is where it was to go; the channel `latest` of its family names it, in
//! the catalog and at every target.

use goldsmith_core::catalog::Change;
use goldsmith_core::cx::Cx;
use goldsmith_core::image::ImageState;
use goldsmith_core::target::Target;
use serde_json::json;

use super::distribute::Named;
use super::{Subject, state};
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// The channel that every run moves.
pub const LATEST: &str = "latest";

/// Has the channel name the image.
pub struct Register<'a> {
    /// Where it was brought.
    pub targets: &'a [Box<dyn Target + 'a>],
}

impl std::fmt::Debug for Register<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Register")
    }
}

impl Unit for Register<'_> {
    fn name(&self) -> &'static str {
        "register"
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let (image, _) = Subject::of(scene)?;
        if !self.targets.is_empty() {
            let named: Named = scene.output("distribute")?;
            for target in self.targets {
                target
                    .point(cx, &image.name, LATEST, Some(&named.name))
                    .map_err(|error| StageError::of(&*error))?;
            }
        }
        let reason = format!("run {}", scene.run);
        let row = scene.image(&image)?;
        let mut changes = vec![Change::Channel {
            family: image.name.clone(),
            channel: LATEST.to_owned(),
            image: Some(image.clone()),
            reason: reason.clone(),
        }];
        if matches!(row.state, ImageState::Approved | ImageState::Distributing) {
            changes.push(state(&image, ImageState::Available, reason));
        }
        Ok(Outcome::Done(Effects {
            summary: format!("`{}@{LATEST}` is {image}", image.name),
            output: json!({ "channel": LATEST }),
            changes,
            image: None,
        }))
    }
}
