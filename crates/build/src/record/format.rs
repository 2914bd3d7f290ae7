//! `record.json`: what is known about an image. Written by this module alone.
//!
//! ```json
//! {
//!   "format": "goldsmith-image-record",
//!   "format_version": 1,
//!   "name": "web", "version": "1.4.0", "build": 1,
//!   "purpose": "web", "arch": "amd64", "boot": ["bios", "uefi"],
//!   "created_unix": 1790000000,            when it was made; no artifact knows it
//!   "epoch_unix": 1789000000,              the newest time in the artifact
//!   "key": "<sha256>",                     digest of every input
//!   "inputs": { "lock": "<sha256>", ... }, the inputs by name: what a rebuild is explained with
//!   "artifacts": [ { "file": "disk.raw", "kind": "raw", "size_bytes": ..., "allocated_bytes": ..., "digest": ..., "sha256": ... } ],
//!   "cloud": { "provider": "aws", "account": "123456789012", "region": "eu-north-1", "id": "ami-0abc", "name": "..." },
//!                                          only of one that was made on an instance: where it is. It has no
//!                                          artifacts, and what stands for the digest of its disk is SHA-256
//!                                          over provider, region and id (`core::cloud`): an id is of the same
//!                                          bytes for ever
//!   "packages": 226,
//!   "parent": { "kind": "image", "name": "base 1.4.0/2", "digest": "<sha256>" },   what it started from, if that was
//!                                          an image (of its disk), a disk (of its file), an image of AWS (`ami`: of its id)
//!   "layers": [ "<sha256>", ... ],         of its tree, bottom first; none when one was not kept
//!   "phases": [ { "name": "configure", "ms": 9120, "cpu_ms": 8300 } ],   "cpu_ms": of the packages' programs
//!   "steps": [ { "document": ..., "phase": "build", "step": "Install", "action": "ExecuteBash", "status": "succeeded", "attempts": 1, "ms": 120,
//!       "layer": "<sha256>", "kept": true,   its layer; whether that was taken instead of made
//!       "cpu_ms": 90, "max_rss_bytes": ...,  of its programs
//!       "changes": { "count": 2, "bytes": 812, "removed": 0, "named": [ { "path": "/etc/x", "bytes": 12 } ] },
//!       "invalidated_by": [ "the tree before it", "inputs[0].commands" ], "unnoticed": [ "https://..." ],
//!       "tail": [ "last lines that it printed" ] } ],
//!   "test": { "passed": true, "unix": ..., "checks": 24, "failed": [] }
//! }
//! ```
//!
//! A reader refuses a higher `format_version`; unknown fields of its own version are ignored,
//! so fields may be added without raising it.

use goldsmith_core::cloud::CloudImage;
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::Firmware;
use goldsmith_core::version::Version;
use goldsmith_plan::key::Inputs;
use goldsmith_plan::lock::Parent;
use serde::{Deserialize, Serialize};

use crate::layer::Changes;

const FORMAT: &str = "goldsmith-image-record";
const VERSION: u32 = 1;

/// What is known about an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    format: String,
    format_version: u32,
    /// Name of the recipe.
    pub name: String,
    /// Version of the image.
    pub version: Version,
    /// Which build of the version, from 1.
    pub build: u32,
    /// What it is for.
    pub purpose: String,
    /// Debian's name of the architecture.
    pub arch: String,
    /// Which firmwares can start it.
    pub boot: Vec<Firmware>,
    /// Seconds since 1970: when it was made.
    pub created_unix: i64,
    /// Seconds since 1970: no file in the image is younger.
    pub epoch_unix: i64,
    /// Digest of every input.
    pub key: Sha256,
    /// The inputs, which explain a rebuild.
    pub inputs: Inputs,
    /// The files of the image.
    pub artifacts: Vec<Artifact>,
    /// Where it is, when it was made on an instance and has no file here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<CloudImage>,
    /// How many packages are installed in it.
    pub packages: usize,
    /// What it started from, when that was no Debian suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ParentRecord>,
    /// The layers of its tree before it was sanitized, bottom first; none when one of them was
    /// not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Sha256>,
    /// What took how long, in order.
    pub phases: Vec<PhaseTime>,
    /// The steps of its components that ran in the build.
    pub steps: Vec<StepRecord>,
    /// Its last boot test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestSummary>,
}

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Name of the file in the folder of the image.
    pub file: String,
    /// `raw`.
    pub kind: String,
    /// Size as programs see it.
    pub size_bytes: u64,
    /// What it takes of the disk it lies on.
    pub allocated_bytes: u64,
    /// The disk digest (`goldsmith_disk::sparse`): names the content whatever it is stored as.
    pub digest: Sha256,
    /// What `sha256sum` says of the file; computed when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

/// What an image started from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentRecord {
    /// `image`, `disk` or `ami`.
    pub kind: String,
    /// How it was called: `base 1.4.0/2`, `ami-0123456789abcdef0 (debian-12)`; of a disk nothing.
    pub name: String,
    /// Of the disk of an image; of a disk that of its file; of an image of AWS that of its region
    /// and its id.
    pub digest: Sha256,
}

