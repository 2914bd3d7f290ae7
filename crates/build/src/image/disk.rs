//! The disk of an image: of our own design, or with the boot set-up of a disk that it starts from.

use std::fs::File;
use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_disk::image::Architecture;

use super::top::Top;
use super::{BuildError, Job, Times, chain, loader, parent};
use crate::assemble::{self, KeptRequest, Options, Request, Written};
use crate::layer::{Layer, Stack};
use crate::record::Artifact;
use crate::source::SourceDisk;

/// Writes the disk into the folder of the image.
pub(super) fn write(
    cx: &Cx,
    stack: &Stack<'_>,
    job: &Job<'_>,
    top: Top,
    folder: &Path,
    times: &mut Times,
) -> Result<Artifact, BuildError> {
    let path = folder.join("disk.raw");
    let out = File::create(&path).map_err(BuildError::io("create", &path))?;
    let foreign = parent::foreign(stack.store(), job)?;
    let kept = match &foreign {
        Some(foreign) => foreign.bootable()?,
        None => None,
    };
    let written = match kept {
        Some(disk) => kept_disk(cx, disk, job, top, &out, times)?,
        None => own_disk(cx, stack, job, top, &out, times)?,
    };
    Ok(Artifact {
        file: "disk.raw".to_owned(),
        kind: "raw".to_owned(),
        size_bytes: written.size,
        allocated_bytes: written.allocated,
        digest: written.digest,
        sha256: written.sha256,
    })
}

fn options(job: &Job<'_>) -> Options {
    Options {
        plain_digest: job.wants_sha256,
        sync: false,
    }
}

fn kept_disk(
    cx: &Cx,
    disk: &SourceDisk,
    job: &Job<'_>,
    top: Top,
    out: &File,
    times: &mut Times,
) -> Result<Written, BuildError> {
    let request = KeptRequest {
        tree: top.sandbox.tree_fd(),
        keep: &disk.keep()?,
        size_bytes: job.recipe.disk.size_bytes,
        epoch: epoch(job),
    };
    let tree = top.merged.into_tree();
    let write = || assemble::assemble_kept(cx, &request, tree, out, options(job));
    Ok(times.of(cx, "write disk", write)?)
}

fn own_disk(
    cx: &Cx,
    stack: &Stack<'_>,
    job: &Job<'_>,
    top: Top,
    out: &File,
    times: &mut Times,
) -> Result<Written, BuildError> {
    let section = job.section;
    let has_parent = section.parent.is_some();
    let parent = stack.layers().first().filter(|_| has_parent);
    let parent = parent.map(Layer::tree);
    let loader = times.of(cx, "boot loader", || {
        loader::files(cx, stack.store(), section, parent.as_deref())
    })?;
    let request = Request {
        tree: top.sandbox.tree_fd(),
        boot_files: loader.directory(),
        disk: &job.recipe.disk,
        architecture: match section.arch() {
            "arm64" => Architecture::Arm64,
            _ => Architecture::X86_64,
        },
        seed: identity(job),
        epoch: epoch(job),
    };
    let tree = top.merged.into_tree();
    let write = || assemble::assemble_tree(cx, &request, tree, out, options(job));
    Ok(times.of(cx, "write disk", write)?)
}

fn epoch(job: &Job<'_>) -> u32 {
    u32::try_from(job.section.epoch).unwrap_or(u32::MAX)
}

/// What the identifiers of the disk are derived from: the recipe's name and its packages or parent,
/// not the key of the image. ext4 has its UUID in the checksum of every inode and directory; were it
/// another with every build, no two disks of a recipe would have much in common.
fn identity(job: &Job<'_>) -> Sha256 {
    let mut key = Sha256::of(job.recipe.name.as_bytes());
    for wanted in chain::bootstrap_layers(job) {
        key = wanted.parts.key(Some(&key));
    }
    key
}
