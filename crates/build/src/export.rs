//! Hands the disk of an image over, in any format of [`goldsmith_disk::fmt`]: to a file, which comes
//! into being whole or not at all, or to a stream.
//!
//! The disk is digested as it is read: one that is not what the record says is not handed over.

mod flush;
mod part;
mod target;

use std::fs::File;
use std::io::{self, Write};
use std::num::NonZero;
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::thread;

use goldsmith_core::cx::{Cx, Phase};
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::Unit;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_core::recipe::Firmware;
use goldsmith_disk::fmt::{self, Disk, FmtError, Format, Machine, Target};
use rustix::fs::SeekFrom;

use crate::record::{Artifact, Image};
use part::Part;
use target::{FileTarget, StreamTarget};

/// What was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Bytes of it.
    pub size_bytes: u64,
    /// What a file takes of the disk it lies on; of a stream, all.
    pub allocated_bytes: u64,
    /// What `sha256sum` says of it; not computed over holes of more than 4 GiB.
    pub sha256: Option<Sha256>,
    /// The disk digest of what is in it.
    pub digest: Sha256,
}

/// Why an image could not be handed over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is a file already.
    #[error("`{path}` exists")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is something that is no file, and is not replaced by one.
    #[error("`{path}` is not a file")]
    NoFile {
        /// What it is not.
        path: PathBuf,
    },
    /// Another process writes the same file.
    #[error("`{path}` is being written by another process")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The format needs to go back in the file.
    #[error("`{format}` cannot be written to a stream: {why}")]
    Unstreamed {
        /// Name of the format.
        format: &'static str,
        /// What it needs to go back for.
        why: &'static str,
    },
    /// The format cannot hold so large a disk.
    #[error(transparent)]
    TooLarge(FmtError),
    /// The image has no disk.
    #[error("{title} has no raw disk")]
    NoDisk {
        /// The image.
        title: String,
    },
    /// The disk is not what the record says.
    #[error(
        "the disk of {title} has changed since it was made: its digest is {found}, the record says {expected}"
    )]
    Changed {
        /// The image.
        title: String,
        /// What was read.
        found: Sha256,
        /// What the record says.
        expected: Sha256,
    },
    /// A file could not be read or written.
    #[error("cannot {action} `{path}`")]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file, or `standard output`.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Failure for ExportError {
    fn class(&self) -> Class {
        match self {
            Self::Exists { .. }
            | Self::NoFile { .. }
            | Self::Unstreamed { .. }
            | Self::TooLarge(_)
            | Self::NoDisk { .. } => Class::Usage,
            Self::Changed { .. } => Class::Policy,
            Self::Io { .. } | Self::Busy { .. } => Class::Environment,
            Self::Cancelled(_) => Class::Cancelled,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Exists { .. } => vec!["`--force` writes over it".to_owned()],
            Self::NoFile { path } => vec![format!(
                "a device takes the raw disk: `--format raw --output - > {}`",
                path.display()
            )],
            Self::Unstreamed { .. } => {
                let streamed = fmt::all().iter().filter(|f| f.unstreamed.is_none());
                let names: Vec<&str> = streamed.map(|format| format.name).collect();
                vec![format!(
                    "write it to a file, or stream one of {}",
                    names.join(", ")
                )]
            }
            Self::TooLarge(_) => vec!["`vhdx` and `raw` hold larger ones".to_owned()],
            Self::Changed { .. } => vec!["build it again: `goldsmith build --force`".to_owned()],
            Self::Io { source, path, .. } if source.kind() == io::ErrorKind::StorageFull => {
                vec![format!(
                    "make room on the file system of `{}`, or name another place by `--output`",
                    path.display()
                )]
            }
            _ => Vec::new(),
        }
    }
}

/// Writes the disk of an image to the file `target`. Costs by what is allocated.
pub fn to_file(
    cx: &Cx,
    image: &Image,
    format: &'static Format,
    target: &Path,
    is_forced: bool,
) -> Result<Exported, ExportError> {
    let path = || target.to_owned();
    if let Ok(found) = target.symlink_metadata() {
        if !found.is_file() && !found.is_symlink() {
            return Err(ExportError::NoFile { path: path() });
        }
        if !is_forced {
            return Err(ExportError::Exists { path: path() });
        }
    }
    let mut work = Work::begin(cx, image, format)?;
    let part = Part::create(target)?;
    let (flusher, flushes) = flush::flusher();
    let is_streamed = format.unstreamed.is_none();
    let write = |source| io_error("write", part.path())(source);
    // What is renamed must be on the disk, also when the host loses its power.
    let (size_bytes, sha256) = thread::scope(|scope| {
        let flushed = scope.spawn(|| flushes.run(part.file()));
        let is_digested = is_streamed && work.known_sha256().is_none();
        let mut file = FileTarget::new(part.file(), is_digested, flusher);
        work.write(&mut file, part.path())?;
        let (size_bytes, mut sha256) = file.finish().map_err(write)?;
        if !is_streamed {
            sha256 = Some(part.digest(cx)?);
        }
        let flushed = flushed.join().expect("the thread only flushes");
        flushed.map_err(write)?;
        Ok::<_, ExportError>((size_bytes, sha256))
    })?;
    let allocated_bytes = part.file().metadata().map_err(write)?.blocks() * 512;
    part.rename(target)?;
    Ok(work.finish(&target.display(), size_bytes, allocated_bytes, sha256))
}

