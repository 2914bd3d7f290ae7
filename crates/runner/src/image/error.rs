//! Why there is no image.

use std::io;
use std::path::{Path, PathBuf};

use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_core::machine::CloudError;
use goldsmith_exec::child::ChildError;

use crate::drive::DriveError;

/// Why no image was made on a machine of a cloud.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The cloud failed.
    #[error(transparent)]
    Cloud(CloudFailed),
    /// Another image has the name.
    #[error("an image named `{name}` is there already")]
    Taken {
        /// The name.
        name: String,
    },
    /// Whoever answers is not the machine that was launched.
    #[error(
        "`{address}` is not `{machine}`: its keys are others than those that its console shows"
    )]
    OtherHost {
        /// The machine.
        machine: String,
        /// Where it should be.
        address: String,
    },
    /// The cloud wants its machine back.
    #[error("the cloud has taken `{machine}` away: {why}")]
    TakenAway {
        /// The machine.
        machine: String,
        /// In the cloud's words.
        why: String,
    },
    /// The machine lets nobody in.
    #[error("the machine lets nobody in: {why}")]
    NoWay {
        /// What the last try came to.
        why: String,
    },
    /// What happens on the machine does not.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// A step failed.
    #[error("{why}")]
    Failed {
        /// Which one, and how.
        why: String,
    },
    /// Something is left that no image may have.
    #[error("the machine is not clean, and no image is made of it")]
    Unclean {
        /// A line each.
        found: Vec<String>,
    },
    /// A program of this computer failed.
    #[error(transparent)]
    Program(#[from] ChildError),
    /// A file of this computer.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// `read`, `write`.
        action: &'static str,
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The image is good, and could not be recorded.
    #[error("the image is made, and cannot be recorded")]
    Unrecorded(#[source] CloudFailed),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// A failure of a cloud, or of whoever keeps records, as a cause of others.
#[derive(Debug)]
pub struct CloudFailed(CloudError);

impl std::fmt::Display for CloudFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for CloudFailed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl From<CloudError> for ImageError {
    fn from(error: CloudError) -> Self {
        Self::Cloud(CloudFailed(error))
    }
}

impl ImageError {
    pub(super) fn unrecorded(error: Box<dyn Failure>) -> Self {
        Self::Unrecorded(CloudFailed(error))
    }

    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}

impl Failure for ImageError {
    fn class(&self) -> Class {
        match self {
            Self::Cloud(error) | Self::Unrecorded(error) => error.0.class(),
            Self::Taken { .. } => Class::Config,
            Self::OtherHost { .. } | Self::TakenAway { .. } | Self::NoWay { .. } => Class::Remote,
            Self::Drive(error) => error.class(),
            Self::Failed { .. } | Self::Unclean { .. } => Class::Test,
            Self::Program(error) => error.class(),
            Self::File { .. } => Class::Environment,
            Self::Cancelled(_) => Class::Cancelled,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Cloud(error) | Self::Unrecorded(error) => error.0.hints(),
            Self::Taken { .. } => {
                vec!["give the new image a version, or a name, of its own".to_owned()]
            }
            Self::OtherHost { .. } => vec![
                "somebody is in between, or the image brings keys of its own: it must not"
                    .to_owned(),
            ],
            Self::TakenAway { .. } => vec![
                "start again: nothing is left of it; machines that are not bought by the moment (`spot`) stay"
                    .to_owned(),
            ],
            Self::NoWay { .. } => vec![
                "the image must let in the key that it is launched with, for the user that is named"
                    .to_owned(),
            ],
            Self::Drive(error) => error.hints(),
            Self::Unclean { found } => found.clone(),
            Self::Program(error) => error.hints(),
            Self::Failed { .. } | Self::File { .. } | Self::Cancelled(_) => Vec::new(),
        }
    }
}
