//! A tree that was read, written into the directory of a layer.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use goldsmith_core::cx::{Cx, Phase};
use goldsmith_core::event::Unit;
use goldsmith_disk::tree::{Attributes, Content, ContentSource, Kind, Node, Time, Tree, Xattrs};
use rustix::fs::FileType;

use super::{SourceError, Unpacked};
use crate::assemble::scan;
use crate::unpack::Unpack;

/// Writes all nodes of a tree below `into`, an empty directory. What a running system mounts
/// something on stays empty; of extended attributes those are written that a layer keeps.
pub(super) fn lay(
    cx: &Cx,
    mut tree: Tree,
    contents: &mut dyn ContentSource,
    into: &Path,
) -> Result<Unpacked, SourceError> {
    tree.check()?;
    for (place, _) in scan::MOUNT_POINTS {
        if tree.split_off(place.as_bytes()).is_some() {
            let attributes = mounted_over(place.as_bytes()).unwrap_or_default();
            let kind = Kind::Directory;
            tree.insert(place, Node { attributes, kind });
        }
    }
    let bytes = tree.iter().map(|(_, node)| data_bytes(&node.kind)).sum();
    let unpack = Unpack::new(into).map_err(SourceError::io("open", into))?;
    let mut laying = Laying {
        cx,
        contents,
        unpack,
        phase: cx.phase("read disk", Some((bytes, Unit::Bytes))),
        done: 0,
        unpacked: Unpacked::default(),
        others: Others::default(),
    };
    // The first name of a file comes before its others.
    for (path, node) in tree.iter() {
        cx.cancel.check()?;
        let written = laying.node(path, &node.attributes, &node.kind);
        // A reader that was told to stop fails, for whatever reason.
        cx.cancel.check()?;
        written?;
    }
    for (path, node) in tree.iter() {
        if node.kind == Kind::Directory {
            let attributes = kept(&node.attributes);
            let finished = laying.unpack.finish_directory(path, &attributes);
            finished.map_err(|source| failed(path, source))?;
        }
    }
    laying.others.say(cx);
    let Laying {
        phase, unpacked, ..
    } = laying;
    phase.finish(format!("{} files", unpacked.nodes));
    Ok(unpacked)
}

fn data_bytes(kind: &Kind) -> u64 {
    match kind {
        Kind::File(Content::Source { data, .. }) => data.iter().map(|r| r.end - r.start).sum(),
        _ => 0,
    }
}

fn failed(path: &[u8], source: io::Error) -> SourceError {
    let path = path.to_vec();
    SourceError::Write { path, source }
}

/// What a directory is that a running system mounts something on: its time is an accident, and a
/// layer has one of its own for it.
pub(super) fn mounted_over(path: &[u8]) -> Option<Attributes> {
    let mut points = scan::MOUNT_POINTS.iter();
    let (_, mode) = points.find(|(place, _)| place.as_bytes() == path)?;
    Some(Attributes::root_owned(*mode, Time::default()))
}

/// The attributes with what a layer keeps of the extended ones.
pub(super) fn kept(attributes: &Attributes) -> Attributes {
    let mut kept = attributes.clone();
    kept.xattrs.retain(|name, _| scan::is_kept(name));
    kept
}

/// Extended attributes that no layer keeps, as the labels of security modules: by name.
#[derive(Debug, Default)]
pub(super) struct Others {
    files: BTreeMap<Vec<u8>, u64>,
}

impl Others {
    pub(super) fn add(&mut self, xattrs: &Xattrs) {
        for name in xattrs.keys().filter(|name| !scan::is_kept(name)) {
            *self.files.entry(name.clone()).or_default() += 1;
        }
    }

    pub(super) fn say(&self, cx: &Cx) {
        for (name, count) in &self.files {
            let name = name.escape_ascii();
            cx.warn(format!("`{name}` of {count} files is not kept"));
        }
    }
}

/// Whether a layer can hold a node of this owner and kind.
pub(super) fn check(path: &[u8], attributes: &Attributes, kind: &Kind) -> Result<(), SourceError> {
    let refuse = |problem| {
        let path = path.to_vec();
        Err(SourceError::Node { path, problem })
    };
    // The largest number means "unchanged" to the system.
    if attributes.uid == u32::MAX || attributes.gid == u32::MAX {
        return refuse("has no owner");
    }
    match kind {
        Kind::Char { major: 0, minor: 0 } => {
            refuse("is a device 0/0, which means \"removed\" in a layer")
        }
        _ => Ok(()),
    }
}

struct Laying<'a> {
    cx: &'a Cx,
    contents: &'a mut dyn ContentSource,
    unpack: Unpack,
    phase: Phase,
    done: u64,
    unpacked: Unpacked,
    others: Others,
}

impl Laying<'_> {
    fn node(
        &mut self,
        path: &[u8],
        attributes: &Attributes,
        kind: &Kind,
    ) -> Result<(), SourceError> {
        check(path, attributes, kind)?;
        self.others.add(&attributes.xattrs);
        self.unpacked.count(attributes, kind);
        let attributes = kept(attributes);
        self.write(path, &attributes, kind)
            .map_err(|source| failed(path, source))?;
        self.done += data_bytes(kind);
        self.phase.progress(self.done);
        Ok(())
    }

    fn write(&mut self, path: &[u8], attributes: &Attributes, kind: &Kind) -> io::Result<()> {
        let unpack = &mut self.unpack;
        match kind {
            Kind::Directory => unpack.directory(path, attributes),
            Kind::File(Content::Bytes(bytes)) => {
                unpack.file(path, attributes, bytes.as_slice(), |_| ())
            }
            Kind::File(Content::Source { size, data }) => {
                let bytes = Stoppable {
                    cx: self.cx,
                    inner: self.contents.open(path, data)?,
                };
                unpack.sparse_file(path, attributes, (*size, data), bytes)
            }
            Kind::Symlink(target) => unpack.symbolic_link(path, attributes, target),
            Kind::HardLink(target) => unpack.hard_link(path, target),
            Kind::Char { major, minor } => {
                let kind = FileType::CharacterDevice;
                unpack.node(path, attributes, kind, (*major, *minor))
            }
            Kind::Block { major, minor } => {
                let kind = FileType::BlockDevice;
                unpack.node(path, attributes, kind, (*major, *minor))
            }
            Kind::Fifo => unpack.node(path, attributes, FileType::Fifo, (0, 0)),
            Kind::Socket => unpack.node(path, attributes, FileType::Socket, (0, 0)),
        }
    }
}

/// A reader that fails when it is asked to stop.
pub(super) struct Stoppable<'c, R> {
    pub(super) cx: &'c Cx,
    pub(super) inner: R,
}

impl<R: Read> Read for Stoppable<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stop = |_| io::Error::other("stopped");
        self.cx.cancel.check().map_err(stop)?;
        self.inner.read(buffer)
    }
}
