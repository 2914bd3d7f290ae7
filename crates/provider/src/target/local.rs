//! A directory as a target.
//!
//! ```text
//! <directory>/
//!     web-debian-12-1.4.0-20261129/      an image; comes into being whole, by one rename
//!         web-debian-12-1.4.0-20261129.qcow2     each form
//!         SHA256SUMS                     of the forms, as `sha256sum --check` reads it
//!         manifest.dsse.json             image, disk, tags, files and digests, signed
//!     channels/web/production            link to the image that the channel names
//!     .web-debian-12-1.4.0-20261129.part     being written
//!     .web-debian-12-1.4.0-20261129.gone     being removed
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use goldsmith_core::catalog::CopyRow;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::fleet::Usage;
use goldsmith_core::image::ImageId;
use goldsmith_core::target::{FormFile, Parcel, Target, TargetError};

use super::layout::{CHANNELS, MANIFEST, PlaceError, SUMS};
use super::layout::{file_name, manifest_of, plain, sums, sums_of};

/// Why a directory could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalTargetError {
    /// A file or folder could not be used.
    #[error("cannot {action} `{path}`")]
    Io {
        /// `read`, `write`, ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something has no place there.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

impl Failure for LocalTargetError {
    fn class(&self) -> Class {
        match self {
            Self::Io { .. } => Class::Environment,
            Self::Place(error) => error.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Io { source, .. } if source.kind() == ErrorKind::StorageFull => {
                vec!["make room there; what was begun is removed".to_owned()]
            }
            Self::Io { .. } => Vec::new(),
            Self::Place(error) => error.hints(),
        }
    }
}

/// A directory.
#[derive(Debug)]
pub struct LocalTarget {
    name: String,
    directory: PathBuf,
    forms: Vec<String>,
}

impl LocalTarget {
    /// The target `local/<label>`, which takes images in these forms.
    pub fn new(label: &str, directory: PathBuf, forms: Vec<String>) -> Self {
        Self {
            name: format!("local/{label}"),
            directory,
            forms,
        }
    }

    fn folder(&self, name: &str) -> Result<PathBuf, LocalTargetError> {
        plain(name)?;
        Ok(self.directory.join(name))
    }

    fn aside(&self, name: &str, ending: &str) -> Result<PathBuf, LocalTargetError> {
        plain(name)?;
        Ok(self.directory.join(format!(".{name}.{ending}")))
    }

    /// What lies in the folder of an image, if it is the one meant and has every form.
    fn copies(
        &self,
        parcel: &Parcel<'_>,
        unix: i64,
    ) -> Result<Option<Vec<CopyRow>>, LocalTargetError> {
        let folder = self.folder(parcel.name)?;
        let sums = match fs::read_to_string(folder.join(SUMS)) {
            Ok(text) => sums_of(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &folder.join(SUMS))(error)),
        };
        let mut copies = Vec::new();
        for form in &self.forms {
            let file = file_name(parcel, form)?;
            let path = folder.join(&file);
            match sums.get(&file) {
                Some(sha256) if path.is_file() => copies.push(CopyRow {
                    image: parcel.image.clone(),
                    target: self.name.clone(),
                    name: parcel.name.to_owned(),
                    location: path.to_string_lossy().into_owned(),
                    format: form.clone(),
                    digest: Some(*sha256),
                    unix,
                    is_there: true,
                }),
                _ => return Ok(None),
            }
        }
        Ok(Some(copies))
    }

    /// Writes everything into the folder `part`.
    fn fill(&self, cx: &Cx, parcel: &Parcel<'_>, part: &Path) -> Result<(), TargetError> {
        let mut files: BTreeMap<String, FormFile> = BTreeMap::new();
        for form in &self.forms {
            let file = file_name(parcel, form).map_err(boxed)?;
            let written = parcel
                .forms
                .write(cx, parcel.image, form, &part.join(&file))?;
            files.insert(file, written);
        }
        write(&part.join(SUMS), sums(&files).as_bytes()).map_err(boxed)?;
        write(&part.join(MANIFEST), &(parcel.sign)(&files)).map_err(boxed)?;
        sync(part).map_err(boxed)
    }
}

impl Target for LocalTarget {
    fn name(&self) -> &str {
        &self.name
    }

    fn taken(&self, _cx: &Cx, name: &str) -> Result<Option<ImageId>, TargetError> {
        let folder = self.folder(name).map_err(boxed)?;
        if !folder.exists() {
            return Ok(None);
        }
        image_of(&folder).map(Some).ok_or_else(|| {
            let place = folder.to_string_lossy().into_owned();
            boxed(PlaceError::Foreign { place })
        })
    }

