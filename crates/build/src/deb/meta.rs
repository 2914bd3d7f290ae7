//! The form of a decoded package, version 1: an entry of the store's `packages` shelf.
//!
//! ```text
//! packages/<digest of the .deb>/
//!   root/       the files, with their owners, modes, times, hard links and device nodes
//!   control/    the control members: control, md5sums, conffiles, triggers, preinst, …
//!   list        the paths as dpkg's info/<package>.list has them
//!   meta.json   {"version":1,"fields":[[name,value],…],"paths":[…],"conffiles":[[path,md5],…]}
//! ```
//!
//! A package without `md5sums` gets one here, as dpkg makes one when it unpacks. Paths are
//! written without a leading slash, in the order of the archive; the empty path is the root.

use std::fs;
use std::path::Path;

use goldsmith_disk::tree::{Attributes, Time, Xattrs};

use super::control::Stanza;

/// The version this program reads and writes.
pub const VERSION: u32 = 1;

/// What is known of a decoded package.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PackageMeta {
    /// Version of this form.
    pub version: u32,
    /// The control file.
    pub fields: Stanza,
    /// What the package holds.
    pub paths: Vec<PathMeta>,
    /// Configuration files: absolute path and MD5 in hexadecimal digits.
    pub conffiles: Vec<(String, String)>,
}

/// One path of a package.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PathMeta {
    /// The path, relative to the root.
    pub path: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
    /// Permission bits with set-user-id, set-group-id and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Modification time, seconds since 1970-01-01 UTC.
    pub mtime: u64,
}

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file of this many bytes.
    File {
        /// Size in bytes.
        size: u64,
    },
    /// Another name of the file at this path.
    HardLink {
        /// The earlier path.
        of: String,
    },
    /// A symbolic link.
    SymbolicLink {
        /// What it says.
        target: String,
    },
    /// A device node or a named pipe.
    Node,
}

impl PathMeta {
    /// As a tree has them.
    pub(crate) fn attributes(&self) -> Attributes {
        Attributes {
            mode: u16::try_from(self.mode & 0o7777).expect("twelve bits"),
            uid: self.uid,
            gid: self.gid,
            mtime: Time {
                seconds: i64::try_from(self.mtime).unwrap_or(0),
                nanos: 0,
            },
            xattrs: Xattrs::new(),
        }
    }
}

impl PackageMeta {
    /// Name of the package.
    pub fn name(&self) -> &str {
        self.field("Package")
    }

    /// A field, empty when it is missing.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_default()
    }

    /// What dpkg calls its files below `info`: with the architecture where several may be installed.
    pub fn info_name(&self) -> String {
        if self.field("Multi-Arch") == "same" {
            format!("{}:{}", self.name(), self.field("Architecture"))
        } else {
            self.name().to_owned()
        }
    }
}

/// Reads the `meta.json` of an entry; `None` when it is damaged or of another version, so that
/// the package has to be decoded again.
pub(super) fn read(entry: &Path) -> Option<PackageMeta> {
    let text = fs::read(entry.join("meta.json")).ok()?;
    let meta: PackageMeta = serde_json::from_slice(&text).ok()?;
    (meta.version == VERSION).then_some(meta)
}
