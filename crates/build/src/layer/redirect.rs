//! Directories that were renamed.
//!
//! An overlay moves a directory of the layers below by leaving a note of where it stood. Such a
//! layer could be understood with the layers below it only; so the directory is filled, with hard
//! links into those layers, and then hides what is below, as a new directory would.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_disk::tree::{Attributes, Kind};
use goldsmith_exec::ns::overlay_note;
use rustix::fs::{AtFlags, CWD, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};

use super::error::LayerError;
use super::manifest::Manifest;
use super::merge::Merged;
use super::stack::{Layer, Stack};
use crate::assemble::scan::{Found, walk};
use crate::bootstrap::{copy_node, link_node};

/// Lists a directory that a command has changed over the layers of a stack, moved directories
/// settled.
pub(super) fn list(
    cx: &Cx,
    stack: &Stack<'_>,
    tree: &Path,
    epoch: i64,
) -> Result<Manifest, LayerError> {
    let epoch = u32::try_from(epoch).unwrap_or(u32::MAX);
    let look = || -> Result<Vec<Found>, LayerError> {
        let root = File::open(tree).map_err(LayerError::io("read", tree))?;
        Ok(walk(cx, root.as_fd(), epoch, true)?)
    };
    let found = look()?;
    if found.iter().all(|found| found.redirect.is_none()) {
        return Ok(Manifest::of(found));
    }
    let below = stack.merged()?;
    Move {
        tree,
        below: &below,
        layers: stack.layers(),
        found: &found,
    }
    .settle()
    .map_err(LayerError::io("fill a moved directory in", tree))?;
    Ok(Manifest::of(look()?))
}

struct Move<'a> {
    tree: &'a Path,
    below: &'a Merged,
    layers: &'a [Layer],
    found: &'a [Found],
}

impl Move<'_> {
    fn settle(&self) -> io::Result<()> {
        let mut moved: Vec<(&[u8], Vec<u8>)> = Vec::new();
        let mut directories: Vec<&Found> = self
            .found
            .iter()
            .filter(|found| found.redirect.is_some())
            .collect();
        directories.sort_by(|a, b| a.path.cmp(&b.path));
        for found in directories {
            let note = found.redirect.as_deref().unwrap_or_default();
            let from = if let Some(absolute) = note.strip_prefix(b"/") {
                absolute.to_vec()
            } else {
                // Beside where the directory above stood.
                let parent = split(&found.path).0;
                joined(&below_path(&moved, parent), note)
            };
            moved.push((&found.path, from));
        }
        // The deepest first: what stands in the layer already is not filled in again.
        for (path, from) in moved.iter().rev() {
            self.fill(path, from)?;
        }
        for (path, _) in &moved {
            let place = self.place(path);
            let opaque = overlay_note("opaque");
            rustix::fs::setxattr(&place, opaque, b"y", XattrFlags::empty())?;
            rustix::fs::removexattr(&place, overlay_note("redirect"))?;
        }
        Ok(())
    }

    /// Fills the directory of the layer at `to` with what the layers below have at `from`.
    fn fill(&self, to: &[u8], from: &[u8]) -> io::Result<()> {
        let mut filled: Vec<(PathBuf, &Attributes)> = Vec::new();
        let mut linked: BTreeMap<(u32, u32), PathBuf> = BTreeMap::new();
        let mut hidden: Option<Vec<u8>> = None;
        for (path, placed) in self.below.beneath(from) {
            let inside = &path[from.len() + usize::from(!from.is_empty())..];
            let here = joined(to, inside);
            if let Some(hidden) = &hidden
                && here.starts_with(hidden)
            {
                continue;
            }
            hidden = None;
            let is_directory = placed.node.kind == Kind::Directory;
            if let Some(own) = self.own(&here) {
                let own_directory = own
                    .node
                    .as_ref()
                    .is_some_and(|node| node.kind == Kind::Directory);
                // A directory in both has what both have in it, unless it hides or was moved here.
                if !(own_directory && is_directory && !own.is_opaque && own.redirect.is_none()) {
                    hidden = Some(joined(&here, b""));
                }
                continue;
            }
            let place = self.place(&here);
            if is_directory {
                fs::create_dir(&place)?;
                filled.push((place, &placed.node.attributes));
                continue;
            }
            let layer = usize::try_from(placed.layer).unwrap_or(usize::MAX);
            let source = self.layers[layer].tree().join(OsStr::from_bytes(path));
            if placed.group > 0 {
                // Parted from names that stay below, as any name is that an overlay changes.
                let file = (placed.layer, placed.group);
                if let Some(first) = linked.get(&file) {
                    fs::hard_link(first, &place)?;
                } else {
                    copy_node(&source, &place)?;
                    linked.insert(file, place);
                }
                continue;
            }
            link_node(&source, &place)?;
        }
        for (place, attributes) in filled.iter().rev() {
            dress(place, attributes)?;
        }
        Ok(())
    }

    fn own(&self, path: &[u8]) -> Option<&Found> {
        self.found.iter().find(|found| found.path == path)
    }

    fn place(&self, path: &[u8]) -> PathBuf {
        self.tree.join(OsStr::from_bytes(path))
    }
}

/// Where a path of the layer stood in the layers below.
fn below_path(moved: &[(&[u8], Vec<u8>)], path: &[u8]) -> Vec<u8> {
    let around = moved.iter().rev().find(|(to, _)| {
        path.strip_prefix(*to)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    });
    match around {
        Some((to, from)) => [from, &path[to.len()..]].concat(),
        None => path.to_vec(),
    }
}

fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|b| *b == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[], path),
    }
}

fn joined(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() {
        return name.to_vec();
    }
    [directory, b"/", name].concat()
}

/// Gives a directory its owner, mode, attributes and time.
pub(super) fn dress(place: &Path, attributes: &Attributes) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(attributes.uid), Gid::from_raw(attributes.gid));
    rustix::fs::chown(place, Some(uid), Some(gid))?;
    rustix::fs::chmod(place, Mode::from_raw_mode(u32::from(attributes.mode)))?;
    for (name, value) in &attributes.xattrs {
        rustix::fs::setxattr(place, name.as_slice(), value, XattrFlags::empty())?;
    }
    let time = Timespec {
        tv_sec: attributes.mtime.seconds,
        tv_nsec: attributes.mtime.nanos.into(),
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    rustix::fs::utimensat(CWD, place, &times, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}
