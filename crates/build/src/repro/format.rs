//! The report of a check of reproducibility as JSON.
//!
//! ```text
//! { "format": "goldsmith-reproducibility", "format_version": 1,
//!   "image": "web 1.0.0/1", "digest": "<sha256>", "is_reproducible": false,
//!   "rounds": [ { "number": 1, "ms": 41000, "digest": "<sha256>",
//!     "surroundings": { "time_zone", "locale", "user", "host_name", "umask", "processors",
//!                       "clock_shift_s", "in_memory" },
//!     "difference": null | {
//!       "where": "inputs" | "failure" | "layer" | "file" | "disk",
//!       "layer": its title, "path": the file, "what": "content", "at": first byte that differs,
//!       "old": bytes around it in the first build, "new": in this one,
//!       "files": how many files differ, "disk_offset": first byte of the disk that differs,
//!       "on_disk": what lies there } } ] }
//! ```
//!
//! A field that goes or changes its meaning raises `format_version`.

use goldsmith_core::digest::Sha256;
use serde::{Deserialize, Serialize};

use super::Surroundings;

const FORMAT: &str = "goldsmith-reproducibility";
const VERSION: u32 = 1;

/// What came of building an image again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReproReport {
    format: &'static str,
    format_version: u32,
    /// The image.
    pub image: String,
    /// Its disk digest.
    pub digest: Option<Sha256>,
    /// Whether every round gave the same bytes.
    pub is_reproducible: bool,
    /// One per build.
    pub rounds: Vec<Round>,
}

/// One build more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Round {
    /// From 1.
    pub number: u32,
    /// Wall time in milliseconds.
    pub ms: u64,
    /// The disk digest it gave.
    pub digest: Option<Sha256>,
    /// What it was built in.
    pub surroundings: Surroundings,
    /// What is different; nothing when all bytes are the same.
    pub difference: Option<Difference>,
}

/// What a build that was done again tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// The disk digest it gave.
    pub digest: Option<Sha256>,
    /// What is different.
    pub difference: Option<Difference>,
}

/// Where a difference was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Where {
    /// In what the image is a function of.
    Inputs,
    /// The build failed.
    Failure,
    /// In a layer.
    Layer,
    /// In a file, after the layers: by sanitizing or by making the disk.
    File,
    /// On the disk, in no file.
    Disk,
}

/// What is different between two builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Where it was found.
    #[serde(rename = "where")]
    pub place: Where,
    /// Title of the layer that has it first.
    pub layer: Option<String>,
    /// The first file that has it.
    pub path: Option<String>,
    /// What it is.
    pub what: String,
    /// The first byte of the file that differs.
    pub at: Option<u64>,
    /// Bytes around it in the first build; not of files that not everybody may read.
    pub old: Option<String>,
    /// The same in the second build.
    pub new: Option<String>,
    /// How many files of the disks differ.
    pub files: usize,
    /// The first byte of the disk that differs.
    pub disk_offset: Option<u64>,
    /// What lies there.
    pub on_disk: Option<String>,
}

impl Difference {
    fn new(place: Where, what: String) -> Self {
        Self {
            place,
            layer: None,
            path: None,
            what,
            at: None,
            old: None,
            new: None,
            files: 0,
            disk_offset: None,
            on_disk: None,
        }
    }

    /// The recipe itself came to something else.
    pub fn of_inputs(lines: &[String]) -> Self {
        Self::new(Where::Inputs, lines.join("; "))
    }

    /// There is nothing to compare.
    pub fn of_failure(message: String) -> Self {
        Self::new(Where::Failure, message)
    }

    pub(super) fn of_file(layer: Option<&str>, path: &str, what: &str) -> Self {
        let place = if layer.is_some() {
            Where::Layer
        } else {
            Where::File
        };
        Self {
            layer: layer.map(str::to_owned),
            path: Some(path.to_owned()),
            ..Self::new(place, what.to_owned())
        }
    }

    pub(super) fn of_disk() -> Self {
        Self::new(Where::Disk, "bytes of the disk".to_owned())
    }
}

impl ReproReport {
    /// The report of some rounds.
    pub fn new(image: String, digest: Option<Sha256>, rounds: Vec<Round>) -> Self {
        Self {
            format: FORMAT,
            format_version: VERSION,
            image,
            digest,
            is_reproducible: rounds.iter().all(|round| round.difference.is_none()),
            rounds,
        }
    }
}
