//! A directory tree as a [`Tree`]: what stands in it, and nothing of how it came to be.
//!
//! Times are held to the lock's epoch. Hard links are found by inode; the first path names the
//! file. Holes are where a file that has any has blocks of zeros, wherever the host keeps them. What
//! the running system mounts (`/dev`, `/proc`, `/run`, `/sys`, `/tmp`) is taken as an empty
//! directory. Of the extended attributes stay those a distribution sets (`security.capability`,
//! ACLs) and `user.*`; labels of the host's security modules go.
//!
//! The directory may as well be a layer of an overlay, with what that says of the layers below:
//! names that are gone (character devices 0/0), directories that hide what is below them or that
//! were moved ([`overlay_note`]).

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Cancelled;
use goldsmith_disk::sparse::is_zero;
use goldsmith_disk::tree::{Attributes, Content, Kind, Node, Time, Tree, Xattrs, display};
use goldsmith_exec::ns::overlay_note;
use rustix::fs::{
    AtFlags, Dir, Mode, OFlags, ResolveFlags, SeekFrom, Statx, StatxAttributes, StatxFlags,
};
use rustix::io::Errno;

/// What a running system mounts something on, and the mode the directory below has.
pub(crate) const MOUNT_POINTS: [(&str, u16); 5] = [
    ("dev", 0o755),
    ("proc", 0o555),
    ("run", 0o755),
    ("sys", 0o555),
    ("tmp", 0o1777),
];
/// ext4 makes its own.
const LOST_FOUND: &[u8] = b"lost+found";
const BLOCK: usize = 4096;
/// Nothing a kernel gives as a list or value of attributes is longer.
const XATTR_MAX: usize = 64 << 10;

/// A tree that cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A node cannot be read.
    #[error("cannot read `{}`", display(.path))]
    Read {
        /// The node.
        path: Vec<u8>,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something is mounted inside the tree: its content is not the tree's.
    #[error("something is mounted on `{}` in the tree", display(.0))]
    Mounted(Vec<u8>),
    /// Asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What a path of a directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Relative to the directory; empty for itself.
    pub(crate) path: Vec<u8>,
    /// What stands there; `None`: in a layer, that nothing does.
    pub(crate) node: Option<Node>,
    /// Device and inode, of files with more than one name.
    pub(crate) shared: Option<(u64, u64)>,
    /// A directory of a layer that hides what is below it.
    pub(crate) is_opaque: bool,
    /// Where a directory of a layer stood below: a path from `/`, or a name beside it.
    pub(crate) redirect: Option<Vec<u8>>,
}

/// Scans the tree below `root`. `epoch` is in seconds since 1970.
pub fn scan(cx: &Cx, root: BorrowedFd<'_>, epoch: u32) -> Result<Tree, ScanError> {
    let found = walk(cx, root, epoch, false)?;
    let attributes = |found: &Found| found.node.as_ref().map(|node| node.attributes.clone());
    let top = found.first().and_then(attributes).unwrap_or_default();
    let mut tree = Tree::new(top);
    let mut linked: BTreeMap<(u64, u64), Vec<Vec<u8>>> = BTreeMap::new();
    for Found {
        path, node, shared, ..
    } in found
    {
        if let Some(identity) = shared {
            linked.entry(identity).or_default().push(path.clone());
        }
        if let Some(node) = node {
            tree.insert(path, node);
        }
    }
    for paths in linked.values_mut() {
        link(&mut tree, paths);
    }
    Ok(tree)
}

/// Turns all names of a file but the first into hard links.
pub(crate) fn link(tree: &mut Tree, paths: &mut [Vec<u8>]) {
    paths.sort_unstable();
    for path in &paths[1..] {
        let attributes = Attributes::default();
        let kind = Kind::HardLink(paths[0].clone());
        tree.insert(path.clone(), Node { attributes, kind });
    }
}

/// Everything below `root`, itself first and directories before what is in them. Of a layer with
/// what it says of those below it.
pub(crate) fn walk(
    cx: &Cx,
    root: BorrowedFd<'_>,
    epoch: u32,
    is_layer: bool,
) -> Result<Vec<Found>, ScanError> {
    let mut scan = Scan {
        root,
        latest: i64::from(epoch),
        is_layer,
        notes: overlay_note(""),
        found: Vec::new(),
        buffer: vec![0; 4096],
    };
    let top = open_directory(root, b"").map_err(|source| read_error(b"", source))?;
    scan.node(&top, c".", Vec::new())?;
    let mut pending = vec![Vec::new()];
    while let Some(path) = pending.pop() {
        cx.cancel.check()?;
        scan.directory(&path, &mut pending)?;
    }
    Ok(scan.found)
}

