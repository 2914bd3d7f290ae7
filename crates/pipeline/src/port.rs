//! Who does the work of a run: ports, which the program implements with the builder, the boot
//! tester and the scanner.

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::catalog::{ArtifactRow, NewImage};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::finding::Severity;
use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::{Command, Test, Webhook};
use serde_json::Value;

use crate::unit::StageError;

/// What became of the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// SHA-256 of the recipe's section.
    pub digest: Sha256,
    /// What is new in it, a line each; empty: it was right.
    pub updates: Vec<String>,
}

/// An image that was made, or that was there already.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// As the catalog keeps it.
    pub image: NewImage,
    /// Whether it was made now.
    pub is_new: bool,
    /// What went in, for the statement of its provenance.
    pub origin: Origin,
    /// The bill of materials, `CycloneDX`; `None`: it has none.
    pub bill: Option<Value>,
}

/// Where an image came from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Origin {
    /// What the user asked for: recipe, parameters that are no secrets.
    pub parameters: BTreeMap<String, String>,
    /// What it was made of: name and digest of each input.
    pub inputs: Vec<Input>,
    /// Who wrote the change that it was built from: addresses.
    pub authors: Vec<String>,
    /// When it was begun and ended, in seconds since 1970-01-01 UTC.
    pub times: Option<(i64, i64)>,
}

/// One input of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Package URL, or URI of a file of the project.
    pub uri: String,
    /// Its SHA-256.
    pub sha256: Sha256,
}

/// What a test found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tested {
    /// Names of the checks that passed.
    pub passed: Vec<String>,
    /// Names of those that failed, with what they said.
    pub failed: Vec<String>,
    /// How it was tested: `bios`, `uefi`.
    pub how: Vec<String>,
}

/// A vulnerability of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// `CVE-2025-1234`.
    pub id: String,
    /// How bad it is in the worst package that has it.
    pub severity: Severity,
}

/// What a scan found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scanned {
    /// What the policy refuses, a line each; empty: nothing.
    pub refused: Vec<String>,
    /// How many findings of each severity.
    pub counts: BTreeMap<String, u64>,
    /// The vulnerabilities that were found, by identity, sorted.
    pub findings: Vec<Flaw>,
    /// Name and version of the database that was used, and its age in seconds.
    pub feed: Option<(String, i64)>,
    /// The whole report.
    pub report: Value,
}

/// Does the work on one recipe.
pub trait Workshop: Send + Sync {
    /// Makes the lock where there is none, or brings it up to date when `is_update`.
    fn lock(&self, cx: &Cx, is_update: bool) -> Result<Locked, StageError>;

    /// Makes the image, or finds the one that was made of the same inputs.
    fn build(&self, cx: &Cx) -> Result<Made, StageError>;

    /// Boots the image and tests it as a block says.
    fn test(&self, cx: &Cx, image: &ImageId, block: &Test) -> Result<Tested, StageError>;

    /// Scans it and holds it against the policy.
    fn scan(&self, cx: &Cx, image: &ImageId) -> Result<Scanned, StageError>;
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ran {
    /// Its exit code; 128 and more: by a signal.
    pub code: i32,
    /// What it printed, line by line, the last 10,000.
    pub lines: Vec<String>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Status of HTTP.
    pub code: u16,
    /// The first 4 KiB of what was said.
    pub body: String,
}

/// Does what a pipeline's own steps ask for.
pub trait Hands: Send + Sync {
    /// Runs a program on this computer, in the project's folder, which can find out about `image`,
    /// once there is one; what it printed is without secrets. An error where it cannot be run or
    /// takes longer than `timeout`.
    fn command(
        &self,
        cx: &Cx,
        step: &str,
        image: Option<&ImageId>,
        command: &Command,
        timeout: Duration,
    ) -> Result<Ran, StageError>;

    /// Sends `body`, signed where the step has a secret. The same `id` is the same question.
    fn webhook(
        &self,
        cx: &Cx,
        id: &str,
        webhook: &Webhook,
        body: &Value,
        timeout: Duration,
    ) -> Result<Answer, StageError>;
}

impl Made {
    /// The disk among its artifacts.
    pub fn disk(&self) -> Option<&ArtifactRow> {
        self.image
            .artifacts
            .iter()
            .find(|artifact| artifact.format == "raw")
    }
}
