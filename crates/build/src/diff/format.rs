//! The differences of two images as JSON: what `diff --json` prints.
//!
//! ```text
//! { "format": "goldsmith-image-diff", "format_version": 1,
//!   "old": "web 1.4.0/1", "new": "web 1.4.1/1", "is_same_disk": false,
//!   "packages": { "added": [package], "removed": [package], "changed": [{ name, arch, old, new, is_downgrade }] },
//!   "files": { "added": [file], "removed": [file], "changed": [{ "old": file, "new": file, "what": ["content", "mode"] }] },
//!   "of_packages": 312,            changed files that belong to changed packages, or to dpkg's database
//!   "configuration": [{ "path", "hidden": why | null, "hunks": [{ old, new, lines: [["gone", "text"]] }], "more": 0 }],
//!   "sizes": [{ "name": "files", "unit": "bytes", "old": 1, "new": 2 }],
//!   "findings": { "new": [finding], "gone": [finding] },
//!   "boots": [{ "firmware", "old_ms", "new_ms", "old_passed", "new_passed" }] }
//! ```
//!
//! A field that goes or changes its meaning raises `format_version`.

use std::collections::BTreeSet;

use goldsmith_plan::diff::files::FileDiff;
use goldsmith_plan::diff::packages::PackageDiff;
use goldsmith_plan::diff::text::Hunk;
use serde::Serialize;

use super::Side;

const FORMAT: &str = "goldsmith-image-diff";
const VERSION: u32 = 1;

/// What is different between two images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageDiff {
    format: &'static str,
    format_version: u32,
    /// The old image.
    pub old: String,
    /// The new image.
    pub new: String,
    /// Whether their disks hold the same bytes.
    pub is_same_disk: bool,
    /// Installed packages.
    pub packages: PackageDiff,
    /// Every path.
    pub files: FileDiff,
    /// How many of the paths are of packages that changed.
    pub of_packages: usize,
    /// Those paths; the rest is somebody's own.
    #[serde(skip)]
    pub(super) package_paths: BTreeSet<String>,
    /// Files below `/etc`, line by line.
    pub configuration: Vec<Configuration>,
    /// How much there is of what.
    pub sizes: Vec<Size>,
    /// What sanitizer and verifier said.
    pub findings: Findings,
    /// The last boot tests.
    pub boots: Vec<Boot>,
}

/// A file of configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// From `/`.
    pub path: String,
    /// Why its lines are not shown.
    pub hidden: Option<String>,
    /// What differs; secrets masked.
    pub hunks: Vec<Hunk>,
    /// Lines that are not listed, because there are too many.
    pub more: usize,
}

/// An amount in both images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Of what.
    pub name: &'static str,
    /// `bytes` or `count`.
    pub unit: &'static str,
    /// In the old image; nothing when it is not known.
    pub old: Option<u64>,
    /// In the new image.
    pub new: Option<u64>,
}

/// Findings that only one of them has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Only of the new image.
    pub new: Vec<Finding>,
    /// Only of the old image.
    pub gone: Vec<Finding>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// `sanitize` or `verify`.
    pub pass: String,
    /// The rule.
    pub rule: String,
    /// Inside the image.
    pub path: String,
    /// A row of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// What was done: `delete`, `report`.
    pub action: String,
    /// What it means on a finished disk: `info`, `warn`, `fail`.
    pub severity: String,
    /// More of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A boot in the last tests of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Boot {
    /// `bios`, `uefi`.
    pub firmware: String,
    /// From power-on to multi-user, in milliseconds.
    pub old_ms: Option<u64>,
    /// The same of the new image.
    pub new_ms: Option<u64>,
    /// Whether every check passed.
    pub old_passed: Option<bool>,
    /// The same of the new image.
    pub new_passed: Option<bool>,
}

impl ImageDiff {
    pub(super) fn new(old: &Side, new: &Side) -> Self {
        Self {
            format: FORMAT,
            format_version: VERSION,
            old: old.title.clone(),
            new: new.title.clone(),
            is_same_disk: false,
            packages: PackageDiff::default(),
            files: FileDiff::default(),
            of_packages: 0,
            package_paths: BTreeSet::new(),
            configuration: Vec::new(),
            sizes: Vec::new(),
            findings: Findings::default(),
            boots: Vec::new(),
        }
    }

    /// Whether a path belongs to packages that changed, or to dpkg's own database.
    pub(super) fn is_of_packages(&self, path: &str) -> bool {
        path.starts_with("/var/lib/dpkg/") || self.package_paths.contains(path)
    }
}
