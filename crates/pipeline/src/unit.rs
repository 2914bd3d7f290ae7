//! One part of a run that is done, repeated and taken back as a whole.

use goldsmith_core::catalog::{Catalog, Change, ImageRow, RunId};
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, Failure, with_causes};
use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::Stage;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::state::State;

/// The stage that a unit belongs to: the first part of its name.
pub fn of_unit(unit: &str) -> Option<Stage> {
    unit.split('/').next()?.parse().ok()
}

/// The step of the pipeline's own that a unit is of: `scan/after/warm` is of `warm`.
pub fn step_of_unit(unit: &str) -> Option<&str> {
    let mut parts = unit.split('/').skip(1);
    let side = parts.next()?;
    matches!(side, "before" | "after")
        .then(|| parts.next())
        .flatten()
}

/// What a unit may look at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Which run.
    pub run: RunId,
    /// Who started it.
    pub actor: &'a str,
    /// How often the unit was begun, this time counted.
    pub attempt: u32,
    /// What is known of images.
    pub catalog: &'a dyn Catalog,
    /// What was done before.
    pub state: &'a State,
}

impl std::fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene")
            .field("run", &self.run)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

impl Scene<'_> {
    /// What the catalog knows of an image.
    pub fn image(&self, id: &ImageId) -> Result<ImageRow, StageError> {
        let row = self.catalog.image(id);
        row.map_err(|error| StageError::of(&error))
    }

    /// What an earlier unit gave. An error where it is not done or gave something else: then the
    /// journal is of another version of the pipeline.
    pub fn output<T: DeserializeOwned>(&self, unit: &str) -> Result<T, StageError> {
        let missing = |detail: String| StageError {
            class: Class::Config,
            text: format!("the run has no result of `{unit}`: {detail}"),
            hints: vec![format!(
                "`goldsmith run --from {}` does it again",
                unit.split('/').next().unwrap_or(unit)
            )],
            changes: Vec::new(),
        };
        let value = self
            .state
            .output(unit)
            .ok_or_else(|| missing("it was not done".to_owned()))?;
        T::deserialize(value).map_err(|error| missing(error.to_string()))
    }
}

/// What a unit gave.
#[derive(Debug, Default)]
pub struct Effects {
    /// What later units may read.
    pub output: Value,
    /// What is known from now on; kept together with the journal's line.
    pub changes: Vec<Change>,
    /// The image that the run is about, from the unit that makes it.
    pub image: Option<ImageId>,
    /// What to say of it, in a few words.
    pub summary: String,
}

/// How a unit ended.
#[derive(Debug)]
pub enum Outcome {
    /// It is done.
    Done(Effects),
    /// It was not to be done, and why.
    Skip(String),
    /// It goes on later.
    Wait {
        /// For what.
        for_what: String,
        /// Until then, in seconds since 1970-01-01 UTC; after it the unit fails.
        until: Option<i64>,
    },
}

/// Why a unit failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct StageError {
    /// The class of the failure.
    pub class: Class,
    /// What failed and why, in one line.
    pub text: String,
    /// What to do next.
    pub hints: Vec<String>,
    /// What is known all the same: statements about what was found.
    pub changes: Vec<Change>,
}

impl StageError {
    /// A failure of this class.
    pub fn new(class: Class, text: impl Into<String>) -> Self {
        Self {
            class,
            text: text.into(),
            hints: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Of an error of whoever did the work.
    pub fn of(error: &dyn Failure) -> Self {
        Self {
            class: error.class(),
            text: with_causes(&error),
            hints: error.hints(),
            changes: Vec::new(),
        }
    }
}

impl Failure for StageError {
    fn class(&self) -> Class {
        self.class
    }

    fn hints(&self) -> Vec<String> {
        self.hints.clone()
    }
}

/// One part of a run.
pub trait Unit: Send + Sync {
    /// Its name, which begins with that of its stage: `build`, `test/smoke`,
    /// `distribute/local/lab`.
    fn name(&self) -> &str;

    /// Does it. It may have been done before, in part or in whole: then it finds what is there.
    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError>;

    /// Takes back what a `run` that failed or was stopped has left halfway. Never what a run
    /// finished.
    fn undo(&self, _cx: &Cx, _scene: &Scene<'_>) -> Result<(), StageError> {
        Ok(())
    }

    /// What else is known when it has failed: how the image stands then.
    fn failed(&self, _scene: &Scene<'_>, _error: &StageError) -> Vec<Change> {
        Vec::new()
    }

    /// Whether the run goes on when it fails.
    fn goes_on(&self) -> bool {
        false
    }
}

/// What a run is to do: groups one after the other, the units of a group at once.
pub struct Course<'a> {
    /// In order.
    pub groups: Vec<Vec<Box<dyn Unit + 'a>>>,
}

impl std::fmt::Debug for Course<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Course<'_> {
    /// Names of the units, in order.
    pub fn names(&self) -> Vec<&str> {
        let units = self.groups.iter().flatten();
        units.map(|unit| unit.name()).collect()
    }
}
