//! `distribute`: the image gets its name, which must be free everywhere, and is brought to its
//! targets at once, each by itself: what arrived stays, what failed is tried again.

use std::collections::BTreeMap;

use goldsmith_core::catalog::{Change, ImageRow};
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Class;
use goldsmith_core::image::ImageState;
use goldsmith_core::target::{FormFile, Forms, Parcel, Target, TargetError};
use serde::{Deserialize, Serialize};
use serde_json::{json, to_value};

use super::{Subject, state};
use crate::evidence::{Envelope, SigningKey};
use crate::unit::{Effects, Outcome, Scene, StageError, Unit};

/// What the payload of a manifest's envelope is.
const MANIFEST: &str = "application/vnd.goldsmith.manifest.v1+json";

/// The name of an image and what is written on it, at every target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The tags.
    pub tags: BTreeMap<String, String>,
}

/// Names an image by the rule of its distribution.
pub type Rule<'a> = dyn Fn(&ImageRow) -> Result<Named, StageError> + Send + Sync + 'a;

/// Gives the image its name.
pub struct Name<'a> {
    /// The rule.
    pub rule: &'a Rule<'a>,
    /// Where the name must be free.
    pub targets: &'a [Box<dyn Target + 'a>],
}

impl std::fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Name")
    }
}

fn of_target(error: &TargetError) -> StageError {
    StageError::of(&**error)
}

impl Unit for Name<'_> {
    fn name(&self) -> &'static str {
        "distribute"
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let (image, _) = Subject::of(scene)?;
        let row = scene.image(&image)?;
        let named = (self.rule)(&row)?;
        let clash = |place: &str, other: &str| {
            let mut error = StageError::new(
                Class::Policy,
                format!("the name `{}` is taken {place}: by {other}", named.name),
            );
            error.hints = vec![
                "put what tells them apart into the `name` of the distribution, such as `{build}`"
                    .to_owned(),
            ];
            error
        };
        let is_taken = scene.catalog.is_name_taken(&named.name, &image);
        if is_taken.map_err(|error| StageError::of(&error))? {
            return Err(clash("in the catalog", "a copy of another image"));
        }
        for target in self.targets {
            let taken = target
                .taken(cx, &named.name)
                .map_err(|error| of_target(&error))?;
            if let Some(other) = taken.filter(|other| *other != image) {
                return Err(clash(
                    &format!("at `{}`", target.name()),
                    &other.to_string(),
                ));
            }
        }
        let changes = if row.state == ImageState::Approved || row.state == ImageState::Available {
            vec![state(
                &image,
                ImageState::Distributing,
                format!("run {}", scene.run),
            )]
        } else {
            Vec::new()
        };
        Ok(Outcome::Done(Effects {
            summary: named.name.clone(),
            output: to_value(&named).expect("texts have a JSON form"),
            changes,
            image: None,
        }))
    }
}

/// Brings the image to one target.
pub struct Bring<'a> {
    name: String,
    target: &'a dyn Target,
    forms: &'a dyn Forms,
    key: &'a SigningKey,
}

impl std::fmt::Debug for Bring<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl<'a> Bring<'a> {
    /// To this target.
    pub fn new(target: &'a dyn Target, forms: &'a dyn Forms, key: &'a SigningKey) -> Self {
        Self {
            name: format!("distribute/{}", target.name()),
            target,
            forms,
            key,
        }
    }
}

impl Unit for Bring<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let (image, disk) = Subject::of(scene)?;
        let named: Named = scene.output("distribute")?;
        let row = scene.image(&image)?;
        let sign = |files: &BTreeMap<String, FormFile>| {
            let files: BTreeMap<&String, _> = files
                .iter()
                .map(|(name, file)| {
                    (
                        name,
                        json!({ "sha256": file.sha256.to_string(), "bytes": file.size_bytes }),
                    )
                })
                .collect();
            let manifest = json!({ "image": image.to_string(), "name": named.name, "disk": disk.to_string(),
                "tags": named.tags, "files": files });
            let envelope = Envelope::sign(MANIFEST, manifest.to_string().as_bytes(), self.key);
            (envelope.to_text() + "\n").into_bytes()
        };
        let parcel = Parcel {
            image: &image,
            name: &named.name,
            arch: &row.made.arch,
            disk: &disk,
            tags: &named.tags,
            forms: self.forms,
            sign: &sign,
        };
        let copies = self
            .target
            .send(cx, parcel)
            .map_err(|error| of_target(&error))?;
        Ok(Outcome::Done(Effects {
            summary: format!("{} copies", copies.len()),
            output: json!({ "copies": copies.len(), "locations": copies.iter().map(|copy| &copy.location).collect::<Vec<_>>() }),
            changes: copies.into_iter().map(Change::Copy).collect(),
            image: None,
        }))
    }

    fn failed(&self, scene: &Scene<'_>, error: &StageError) -> Vec<Change> {
        let Ok((image, _)) = Subject::of(scene) else {
            return Vec::new();
        };
        // What arrived elsewhere is there; the image is as good as it was.
        let row = scene.catalog.image(&image);
        if row.is_ok_and(|row| row.state == ImageState::Distributing) {
            vec![state(
                &image,
                ImageState::Approved,
                format!("`{}`: {error}", self.name),
            )]
        } else {
            Vec::new()
        }
    }

    fn undo(&self, cx: &Cx, scene: &Scene<'_>) -> Result<(), StageError> {
        let Ok(named) = scene.output::<Named>("distribute") else {
            return Ok(());
        };
        self.target
            .sweep(cx, &named.name)
            .map_err(|error| of_target(&error))
    }
}