/// Writes the disk of an image to a stream.
pub fn to_stream(
    cx: &Cx,
    image: &Image,
    format: &'static Format,
    out: &mut dyn Write,
) -> Result<Exported, ExportError> {
    if let Some(why) = format.unstreamed {
        let format = format.name;
        return Err(ExportError::Unstreamed { format, why });
    }
    let mut work = Work::begin(cx, image, format)?;
    let name = Path::new("standard output");
    let mut stream = StreamTarget::new(out, work.known_sha256().is_none());
    work.write(&mut stream, name)?;
    let (size, sha256) = stream.finish().map_err(io_error("write", name))?;
    Ok(work.finish(&name.display(), size, size, sha256))
}

/// An export under way.
struct Work<'w> {
    cx: &'w Cx,
    image: &'w Image,
    format: &'static Format,
    artifact: &'w Artifact,
    source: File,
    source_path: PathBuf,
    phase: Phase,
}

impl<'w> Work<'w> {
    fn begin(cx: &'w Cx, image: &'w Image, format: &'static Format) -> Result<Self, ExportError> {
        let artifacts = &image.record.artifacts;
        let Some(artifact) = artifacts.iter().find(|a| a.kind == "raw") else {
            let title = image.title();
            return Err(ExportError::NoDisk { title });
        };
        let source_path = image.path(&artifact.file);
        let source = File::open(&source_path).map_err(io_error("read", &source_path))?;
        Ok(Self {
            cx,
            image,
            format,
            artifact,
            source,
            source_path,
            phase: cx.phase(
                format!("export {}", format.name),
                Some((artifact.size_bytes, Unit::Bytes)),
            ),
        })
    }

    /// The SHA-256 of what is written, when it is the artifact itself and the build computed it.
    fn known_sha256(&self) -> Option<Sha256> {
        let is_artifact = self.format.name == self.artifact.kind;
        self.artifact.sha256.filter(|_| is_artifact)
    }

    /// Writes the disk, and makes sure that it was the right one.
    fn write(&mut self, target: &mut dyn Target, name: &Path) -> Result<(), ExportError> {
        let record = &self.image.record;
        let data = data(&self.source).map_err(io_error("read", &self.source_path))?;
        let disk = Disk {
            source: &Raw(&self.source),
            size: self.artifact.size_bytes,
            data: &data,
            digest: *self.artifact.digest.as_bytes(),
            machine: Machine {
                name: &record.name,
                is_uefi: record.boot.contains(&Firmware::Uefi),
            },
            threads: thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
            progress: &|done| {
                self.phase.progress(done);
                self.cx.cancel.check().map_err(io::Error::other)
            },
        };
        let found = self.format.write(&disk, target);
        self.cx.cancel.check()?;
        let found = found.map_err(|error| match error {
            FmtError::Read(source) => io_error("read", &self.source_path)(source),
            FmtError::Write(source) => io_error("write", name)(source),
            FmtError::TooLarge { .. } => ExportError::TooLarge(error),
        })?;
        let (found, expected) = (Sha256::from_bytes(found), self.artifact.digest);
        if found != expected {
            return Err(ExportError::Changed {
                title: self.image.title(),
                found,
                expected,
            });
        }
        Ok(())
    }

    fn finish(
        self,
        name: &dyn std::fmt::Display,
        size_bytes: u64,
        allocated_bytes: u64,
        sha256: Option<Sha256>,
    ) -> Exported {
        let known = self.known_sha256();
        self.phase.finish(name.to_string());
        Exported {
            size_bytes,
            allocated_bytes,
            sha256: sha256.or(known),
            digest: self.artifact.digest,
        }
    }
}

/// A raw disk in a file.
struct Raw<'f>(&'f File);

impl fmt::Source for Raw<'_> {
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }
}

/// Where a file is no hole.
fn data(file: &File) -> io::Result<Vec<Range<u64>>> {
    let mut data = Vec::new();
    let mut at = 0;
    loop {
        let start = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(start) => start,
            // No data after this place.
            Err(rustix::io::Errno::NXIO) => return Ok(data),
            Err(error) => return Err(error.into()),
        };
        at = rustix::fs::seek(file, SeekFrom::Hole(start))?;
        data.push(start..at);
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ExportError {
    let path = path.to_owned();
    move |source| ExportError::Io {
        action,
        path,
        source,
    }
}
