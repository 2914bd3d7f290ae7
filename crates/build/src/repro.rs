//! Whether a recipe gives the same bytes once more: an image built again, from nothing and in other
//! surroundings, is held against the first one.
//!
//! ```text
//! digests equal ─────────────────────────────────────────────────────────────► the same
//! else: files that differ on the disks ──► first layer in which one of them does ──► file, byte
//!                                     └──► in none: sanitizing or the disk itself ──► file, byte
//!       no file ──► first layer in which anything does; first byte of the disk ──► what lies there
//! ```

mod format;
mod layers;
mod surroundings;
mod text;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_inspect::view::disk::DiskView;
use goldsmith_inspect::view::{Node, View as _};
use goldsmith_plan::diff::files::FileDiff;
use goldsmith_plan::key;
use goldsmith_store::Store;

use crate::diff::{self, DiffError, Side};
use crate::layer::LayerError;
use crate::record::Image;

pub use format::{Again, Difference, ReproReport, Round, Where};
pub use surroundings::Surroundings;
pub use text::text;

/// Bytes shown of a difference, before its first byte and from it on.
const EXCERPT: (usize, usize) = (16, 32);
/// Of files that differ only after this no bytes are shown.
const READ_MAX: u64 = 256 << 20;

/// An image and the store with its layers.
#[derive(Debug, Clone, Copy)]
pub struct Build<'a> {
    /// The image.
    pub image: &'a Image,
    /// Where its layers are.
    pub store: &'a Store,
}

/// Two builds that could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReproError {
    /// Their disks.
    #[error(transparent)]
    Diff(#[from] DiffError),
    /// Their layers.
    #[error(transparent)]
    Layer(#[from] LayerError),
}

impl Failure for ReproError {
    fn class(&self) -> Class {
        match self {
            Self::Diff(error) => error.class(),
            Self::Layer(error) => error.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Diff(error) => error.hints(),
            Self::Layer(error) => error.hints(),
        }
    }
}

/// Says what is different between an image and another build of it; nothing when all bytes are the
/// same.
pub fn compare(
    cx: &Cx,
    first: Build<'_>,
    again: Build<'_>,
) -> Result<Option<Difference>, ReproError> {
    let (old, new) = (&first.image.record, &again.image.record);
    let inputs = key::explain(&old.inputs, &new.inputs);
    if !inputs.is_empty() {
        return Ok(Some(Difference::of_inputs(&inputs)));
    }
    let digests = |image: &Image| -> Vec<_> {
        let artifacts = image.record.artifacts.iter();
        artifacts.map(|a| (a.file.clone(), a.digest)).collect()
    };
    if digests(first.image) == digests(again.image) {
        return Ok(None);
    }
    let sides = (Side::of(first.image.clone()), Side::of(again.image.clone()));
    let files = diff::diff(cx, &sides.0, &sides.1)?.files;
    let mut difference = match layers::first_difference(cx, first, again, &files)? {
        Some(found) => found,
        None => on_disk(cx, &sides, &files)?,
    };
    difference.files = files.added.len() + files.removed.len() + files.changed.len();
    if let Some((offset, what)) = diff::first_difference(cx, &sides.0, &sides.1)? {
        difference.disk_offset = Some(offset);
        difference.on_disk = Some(what.to_string());
    }
    Ok(Some(difference))
}

/// A difference that came after the layers: the first file that has one, by what the disks say.
fn on_disk(cx: &Cx, sides: &(Side, Side), files: &FileDiff) -> Result<Difference, ReproError> {
    if let Some(change) = files.changed.first() {
        let mut found = Difference::of_file(None, &change.new.path, &diff::change(change));
        let (a, b) = (read(cx, &sides.0)?, read(cx, &sides.1)?);
        let path = &change.new.path;
        if let (Some(old), Some(new)) = (node(&a.1, path), node(&b.1, path)) {
            let differs = a.0.differs(old, (&b.0, new));
            let at = differs.map_err(DiffError::view(&sides.0))?;
            found.at = at;
            let is_public = diff::may_show(path, old.mode & new.mode);
            if let Some(at) = at.filter(|at| is_public && *at < READ_MAX) {
                let end = usize::try_from(at).unwrap_or(usize::MAX) + EXCERPT.1;
                let bytes = |view: &DiskView, node, side| {
                    view.read(node, end).map_err(DiffError::view(side))
                };
                found.old = Some(excerpt(cx, &bytes(&a.0, old, &sides.0)?, at));
                found.new = Some(excerpt(cx, &bytes(&b.0, new, &sides.1)?, at));
            }
        }
        return Ok(found);
    }
    let only = |file: Option<&goldsmith_plan::diff::files::File>, whose| {
        file.map(|file| Difference::of_file(None, &file.path, whose))
    };
    let found = only(files.removed.first(), "only the first build has it")
        .or_else(|| only(files.added.first(), "only the second build has it"));
    Ok(found.unwrap_or_else(Difference::of_disk))
}

fn read(cx: &Cx, side: &Side) -> Result<(DiskView, Vec<Node>), DiffError> {
    let view = DiskView::open(&side.disk).map_err(DiffError::view(side))?;
    let nodes = view.nodes(cx).map_err(DiffError::view(side))?;
    Ok((view, nodes))
}

fn node<'n>(nodes: &'n [Node], path: &str) -> Option<&'n Node> {
    nodes.iter().find(|node| node.path == path)
}

/// The bytes around a place as text, what is none escaped and secrets masked.
fn excerpt(cx: &Cx, bytes: &[u8], at: u64) -> String {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    let around = at.saturating_sub(EXCERPT.0)..(at + EXCERPT.1).min(bytes.len());
    cx.redactor
        .redact(&bytes[around].escape_ascii().to_string())
}

#[cfg(test)]
mod tests;
