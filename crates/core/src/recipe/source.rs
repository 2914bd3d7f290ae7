//! What builds start from.

use std::collections::BTreeMap;

use crate::diagnostic::Span;
use crate::digest::Sha256;
use crate::version::VersionPrefix;

/// What a build starts from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Packages of a Debian suite.
    Debian(DebianSource),
    /// Another image.
    Image(ImageSource),
    /// A disk, or a tar of a root file system, that others made.
    Disk(DiskSource),
    /// An image of AWS, which is changed on an instance.
    Ami(AmiSource),
}

impl Source {
    /// The label of its block.
    pub fn name(&self) -> &str {
        match self {
            Self::Debian(source) => &source.name,
            Self::Image(source) => &source.name,
            Self::Disk(source) => &source.name,
            Self::Ami(source) => &source.name,
        }
    }

    /// The image it is of, if it is one.
    pub fn image(&self) -> Option<&str> {
        match self {
            Self::Image(source) => Some(&source.image),
            Self::Debian(_) | Self::Disk(_) | Self::Ami(_) => None,
        }
    }
}

/// `source "image"`.
#[derive(Debug, Clone)]
pub struct ImageSource {
    /// The label of its block.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// Name of the image: that of the recipe it was made by.
    pub image: String,
    /// Which of its versions.
    pub which: Which,
    /// Packages to add, as `apt-get install` takes them.
    pub packages: Vec<String>,
}

/// Which image of a name is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The newest whose version begins like this.
    Version(VersionPrefix),
    /// The one that a channel names.
    Channel(String),
}

/// `source "disk"`.
#[derive(Debug, Clone)]
pub struct DiskSource {
    /// The label of its block.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// Where it is.
    pub from: DiskFrom,
    /// Of its bytes as they are there.
    pub sha256: Sha256,
    /// `amd64`, `arm64`.
    pub arch: String,
}

/// Where a disk is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskFrom {
    /// Path relative to the project.
    File(String),
    /// `http://` or `https://`.
    Url(String),
}

/// `source "aws-ami"`. Where it is looked for is what the recipe's infrastructure says.
#[derive(Debug, Clone)]
pub struct AmiSource {
    /// The label of its block.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// Which image.
    pub which: WhichAmi,
    /// `amd64`, `arm64`.
    pub arch: String,
}

/// Which image of AWS is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichAmi {
    /// This one: `ami-0123456789abcdef0`.
    Id(String),
    /// The newest that fits.
    Newest {
        /// Numbers of accounts, `amazon`, `aws-marketplace`, `self`: at least one, since anybody may
        /// give an image a name that somebody else's has.
        owners: Vec<String>,
        /// Names of EC2's filters, each with the values that will do.
        filters: BTreeMap<String, Vec<String>>,
    },
    /// The one that a parameter of Systems Manager names.
    Parameter(String),
}

/// `source "debian"`.
#[derive(Debug, Clone)]
pub struct DebianSource {
    /// The label of its block.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// Base URL; `None`: from the host's own apt configuration.
    pub mirror: Option<String>,
    /// Base URL of the security archive; `None`: from the host's own apt configuration.
    pub security_mirror: Option<String>,
    /// `bookworm`.
    pub suite: String,
    /// Whether `<suite>-updates` is used.
    pub updates: bool,
    /// Whether `<suite>-security` is used.
    pub security: bool,
    /// `main`, `contrib`, ...
    pub components: Vec<String>,
    /// `amd64`, `arm64`.
    pub arch: String,
    /// Which packages are there without being named.
    pub variant: Variant,
    /// Packages to install, as `apt-get install` takes them: `name`, `name:arch`, `name=version`.
    pub packages: Vec<String>,
    /// Path of the keyring relative to the project; `None`: Debian's archive keys that ship with Goldsmith.
    pub keyring: Option<String>,
    /// Whether a Release file past its `Valid-Until` is refused. Waived for a frozen mirror.
    pub check_valid_until: bool,
}

/// Which packages a Debian tree has without being named (mmdebstrap's words).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// `Essential: yes` and what they depend on.
    Essential,
    /// Essential and apt.
    Apt,
    /// Essential, priority required, and apt.
    Minbase,
}
