//! An image of this machine as the catalog enters it.

use std::fs;

use goldsmith_core::catalog::{ArtifactRow, NewImage};
use goldsmith_core::cloud::CloudImage;
use goldsmith_core::image::ImageId;
use serde_json::Value;

use super::Image;
use crate::image::BILL;

impl Image {
    /// Which it is.
    pub fn id(&self) -> ImageId {
        ImageId {
            name: self.record.name.clone(),
            version: self.record.version,
            build: self.record.build,
        }
    }

    /// What the catalog is told of it: its record, and the operating system by its bill of
    /// materials.
    pub fn made(&self) -> NewImage {
        let record = &self.record;
        let artifacts = record.artifacts.iter().map(|artifact| ArtifactRow {
            file: artifact.file.clone(),
            format: artifact.kind.clone(),
            digest: artifact.digest,
            size_bytes: artifact.size_bytes,
        });
        let disk = record.artifacts.iter().find(|a| a.kind == "raw");
        let disk = disk.map(|disk| disk.digest);
        let parent = record
            .parent
            .as_ref()
            .filter(|parent| parent.kind == "image");
        NewImage {
            id: self.id(),
            purpose: record.purpose.clone(),
            os: self.bill().as_ref().and_then(system).unwrap_or_default(),
            arch: record.arch.clone(),
            key: record.key,
            // One that has neither is known by what it was made of.
            digest: disk
                .or_else(|| record.cloud.as_ref().map(CloudImage::digest))
                .unwrap_or(record.key),
            parent: parent.and_then(|parent| parent.name.parse().ok()),
            artifacts: artifacts.collect(),
            created_unix: record.created_unix,
        }
    }

    /// Its bill of materials; `None`: it has none.
    pub fn bill(&self) -> Option<Value> {
        let bytes = fs::read(self.path(BILL)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

/// `debian-12`, from a bill of materials.
fn system(bill: &Value) -> Option<String> {
    let mut components = bill["components"].as_array()?.iter();
    let system = components.find(|component| component["type"] == "operating-system")?;
    let version = system["version"].as_str()?;
    let major = version.split('.').next().unwrap_or(version);
    Some(format!("{}-{major}", system["name"].as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_of_a_bill() {
        let bill = |version: &str| {
            serde_json::json!({ "components": [ { "type": "library", "name": "bash" },
                { "type": "operating-system", "name": "debian", "version": version } ] })
        };
        assert_eq!(system(&bill("12.5")).as_deref(), Some("debian-12"));
        assert_eq!(system(&bill("12")).as_deref(), Some("debian-12"));
        assert_eq!(system(&serde_json::json!({ "components": [] })), None);
    }
}
