//! A tree of layers as one directory, of hard links into them: no byte of a file is copied.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_disk::tree::Kind;

use super::error::LayerError;
use super::merge::Merged;
use super::redirect::dress;
use crate::bootstrap::link_node;

/// Fills the empty directory `to`. `trees` are the directories of the layers, bottom first.
pub(crate) fn flatten(
    cx: &Cx,
    merged: &Merged,
    trees: &[PathBuf],
    to: &Path,
) -> Result<(), LayerError> {
    let failed = |path: &Path| LayerError::io("write", path);
    let mut directories = vec![(to.to_owned(), merged.root())];
    for (at, (path, placed)) in merged.beneath(b"").enumerate() {
        if at % 1024 == 0 {
            cx.cancel.check()?;
        }
        let path = OsStr::from_bytes(path);
        let place = to.join(path);
        if placed.node.kind == Kind::Directory {
            fs::create_dir(&place).map_err(failed(&place))?;
            directories.push((place, placed.node.attributes.clone()));
        } else {
            let layer = &trees[usize::try_from(placed.layer).expect("a place in a list")];
            link_node(&layer.join(path), &place).map_err(failed(&place))?;
        }
    }
    // The deepest first, so that no time is changed again.
    for (place, attributes) in directories.iter().rev() {
        dress(place, attributes).map_err(failed(place))?;
    }
    Ok(())
}
