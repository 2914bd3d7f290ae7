//! The form of `goldsmith.lock`.
//!
//! JSON, written with two spaces, fields in the order below, lists in a fixed order and a
//! newline at the end, so that version control shows a change as what it is.
//!
//! ```text
//! {
//!   "version": 3,                       a field that comes, goes or changes raises it
//!   "recipes": {
//!     "web": {                          a section per recipe, by name
//!       "source": "server",             label of the source block
//!       "request": {                    what was asked for: tells whether the section is stale
//!         "debian": {                                    of a Debian suite
//!           "suite": "bookworm", "updates": true, "security": true, "components": ["main"],
//!           "arch": "amd64", "variant": "minbase", "packages": ["nginx"], "boot": ["bios", "uefi"],
//!           "mirror": "...", "security_mirror": "...", "keyring": "keys.gpg",  only if stated
//!           "valid_until_waived": true                                         only if waived
//!         }
//!         "image": {"name", "version"?, "channel"?, "packages", "boot"}        or of an image
//!         "disk": {"file"?, "url"?, "sha256", "arch", "boot"}                  or of a disk
//!         "ami": {"id"?, "owners"?, "filters"?, "parameter"?, "region", "arch"}  or of AWS
//!       },
//!       "parent": {                     what it starts from, when that is no Debian suite
//!         "image": {"name", "version", "build",        for people
//!                   "digest",                          of its disk: this is what counts
//!                   "arch", "epoch",                   its newest time
//!                   "debian"?}                         what the first of its line asked for
//!         "disk": {"sha256", "size"}                   of the file as it is there
//!         "ami": {"id", "name", "owner", "region", "arch", "created"}   its id is of these bytes for ever
//!       },
//!       "epoch": 1783764997,            SOURCE_DATE_EPOCH: the newest Release's date, the parent's
//!                                       if that is newer
//!       "releases": [ {"suite", "sha256", "date", "valid_until"?, "signed_by"} ],
//!       "documents": [ {"path", "sha256"} ],      component documents and input files
//!       "packages": [                   put into the tree, by name and architecture
//!         {"name", "version", "arch", "source"?, "size", "sha256",
//!          "path",                      below any mirror of the archive
//!          "suite",                     which of the releases lists it
//!          "essential"?,
//!          "why"}                       base, requested, needed by NAME, boot loader for FIRMWARE
//!       ],
//!       "boot": [ ... ]                 boot loader packages, not installed in the tree;
//!                                       those of an image are its own
//!     }
//!   }
//! }
//! ```
//!
//! No host name of a mirror gets in but one that the recipe states, and that one without
//! its credentials. Unknown fields are refused: who does not know them would build
//! something else than who wrote them.

use std::collections::BTreeMap;

use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{Firmware, Variant};
use goldsmith_core::version::Version;
use serde::{Deserialize, Serialize};

/// The version this build writes; it reads the older ones as well. Version 2 had no image of AWS.
pub const VERSION: u32 = 3;

/// Of a whole file; only its version, so that a newer file can be named as such.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub(super) version: u32,
}

/// A whole file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) version: u32,
    pub(super) recipes: BTreeMap<String, Section>,
}

/// What one recipe is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Label of the source block.
    pub source: String,
    /// What was asked for.
    pub request: Request,
    /// What it starts from, when that is no Debian suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The one moment that may get into the image, Unix seconds: the newest Release's date.
    pub epoch: i64,
    /// The signed heads that the packages come from: suite, updates, security.
    pub releases: Vec<ReleaseRef>,
    /// Component documents and input files, in the order of their paths.
    pub documents: Vec<Input>,
    /// In the tree, in the order of name and architecture.
    pub packages: Vec<Package>,
    /// Of the boot loader, where the tree has them not; same order.
    pub boot: Vec<Package>,
}

/// What a recipe asks of its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Request {
    /// Packages of a suite.
    Debian(DebianRequest),
    /// Another image.
    Image(ImageRequest),
    /// A disk that others made.
    Disk(DiskRequest),
    /// An image of AWS.
    Ami(AmiRequest),
}

/// What a recipe asks of Debian.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebianRequest {
    /// `bookworm`.
    pub suite: String,
    /// Whether `<suite>-updates` is used.
    pub updates: bool,
    /// Whether `<suite>-security` is used.
    pub security: bool,
    /// As written.
    pub components: Vec<String>,
    /// `amd64`.
    pub arch: String,
    /// What is there without being named.
    pub variant: Variant,
    /// As written; their order means nothing.
    pub packages: Vec<String>,
    /// What the disk starts with; decides on boot loader packages.
    pub boot: Vec<Firmware>,
    /// Only if the recipe states it, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<String>,
    /// Only if the recipe states it, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_mirror: Option<String>,
    /// Path of the keyring, if the recipe names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyring: Option<String>,
    /// A Release past its end was allowed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub valid_until_waived: bool,
}

/// Which image a recipe asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRequest {
    /// Its name.
    pub name: String,
    /// How its version begins; nothing with a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The channel that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// To add; as written, their order means nothing.
    pub packages: Vec<String>,
    /// What the disk starts with.
    pub boot: Vec<Firmware>,
}

/// Which disk a recipe asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskRequest {
    /// Relative to the project; nothing with a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of the file.
    pub sha256: Sha256,
    /// `amd64`.
    pub arch: String,
    /// What the disk starts with.
    pub boot: Vec<Firmware>,
}

