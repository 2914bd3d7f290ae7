//! Why an image has nothing to start from.

use std::path::PathBuf;

use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::image::ImageId;
use goldsmith_core::version::VersionPrefix;
use goldsmith_store::StoreError;

use crate::record::RecordError;
use crate::source::SourceError;

/// A parent that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParentError {
    /// The channel names no image.
    #[error("the channel `{channel}` of `{name}` names no image")]
    Channel {
        /// Name of the parent.
        name: String,
        /// Which.
        channel: String,
    },
    /// The channel names one whose disk is not here.
    #[error("the channel `{channel}` of `{name}` names {image}, which is not on this machine")]
    ChannelNotHere {
        /// Name of the parent.
        name: String,
        /// Which.
        channel: String,
        /// The image that it names.
        image: ImageId,
    },
    /// Packages on top of an image that is not Debian's.
    #[error(
        "source `{source_name}` adds packages, and no image of its line began with those of Debian"
    )]
    NoArchive {
        /// Label of the source.
        source_name: String,
    },
    /// Packages on top of an image without dpkg.
    #[error("image {title} has no database of dpkg to add packages to")]
    NoDpkg {
        /// The parent.
        title: String,
    },
    /// The disk of the parent.
    #[error("cannot read the disk of image {title}")]
    Disk {
        /// The parent.
        title: String,
        /// Why.
        #[source]
        source: SourceError,
    },
    /// There is no such image.
    #[error("there is no image `{name}` {version} on this machine")]
    None {
        /// Which name.
        name: String,
        /// Which versions.
        version: VersionPrefix,
        /// Those of the name, newest first.
        known: Vec<String>,
    },
    /// The one of the lock is not on this machine.
    #[error("image {title} of the lock is not on this machine: none of `{name}` has the disk digest {}", digest.short())]
    NotHere {
        /// What it is called in the lock.
        title: String,
        /// Its name.
        name: String,
        /// Of its disk.
        digest: Sha256,
    },
    /// It has nothing that this firmware could start.
    #[error(
        "{parent} has no boot loader for {firmware}, and what starts from it takes that of its parent"
    )]
    Firmware {
        /// `image base 1.4.0/2`.
        parent: String,
        /// `bios`.
        firmware: &'static str,
    },
    /// The words would be for a boot loader that is kept.
    #[error(
        "the disk of source `{source_name}` keeps its boot loader's menu, so `kernel_args` has no place"
    )]
    KernelArguments {
        /// Label of the source.
        source_name: String,
    },
    /// Its record names no disk.
    #[error("the record of image {title} names no disk")]
    NoDisk {
        /// The parent.
        title: String,
    },
    /// The lock of the image.
    #[error("cannot use `{path}`: {detail}")]
    Lock {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Neither its layers nor its disk are there.
    #[error("image {title} has lost its layers and its disk")]
    Lost {
        /// The parent.
        title: String,
        /// Its name.
        name: String,
    },
    /// The disk of others.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Records of images.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Failure for ParentError {
    fn class(&self) -> Class {
        match self {
            Self::Record(error) => error.class(),
            Self::Disk { source, .. } | Self::Source(source) => source.class(),
            Self::Store(error) => error.class(),
            Self::ChannelNotHere { .. }
            | Self::NotHere { .. }
            | Self::Lock { .. }
            | Self::NoDisk { .. }
            | Self::Lost { .. } => Class::Environment,
            _ => Class::Config,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Channel { name, channel } => {
                format!("`goldsmith promote {name} --channel {channel}` has it name one")
            }
            Self::ChannelNotHere { name, .. } => {
                format!("`goldsmith build {name}` makes one of its lock; promote that")
            }
            Self::NoArchive { .. } | Self::NoDpkg { .. } => {
                "install them by a component".to_owned()
            }
            Self::Disk { source, .. } | Self::Source(source) => return source.hints(),
            Self::Store(error) => return error.hints(),
            Self::KernelArguments { .. } => {
                "change the menu in a component's build phase, as its system does it".to_owned()
            }
            Self::None { name, known, .. } if known.is_empty() => {
                format!(
                    "`goldsmith build {name}` makes one, in the project with the recipe `{name}`"
                )
            }
            Self::None { known, .. } => format!("there are: {}", known.join(", ")),
            Self::NotHere { name, .. } => format!(
                "`goldsmith build {name}` makes it of its lock; `goldsmith lock --update {name}` takes the newest one of this machine"
            ),
            Self::Firmware { .. } => {
                "leave it out of `boot` in the disk, or start from one that has it".to_owned()
            }
            Self::Lost { name, .. } => format!("`goldsmith build {name} --force` makes it again"),
            Self::Lock { .. } | Self::NoDisk { .. } => return Vec::new(),
            Self::Record(error) => return error.hints(),
        };
        vec![hint]
    }
}
