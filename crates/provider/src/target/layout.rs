//! What lies at a target, whatever that is made of.
//!
//! ```text
//! web-debian-12-1.4.0-20261129/                  an image, by its name
//!     web-debian-12-1.4.0-20261129.qcow2         each form
//!     SHA256SUMS                                 of the forms, as `sha256sum --check` reads it
//!     manifest.dsse.json                         image, disk, tags, files and digests, signed
//! channels/web/production                        the image that the channel names
//! ```

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::image::ImageId;
use goldsmith_core::target::{FormFile, Parcel};

pub(super) const SUMS: &str = "SHA256SUMS";
pub(super) const MANIFEST: &str = "manifest.dsse.json";
pub(super) const CHANNELS: &str = "channels";

/// Why something has no place at a target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// A name that would lead out of the target.
    #[error("`{name}` is no name for a folder")]
    Name {
        /// As given.
        name: String,
    },
    /// There is no such form.
    #[error("there is no form `{form}`")]
    Form {
        /// As given.
        form: String,
    },
    /// What lies there was not brought by Goldsmith.
    #[error("`{place}` is there and is not an image that Goldsmith brought")]
    Foreign {
        /// The folder, or the beginning of the keys.
        place: String,
    },
    /// Another image has the name.
    #[error("`{name}` is there already: image `{by}`")]
    Taken {
        /// As given.
        name: String,
        /// Which image.
        by: ImageId,
    },
}

impl Failure for PlaceError {
    fn class(&self) -> Class {
        match self {
            Self::Name { .. } | Self::Form { .. } => Class::Config,
            Self::Foreign { .. } | Self::Taken { .. } => Class::Policy,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Foreign { .. } => {
                vec!["move it away, or change the `name` of the distribution".to_owned()]
            }
            Self::Taken { .. } => vec![
                "put what tells them apart into the `name` of the distribution, such as `{build}`"
                    .to_owned(),
            ],
            Self::Name { .. } | Self::Form { .. } => Vec::new(),
        }
    }
}

/// A name of one folder that is not hidden.
pub(super) fn plain(name: &str) -> Result<(), PlaceError> {
    let is_plain = !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(['/', '\0'])
        && name != CHANNELS;
    if is_plain {
        Ok(())
    } else {
        Err(PlaceError::Name {
            name: name.to_owned(),
        })
    }
}

/// The file of a form of an image.
pub(super) fn file_name(parcel: &Parcel<'_>, form: &str) -> Result<String, PlaceError> {
    let ending = parcel.forms.ending(form).ok_or_else(|| PlaceError::Form {
        form: form.to_owned(),
    })?;
    Ok(format!("{}{ending}", parcel.name))
}

/// `SHA256SUMS` of these files.
pub(super) fn sums(files: &BTreeMap<String, FormFile>) -> String {
    files
        .iter()
        .map(|(file, written)| format!("{}  {file}\n", written.sha256))
        .collect()
}

/// What `SHA256SUMS` says.
pub(super) fn sums_of(text: &str) -> BTreeMap<String, Sha256> {
    let rows = text.lines().filter_map(|line| line.split_once("  "));
    rows.filter_map(|(sum, file)| Some((file.to_owned(), sum.parse().ok()?)))
        .collect()
}

/// The image that a manifest is of, and its files. Nobody's signature is checked.
pub(super) fn manifest_of(bytes: &[u8]) -> Option<(ImageId, BTreeMap<String, Sha256>)> {
    let envelope: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let payload = STANDARD.decode(envelope["payload"].as_str()?).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    let image = manifest["image"].as_str()?.parse().ok()?;
    let mut files = BTreeMap::new();
    for (file, about) in manifest["files"].as_object()? {
        files.insert(file.clone(), about["sha256"].as_str()?.parse().ok()?);
    }
    Some((image, files))
}
