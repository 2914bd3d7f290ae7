//! A bucket of a store that speaks S3 as a target.
//!
//! ```text
//! s3://<bucket>/<prefix>/
//!     web-debian-12-1.4.0-20261129/
//!         web-debian-12-1.4.0-20261129.qcow2     each form
//!         SHA256SUMS                             of the forms
//!         manifest.dsse.json                     written last, removed first
//!     channels/web/production                    a text: the name of the image, and a line break
//! ```
//!
//! An image is there when its manifest is: what lies there without one is what broke off. An
//! object comes into being whole or not at all; the parts of one that was never finished cost
//! money and are nowhere to be seen, so a sweep takes them away, too.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use goldsmith_core::catalog::CopyRow;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::fleet::Usage;
use goldsmith_core::image::ImageId;
use goldsmith_core::remote::{ObjectPath, ObjectStore as _, RemoteError};
use goldsmith_core::target::{FormFile, Parcel, Target, TargetError};

use super::layout::{CHANNELS, MANIFEST, PlaceError, SUMS};
use super::layout::{file_name, manifest_of, plain, sums};
use crate::aws::Aws;

/// Why a bucket could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum S3TargetError {
    /// The store failed.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// Something has no place there.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// What is sent could not be written down here first.
    #[error("cannot {action} `{path}`")]
    Scratch {
        /// `make`, `remove`.
        action: &'static str,
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Failure for S3TargetError {
    fn class(&self) -> Class {
        match self {
            Self::Remote(error) => error.class(),
            Self::Place(error) => error.class(),
            Self::Scratch { .. } => Class::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Remote(error) => error.hints(),
            Self::Place(error) => error.hints(),
            Self::Scratch { .. } => Vec::new(),
        }
    }
}

/// Where in which bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What keys begin with, without `/` at either end; may be empty.
    pub prefix: String,
    /// The account that must own it.
    pub owner: Option<String>,
}

/// A bucket.
#[derive(Debug)]
pub struct S3Target {
    name: String,
    aws: Arc<Aws>,
    bucket: Bucket,
    forms: Vec<String>,
    scratch: PathBuf,
}

/// The manifest of an image that is there.
struct Manifest {
    image: ImageId,
    files: BTreeMap<String, Sha256>,
}

impl S3Target {
    /// The target `s3/<label>`, which takes images in these forms. A form is a file in the folder
    /// `scratch` on its way; the owner of that folder may empty it when nobody is at work.
    pub fn new(
        label: &str,
        aws: Arc<Aws>,
        bucket: Bucket,
        forms: Vec<String>,
        scratch: PathBuf,
    ) -> Self {
        Self {
            name: format!("s3/{label}"),
            aws,
            bucket,
            forms,
            scratch,
        }
    }

    fn owner(&self) -> Option<&str> {
        self.bucket.owner.as_deref()
    }

    fn object(&self, below: &str) -> ObjectPath {
        let prefix = self.bucket.prefix.trim_matches('/');
        let key = if prefix.is_empty() {
            below.to_owned()
        } else {
            format!("{prefix}/{below}")
        };
        ObjectPath {
            bucket: self.bucket.name.clone(),
            key,
        }
    }

    fn file(&self, name: &str, file: &str) -> ObjectPath {
        self.object(&format!("{name}/{file}"))
    }

    /// Names of the files of an image, finished or not.
    fn files(&self, cx: &Cx, name: &str) -> Result<Vec<String>, S3TargetError> {
        let folder = self.file(name, "");
        let keys = self.aws.list(cx, &folder, self.owner(), usize::MAX)?;
        let files = keys.iter().filter_map(|key| key.strip_prefix(&folder.key));
        // Some programs make an object for a folder.
        let files = files.filter(|file| !file.is_empty());
        Ok(files.map(str::to_owned).collect())
    }

