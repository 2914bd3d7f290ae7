//! A tree on this machine. Stays beneath its root and on its file system: links are
//! never followed, and what is mounted inside (`/proc` of a sandbox) is not entered.

use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_disk::read::Disk;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags};

use super::file::FileDisk;
use super::{Kind, Node, View, ViewError, limit};

/// How a path beneath the root is resolved: no link, no mount, not upwards.
pub(crate) const BENEATH: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// A tree by its root folder.
#[derive(Debug)]
pub struct TreeView {
    root: OwnedFd,
}

impl TreeView {
    /// Opens the root: a folder, or a magic link to one such as `/proc/self/fd/7`.
    pub fn open(root: &Path) -> Result<Self, ViewError> {
        Ok(Self {
            root: open_root(root)?,
        })
    }

    /// The tree of a folder that is open.
    pub fn of(root: OwnedFd) -> Self {
        Self { root }
    }
}

/// The root folder, for looking or for changing.
pub(crate) fn open_root(root: &Path) -> Result<OwnedFd, ViewError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, root, flags, Mode::empty()).map_err(|source| ViewError::Open {
        path: root.to_owned(),
        source: source.into(),
    })
}

/// Lists what is beneath an open folder whose path is `path`.
fn walk(
    folder: OwnedFd,
    path: &mut Vec<u8>,
    out: &mut Vec<Node>,
    cx: &Cx,
) -> Result<(), ViewError> {
    cx.cancel.check()?;
    let failed = |path: &[u8], source: rustix::io::Errno| ViewError::Read {
        path: Node::new(path, Kind::File).path,
        source: source.into(),
    };
    let mut folder = Dir::new(folder).map_err(|e| failed(path, e))?;
    while let Some(entry) = folder.read() {
        let entry = entry.map_err(|e| failed(path, e))?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let length = path.len();
        path.push(b'/');
        path.extend_from_slice(name.to_bytes());
        limit(out.len(), path)?;
        let fd = folder.fd().map_err(|e| failed(path, e))?;
        let stat =
            rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|e| failed(path, e))?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        };
        let mut node = Node::new(path, kind);
        node.mode = stat.st_mode & 0o7777;
        node.uid = stat.st_uid;
        node.gid = stat.st_gid;
        if kind == Kind::File {
            node.size = u64::try_from(stat.st_size).unwrap_or(0);
        }
        if kind == Kind::Link {
            let target =
                rustix::fs::readlinkat(fd, name, Vec::new()).map_err(|e| failed(path, e))?;
            node.target = Some(target.to_string_lossy().into_owned());
        }
        out.push(node);
        if kind == Kind::Folder {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match rustix::fs::openat2(fd, name, flags, Mode::empty(), BENEATH) {
                Ok(inner) => walk(inner, path, out, cx)?,
                // A mount: its content is not part of the image.
                Err(rustix::io::Errno::XDEV) => {}
                Err(error) => return Err(failed(path, error)),
            }
        }
        path.truncate(length);
    }
    Ok(())
}

impl View for TreeView {
    fn nodes(&self, cx: &Cx) -> Result<Vec<Node>, ViewError> {
        let mut out = Vec::new();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::openat(self.root.as_fd(), c".", flags, Mode::empty()).map_err(
            |source| ViewError::Read {
                path: "/".to_owned(),
                source: source.into(),
            },
        )?;
        walk(root, &mut Vec::new(), &mut out, cx)?;
        Ok(out)
    }

    fn open<'v>(&'v self, node: &Node) -> Result<Box<dyn Disk + 'v>, ViewError> {
        let failed = |source| ViewError::read(node, source);
        // NONBLOCK: a pipe put in the file's place must not hang the build.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let path = &node.raw_path()[1..];
        let file = rustix::fs::openat2(self.root.as_fd(), path, flags, Mode::empty(), BENEATH)
            .map_err(|e| failed(e.into()))?;
        Ok(Box::new(FileDisk::of(file.into()).map_err(failed)?))
    }
}
