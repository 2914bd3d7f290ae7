//! Why there is no image.

use std::io;
use std::path::{Path, PathBuf};

use goldsmith_component::machine::MachineError;
use goldsmith_component::run::{DocumentFailed, RunError};
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_inspect::sanitize::SanitizeError;
use goldsmith_inspect::scan::ScanError;
use goldsmith_store::StoreError;

use crate::assemble::AssembleError;
use crate::bootstrap::BootstrapError;
use crate::deb::DebError;
use crate::layer::LayerError;
use crate::parent::ParentError;
use crate::record::RecordError;
use crate::source::SourceError;

/// A build that did not end in an image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Making the tree.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    /// Keeping or using layers.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// Reading a package.
    #[error(transparent)]
    Deb(#[from] DebError),
    /// A document could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A step of a document failed.
    #[error(transparent)]
    Document(#[from] DocumentFailed),
    /// The machine that documents run on.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// Cleaning the tree, or reading the finished disk.
    #[error(transparent)]
    Sanitize(#[from] SanitizeError),
    /// Listing the software on the finished disk.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The finished disk, or the tree, has what no image may have.
    #[error("{what} is not clean:\n{}", findings.iter().map(|f| format!("  {f}")).collect::<Vec<_>>().join("\n"))]
    Unclean {
        /// The tree or the disk.
        what: &'static str,
        /// A line each.
        findings: Vec<String>,
    },
    /// Writing the disk.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keeping the image.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What it starts from.
    #[error(transparent)]
    Parent(#[from] ParentError),
    /// Reading a disk or an archive of others.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The layers of an image are gone, or were never kept.
    #[error("the tree of {title} is not in the store")]
    NoTree {
        /// The image.
        title: String,
        /// Its recipe.
        recipe: String,
    },
    /// It is made in a cloud.
    #[error("recipe `{recipe}` starts from {parent}: it is made on an instance, and has no layers")]
    Elsewhere {
        /// Name of the recipe.
        recipe: String,
        /// `ami-0123456789abcdef0 (debian-12)`.
        parent: String,
    },
    /// A file of the build.
    #[error("cannot {action} `{path}`")]
    Io {
        /// `read`, `write`, `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl BuildError {
    /// For `map_err`: what was done to which file.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// The error that knows the class and the advice.
    fn inner(&self) -> Option<&dyn Failure> {
        Some(match self {
            Self::Bootstrap(e) => e,
            Self::Layer(e) => e,
            Self::Deb(e) => e,
            Self::Run(e) => e,
            Self::Document(e) => e,
            Self::Machine(e) => e,
            Self::Sanitize(e) => e,
            Self::Scan(e) => e,
            Self::Assemble(e) => e,
            Self::Store(e) => e,
            Self::Record(e) => e,
            Self::Cancelled(e) => e,
            Self::Parent(e) => e,
            Self::Source(e) => e,
            Self::Unclean { .. }
            | Self::NoTree { .. }
            | Self::Elsewhere { .. }
            | Self::Io { .. } => return None,
        })
    }
}

impl Failure for BuildError {
    fn class(&self) -> Class {
        match (self, self.inner()) {
            (_, Some(inner)) => inner.class(),
            (Self::Unclean { .. }, None) => Class::Policy,
            (Self::NoTree { .. }, None) => Class::Config,
            (Self::Elsewhere { .. }, None) => Class::Usage,
            (_, None) => Class::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        match (self, self.inner()) {
            (_, Some(inner)) => inner.hints(),
            (Self::Unclean { .. }, None) => {
                vec!["remove it in the `build` phase of a component that brings it".to_owned()]
            }
            (Self::NoTree { recipe, .. }, None) => {
                vec![format!("`goldsmith build {recipe} --force` makes it again")]
            }
            (Self::Elsewhere { .. }, None) => {
                vec!["every step of it is done again on each new instance".to_owned()]
            }
            (Self::Io { source, .. }, None) if source.kind() == io::ErrorKind::StorageFull => {
                vec!["`goldsmith gc` frees what no image needs".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}
