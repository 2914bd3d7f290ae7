//! One of the two: an image with what is known of it, or a disk that only lies there.

use std::path::PathBuf;

use goldsmith_core::digest::Sha256;

use crate::record::Image;

/// The disk of an image, of this machine or of others' making.
#[derive(Debug, Clone)]
pub struct Side {
    /// How it is called.
    pub title: String,
    /// Its disk, raw.
    pub disk: PathBuf,
    /// What is known of it.
    pub image: Option<Image>,
}

impl Side {
    /// An image of this machine.
    pub fn of(image: Image) -> Self {
        Self {
            title: image.title(),
            disk: image.path("disk.raw"),
            image: Some(image),
        }
    }

    /// A raw disk of which nothing is known.
    pub fn disk(path: PathBuf) -> Self {
        Self {
            title: path.display().to_string(),
            disk: path,
            image: None,
        }
    }

    /// Whether it was made on an instance, and has no disk here.
    pub(super) fn is_elsewhere(&self) -> bool {
        let image = self.image.as_ref();
        image.is_some_and(|image| image.record.cloud.is_some())
    }

    /// Its disk digest, when somebody computed it and the disk is still that one.
    pub(super) fn digest(&self) -> Option<Sha256> {
        let image = self.image.as_ref().filter(|image| image.is_whole())?;
        if let Some(there) = &image.record.cloud {
            return Some(there.digest());
        }
        let disk = image.record.artifacts.iter();
        Some(disk.clone().find(|a| a.file == "disk.raw")?.digest)
    }
}
