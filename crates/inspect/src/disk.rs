//! What a finished disk is, in a few lines: partitions, file system, system, packages.

use std::path::Path;

use goldsmith_core::cx::Cx;

use crate::inventory::distribution;
use crate::snapshot::Snapshot;
use crate::view::disk::{DiskView, PartitionSummary};
use crate::view::{Kind, ViewError};

/// The facts of a disk that can be read without booting it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DiskSummary {
    /// Bytes of the disk.
    pub size: u64,
    /// By number.
    pub partitions: Vec<PartitionSummary>,
    /// UUID of the root file system.
    pub root_uuid: String,
    /// `PRETTY_NAME` of os-release.
    pub system: Option<String>,
    /// Installed packages.
    pub packages: usize,
    /// Versions of the kernels in `/boot`, in the order of their names.
    pub kernels: Vec<String>,
    /// Regular files on the root file system and the EFI system partition.
    pub files: usize,
    /// Bytes in those files.
    pub file_bytes: u64,
}

/// Reads a raw disk; takes as long as one walk over its files.
pub fn summarize(disk: &Path, cx: &Cx) -> Result<DiskSummary, ViewError> {
    let view = DiskView::open(disk)?;
    let snapshot = Snapshot::take(&view, cx)?;
    let system = distribution::read(&snapshot)?.map(|found| found.title);
    let kernels = snapshot.select("/boot/vmlinuz-*");
    let files = snapshot.nodes().iter().filter(|n| n.kind == Kind::File);
    Ok(DiskSummary {
        size: view.size(),
        partitions: view.partitions(),
        root_uuid: view.root_uuid(),
        system,
        packages: snapshot.system().packages().len(),
        kernels: kernels
            .iter()
            .filter_map(|n| n.name().strip_prefix("vmlinuz-").map(str::to_owned))
            .collect(),
        files: files.clone().count(),
        file_bytes: files.map(|n| n.size).sum(),
    })
}
