//! Images on this machine: a folder each, with the artifact and everything that is known about it.
//!
//! ```text
//! <home>/images/<name>/<version>-<build>/
//!     record.json      what this is (`record::format`)
//!     disk.raw         the artifact; one that was made on an instance has none
//!     goldsmith.lock   the locked recipe it was made from
//!     sanitize.json    evidence of the sanitizer
//!     verify.json      what was read back from the finished disk
//!     sbom.cdx.json    what software is on it, CycloneDX 1.6
//!     test/            the last boot test: report.json, junit.xml, console logs; execution.json of
//!                      what ran on an instance
//! ```
//!
//! A folder comes into being whole, by one rename. Nothing in it changes later but `test/`.

mod format;
mod made;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::image::ImageId;
use goldsmith_core::version::{Version, VersionPattern};

pub use format::{Artifact, ParentRecord, PhaseTime, Record, StepRecord, TestSummary};

/// Why images could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
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
    /// A record is not one.
    #[error("`{path}` is not an image record that this version of Goldsmith can read: {detail}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A disk is asked of an image that is elsewhere.
    #[error("{title} is {id} in {region}: it has no disk here")]
    Elsewhere {
        /// Which.
        title: String,
        /// What its cloud calls it.
        id: String,
        /// Where.
        region: String,
    },
    /// Another image has the numbers that were meant for this one.
    #[error("somebody else has made {title} meanwhile")]
    Taken {
        /// `web 1.4.0/2`.
        title: String,
    },
    /// No image answers to the name.
    #[error("there is no image `{wanted}`")]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// Images there are.
        known: Vec<String>,
    },
}