    fn manifest(&self, cx: &Cx, name: &str) -> Result<Option<Manifest>, S3TargetError> {
        let place = self.file(name, MANIFEST);
        let Some(text) = self.aws.text(cx, &place, self.owner())? else {
            return Ok(None);
        };
        let (image, files) =
            manifest_of(text.as_bytes()).ok_or_else(|| foreign(&self.file(name, "")))?;
        Ok(Some(Manifest { image, files }))
    }

    /// Refuses what no `send` of ours has left.
    fn check_foreign(&self, name: &str, files: &[String]) -> Result<(), S3TargetError> {
        if files.iter().all(|file| is_ours(name, file)) {
            Ok(())
        } else {
            Err(foreign(&self.file(name, "")))
        }
    }

    fn remove(&self, cx: &Cx, name: &str, file: &str) -> Result<(), S3TargetError> {
        Ok(self.aws.delete(cx, &self.file(name, file), self.owner())?)
    }

    /// Takes parts away, and files that no manifest names.
    fn clear(&self, cx: &Cx, name: &str) -> Result<(), S3TargetError> {
        self.aws
            .abort_uploads(cx, &self.file(name, ""), self.owner())?;
        let files = self.files(cx, name)?;
        self.check_foreign(name, &files)?;
        let known = self.manifest(cx, name)?.map(|manifest| manifest.files);
        for file in files {
            let is_kept = known
                .as_ref()
                .is_some_and(|known| file == MANIFEST || file == SUMS || known.contains_key(&file));
            if !is_kept {
                self.remove(cx, name, &file)?;
            }
        }
        Ok(())
    }

    /// Brings every form there, then what makes them an image.
    fn fill(&self, cx: &Cx, parcel: &Parcel<'_>, scratch: &Path) -> Result<(), TargetError> {
        let mut files: BTreeMap<String, FormFile> = BTreeMap::new();
        for form in &self.forms {
            let file = file_name(parcel, form).map_err(boxed)?;
            let here = scratch.join(&file);
            let written = parcel.forms.write(cx, parcel.image, form, &here)?;
            let there = self.file(parcel.name, &file);
            self.aws
                .put(cx, &here, &there, self.owner())
                .map_err(boxed)?;
            fs::remove_file(&here)
                .map_err(failed("remove", &here))
                .map_err(boxed)?;
            files.insert(file, written);
        }
        let last = [
            (SUMS, sums(&files).into_bytes()),
            (MANIFEST, (parcel.sign)(&files)),
        ];
        for (file, bytes) in last {
            let there = self.file(parcel.name, file);
            self.aws
                .put_bytes(cx, Bytes::from(bytes), &there, self.owner())
                .map_err(boxed)?;
        }
        Ok(())
    }

    /// What a manifest says is there, when that is every form.
    fn copies(
        &self,
        cx: &Cx,
        parcel: &Parcel<'_>,
        manifest: &Manifest,
    ) -> Result<Option<Vec<CopyRow>>, S3TargetError> {
        let there = self.files(cx, parcel.name)?;
        let mut copies = Vec::new();
        for form in &self.forms {
            let file = file_name(parcel, form)?;
            match manifest.files.get(&file) {
                Some(sha256) if there.contains(&file) => copies.push(CopyRow {
                    image: parcel.image.clone(),
                    target: self.name.clone(),
                    name: parcel.name.to_owned(),
                    location: self.file(parcel.name, &file).to_string(),
                    format: form.clone(),
                    digest: Some(*sha256),
                    unix: cx.clock().unix_seconds(),
                    is_there: true,
                }),
                _ => return Ok(None),
            }
        }
        Ok(Some(copies))
    }

    /// Where the forms of an image are written on their way.
    fn scratch(&self, name: &str) -> PathBuf {
        let label = self.name.replace('/', "-");
        self.scratch.join(format!("{label}-{name}"))
    }
}

impl Target for S3Target {
    fn name(&self) -> &str {
        &self.name
    }

    fn taken(&self, cx: &Cx, name: &str) -> Result<Option<ImageId>, TargetError> {
        plain(name).map_err(boxed)?;
        if let Some(manifest) = self.manifest(cx, name).map_err(boxed)? {
            return Ok(Some(manifest.image));
        }
        let files = self.files(cx, name).map_err(boxed)?;
        self.check_foreign(name, &files).map_err(boxed)?;
        Ok(None)
    }

