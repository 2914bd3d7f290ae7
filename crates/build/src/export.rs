//! Hands the disk of an image over: a sparse copy whose digest was checked on the way.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::Unit;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_disk::sparse::{CHUNK, Chunk, DiskDigest, is_zero};
use rustix::fs::SeekFrom;

use crate::record::{Artifact, Image};

/// Holes are kept in this grain: smaller pieces cost more calls than they save space.
const BLOCK: usize = 64 << 10;

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
/// Costs by allocated bytes, not by the size of the disk.
pub fn export_raw(
    cx: &Cx,
    image: &Image,
    target: &Path,
    is_forced: bool,
) -> Result<Artifact, ExportError> {
    let Some(disk) = image.record.artifacts.iter().find(|a| a.kind == "raw") else {
        return Err(ExportError::NoDisk {
            title: image.title(),
        });
    };
    if !is_forced && target.symlink_metadata().is_ok() {
        return Err(ExportError::Exists {
            path: target.to_owned(),
        });
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
    let found = copy_sparse(
        cx,
        (&source, &source_path),
        (&copy, &part.0),
        disk.size_bytes,
        &|done| phase.progress(done),
    )?;
    if found != disk.digest {
        return Err(ExportError::Changed {
            title: image.title(),
            found,
            expected: disk.digest,
        });
    }
    copy.sync_all().map_err(io_error("write", &part.0))?;
    let allocated_bytes = copy.metadata().map_err(io_error("read", &part.0))?.blocks() * 512;
    fs::rename(&part.0, target).map_err(io_error("write", target))?;
    phase.finish(target.display().to_string());
    Ok(Artifact {
        allocated_bytes,
        ..disk.clone()
    })
}

/// Removes the half-written copy unless it was renamed into place.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

/// Copies what is no hole, chunk by chunk, and gives the digest of what was read.
fn copy_sparse(
    cx: &Cx,
    (source, source_path): (&File, &Path),
    (copy, copy_path): (&File, &Path),
    size: u64,
    progress: &dyn Fn(u64),
) -> Result<Sha256, ExportError> {
    let mut digest = DiskDigest::default();
    copy.set_len(size).map_err(io_error("write", copy_path))?;
    let mut at = 0;
    while at < size {
        let data = match rustix::fs::seek(source, SeekFrom::Data(at)) {
            Ok(data) => data.min(size),
            Err(rustix::io::Errno::NXIO) => break,
            Err(e) => return Err(io_error("read", source_path)(e.into())),
        };
        cx.cancel.check()?;
        let index = data / CHUNK as u64;
        let offset = index * CHUNK as u64;
        let length = usize::try_from(size - offset).unwrap_or(CHUNK).min(CHUNK);
        let mut chunk = Chunk {
            index,
            bytes: vec![0; length],
        };
        source
            .read_exact_at(&mut chunk.bytes, offset)
            .map_err(io_error("read", source_path))?;
        if !is_zero(&chunk.bytes) {
            copy_blocks(copy, &chunk).map_err(io_error("write", copy_path))?;
            digest.add(index, chunk.digest());
        }
        at = offset + CHUNK as u64;
        progress(at.min(size));
    }
    Ok(Sha256::from_bytes(digest.finish(size)))
}

/// Writes the blocks of a chunk that are not all zeros, so that the copy is as sparse as it can be.
fn copy_blocks(copy: &File, chunk: &Chunk) -> io::Result<()> {
    for (at, block) in (0u64..).step_by(BLOCK).zip(chunk.bytes.chunks(BLOCK)) {
        if !is_zero(block) {
            copy.write_all_at(block, chunk.offset() + at)?;
        }
    }
    Ok(())
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ExportError {
    let path = path.to_owned();
    move |source| ExportError::Io {
        action,
        path,
        source,
    }
}
