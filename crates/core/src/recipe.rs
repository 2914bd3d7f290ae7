//! What a user asked for, typed and checked: the language makes it, everything else reads it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::Span;
use crate::digest::Sha256;
use crate::finding::Severity;
use crate::version::{VersionPattern, VersionPrefix};

/// A project: every recipe and pipeline of a directory that could be evaluated.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// In the order of their names.
    pub recipes: Vec<Recipe>,
    /// In the order of their names.
    pub pipelines: Vec<Pipeline>,
}

impl Project {
    /// The recipes in an order in which they can be built: one whose image another starts from
    /// comes before that one; else by name.
    pub fn parents_first(&self) -> Vec<&Recipe> {
        let named = |name: &str| self.recipes.iter().find(|recipe| recipe.name == name);
        let depth = |recipe: &&Recipe| {
            let (mut depth, mut at) = (0, recipe.source.image().and_then(named));
            // In a circle, which the language refuses, there is no end.
            while let Some(parent) = at.filter(|_| depth < self.recipes.len()) {
                depth += 1;
                at = parent.source.image().and_then(named);
            }
            depth
        };
        let mut recipes: Vec<&Recipe> = self.recipes.iter().collect();
        recipes.sort_by_key(depth);
        recipes
    }
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
    /// What is done to the tree, in order.
    pub work: Vec<Work>,
    /// The disk to write.
    pub disk: DiskSpec,
}

/// What a build starts from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Packages of a Debian suite.
    Debian(DebianSource),
    /// Another image.
    Image(ImageSource),
    /// A disk, or a tar of a root file system, that others made.
    Disk(DiskSource),
}

impl Source {
    /// The label of its block.
    pub fn name(&self) -> &str {
        match self {
            Self::Debian(source) => &source.name,
            Self::Image(source) => &source.name,
            Self::Disk(source) => &source.name,
        }
    }

    /// The image it is of, if it is one.
    pub fn image(&self) -> Option<&str> {
        match self {
            Self::Image(source) => Some(&source.image),
            Self::Debian(_) | Self::Disk(_) => None,
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

/// One thing that a recipe does to the tree.
#[derive(Debug, Clone)]
pub enum Work {
    /// A `component` block.
    Component(ComponentUse),
    /// A `provisioner` block: steps without a document.
    Provisioner(Provisioner),
}

impl Work {
    /// Every value that came from the recipe's expressions.
    pub fn values(&self) -> Vec<&Parameter> {
        match self {
            Self::Component(component) => component.parameters.values().collect(),
            Self::Provisioner(provisioner) => match &provisioner.what {
                Provision::Shell(shell) => {
                    let inline = shell.inline.iter();
                    inline.chain(shell.environment.values()).collect()
                }
                Provision::File(FileProvision {
                    from: FileFrom::Content(content),
                    ..
                }) => vec![content],
                Provision::File(_) => Vec::new(),
            },
        }
    }
}

/// One `provisioner` block.
#[derive(Debug, Clone)]
pub struct Provisioner {
    /// As it is shown: `shell 1`, or the name it was given.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// What it does.
    pub what: Provision,
}

/// What a provisioner does.
#[derive(Debug, Clone)]
pub enum Provision {
    /// `provisioner "shell"`.
    Shell(ShellProvision),
    /// `provisioner "file"`.
    File(FileProvision),
}

/// `provisioner "shell"`: commands, or scripts of the project.
#[derive(Debug, Clone, Default)]
pub struct ShellProvision {
    /// Lines of one script that ends at its first failure; empty with `scripts`.
    pub inline: Vec<Parameter>,
    /// Paths relative to the project, each run by itself.
    pub scripts: Vec<String>,
    /// Variables of the environment.
    pub environment: BTreeMap<String, Parameter>,
    /// Name of the user; `None` is root.
    pub execute_as: Option<String>,
    /// Exit codes that are a success; empty: 0 only.
    pub valid_exit_codes: Vec<i32>,
    /// The longest a script may take; `None`: as long as any step.
    pub timeout: Option<Duration>,
    /// How often a script that fails is tried again.
    pub max_retries: u32,
}

/// `provisioner "file"`: a file or directory of the project, or a text, into the tree.
#[derive(Debug, Clone)]
pub struct FileProvision {
    /// Where its bytes come from.
    pub from: FileFrom,
    /// Absolute path in the tree; one that ends in `/` is a directory to put it into.
    pub destination: String,
    /// User; `None` is root.
    pub owner: Option<String>,
    /// Group; `None` is root.
    pub group: Option<String>,
    /// Permission bits of files; `None`: 0755 for what is executable, else 0644.
    pub mode: Option<u32>,
}

/// Where the bytes of a file come from.
#[derive(Debug, Clone)]
pub enum FileFrom {
    /// A path relative to the project. A directory that ends in `/` means what is in it.
    Path(String),
    /// A text.
    Content(Parameter),
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
    /// Its `scan` block; `None`: it has none, and decides nothing.
    pub scan: Option<ScanSpec>,
}

/// The `scan` block: what may be found in an image that is good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanSpec {
    /// Findings of this severity, and worse ones, stop the image.
    pub fail_on: Severity,
    /// Whether a vulnerability that nothing mends stops nothing.
    pub only_fixable: bool,
    /// What a vulnerability counts as that nobody rated.
    pub unrated: Severity,
    /// Whether software that nobody looks after stops the image, whatever its severity.
    pub end_of_life: bool,
    /// An older feed is a finding.
    pub max_feed_age: Duration,
    /// What somebody decided to live with.
    pub accept: Vec<Acceptance>,
    /// Severities of single findings, by name: what this house thinks of them.
    pub severity: Vec<RuleSeverity>,
    /// OpenVEX documents relative to the project.
    pub vex: Vec<String>,
    /// The hardening profile that the disk, and the booted machine, are held to.
    pub profile: Option<String>,
}

impl Default for ScanSpec {
    /// What counts where nobody says anything.
    fn default() -> Self {
        Self {
            fail_on: Severity::High,
            only_fixable: false,
            unrated: Severity::Medium,
            end_of_life: true,
            max_feed_age: Duration::from_hours(24 * 7),
            accept: Vec::new(),
            severity: Vec::new(),
            vex: Vec::new(),
            profile: None,
        }
    }
}

/// `accept "CVE-…" { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The name of the finding, or another name of it.
    pub id: String,
    /// Only of this package; `None`: wherever it is found.
    pub package: Option<String>,
    /// Only in this file; one that ends in `*` means all that begin so. `None`: wherever it is found.
    pub path: Option<String>,
    /// Why it does not matter.
    pub reason: String,
    /// The last day on which it counts, `2027-01-31`; `None`: for ever.
    pub expires: Option<String>,
}

/// `severity "…" { level = "low" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSeverity {
    /// The name of the finding; one that ends in `*` means all that begin so.
    pub id: String,
    /// What it counts as.
    pub level: Severity,
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