impl From<&Parent> for ParentRecord {
    fn from(parent: &Parent) -> Self {
        let (kind, name) = match parent {
            Parent::Image(pin) => ("image", pin.to_string()),
            Parent::Disk(_) => ("disk", String::new()),
            Parent::Ami(_) => ("ami", parent.to_string()),
        };
        Self {
            kind: kind.to_owned(),
            name,
            digest: parent.digest(),
        }
    }
}

/// How long a phase took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// Name of the phase.
    pub name: String,
    /// Wall time in milliseconds.
    pub ms: u64,
    /// Processor time of the packages' programs that ran in it, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cpu_ms: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A step of a component that ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The document as the recipe names it.
    pub document: String,
    /// `build` or `validate`.
    pub phase: String,
    /// Name of the step.
    pub step: String,
    /// `ExecuteBash`, ...
    pub action: String,
    /// `succeeded`, `failed`, ...
    pub status: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Wall time in milliseconds, all attempts.
    pub ms: u64,
    /// Its layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<Sha256>,
    /// Whether the layer was there: the rest is then of the run that made it.
    #[serde(default)]
    pub kept: bool,
    /// Processor time of its programs, in milliseconds.
    #[serde(default)]
    pub cpu_ms: u64,
    /// Largest memory of one of them, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rss_bytes: Option<u64>,
    /// Files that it changed.
    #[serde(default)]
    pub changes: Changes,
    /// What a change of makes it run again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invalidated_by: Vec<String>,
    /// What may change without that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unnoticed: Vec<String>,
    /// The last lines it printed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tail: Vec<String>,
}

/// What came of a boot test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestSummary {
    /// Whether every check passed.
    pub passed: bool,
    /// Seconds since 1970.
    pub unix: i64,
    /// How many checks there were.
    pub checks: usize,
    /// Names of the checks that failed.
    pub failed: Vec<String>,
}

impl Record {
    /// A record of an image that has no numbers yet: they come with its publication.
    pub fn new(name: impl Into<String>, key: Sha256) -> Self {
        Self {
            format: FORMAT.to_owned(),
            format_version: VERSION,
            name: name.into(),
            version: Version {
                major: 0,
                minor: 0,
                patch: 0,
            },
            build: 0,
            purpose: String::new(),
            arch: String::new(),
            boot: Vec::new(),
            created_unix: 0,
            epoch_unix: 0,
            key,
            inputs: Inputs::default(),
            artifacts: Vec::new(),
            cloud: None,
            packages: 0,
            parent: None,
            layers: Vec::new(),
            phases: Vec::new(),
            steps: Vec::new(),
            test: None,
        }
    }

    /// `web 1.4.0/2`.
    pub fn title(&self) -> String {
        format!("{} {}/{}", self.name, self.version, self.build)
    }

    pub(super) fn order(&self) -> (&str, Version, u32) {
        (&self.name, self.version, self.build)
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            format_version: u32,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if head.format != FORMAT {
            return Err(format!("its format is `{}`", head.format));
        }
        if head.format_version > VERSION {
            return Err(format!(
                "it has version {} of the format, and {VERSION} is the newest known here",
                head.format_version
            ));
        }
        serde_json::from_slice(bytes).map_err(|e| e.to_string())
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes =
            serde_json::to_vec_pretty(self).expect("a record holds text and numbers only");
        bytes.push(b'\n');
        bytes
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn record() -> Record {
        Record {
            artifacts: vec![Artifact {
                file: "disk.raw".into(),
                kind: "raw".into(),
                size_bytes: 4,
                allocated_bytes: 4,
                digest: Sha256::of(b"disk"),
                sha256: None,
            }],
            ..Record::new("web", Sha256::of(b"key"))
        }
    }

    #[test]
    fn round_trip_and_refusals() {
        let record = record();
        let bytes = record.write();
        assert_eq!(Record::read(&bytes).as_ref(), Ok(&record));
        let text = String::from_utf8(bytes).unwrap();
        let newer = text.replace("\"format_version\": 1", "\"format_version\": 2");
        assert!(
            Record::read(newer.as_bytes())
                .unwrap_err()
                .contains("version 2")
        );
        let other = text.replace(FORMAT, "something-else");
        assert!(
            Record::read(other.as_bytes())
                .unwrap_err()
                .contains("something-else")
        );
        assert!(Record::read(b"{").is_err());
    }

    /// Version 1 as it was first written; it must stay readable.
    #[test]
    fn reads_version_1() {
        let text = r#"{"format":"goldsmith-image-record","format_version":1,"name":"web","version":"1.4.0","build":1,
            "purpose":"web","arch":"amd64","boot":["bios","uefi"],"created_unix":1790000000,"epoch_unix":1789000000,
            "key":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","inputs":{},
            "artifacts":[],"packages":226,"phases":[{"name":"configure","ms":9120}],"steps":[]}"#;
        assert_eq!(
            Record::read(text.as_bytes()).unwrap().title(),
            "web 1.4.0/1"
        );
    }
}
