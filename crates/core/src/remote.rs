//! Ports to what a component document may ask of a cloud: objects, named parameters and what
//! an instance knows of itself. What does not exist on a laptop is given by whoever runs the
//! document, so the same document runs there, too.

use std::io;
use std::path::Path;

use crate::cx::Cx;
use crate::failure::{Cancelled, Class, Failure};
use crate::secret::Secret;

/// Why a remote service did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// There is no such thing.
    #[error("{what} does not exist")]
    NotFound {
        /// Such as "the object `s3://bucket/key`".
        what: String,
    },
    /// The service knows who asks and says no, or does not know.
    #[error("{what}: access denied: {detail}")]
    Denied {
        /// What was asked for.
        what: String,
        /// What the service said.
        detail: String,
    },
    /// Nobody gave credentials, or they cannot be read.
    #[error("{what} needs credentials: {detail}")]
    NoCredentials {
        /// What was asked for.
        what: String,
        /// Where they were looked for.
        detail: String,
    },
    /// Something that must be said first was not, or makes no sense.
    #[error("{what} cannot be done: {detail}")]
    NotConfigured {
        /// What was asked for.
        what: String,
        /// What is missing or wrong, and where it is said.
        detail: String,
    },
    /// Every try failed, or the answer makes no sense.
    #[error("{what} failed: {detail}")]
    Failed {
        /// What was asked for.
        what: String,
        /// The last failure in words.
        detail: String,
    },
    /// A file of this host.
    #[error("cannot {operation} `{path}`")]
    File {
        /// `read` or `write`.
        operation: &'static str,
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Failure for RemoteError {
    fn class(&self) -> Class {
        match self {
            Self::NoCredentials { .. } | Self::NotConfigured { .. } | Self::File { .. } => {
                Class::Environment
            }
            Self::Cancelled(_) => Class::Cancelled,
            Self::NotFound { .. } | Self::Denied { .. } | Self::Failed { .. } => Class::Remote,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoCredentials { .. } => {
                vec!["set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}

/// An object of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectPath {
    /// Name of the bucket.
    pub bucket: String,
    /// Its key, without a leading slash.
    pub key: String,
}

impl ObjectPath {
    /// Reads `s3://bucket/key`; the key may be empty.
    pub fn parse(url: &str) -> Option<Self> {
        let (bucket, key) = url.strip_prefix("s3://")?.split_once('/')?;
        (!bucket.is_empty()).then(|| Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }
}

impl std::fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// A store of objects that speaks S3. `owner` is the account that must own the bucket.
pub trait ObjectStore: Send + Sync {
    /// An object to the file `to`, which comes into being whole or not at all.
    fn get(
        &self,
        cx: &Cx,
        from: &ObjectPath,
        owner: Option<&str>,
        to: &Path,
    ) -> Result<(), RemoteError>;

    /// The file `from` as an object.
    fn put(
        &self,
        cx: &Cx,
        from: &Path,
        to: &ObjectPath,
        owner: Option<&str>,
    ) -> Result<(), RemoteError>;

    /// Keys that begin with the key of `prefix`, in order, `limit` at most.
    fn list(
        &self,
        cx: &Cx,
        prefix: &ObjectPath,
        owner: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, RemoteError>;
}

/// What a parameter store holds under a name.
#[derive(Debug, Clone)]
pub enum ParameterValue {
    /// A text.
    Text(String),
    /// Several texts.
    List(Vec<String>),
    /// A text that nobody may see.
    Secret(Secret<String>),
}

/// A store of named parameters, such as that of AWS Systems Manager.
pub trait ParameterStore: Send + Sync {
    /// The value of a name.
    fn parameter(&self, cx: &Cx, name: &str) -> Result<ParameterValue, RemoteError>;
}

/// What an instance can ask about itself.
pub trait InstanceMetadata: Send + Sync {
    /// The text at a path under `meta-data/`, such as `placement/region`.
    fn metadata(&self, cx: &Cx, path: &str) -> Result<String, RemoteError>;
}

/// How a file of unknown content is fetched.
#[derive(Debug, Clone, Copy)]
pub struct Unpinned {
    /// Most bytes.
    pub limit: u64,
    /// Whether a server with a certificate that cannot be verified is good enough.
    pub ignore_certificate_errors: bool,
}

/// What a server said of the state of a file, as it wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// Downloads of what nobody pinned.
pub trait Download: Send + Sync {
    /// As [`Download::save`], where the caller may have the file already: `None` says that nothing
    /// is newer than the state it names, and then nothing is written. Else what to name next time.
    fn renew(
        &self,
        cx: &Cx,
        url: &str,
        how: Unpinned,
        had: &Validators,
        to: &Path,
    ) -> Result<Option<Validators>, crate::fetch::FetchError>;

    /// Whatever is at `url` (`http`, `https`) to the file `to`, which comes into being whole or
    /// not at all. Follows redirects, tries again with backoff, and takes up what broke off.
    fn save(
        &self,
        cx: &Cx,
        url: &str,
        how: Unpinned,
        to: &Path,
    ) -> Result<(), crate::fetch::FetchError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_paths() {
        let path = ObjectPath::parse("s3://bucket/a/b c").unwrap();
        assert_eq!(
            (path.bucket.as_str(), path.key.as_str()),
            ("bucket", "a/b c")
        );
        assert_eq!(path.to_string(), "s3://bucket/a/b c");
        assert_eq!(ObjectPath::parse("s3://bucket"), None);
        assert_eq!(ObjectPath::parse("s3:///key"), None);
        assert_eq!(ObjectPath::parse("https://bucket/key"), None);
    }
}
