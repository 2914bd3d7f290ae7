//! What an image starts from when that is a disk that others made, or a tar of a root file system:
//! pinned by the SHA-256 of the file.

use std::fs;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::{DiskFrom, DiskSource, DiskSpec};
use goldsmith_plan::lock::{DiskPin, Input, Parent, Request, Section, stale};
use goldsmith_store::Store;

use super::{ParentError, sorted};
use crate::source::{self, SourceDisk, SourceError, Unpacked};

/// What a recipe on a disk wants locked.
#[derive(Debug, Clone, Copy)]
pub struct WantedDisk<'a> {
    /// Its source.
    pub source: &'a DiskSource,
    /// Its own disk.
    pub disk: &'a DiskSpec,
    /// Its component documents and their input files.
    pub documents: &'a [Input],
    /// Where the file of the source is.
    pub file: &'a Path,
}

/// Where the file of a source is: in the project, or fetched into the store.
pub fn file(store: &Store, project: &Path, source: &DiskSource) -> PathBuf {
    match &source.from {
        DiskFrom::File(path) => project.join(path),
        DiskFrom::Url(_) => store.blob_path(&source.sha256),
    }
}

/// Locks a recipe to a disk: reads all of it.
pub fn lock_disk(
    cx: &Cx,
    store: &Store,
    wanted: WantedDisk<'_>,
    previous: Option<&Section>,
) -> Result<Section, ParentError> {
    let (source, file) = (wanted.source, wanted.file);
    let request = Request::Disk(stale::foreign(source, wanted.disk));
    let documents = sorted(wanted.documents);
    let is_checked = wanted.disk.kernel_args.is_empty();
    if let Some(previous) = previous.filter(|old| is_checked && old.request == request) {
        return Ok(Section {
            source: source.name.clone(),
            documents,
            ..previous.clone()
        });
    }
    source::check_digest(cx, file, &source.sha256)?;
    let size = fs::metadata(file).map_err(SourceError::io("read", file))?;
    let foreign = Foreign::open(file)?;
    if let Some(disk) = foreign.bootable()? {
        let firmwares = disk.firmwares()?;
        if let Some(firmware) = request.boot().iter().find(|f| !firmwares.contains(f)) {
            return Err(ParentError::Firmware {
                parent: format!("the disk of source `{}`", source.name),
                firmware: firmware.name(),
            });
        }
        disk.keep()?;
        if !is_checked {
            return Err(ParentError::KernelArguments {
                source_name: source.name.clone(),
            });
        }
    }
    Ok(Section {
        source: source.name.clone(),
        request,
        parent: Some(Parent::Disk(DiskPin {
            sha256: source.sha256,
            size: size.len(),
        })),
        epoch: foreign.newest(cx, store)?,
        releases: Vec::new(),
        documents,
        packages: Vec::new(),
        boot: Vec::new(),
    })
}

/// A file to start from.
#[derive(Debug)]
pub(crate) enum Foreign {
    /// A disk.
    Disk(SourceDisk),
    /// A tar, maybe compressed.
    Archive(PathBuf),
}

impl Foreign {
    /// Opens a file as what it is.
    pub(crate) fn open(path: &Path) -> Result<Self, SourceError> {
        Ok(if source::is_archive(path)? {
            Self::Archive(path.to_owned())
        } else {
            Self::Disk(SourceDisk::open(path)?)
        })
    }

    /// The disk, when something on it starts a machine: that is then kept. Of all else there is
    /// the tree only, and the disk is made as that of any recipe.
    pub(crate) fn bootable(&self) -> Result<Option<&SourceDisk>, SourceError> {
        match self {
            Self::Disk(disk) if !disk.firmwares()?.is_empty() => Ok(Some(disk)),
            _ => Ok(None),
        }
    }

    /// Writes its tree into an empty directory.
    pub(crate) fn unpack(&self, cx: &Cx, into: &Path) -> Result<Unpacked, SourceError> {
        match self {
            Self::Disk(disk) => disk.unpack(cx, into),
            Self::Archive(path) => source::unpack_archive(cx, path, into),
        }
    }

    /// The newest time of a node, in seconds since 1970.
    fn newest(&self, cx: &Cx, store: &Store) -> Result<i64, ParentError> {
        if let Self::Disk(disk) = self
            && let Some(newest) = disk.newest()?
        {
            return Ok(newest);
        }
        // Only who reads all of it knows.
        let scratch = store.scratch("newest")?;
        let into = scratch.path().join("tree");
        fs::create_dir(&into).map_err(SourceError::io("create", &into))?;
        Ok(self.unpack(cx, &into)?.newest)
    }
}
