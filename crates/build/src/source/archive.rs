//! A root packed by tar, written into the directory of a layer.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_disk::tree::{Attributes, Content, Kind, Time};
use rustix::fs::FileType;
use rustix::io::Errno;
use tar::EntryType;

use super::lay::{self, Others, Stoppable};
use super::{SourceError, Unpacked};
use crate::assemble::scan;
use crate::compression::Compression;
use crate::unpack::Unpack;
use member::{Member, Members, Problem, refuse};

mod member;
mod pax;

/// The most members; a system has some hundred thousand.
const MEMBERS_MAX: u64 = 4_000_000;
/// How headers of all forms but the oldest are marked, and where.
const MAGIC: &[u8] = b"ustar";
const MAGIC_AT: usize = 257;

/// Writes what a tar archive holds below `into`, the empty directory of a layer
/// ([`crate::layer::Place::directory`]).
///
/// The archive is plain or compressed by gzip, xz or zstd, which its first bytes tell. Members are
/// those of GNU tar and PAX: long names, times to the nanosecond, files with holes, hard links,
/// devices, extended attributes of `SCHILY.xattr`. A later member replaces an earlier one of the
/// same name. Names begin at the root, with or without `/`; one with `..`, or one that goes through
/// a link, is refused. Directories that are not in the archive are root's, of mode 755 and of 1970.
///
/// What is not taken is what [`super::SourceDisk::unpack`] does not take. When this fails, `into`
/// is of no use.
pub fn unpack_archive(cx: &Cx, archive: &Path, into: &Path) -> Result<Unpacked, SourceError> {
    let (file, start) = open(archive)?;
    let bytes = Stoppable {
        cx,
        inner: BufReader::with_capacity(1 << 18, file),
    };
    let reader = Compression::of_start(&start).reader(bytes);
    let reader = reader.map_err(SourceError::Unreadable)?;
    let unpacked = run(cx, reader, into);
    // Whatever was said by a reader that was told to stop.
    cx.cancel.check()?;
    unpacked.map_err(|stop| match stop {
        Stop::Problem(Problem::Refused(detail)) => SourceError::Archive(detail),
        Stop::Problem(Problem::Io(error)) => SourceError::Unreadable(error),
        Stop::Failed(error) => error,
    })
}

/// Whether a file is what [`unpack_archive`] takes, not a disk: by how it begins.
pub fn is_archive(path: &Path) -> Result<bool, SourceError> {
    let (_, start) = open(path)?;
    let is_tar = start
        .get(MAGIC_AT..)
        .is_some_and(|rest| rest.starts_with(MAGIC));
    Ok(is_tar || Compression::of_start(&start) != Compression::None)
}

/// Opens a file; gives its first bytes as well.
fn open(path: &Path) -> Result<(File, Vec<u8>), SourceError> {
    let mut file = File::open(path).map_err(SourceError::io("open", path))?;
    let mut start = Vec::new();
    let read = (&mut file).take(512).read_to_end(&mut start);
    read.and_then(|_| file.seek(SeekFrom::Start(0)))
        .map_err(SourceError::io("read", path))?;
    Ok((file, start))
}

enum Stop {
    Problem(Problem),
    Failed(SourceError),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

fn run(cx: &Cx, reader: impl Read, into: &Path) -> Result<Unpacked, Stop> {
    let phase = cx.phase("unpack archive", None);
    let unpack = Unpack::new(into).map_err(|source| {
        let io = SourceError::io("open", into);
        Stop::Failed(io(source))
    })?;
    let mut members = Members::new(reader);
    let mut filling = Filling {
        unpack,
        directories: BTreeMap::new(),
        unpacked: Unpacked::default(),
        others: Others::default(),
    };
    filling.parents(b"")?;
    let mut count = 0;
    while let Some(member) = members.next()? {
        count += 1;
        if count > MEMBERS_MAX {
            refuse("it has too many members")?;
        }
        filling.member(&member, &mut members)?;
        phase.progress(filling.unpacked.bytes);
    }
    members.drain()?;
    filling.others.say(cx);
    let unpacked = filling.finish()?;
    phase.finish(format!("{} files", unpacked.nodes));
    Ok(unpacked)
}

struct Filling {
    unpack: Unpack,
    /// Those that are there, with what they are to be.
    directories: BTreeMap<Vec<u8>, Attributes>,
    unpacked: Unpacked,
    others: Others,
}

impl Filling {
    fn member(&mut self, member: &Member, bytes: &mut impl Read) -> Result<(), Stop> {
        let path = path_of(&member.path)?;
        let top = path.split(|byte| *byte == b'/').next().unwrap_or_default();
        let is_mounted = |(place, _): &(&str, u16)| place.as_bytes() == top && path != top;
        if scan::MOUNT_POINTS.iter().any(is_mounted) {
            return Ok(());
        }
        let Some(kind) = kind_of(member)? else {
            return Ok(());
        };
        if path.is_empty() && kind != Kind::Directory {
            refuse("its root is no directory")?;
        }
        lay::check(&path, &member.attributes, &kind).map_err(Stop::Failed)?;
        self.others.add(&member.attributes.xattrs);
        let attributes = match lay::mounted_over(&path) {
            Some(fixed) if kind == Kind::Directory => fixed,
            _ => lay::kept(&member.attributes),
        };
        self.unpacked.count(&attributes, &kind);
        if let Some(at) = path.iter().rposition(|byte| *byte == b'/') {
            self.parents(&path[..at])?;
        }
        if kind == Kind::Directory && self.directories.contains_key(&path) {
            self.directories.insert(path, attributes);
            return Ok(());
        }
        if let Kind::HardLink(target) = &kind
            && *target == path
        {
            return Ok(());
        }
        self.forget(&path);
        let unpack = &mut self.unpack;
        let replaced = unpack.remove(&path);
        let written = replaced.and_then(|()| match &kind {
            Kind::Directory => unpack.directory(&path, &attributes),
            Kind::File(_) => {
                let content = (member.size, member.data.as_slice());
                unpack.sparse_file(&path, &attributes, content, bytes)
            }
            Kind::Symlink(target) => unpack.symbolic_link(&path, &attributes, target),
            Kind::HardLink(target) => unpack.hard_link(&path, target),
            Kind::Char { major, minor } => {
                let kind = FileType::CharacterDevice;
                unpack.node(&path, &attributes, kind, (*major, *minor))
            }
            Kind::Block { major, minor } => {
                let kind = FileType::BlockDevice;
                unpack.node(&path, &attributes, kind, (*major, *minor))
            }
            Kind::Fifo | Kind::Socket => unpack.node(&path, &attributes, FileType::Fifo, (0, 0)),
        });
        written.map_err(|error| stop(&path, error))?;
        if kind == Kind::Directory {
            self.directories.insert(path, attributes);
        }
        Ok(())
    }