/// Which image of AWS a recipe asks for: one of `id`, `owners` with `filters`, `parameter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmiRequest {
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whose, of which the newest is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// By name of the filter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<String, Vec<String>>,
    /// The parameter that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Where.
    pub region: String,
    /// `amd64`.
    pub arch: String,
}

/// What an image starts from, when that is no Debian suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parent {
    /// Another image.
    Image(ImagePin),
    /// A disk that others made.
    Disk(DiskPin),
    /// An image of AWS.
    Ami(AmiPin),
}

impl std::fmt::Display for Parent {
    /// `image base 1.4.0/2`, `disk 9f86d081884c`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Image(pin) => write!(f, "image {pin}"),
            Self::Disk(pin) => write!(f, "disk {}", pin.sha256.short()),
            Self::Ami(pin) => write!(f, "{} ({})", pin.id, pin.name),
        }
    }
}

/// An image of AWS, by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmiPin {
    /// `ami-0123456789abcdef0`: what identifies it in its region.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Number of the account that made it.
    pub owner: String,
    /// `eu-north-1`.
    pub region: String,
    /// `amd64`.
    pub arch: String,
    /// When it was made.
    pub created: Moment,
}

/// An image, by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagePin {
    /// Name of its recipe.
    pub name: String,
    /// Its version where it was locked.
    pub version: Version,
    /// Its build there.
    pub build: u32,
    /// Of its disk (`goldsmith_disk::sparse`): what identifies it.
    pub digest: Sha256,
    /// `amd64`.
    pub arch: String,
    /// No file in it is younger, Unix seconds.
    pub epoch: i64,
    /// What the first of its line asked of Debian, if that began with Debian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debian: Option<Box<DebianRequest>>,
}

impl std::fmt::Display for ImagePin {
    /// `base 1.4.0/2`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}/{}", self.name, self.version, self.build)
    }
}

/// A disk that others made, by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskPin {
    /// Of the file as it is there.
    pub sha256: Sha256,
    /// Of the file, in bytes.
    pub size: u64,
}

/// A signed head of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRef {
    /// `bookworm-security`.
    pub suite: String,
    /// Of the `InRelease` file.
    pub sha256: Sha256,
    /// When it was made.
    pub date: Moment,
    /// When it ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
    /// Fingerprint of the pinned key.
    pub signed_by: String,
}

/// A file by digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// As the recipe names it: relative to the project, or a name of the library.
    pub path: String,
    /// Of its bytes.
    pub sha256: Sha256,
}

/// A package by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// `nginx`.
    pub name: String,
    /// `1.22.1-9+deb12u1`.
    pub version: String,
    /// `amd64`, `all`.
    pub arch: String,
    /// Source package, where it has another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Of the `.deb`, in bytes.
    pub size: u64,
    /// Of the `.deb`.
    pub sha256: Sha256,
    /// Below a mirror's root: `pool/main/n/nginx/nginx_1.22.1-9+deb12u1_amd64.deb`.
    pub path: String,
    /// Of which of the releases.
    pub suite: String,
    /// `Essential: yes`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub essential: bool,
    /// Why it is there.
    pub why: Why,
}

impl Package {
    /// What identifies it within a tree.
    pub fn id(&self) -> (&str, &str) {
        (&self.name, &self.arch)
    }
}

/// Why a package is in the lock, written as a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// `base`: the variant has it.
    Base,
    /// `requested`: the recipe names it.
    Requested,
    /// `needed by nginx`: the first package that led to it.
    NeededBy(String),
    /// `related`: marked on the way and kept, as apt keeps what others recommend.
    Related,
    /// `boot loader for bios`: not in the tree.
    BootLoader(Firmware),
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Base => f.write_str("base"),
            Self::Requested => f.write_str("requested"),
            Self::Related => f.write_str("related"),
            Self::NeededBy(name) => write!(f, "{NEEDED_BY}{name}"),
            Self::BootLoader(firmware) => write!(f, "{BOOT_LOADER}{}", firmware.name()),
        }
    }
}

const NEEDED_BY: &str = "needed by ";
const BOOT_LOADER: &str = "boot loader for ";

impl Serialize for Why {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Why {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let firmware = |name: &str| {
            [Firmware::Bios, Firmware::Uefi]
                .into_iter()
                .find(|firmware| firmware.name() == name)
        };
        match text.as_str() {
            "base" => return Ok(Self::Base),
            "requested" => return Ok(Self::Requested),
            "related" => return Ok(Self::Related),
            _ => {}
        }
        if let Some(name) = text.strip_prefix(NEEDED_BY) {
            return Ok(Self::NeededBy(name.to_owned()));
        }
        text.strip_prefix(BOOT_LOADER)
            .and_then(firmware)
            .map(Self::BootLoader)
            .ok_or_else(|| serde::de::Error::custom("not a reason for a package"))
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A moment in Unix seconds, written as `2026-07-11T10:16:37Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = jiff::Timestamp::from_second(self.0).map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&time)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(time.as_second()))
    }
}

/// The text of a lock file.
pub(super) fn write(recipes: &BTreeMap<String, Section>) -> String {
    #[derive(Serialize)]
    struct Whole<'a> {
        version: u32,
        recipes: &'a BTreeMap<String, Section>,
    }
    let whole = Whole {
        version: VERSION,
        recipes,
    };
    let mut text = serde_json::to_string_pretty(&whole).expect("moments that were read or signed");
    text.push('\n');
    text
}
