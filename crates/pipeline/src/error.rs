//! Why a run could not be worked on.

use goldsmith_core::catalog::{CatalogError, RunId};
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::recipe::Stage;

/// Why a run could not be worked on. That one of its units failed is no such error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A line of a journal cannot be read.
    #[error("line {line} of the journal of run {run} cannot be read: {detail}")]
    Journal {
        /// Which.
        run: RunId,
        /// From 1.
        line: usize,
        /// What is wrong.
        detail: String,
    },
    /// There is no such stage.
    #[error("there is no stage `{name}`")]
    NoStage {
        /// As given.
        name: String,
    },
    /// What comes before is not done.
    #[error("run {run} cannot go on from `{stage}`: `{missing}` is not done")]
    TooEarly {
        /// Which.
        run: RunId,
        /// Where it was to go on.
        stage: String,
        /// The unit.
        missing: String,
    },
}

impl Failure for RunError {
    fn class(&self) -> Class {
        match self {
            Self::Catalog(error) => error.class(),
            Self::Journal { .. } => Class::Environment,
            Self::NoStage { .. } | Self::TooEarly { .. } => Class::Usage,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Catalog(error) => error.hints(),
            Self::NoStage { .. } => {
                let names = Stage::ALL.map(Stage::word);
                vec![format!("there are: {}", names.join(", "))]
            }
            Self::TooEarly { missing, .. } => vec![format!(
                "go on from `{}`",
                missing.split('/').next().unwrap_or(missing)
            )],
            Self::Journal { .. } => Vec::new(),
        }
    }
}
