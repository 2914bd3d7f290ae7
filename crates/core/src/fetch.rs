//! The port through which a crate that must not touch the network gets bytes from it.

use std::path::Path;

use crate::cx::Cx;
use crate::digest::Sha256;
use crate::failure::{Class, Failure};

/// A URL that could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The server answered that there is no such thing (404, 410).
    #[error("`{url}` does not exist")]
    NotFound {
        /// What was asked for, credentials masked.
        url: String,
    },
    /// The bytes are not the promised ones: wrong size or wrong digest, also after a fresh try.
    #[error("`{url}` is not what was promised: {detail}")]
    Mismatch {
        /// What was asked for, credentials masked.
        url: String,
        /// Expected and found, in words.
        detail: String,
    },
    /// The answer is larger than the caller allows.
    #[error("`{url}` is larger than the allowed {limit} bytes")]
    TooLarge {
        /// What was asked for, credentials masked.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Every try failed.
    #[error("cannot fetch `{url}`{}: {detail}", repeated(*tries))]
    Failed {
        /// What was asked for, credentials masked.
        url: String,
        /// How often it was tried.
        tries: u32,
        /// The last failure in words.
        detail: String,
    },
    /// The bytes could not be written where the caller wants them.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// This run works without a network, and the bytes are not at hand.
    #[error("`{url}` is not in the store, and this run is offline")]
    Offline {
        /// What was asked for, credentials masked.
        url: String,
    },
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] crate::failure::Cancelled),
}

/// How often it was tried, where that says something.
fn repeated(tries: u32) -> String {
    if tries < 2 {
        String::new()
    } else {
        format!(" in {tries} tries")
    }
}

impl Failure for FetchError {
    fn class(&self) -> Class {
        match self {
            Self::Write { .. } | Self::Offline { .. } => Class::Environment,
            Self::Cancelled(_) => Class::Cancelled,
            _ => Class::Remote,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Offline { .. } => vec!["run it once without `--offline`".to_owned()],
            Self::Write { .. } => vec![
                "check the space and the permissions there; `goldsmith gc` frees what no lock needs"
                    .to_owned(),
            ],
            Self::Failed { .. } => vec![
                "check the mirror of the source, the proxy variables (http_proxy, https_proxy, no_proxy) and the network"
                    .to_owned(),
            ],
            _ => Vec::new(),
        }
    }
}

/// What a download must turn out to be.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// Size in bytes.
    pub size: u64,
    /// Digest of the whole.
    pub sha256: Sha256,
}

/// Gets bytes by URL (`http`, `https`, `file`). Retries with backoff by itself.
pub trait Fetch: Send + Sync {
    /// A small document into memory, at most `limit` bytes.
    fn get(&self, cx: &Cx, url: &str, limit: u64) -> Result<Vec<u8>, FetchError>;

    /// A file of known content to `path`, which comes into being whole or not at all.
    ///
    /// A partial download of an earlier call stands beside it as `path` + `.part` and is
    /// taken up again. `progress` gets the number of new bytes as they arrive.
    fn download(
        &self,
        cx: &Cx,
        url: &str,
        expected: Expected,
        path: &Path,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), FetchError>;
}
