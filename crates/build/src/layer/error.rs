//! Why a layer could not be had.

use std::io;
use std::path::{Path, PathBuf};

use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_exec::ns::SandboxError;
use goldsmith_store::StoreError;

use crate::assemble::ScanError;

/// A layer that could not be made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sandbox over the layers.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// What was made cannot be listed.
    #[error("cannot list what a layer holds")]
    Scan(#[from] ScanError),
    /// A file of a layer.
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
    /// A kept layer is not what was kept.
    #[error("`{path}` of a kept layer is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl LayerError {
    /// For `map_err`: what was done to which file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

impl Failure for LayerError {
    fn class(&self) -> Class {
        match self {
            Self::Store(error) => error.class(),
            Self::Sandbox(error) => error.class(),
            Self::Cancelled(error) => error.class(),
            Self::Scan(ScanError::Cancelled(_)) => Class::Cancelled,
            Self::Scan(_) | Self::Io { .. } | Self::Damaged { .. } => Class::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Store(error) => error.hints(),
            Self::Sandbox(error) => error.hints(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                vec!["`goldsmith gc` frees what no image needs".to_owned()]
            }
            Self::Damaged { .. } => vec![
                "`goldsmith doctor --store` looks at all of them; `build --no-cache` uses none"
                    .to_owned(),
            ],
            _ => Vec::new(),
        }
    }
}
