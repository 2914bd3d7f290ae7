//! The port to a place that images are brought to.

use std::collections::BTreeMap;
use std::path::Path;

use crate::catalog::CopyRow;
use crate::cloud::CloudImage;
use crate::cx::Cx;
use crate::digest::Sha256;
use crate::failure::Failure;
use crate::fleet::Usage;
use crate::image::ImageId;

/// A failure of whoever did the work.
pub type TargetError = Box<dyn Failure>;

/// One file of an image in the form that a target takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormFile {
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Bytes.
    pub size_bytes: u64,
}

/// Writes an image in a form.
pub trait Forms: Send + Sync {
    /// What a file of the form ends in: `.qcow2`, `.tar.gz`. `None`: there is no such form.
    fn ending(&self, form: &str) -> Option<&'static str>;

    /// Writes the image `image` in the form to a new file.
    fn write(
        &self,
        cx: &Cx,
        image: &ImageId,
        form: &str,
        to: &Path,
    ) -> Result<FormFile, TargetError>;

    /// Where a cloud has the image `image`, of which there is no disk here to write.
    fn cloud(&self, _image: &ImageId) -> Result<Option<CloudImage>, TargetError> {
        Ok(None)
    }
}

/// Gives the signed manifest of what was brought somewhere, from the names of its files.
pub type Sign<'a> = dyn Fn(&BTreeMap<String, FormFile>) -> Vec<u8> + Send + Sync + 'a;

/// An image on its way.
#[derive(Clone, Copy)]
pub struct Parcel<'a> {
    /// Which.
    pub image: &'a ImageId,
    /// Its name at every target.
    pub name: &'a str,
    /// What its programs are for: `amd64`, `arm64`.
    pub arch: &'a str,
    /// The digest of its disk.
    pub disk: &'a Sha256,
    /// What is written on it there.
    pub tags: &'a BTreeMap<String, String>,
    /// Writes it in any form.
    pub forms: &'a dyn Forms,
    /// Signs what lies there.
    pub sign: &'a Sign<'a>,
}

impl std::fmt::Debug for Parcel<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parcel")
            .field("image", &self.image)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A place that images are brought to. Every call may be repeated: it finds what an earlier one
/// made, also one that was broken off, instead of making another.
pub trait Target: Send + Sync {
    /// Kind and name: `local/lab`.
    fn name(&self) -> &str;

    /// The image that has this name there; `None`: it is free.
    fn taken(&self, cx: &Cx, name: &str) -> Result<Option<ImageId>, TargetError>;

    /// Brings an image there.
    fn send(&self, cx: &Cx, parcel: Parcel<'_>) -> Result<Vec<CopyRow>, TargetError>;

    /// Takes away what a `send` that was broken off has left; never what one finished.
    fn sweep(&self, cx: &Cx, name: &str) -> Result<(), TargetError>;

    /// Has a channel of the image's family name it there; `None`: the channel names none.
    fn point(
        &self,
        cx: &Cx,
        family: &str,
        channel: &str,
        name: Option<&str>,
    ) -> Result<(), TargetError>;

    /// Whether a copy is at this place, as the place is now.
    fn has(&self, copy: &CopyRow) -> bool {
        copy.target == self.name()
    }

    /// What uses copies that are there, as far as it can be found out: asked once for all of them.
    /// `roles` are those in whose accounts it looks, too. A place that starts no machines has
    /// nothing to say.
    fn usage(&self, cx: &Cx, copies: &[CopyRow], roles: &[String]) -> Result<Usage, TargetError>;

    /// Has everybody who looks for images there see that an image should not be used any more;
    /// it still can be. Nothing where the place has no word for that, or no such image.
    fn deprecate(&self, cx: &Cx, name: &str) -> Result<(), TargetError>;

    /// Has nobody be able to use an image, and takes back that others may; its bytes stay. Nothing
    /// where the place cannot do that, or has no such image.
    fn disable(&self, cx: &Cx, name: &str) -> Result<(), TargetError>;

    /// Brings a deprecated or disabled image back: it is as it was when it was sent.
    fn restore(&self, cx: &Cx, name: &str) -> Result<(), TargetError>;

    /// Takes an image away, whatever had become of it.
    fn withdraw(&self, cx: &Cx, name: &str) -> Result<(), TargetError>;
}