    /// Makes the directories that the archive has not said anything of.
    fn parents(&mut self, path: &[u8]) -> Result<(), Stop> {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let ends: Vec<usize> = ends.map(|(at, _)| at).chain([path.len()]).collect();
        for end in [0].into_iter().chain(ends) {
            let path = &path[..end];
            if self.directories.contains_key(path) {
                continue;
            }
            let attributes = Attributes::root_owned(0o755, Time::default());
            let made = self.unpack.directory(path, &attributes);
            made.map_err(|error| stop(path, error))?;
            self.directories.insert(path.to_vec(), attributes);
        }
        Ok(())
    }

    /// Forgets a directory that is replaced, and those in it.
    fn forget(&mut self, path: &[u8]) {
        if self.directories.remove(path).is_some() {
            let prefix = [path, b"/"].concat();
            self.directories
                .retain(|other, _| !other.starts_with(&prefix));
        }
    }

    fn finish(mut self) -> Result<Unpacked, Stop> {
        for (path, attributes) in &self.directories {
            let made = self.unpack.directory(path, attributes);
            made.map_err(|error| stop(path, error))?;
        }
        for (path, attributes) in &self.directories {
            let finished = self.unpack.finish_directory(path, attributes);
            finished.map_err(|error| stop(path, error))?;
        }
        Ok(self.unpacked)
    }
}

/// What a member is; `None` for what is no node.
fn kind_of(member: &Member) -> Result<Option<Kind>, Problem> {
    let (major, minor) = member.device;
    Ok(Some(match member.kind {
        EntryType::Regular if member.path.ends_with(b"/") => Kind::Directory,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            Kind::File(Content::dense(member.size))
        }
        EntryType::Directory => Kind::Directory,
        EntryType::Link => Kind::HardLink(path_of(&member.link)?),
        EntryType::Symlink if member.link.is_empty() || member.link.contains(&0) => {
            let shown = member.path.escape_ascii();
            return refuse(format!("the link `{shown}` leads nowhere"));
        }
        EntryType::Symlink => Kind::Symlink(member.link.clone()),
        EntryType::Char => Kind::Char { major, minor },
        EntryType::Block => Kind::Block { major, minor },
        EntryType::Fifo => Kind::Fifo,
        // The name of an archive.
        other if other.as_byte() == b'V' => return Ok(None),
        other => {
            let (shown, kind) = (member.path.escape_ascii(), other.as_byte().escape_ascii());
            return refuse(format!("`{shown}` is of the unknown kind `{kind}`"));
        }
    }))
}

/// A path from the root on, without `.`; refuses `..`.
fn path_of(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let shown = || bytes.escape_ascii();
    if bytes.contains(&0) {
        return refuse(format!("the path `{}` is none", shown()));
    }
    let mut path = Vec::with_capacity(bytes.len());
    for part in bytes.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => continue,
            b".." => return refuse(format!("the path `{}` holds `..`", shown())),
            _ => {}
        }
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend(part);
    }
    Ok(path)
}

/// Names the path in what the system refused because of the archive.
fn stop(path: &[u8], error: io::Error) -> Stop {
    let refused = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::LOOP | Errno::XDEV | Errno::NOTDIR) => "goes through what is no directory",
        Some(Errno::NOENT) => "links to what is not there",
        Some(Errno::NAMETOOLONG) => "is too long",
        _ if error.kind() == io::ErrorKind::UnexpectedEof => "is cut short",
        _ => {
            let path = path.to_vec();
            let source = error;
            return Stop::Failed(SourceError::Write { path, source });
        }
    };
    let shown = path.escape_ascii();
    Stop::Problem(Problem::Refused(format!("the path `{shown}` {refused}")))
}
