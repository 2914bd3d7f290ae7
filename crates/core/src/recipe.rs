//! What a user asked for, typed and checked: the language makes it, everything else reads it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::Span;
use crate::version::VersionPattern;

/// A project: every recipe and pipeline of a directory that could be evaluated.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// In the order of their names.
    pub recipes: Vec<Recipe>,
    /// In the order of their names.
    pub pipelines: Vec<Pipeline>,
}

/// A versioned description of an image.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The label of its block; also the name of its images.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// The version its images get.
    pub version: VersionPattern,
    /// What the image is for, as used in names; empty when not said.
    pub purpose: String,
    /// What the build starts from.
    pub source: Source,
    /// Documents to run on the tree, in order.
    pub components: Vec<ComponentUse>,
    /// The disk to write.
    pub disk: DiskSpec,
}

/// What a build starts from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Source {
    /// Packages of a Debian suite.
    Debian(DebianSource),
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

/// One component of a recipe.
#[derive(Debug, Clone)]
pub struct ComponentUse {
    /// Path of a document relative to the project when it starts with `./`, `../` or `/`,
    /// else a name in the library.
    pub document: String,
    /// The place of its block.
    pub span: Span,
    /// Values for the document's parameters, as text; marked when they came from a
    /// sensitive variable.
    pub parameters: BTreeMap<String, Parameter>,
}

/// The value of a component's parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// As text: documents know only text.
    pub value: String,
    /// Came from a sensitive variable: must not be printed, stored or put into a key in clear.
    pub is_sensitive: bool,
}

/// How the machine starts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// Legacy BIOS.
    Bios,
    /// UEFI.
    Uefi,
}

impl Firmware {
    /// As written in a recipe.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bios => "bios",
            Self::Uefi => "uefi",
        }
    }
}

/// The `disk` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskSpec {
    /// Size of the whole disk in bytes, a multiple of 1 MiB.
    pub size_bytes: u64,
    /// Which firmwares can start it; at least one.
    pub boot: Vec<Firmware>,
    /// Words added to the kernel command line.
    pub kernel_args: Vec<String>,
}

/// A pipeline: as of now what the boot test needs.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The label of its block.
    pub name: String,
    /// The name of its recipe.
    pub recipe: String,
    /// Its `test` block.
    pub test: TestSpec,
}

/// The `test` block: how an image is booted and what it may cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestSpec {
    /// Which firmwares to test; empty: all that the disk can start with.
    pub boot: Vec<Firmware>,
    /// Limits; what is absent is not checked.
    pub budget: Budget,
}

/// Limits that a boot test holds an image to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// From power-on to multi-user.
    pub boot_time: Option<Duration>,
    /// Used bytes of the root file system.
    pub disk_usage_bytes: Option<u64>,
    /// Used bytes of memory when idle after boot.
    pub memory_bytes: Option<u64>,
    /// The only TCP and UDP ports that may listen on other than loopback, as `22/tcp`.
    pub listening_ports: Option<Vec<String>>,
}