impl Failure for RecordError {
    fn class(&self) -> Class {
        match self {
            Self::Io { .. } | Self::Taken { .. } => Class::Environment,
            Self::Malformed { .. } => Class::Config,
            Self::Elsewhere { .. } | Self::Unknown { .. } => Class::Usage,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Unknown { known, .. } if known.is_empty() => {
                vec!["`goldsmith build` makes one".to_owned()]
            }
            Self::Unknown { known, .. } => vec![format!("there are: {}", known.join(", "))],
            Self::Elsewhere { .. } => vec![
                "it was made on an instance: `scan`, `diff`, `show` know its packages, a target \"aws\" copies it, the `test` blocks of a pipeline run on instances of it".to_owned(),
            ],
            Self::Taken { .. } => vec!["build it again".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// The images of a home.
#[derive(Debug, Clone)]
pub struct Images {
    root: PathBuf,
    taken: BTreeMap<String, Vec<(Version, u32)>>,
}

/// One image: its record and where it lies.
#[derive(Debug, Clone)]
pub struct Image {
    /// What is known about it.
    pub record: Record,
    /// Its folder.
    pub folder: PathBuf,
}

impl Image {
    /// `web 1.4.0/2`.
    pub fn title(&self) -> String {
        self.record.title()
    }

    /// The path of one of its artifacts or files.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// The path of its disk, which one that was made on an instance has not.
    pub fn disk(&self) -> Result<PathBuf, RecordError> {
        match &self.record.cloud {
            None => Ok(self.path("disk.raw")),
            Some(there) => Err(RecordError::Elsewhere {
                title: self.title(),
                id: there.id.clone(),
                region: there.region.clone(),
            }),
        }
    }

    /// Whether the artifact lies there with the size it had when it was made.
    pub fn is_whole(&self) -> bool {
        self.record.artifacts.iter().all(|a| {
            fs::metadata(self.path(&a.file)).is_ok_and(|found| found.len() == a.size_bytes)
        })
    }

    /// Writes the summary of a boot test into the record.
    pub fn set_test(&mut self, test: TestSummary) -> Result<(), RecordError> {
        self.record.test = Some(test);
        write_record(&self.folder, &self.record)
    }
}

impl Images {
    /// The images under `<home>/images`; nothing is created yet.
    pub fn new(home: &Path) -> Self {
        Self {
            root: home.join("images"),
            taken: BTreeMap::new(),
        }
    }

    /// Versions of a recipe's images with their last builds, as the catalog knows them: numbers
    /// that are not given again, also when the folder is gone.
    #[must_use]
    pub fn with_taken(mut self, name: &str, versions: Vec<(Version, u32)>) -> Self {
        self.taken.insert(name.to_owned(), versions);
        self
    }

    /// Every image by the name of its folder, without looking into it: by name, version and build.
    pub fn ids(&self) -> Result<Vec<ImageId>, RecordError> {
        let mut ids = Vec::new();
        for shelf in folders(&self.root)? {
            let Some(name) = shelf.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            for folder in folders(&shelf)? {
                let Some((version, build)) = numbers(&folder) else {
                    continue;
                };
                ids.push(ImageId {
                    name: name.to_owned(),
                    version,
                    build,
                });
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// Where an image lies, or would lie.
    pub fn folder(&self, id: &ImageId) -> PathBuf {
        let numbers = format!("{}-{}", id.version, id.build);
        self.root.join(&id.name).join(numbers)
    }

    /// One image; `None`: it has no folder here.
    pub fn get(&self, id: &ImageId) -> Result<Option<Image>, RecordError> {
        read_image(&self.folder(id))
    }

    /// Every image, by name, version and build. Folders without a record are no images.
    pub fn list(&self) -> Result<Vec<Image>, RecordError> {
        let mut images = Vec::new();
        for name in folders(&self.root)? {
            for folder in folders(&name)? {
                if let Some(image) = read_image(&folder)? {
                    images.push(image);
                }
            }
        }
        images.sort_by(|a, b| a.record.order().cmp(&b.record.order()));
        Ok(images)
    }

    /// The images of one recipe, oldest first.
    pub fn of(&self, name: &str) -> Result<Vec<Image>, RecordError> {
        let mut images = Vec::new();
        for folder in folders(&self.root.join(name))? {
            images.extend(read_image(&folder)?);
        }
        images.sort_by(|a, b| a.record.order().cmp(&b.record.order()));
        Ok(images)
    }

    /// The image that a person means by `web`, `web@1.4.0` or `web@1.4.0/2`: the newest that fits.
    pub fn find(&self, wanted: &str) -> Result<Image, RecordError> {
        let plain = wanted.replace(' ', "@");
        let (name, rest) = plain.split_once('@').unwrap_or((&plain, ""));
        let (version, build) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name =
            !name.is_empty() && !name.contains(['/', '\0']) && name != ".." && name != ".";
        let images = if is_name { self.of(name)? } else { Vec::new() };
        let fits = |record: &Record| {
            (version.is_empty() || record.version.to_string() == version)
                && (build.is_empty() || record.build.to_string() == build)
        };
        if let Some(image) = images.into_iter().rfind(|image| fits(&image.record)) {
            return Ok(image);
        }
        let mut known: Vec<String> = self.list()?.iter().map(Image::title).collect();
        known.reverse();
        known.truncate(10);
        Err(RecordError::Unknown {
            wanted: wanted.to_owned(),
            known,
        })
    }

    /// Makes a finished folder an image, under the next version and build that are free.
    ///
    /// `folder` must lie on the file system of the home; its record is written here, with
    /// the numbers that it got. Two builds at once get two builds of a version.
    pub fn publish(
        &self,
        folder: &Path,
        pattern: VersionPattern,
        mut record: Record,
    ) -> Result<Image, RecordError> {
        loop {
            let id = self.next(&record.name, pattern)?;
            match self.publish_as(folder, &id, record) {
                Ok(image) => return Ok(image),
                // Somebody else was quicker with this number.
                Err(Unpublished::Taken(back)) => record = *back,
                Err(Unpublished::Failed(error)) => return Err(error),
            }
        }
    }

    /// The version and build that the next image of a recipe gets.
    pub fn next(&self, name: &str, pattern: VersionPattern) -> Result<ImageId, RecordError> {
        let taken = self.of(name)?;
        let known = self.taken.get(name).map_or(&[][..], Vec::as_slice);
        let versions = taken.iter().map(|image| image.record.version);
        let version = pattern.next(versions.chain(known.iter().map(|(version, _)| *version)));
        Ok(ImageId {
            name: name.to_owned(),
            version,
            build: next_build(&self.root.join(name), version, known)?,
        })
    }

    /// The same under numbers that are known already; an error when they are taken.
    pub(crate) fn publish_as(
        &self,
        folder: &Path,
        id: &ImageId,
        mut record: Record,
    ) -> Result<Image, Unpublished> {
        let shelf = self.root.join(&id.name);
        fs::create_dir_all(&shelf).map_err(io_error("create", &shelf))?;
        (record.version, record.build) = (id.version, id.build);
        write_record(folder, &record)?;
        let target = self.folder(id);
        match fs::rename(folder, &target) {
            Ok(()) => {
                sync_folder(&shelf)?;
                Ok(Image {
                    record,
                    folder: target,
                })
            }
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
                ) =>
            {
                Err(Unpublished::Taken(Box::new(record)))
            }
            Err(e) => Err(io_error("create", &target)(e).into()),
        }
    }
}

/// Why a folder did not become an image.
pub(crate) enum Unpublished {
    /// The numbers are taken; the record comes back.
    Taken(Box<Record>),
    /// It could not be written.
    Failed(RecordError),
}

impl From<RecordError> for Unpublished {
    fn from(error: RecordError) -> Self {
        Self::Failed(error)
    }
}

/// The first build of a version that is free: no folder has it, whether its record can be read or
/// not, and it is none of those that are known.
fn next_build(
    shelf: &Path,
    version: Version,
    known: &[(Version, u32)],
) -> Result<u32, RecordError> {
    let folders = folders(shelf)?.into_iter();
    let builds = folders
        .filter_map(|folder| numbers(&folder))
        .chain(known.iter().copied())
        .filter_map(|(of, build)| (of == version).then_some(build));
    Ok(builds.max().map_or(1, |last| last.saturating_add(1)))
}

/// The version and the build that a folder is called by.
fn numbers(folder: &Path) -> Option<(Version, u32)> {
    let (version, build) = folder.file_name()?.to_str()?.rsplit_once('-')?;
    Some((version.parse().ok()?, build.parse().ok()?))
}

fn read_image(folder: &Path) -> Result<Option<Image>, RecordError> {
    let path = folder.join("record.json");
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(e) => return Err(io_error("read", &path)(e)),
    };
    let record = Record::read(&bytes).map_err(|detail| RecordError::Malformed { path, detail })?;
    Ok(Some(Image {
        record,
        folder: folder.to_owned(),
    }))
}

fn write_record(folder: &Path, record: &Record) -> Result<(), RecordError> {
    let path = folder.join("record.json");
    let fresh = folder.join("record.json.new");
    fs::write(&fresh, record.write()).map_err(io_error("write", &fresh))?;
    fs::rename(&fresh, &path).map_err(io_error("write", &path))
}

fn folders(of: &Path) -> Result<Vec<PathBuf>, RecordError> {
    let entries = match fs::read_dir(of) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(io_error("read", of)(e)),
    };
    Ok(entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect())
}

fn sync_folder(folder: &Path) -> Result<(), RecordError> {
    fs::File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(io_error("write", folder))
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RecordError {
    let path = path.to_owned();
    move |source| RecordError::Io {
        action,
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(images: &Images, home: &Path, pattern: &str) -> Image {
        let folder = home.join("fresh");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("disk.raw"), b"disk").unwrap();
        images
            .publish(&folder, pattern.parse().unwrap(), format::tests::record())
            .unwrap()
    }

    #[test]
    fn versions_and_builds_count_up() {
        let home = tempfile::tempdir().unwrap();
        let images = Images::new(home.path());
        let titles =
            ["1.4.x", "1.4.x", "2.0.0", "2.0.0"].map(|p| publish(&images, home.path(), p).title());
        assert_eq!(
            titles,
            ["web 1.4.0/1", "web 1.4.1/1", "web 2.0.0/1", "web 2.0.0/2"]
        );
        assert_eq!(images.find("web").unwrap().title(), "web 2.0.0/2");
        assert_eq!(images.find("web@1.4.0").unwrap().title(), "web 1.4.0/1");
        assert_eq!(images.find("web 2.0.0/1").unwrap().title(), "web 2.0.0/1");
        assert!(images.find("web@9.9.9").is_err());
        assert!(images.find("../web").is_err());
        assert_eq!(images.list().unwrap().len(), 4);
    }

    #[test]
    fn numbers_that_are_known_are_not_given_again() {
        let home = tempfile::tempdir().unwrap();
        let known = [("1.4.0", 1), ("1.4.7", 2), ("2.0.0", 5)];
        let known = known.map(|(version, build)| (version.parse().unwrap(), build));
        let images = Images::new(home.path())
            .with_taken("web", known.to_vec())
            .with_taken("base", vec![("9.0.0".parse().unwrap(), 9)]);
        let made = ["1.4.x", "2.0.0", "9.0.0"].map(|p| publish(&images, home.path(), p));
        let titles = made.each_ref().map(Image::title);
        assert_eq!(titles, ["web 1.4.8/1", "web 2.0.0/6", "web 9.0.0/1"]);
        let ids = images.ids().unwrap();
        assert_eq!(ids, made.each_ref().map(Image::id));
        assert_eq!(images.get(&ids[1]).unwrap().unwrap().title(), "web 2.0.0/6");
        fs::remove_dir_all(images.folder(&ids[1])).unwrap();
        assert!(images.get(&ids[1]).unwrap().is_none());
    }

    #[test]
    fn a_lost_artifact_is_seen() {
        let home = tempfile::tempdir().unwrap();
        let image = publish(&Images::new(home.path()), home.path(), "1.0.0");
        assert!(image.is_whole());
        fs::write(image.path("disk.raw"), b"dis").unwrap();
        assert!(!image.is_whole());
    }
}