struct Scan<'r> {
    root: BorrowedFd<'r>,
    latest: i64,
    is_layer: bool,
    /// How the names of an overlay's own attributes begin.
    notes: String,
    found: Vec<Found>,
    buffer: Vec<u8>,
}

fn read_error(path: &[u8], source: impl Into<io::Error>) -> ScanError {
    ScanError::Read {
        path: path.to_vec(),
        source: source.into(),
    }
}

/// Opens below `root`, through no link at all.
pub(crate) fn open(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
    let path = if path.is_empty() { b"." } else { path };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let fd = rustix::fs::openat2(root, path, flags, Mode::empty(), resolve)?;
    Ok(fd)
}

fn open_directory(root: BorrowedFd<'_>, path: &[u8]) -> io::Result<OwnedFd> {
    open(root, path, OFlags::DIRECTORY)
}

impl Scan<'_> {
    fn directory(&mut self, path: &[u8], pending: &mut Vec<Vec<u8>>) -> Result<(), ScanError> {
        let failed = |source: io::Error| read_error(path, source);
        let directory = open_directory(self.root, path).map_err(failed)?;
        let entries = Dir::read_from(&directory).map_err(|errno| failed(errno.into()))?;
        for entry in entries {
            let entry = entry.map_err(|errno| failed(errno.into()))?;
            let name = entry.file_name();
            let bytes = name.to_bytes();
            let is_top = path.is_empty();
            if bytes == b"." || bytes == b".." || (is_top && bytes == LOST_FOUND) {
                continue;
            }
            let mut child = path.to_vec();
            if !is_top {
                child.push(b'/');
            }
            child.extend(bytes);
            let mount_point = MOUNT_POINTS.iter().find(|(top, _)| top.as_bytes() == child);
            if let Some((_, mode)) = mount_point {
                let mtime = self.held(self.latest, 0);
                let attributes = Attributes::root_owned(*mode, mtime);
                let kind = Kind::Directory;
                self.found.push(Found {
                    path: child,
                    node: Some(Node { attributes, kind }),
                    shared: None,
                    is_opaque: false,
                    redirect: None,
                });
                continue;
            }
            if self.node(&directory, name, child.clone())? {
                pending.push(child);
            }
        }
        Ok(())
    }

    /// Finds one node; says whether it is a directory.
    fn node(&mut self, directory: &OwnedFd, name: &CStr, path: Vec<u8>) -> Result<bool, ScanError> {
        let failed = |source: io::Error| read_error(&path, source);
        let fields = StatxFlags::BASIC_STATS;
        let stat = rustix::fs::statx(directory, name, AtFlags::SYMLINK_NOFOLLOW, fields)
            .map_err(|errno| failed(errno.into()))?;
        if stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) && !path.is_empty() {
            return Err(ScanError::Mounted(path));
        }
        let (major, minor) = (stat.stx_rdev_major, stat.stx_rdev_minor);
        let kind = match u32::from(stat.stx_mode) & 0o170_000 {
            0o040_000 => Kind::Directory,
            0o100_000 => Kind::File(self.content(&stat, &path).map_err(failed)?),
            0o120_000 => {
                let target = rustix::fs::readlinkat(directory, name, Vec::new())
                    .map_err(|errno| failed(errno.into()))?;
                Kind::Symlink(target.into_bytes())
            }
            0o020_000 => Kind::Char { major, minor },
            0o060_000 => Kind::Block { major, minor },
            0o010_000 => Kind::Fifo,
            _ => Kind::Socket,
        };
        let device = u64::from(stat.stx_dev_major) << 32 | u64::from(stat.stx_dev_minor);
        let is_whiteout = self.is_layer && kind == Kind::Char { major: 0, minor: 0 };
        let is_directory = kind == Kind::Directory;
        let is_shared = stat.stx_nlink > 1 && !is_directory && !is_whiteout;
        let All { kept, overlay } = self.xattrs(directory, name).map_err(failed)?;
        let attributes = Attributes {
            mode: stat.stx_mode & 0o7777,
            uid: stat.stx_uid,
            gid: stat.stx_gid,
            mtime: self.held(stat.stx_mtime.tv_sec, stat.stx_mtime.tv_nsec),
            xattrs: kept,
        };
        let overlay = if self.is_layer && is_directory {
            overlay
        } else {
            Xattrs::new()
        };
        self.found.push(Found {
            path,
            node: (!is_whiteout).then_some(Node { attributes, kind }),
            shared: is_shared.then_some((device, stat.stx_ino)),
            is_opaque: overlay
                .get(overlay_note("opaque").as_bytes())
                .is_some_and(|value| value.as_slice() == b"y"),
            redirect: overlay.get(overlay_note("redirect").as_bytes()).cloned(),
        });
        Ok(is_directory)
    }

    /// A time, held to the epoch: what happened later is an accident of the build.
    fn held(&self, seconds: i64, nanos: u32) -> Time {
        if seconds >= self.latest {
            Time {
                seconds: self.latest,
                nanos: 0,
            }
        } else {
            Time { seconds, nanos }
        }
    }

    fn content(&self, stat: &Statx, path: &[u8]) -> io::Result<Content> {
        let size = stat.stx_size;
        if stat.stx_blocks * 512 >= size {
            return Ok(Content::dense(size));
        }
        let file = File::from(open(self.root, path, OFlags::NONBLOCK)?);
        let mut data = vec![];
        let mut buffer = vec![0; 256 * BLOCK];
        for range in host_ranges(&file, size)? {
            let mut at = range.start;
            while at < range.end {
                let length = usize::try_from(range.end - at).unwrap_or(usize::MAX);
                let buffer = &mut buffer[..length.min(256 * BLOCK)];
                file.read_exact_at(buffer, at)?;
                for block in buffer.chunks(BLOCK) {
                    let end = at + block.len() as u64;
                    if !is_zero(block) {
                        push(&mut data, at..end);
                    }
                    at = end;
                }
            }
        }
        Ok(Content::Source { size, data })
    }

    fn xattrs(&mut self, directory: &OwnedFd, name: &CStr) -> io::Result<All> {
        // No call takes a directory and a name; the way through /proc follows no link at its end.
        let mut path = format!("/proc/self/fd/{}/", directory.as_raw_fd()).into_bytes();
        path.extend(name.to_bytes());
        let path = std::ffi::OsStr::from_bytes(&path);
        let list = match grow(&mut self.buffer, |b| rustix::fs::llistxattr(path, b)) {
            Err(Errno::OPNOTSUPP) => return Ok(All::default()),
            other => self.buffer[..other?].to_vec(),
        };
        let mut all = All::default();
        for attribute in list.split(|b| *b == 0) {
            let to = if attribute.starts_with(self.notes.as_bytes()) {
                &mut all.overlay
            } else if is_kept(attribute) {
                &mut all.kept
            } else {
                continue;
            };
            match grow(&mut self.buffer, |b| {
                rustix::fs::lgetxattr(path, attribute, b)
            }) {
                Ok(length) => {
                    to.insert(attribute.to_vec(), self.buffer[..length].to_vec());
                }
                Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(all)
    }
}

/// The extended attributes of a node: the image's, and those of the overlay.
#[derive(Default)]
struct All {
    kept: Xattrs,
    overlay: Xattrs,
}

/// Whether an extended attribute is the image's: see the module.
pub(crate) fn is_kept(name: &[u8]) -> bool {
    let user = name.starts_with(b"user.") && !name.starts_with(b"user.overlay.");
    let named: [&[u8]; 3] = [
        b"security.capability",
        b"system.posix_acl_access",
        b"system.posix_acl_default",
    ];
    user || named.contains(&name)
}

/// Calls with a buffer, and again with a larger one while it is too small.
fn grow(
    buffer: &mut Vec<u8>,
    mut call: impl FnMut(&mut [u8]) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    loop {
        match call(buffer) {
            Err(Errno::RANGE) if buffer.len() < XATTR_MAX => buffer.resize(buffer.len() * 4, 0),
            other => return other,
        }
    }
}

/// Adds a range to ascending ones, joined to the last when they meet.
fn push(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}

/// Where the host has data of a file, in whole blocks.
fn host_ranges(file: &File, size: u64) -> io::Result<Vec<Range<u64>>> {
    let block = BLOCK as u64;
    let mut ranges: Vec<Range<u64>> = vec![];
    let mut at = 0;
    while at < size {
        let from = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(from) => from,
            Err(Errno::NXIO) => break,
            Err(errno) => return Err(errno.into()),
        };
        let to = rustix::fs::seek(file, SeekFrom::Hole(from))?;
        let (from, to) = (from / block * block, to.next_multiple_of(block).min(size));
        let from = ranges.last().map_or(from, |last| from.max(last.end));
        if from < to {
            push(&mut ranges, from..to);
        }
        at = to.max(at + 1);
    }
    Ok(ranges)
}