    fn send(&self, cx: &Cx, parcel: Parcel<'_>) -> Result<Vec<CopyRow>, TargetError> {
        let unix = cx.clock().unix_seconds();
        let folder = self.folder(parcel.name).map_err(boxed)?;
        match self.taken(cx, parcel.name)? {
            Some(by) if by != *parcel.image => {
                let name = parcel.name.to_owned();
                return Err(boxed(PlaceError::Taken { name, by }));
            }
            Some(_) => {
                if let Some(copies) = self.copies(&parcel, unix).map_err(boxed)? {
                    return Ok(copies);
                }
            }
            None => {}
        }
        self.sweep(cx, parcel.name)?;
        let part = self.aside(parcel.name, "part").map_err(boxed)?;
        fs::create_dir_all(&part)
            .map_err(failed("make", &part))
            .map_err(boxed)?;
        if let Err(error) = self.fill(cx, &parcel, &part) {
            drop(fs::remove_dir_all(&part));
            return Err(error);
        }
        // One that lacks a form gives way; for a moment there is none, which a repeat mends.
        let gone = self.aside(parcel.name, "gone").map_err(boxed)?;
        if folder.exists() {
            fs::rename(&folder, &gone)
                .map_err(failed("move away", &folder))
                .map_err(boxed)?;
        }
        fs::rename(&part, &folder)
            .map_err(failed("make", &folder))
            .map_err(boxed)?;
        sync(&self.directory).map_err(boxed)?;
        remove(&gone).map_err(boxed)?;
        let copies = self.copies(&parcel, unix).map_err(boxed)?;
        Ok(copies.expect("every form was written a moment ago"))
    }

    fn sweep(&self, _cx: &Cx, name: &str) -> Result<(), TargetError> {
        for ending in ["part", "gone"] {
            remove(&self.aside(name, ending).map_err(boxed)?).map_err(boxed)?;
        }
        Ok(())
    }

    fn point(
        &self,
        _cx: &Cx,
        family: &str,
        channel: &str,
        name: Option<&str>,
    ) -> Result<(), TargetError> {
        plain(family).and_then(|()| plain(channel)).map_err(boxed)?;
        let folder = self.directory.join(CHANNELS).join(family);
        let link = folder.join(channel);
        let Some(name) = name else {
            return gone(fs::remove_file(&link))
                .map_err(failed("remove", &link))
                .map_err(boxed);
        };
        plain(name).map_err(boxed)?;
        let aim = Path::new("../..").join(name);
        if fs::read_link(&link).is_ok_and(|known| known == aim) {
            return Ok(());
        }
        let fresh = folder.join(format!(".{channel}.new"));
        let made = fs::create_dir_all(&folder)
            .and_then(|()| gone(fs::remove_file(&fresh)))
            .and_then(|()| symlink(&aim, &fresh))
            .and_then(|()| fs::rename(&fresh, &link));
        made.map_err(failed("write", &link)).map_err(boxed)
    }

    // A directory holds files for whoever can read it: nothing in it starts a machine, and it knows only
    // whether an image is there. How one stands is in the catalog, and in what channels name.
    fn usage(&self, _cx: &Cx, _: &[CopyRow], _: &[String]) -> Result<Usage, TargetError> {
        Ok(Usage::default())
    }

    fn deprecate(&self, _cx: &Cx, name: &str) -> Result<(), TargetError> {
        plain(name).map_err(boxed)
    }

    fn disable(&self, _cx: &Cx, name: &str) -> Result<(), TargetError> {
        plain(name).map_err(boxed)
    }

    fn restore(&self, _cx: &Cx, name: &str) -> Result<(), TargetError> {
        plain(name).map_err(boxed)
    }

    fn withdraw(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        // What others have put there is not ours to take away.
        self.taken(cx, name)?;
        self.sweep(cx, name)?;
        let folder = self.folder(name).map_err(boxed)?;
        let aside = self.aside(name, "gone").map_err(boxed)?;
        gone(fs::rename(&folder, &aside))
            .map_err(failed("move away", &folder))
            .map_err(boxed)?;
        remove(&aside).map_err(boxed)
    }
}

fn boxed(error: impl Into<LocalTargetError>) -> TargetError {
    Box::new(error.into())
}

fn failed<'p>(
    action: &'static str,
    path: &'p Path,
) -> impl FnOnce(io::Error) -> LocalTargetError + 'p {
    move |source| LocalTargetError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

/// What is not there needs nothing.
fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn remove(folder: &Path) -> Result<(), LocalTargetError> {
    gone(fs::remove_dir_all(folder)).map_err(failed("remove", folder))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), LocalTargetError> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(failed("write", path))
}

fn sync(folder: &Path) -> Result<(), LocalTargetError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(failed("write", folder))
}

/// The image that a folder says it holds.
fn image_of(folder: &Path) -> Option<ImageId> {
    let manifest = fs::read(folder.join(MANIFEST)).ok()?;
    manifest_of(&manifest).map(|(image, _)| image)
}

#[cfg(test)]
mod tests;