    fn send(&self, cx: &Cx, parcel: Parcel<'_>) -> Result<Vec<CopyRow>, TargetError> {
        match self.taken(cx, parcel.name)? {
            Some(by) if by != *parcel.image => {
                let name = parcel.name.to_owned();
                return Err(boxed(PlaceError::Taken { name, by }));
            }
            Some(_) => {
                let manifest = self.manifest(cx, parcel.name).map_err(boxed)?;
                if let Some(manifest) = manifest
                    && let Some(copies) = self.copies(cx, &parcel, &manifest).map_err(boxed)?
                {
                    return Ok(copies);
                }
            }
            None => {}
        }
        self.sweep(cx, parcel.name)?;
        let scratch = self.scratch(parcel.name);
        fs::create_dir_all(&scratch)
            .map_err(failed("make", &scratch))
            .map_err(boxed)?;
        let filled = self.fill(cx, &parcel, &scratch);
        let removed = gone(&scratch).map_err(boxed);
        if let Err(error) = filled {
            // What cannot be taken away now is by the next sweep.
            if let Err(left) = self.clear(&cx.uncancelled(), parcel.name) {
                cx.warn(format!(
                    "something of `{}` may be left: {left}",
                    parcel.name
                ));
            }
            return Err(error);
        }
        removed?;
        let manifest = self.manifest(cx, parcel.name).map_err(boxed)?;
        let copies = match manifest {
            Some(manifest) => self.copies(cx, &parcel, &manifest).map_err(boxed)?,
            None => None,
        };
        copies.ok_or_else(|| {
            boxed(RemoteError::Failed {
                what: format!("bringing `{}`", self.file(parcel.name, "")),
                detail: "what was written a moment ago is not there: somebody else removes it"
                    .to_owned(),
            })
        })
    }

    fn sweep(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        plain(name).map_err(boxed)?;
        gone(&self.scratch(name)).map_err(boxed)?;
        self.clear(cx, name).map_err(boxed)
    }

    fn point(
        &self,
        cx: &Cx,
        family: &str,
        channel: &str,
        name: Option<&str>,
    ) -> Result<(), TargetError> {
        plain(family).and_then(|()| plain(channel)).map_err(boxed)?;
        let object = self.object(&format!("{CHANNELS}/{family}/{channel}"));
        let pointed = match name {
            None => self.aws.delete(cx, &object, self.owner()),
            Some(name) => {
                plain(name).map_err(boxed)?;
                let line = Bytes::from(format!("{name}\n"));
                self.aws.put_bytes(cx, line, &object, self.owner())
            }
        };
        pointed.map_err(boxed)
    }

    // A bucket holds files for whoever can read it: nothing in it starts a machine, and it knows only
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
        plain(name).map_err(boxed)?;
        let files = self.files(cx, name).map_err(boxed)?;
        self.check_foreign(name, &files).map_err(boxed)?;
        self.remove(cx, name, MANIFEST).map_err(boxed)?;
        self.sweep(cx, name)
    }
}

/// Whether a file below the name of an image can be one that we brought.
fn is_ours(name: &str, file: &str) -> bool {
    file == SUMS || file == MANIFEST || (file.starts_with(name) && !file.contains('/'))
}

fn foreign(place: &ObjectPath) -> S3TargetError {
    let place = place.to_string();
    PlaceError::Foreign { place }.into()
}

fn boxed(error: impl Into<S3TargetError>) -> TargetError {
    Box::new(error.into())
}

fn failed<'p>(
    action: &'static str,
    path: &'p Path,
) -> impl FnOnce(io::Error) -> S3TargetError + 'p {
    move |source| S3TargetError::Scratch {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Removes a folder of ours; one that is not there is.
fn gone(folder: &Path) -> Result<(), S3TargetError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", folder)(error))
        }
        _ => Ok(()),
    }
}
