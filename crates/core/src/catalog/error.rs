//! Why the catalog did not do something.

use std::path::PathBuf;

use super::RunId;
use crate::failure::{Class, Failure};
use crate::image::{ImageId, ImageState, NoSuchStep};

/// Why the catalog did not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// Another process added to the journal first.
    #[error("run {run} is being worked on by another process")]
    Raced {
        /// Which.
        run: RunId,
    },
    /// There is no such thing.
    #[error("the catalog has no {what}")]
    Unknown {
        /// `image web 1.4.0/3`, `run 7`.
        what: String,
    },
    /// Another image has the name.
    #[error("the catalog has another image `{image}`, made from other inputs")]
    Taken {
        /// Which.
        image: ImageId,
    },
    /// An image cannot stand so.
    #[error("`{image}` cannot change")]
    State {
        /// Which.
        image: ImageId,
        /// Why.
        #[source]
        source: NoSuchStep,
    },
    /// A channel never comes to name what must not be used.
    #[error("the channel `{channel}` cannot name `{image}`, which is {}", state.name())]
    NotUsable {
        /// Which.
        image: ImageId,
        /// `production`.
        channel: String,
        /// How the image stands.
        state: ImageState,
    },
    /// What was to be written is there already.
    #[error("`{}` is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another process has it, in a way that this one cannot work beside.
    #[error("the catalog is in use by another process")]
    InUse,
    /// The disk is full. Nothing was changed.
    #[error("there is no space left to {action} in the catalog")]
    NoSpace {
        /// `keep a batch`.
        action: &'static str,
        /// What the database says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The catalog is one of a later version of Goldsmith.
    #[error("the catalog has form {found}, and this version of Goldsmith reads up to {known}")]
    Newer {
        /// Of the catalog.
        found: u32,
        /// Of this program.
        known: u32,
    },
    /// What is kept is damaged.
    #[error("the catalog is damaged: {detail}")]
    Damaged {
        /// Where and how.
        detail: String,
    },
    /// The database failed.
    #[error("cannot {action} in the catalog")]
    Database {
        /// `read images`, `keep a batch`.
        action: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Failure for CatalogError {
    fn class(&self) -> Class {
        match self {
            Self::Raced { .. }
            | Self::InUse
            | Self::NoSpace { .. }
            | Self::Newer { .. }
            | Self::Damaged { .. }
            | Self::Database { .. } => Class::Environment,
            Self::Unknown { .. } | Self::Exists { .. } => Class::Usage,
            Self::Taken { .. } | Self::State { .. } | Self::NotUsable { .. } => Class::Policy,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Raced { .. } => {
                vec!["it goes on there; look at it with `goldsmith runs`".to_owned()]
            }
            Self::NotUsable { .. } => vec![
                "only an approved image may be used; `goldsmith history` says what became of it"
                    .to_owned(),
            ],
            Self::InUse => vec!["try again when it has ended".to_owned()],
            Self::NoSpace { .. } => {
                vec!["make space where the home is; `goldsmith gc` gives some back".to_owned()]
            }
            Self::Newer { .. } => vec!["use that version, or bring a backup back".to_owned()],
            Self::Damaged { .. } => {
                vec!["`goldsmith catalog restore` brings a backup back".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}
