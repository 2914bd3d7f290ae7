//! An image of this machine as the catalog enters it.

use goldsmith_core::catalog::{ArtifactRow, NewImage};
use goldsmith_core::image::ImageId;
use goldsmith_core::inventory::debian_number;

use super::Image;
use crate::parent;

impl Image {
    /// Which it is.
    pub fn id(&self) -> ImageId {
        ImageId {
            name: self.record.name.clone(),
            version: self.record.version,
            build: self.record.build,
        }
    }

    /// What the catalog is told of it. Its record is all that is needed, but for the operating
    /// system, which its lock knows.
    pub fn made(&self) -> NewImage {
        let record = &self.record;
        let artifacts = record.artifacts.iter().map(|artifact| ArtifactRow {
            file: artifact.file.clone(),
            format: artifact.kind.clone(),
            digest: artifact.digest,
            size_bytes: artifact.size_bytes,
        });
        let disk = record.artifacts.iter().find(|a| a.kind == "raw");
        let parent = record.parent.as_ref();
        NewImage {
            id: self.id(),
            purpose: record.purpose.clone(),
            os: self.os(),
            arch: record.arch.clone(),
            key: record.key,
            // One without a disk is known by what it was made of.
            digest: disk.map_or(record.key, |disk| disk.digest),
            parent: parent.and_then(|parent| parent.name.parse().ok()),
            artifacts: artifacts.collect(),
            created_unix: record.created_unix,
        }
    }

    /// `debian-12`; empty of what did not begin with Debian's packages, or has lost its lock.
    fn os(&self) -> String {
        let Ok(section) = parent::own_section(self) else {
            return String::new();
        };
        parent::archive(&section).map_or_else(String::new, |source| {
            let number = debian_number(&source.suite).unwrap_or(&source.suite);
            format!("debian-{number}")
        })
    }
}
