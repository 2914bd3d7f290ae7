//! Hands the disk of an image over: a sparse copy whose digest was checked on the way.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_core::event::Unit;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use rustix::fs::SeekFrom;

use crate::record::{Artifact, Image};

/// Bytes copied at a time.
const PIECE: usize = 1 << 20;

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
    /// The image has no disk.
    #[error("{title} has no raw disk")]
    NoDisk {
        /// The image.
        title: String,
    },
    /// The disk is not what the record says.
    #[error("the disk of {title} has changed since it was made: its digest is {found}, the record says {expected}")]
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
        /// The file.
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
            Self::Exists { .. } | Self::NoDisk { .. } => Class::Usage,
            Self::Changed { .. } => Class::Policy,
            Self::Io { .. } => Class::Environment,
            Self::Cancelled(_) => Class::Cancelled,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Exists { .. } => vec!["`--force` writes over it".to_owned()],
            Self::Changed { .. } => vec!["build it again: `goldsmith build --force`".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// Copies the raw disk of an image to `target`, which comes into being whole or not at all.
///
/// Costs by allocated bytes but for the digest, which covers the zeros of the holes as well.
pub fn export_raw(cx: &Cx, image: &Image, target: &Path, is_forced: bool) -> Result<Artifact, ExportError> {
    let Some(disk) = image.record.artifacts.iter().find(|a| a.kind == "raw") else {
        return Err(ExportError::NoDisk { title: image.title() });
    };
    if !is_forced && target.symlink_metadata().is_ok() {
        return Err(ExportError::Exists { path: target.to_owned() });
    }
    let source_path = image.path(&disk.file);
    let mut part = target.as_os_str().to_owned();
    part.push(".part");
    let part = Unfinished(PathBuf::from(part));
    let source = File::open(&source_path).map_err(io_error("read", &source_path))?;
    let copy = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&part.0)
        .map_err(io_error("write", &part.0))?;
    let phase = cx.phase("export", Some((disk.size_bytes, Unit::Bytes)));
    let found = copy_sparse(cx, (&source, &source_path), (&copy, &part.0), disk.size_bytes, &|done| phase.progress(done))?;
    if found != disk.sha256 {
        return Err(ExportError::Changed { title: image.title(), found, expected: disk.sha256 });
    }
    copy.sync_all().map_err(io_error("write", &part.0))?;
    let allocated_bytes = copy.metadata().map_err(io_error("read", &part.0))?.blocks() * 512;
    fs::rename(&part.0, target).map_err(io_error("write", target))?;
    phase.finish(target.display().to_string());
    Ok(Artifact { allocated_bytes, ..disk.clone() })
}

/// Removes the half-written copy unless it was renamed into place.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn copy_sparse(
    cx: &Cx,
    (source, source_path): (&File, &Path),
    (copy, copy_path): (&File, &Path),
    size: u64,
    progress: &dyn Fn(u64),
) -> Result<Sha256, ExportError> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; PIECE];
    let zeros = vec![0; PIECE];
    copy.set_len(size).map_err(io_error("write", copy_path))?;
    let mut at = 0;
    while at < size {
        let data = match rustix::fs::seek(source, SeekFrom::Data(at)) {
            Ok(data) => data.min(size),
            Err(rustix::io::Errno::NXIO) => size,
            Err(e) => return Err(io_error("read", source_path)(e.into())),
        };
        while at < data {
            cx.cancel.check()?;
            let piece = usize::try_from(data - at).unwrap_or(PIECE).min(PIECE);
            hasher.update(&zeros[..piece]);
            at += piece as u64;
            progress(at);
        }
        let end = rustix::fs::seek(source, SeekFrom::Hole(at)).map_or(size, |end| end.min(size));
        while at < end {
            cx.cancel.check()?;
            let piece = &mut buffer[..usize::try_from(end - at).unwrap_or(PIECE).min(PIECE)];
            source.read_exact_at(piece, at).map_err(io_error("read", source_path))?;
            copy.write_all_at(piece, at).map_err(io_error("write", copy_path))?;
            hasher.update(piece);
            at += piece.len() as u64;
            progress(at);
        }
    }
    Ok(hasher.finish())
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ExportError {
    let path = path.to_owned();
    move |source| ExportError::Io { action, path, source }
}
