//! What a run may use besides the machine: the network, other documents, the environment.
//!
//! Everything is optional. A step that needs what is not there fails and says so.

use std::collections::BTreeMap;
use std::path::PathBuf;

use goldsmith_core::diagnostic::SourceFile;
use goldsmith_core::remote::{Download, InstanceMetadata, ObjectStore, ParameterStore};

/// Finds documents that documents name by a path that is not absolute.
pub trait DocumentSource: Send + Sync {
    /// The text of a document; `Err` says why there is none.
    fn document(&self, name: &str) -> Result<SourceFile, String>;
}

/// A file or directory of a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProjectNode {
    /// Below what was asked for; empty for that itself.
    pub path: String,
    /// Else it is a regular file; links are what they lead to.
    pub is_directory: bool,
    /// Whether its owner may execute it.
    pub is_executable: bool,
}

/// Files of a project, which steps made by a program name by relative paths.
pub trait ProjectFiles: Send + Sync {
    /// What is at a path and below it, each directory before what is in it, in order.
    fn nodes(&self, path: &str) -> Result<Vec<ProjectNode>, String>;

    /// The bytes of a file that [`ProjectFiles::nodes`] gave.
    fn open(&self, path: &str, below: &str) -> std::io::Result<Box<dyn std::io::Read>>;
}

/// Services of a run. The default has none.
#[derive(Clone, Default)]
pub struct Services<'a> {
    /// For `WebDownload`.
    pub download: Option<&'a dyn Download>,
    /// For `S3Download`, `S3Upload` and documents at `s3://`.
    pub objects: Option<&'a dyn ObjectStore>,
    /// For `{{ aws:ssm:... }}`.
    pub parameters: Option<&'a dyn ParameterStore>,
    /// For `{{ aws:imds:... }}`.
    pub metadata: Option<&'a dyn InstanceMetadata>,
    /// For `ExecuteDocument`.
    pub documents: Option<&'a dyn DocumentSource>,
    /// For provisioners.
    pub files: Option<&'a dyn ProjectFiles>,
    /// What `{{ env:... }}` knows, and programs get besides the machine's own variables.
    pub env: BTreeMap<String, String>,
    /// What `{{ env:... }}` knows besides, and programs do not get.
    pub names: BTreeMap<String, String>,
    /// What `{{ context:... }}` knows besides the machine: `executionId`, `region`, ...
    pub context: BTreeMap<String, String>,
    /// Actions that may not be used: a step that comes to one fails.
    pub blocked: &'a [String],
    /// Whether a parameter without a value is the empty text, as under AWSTOE, in documents that
    /// documents run.
    pub is_lenient: bool,
    /// Directory of this host for files on their way; `None` is the system's temporary one.
    pub scratch: Option<PathBuf>,
}

impl Services<'_> {
    /// What `{{ env:NAME }}` means.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        let found = self.names.get(name).or_else(|| self.env.get(name));
        found.map(String::as_str)
    }
}

impl std::fmt::Debug for Services<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values of the environment may be secret.
        f.debug_struct("Services").finish_non_exhaustive()
    }
}
