//! The base tree: directories made anew, everything else a hard link into the
//! store. No byte of a package is copied. Nobody may write to this tree: the
//! sandbox lays a writable one over it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use goldsmith_core::cx::Cx;
use rustix::fs::{AtFlags, CWD, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags, linkat};
use rustix::io::Errno;

use super::layout::Layout;
use crate::deb::Decoded;
use crate::deb::meta::{Kind, PathMeta};

/// The most that a list or a value of extended attributes takes.
const XATTR_MAX: usize = 64 << 10;

/// Makes the tree below `root`, an empty directory of the store's file system.
pub(super) fn make(cx: &Cx, root: &Path, layout: &Layout, packages: &[Decoded]) -> io::Result<()> {
    for name in &layout.merged {
        directory(&root.join("usr").join(name))?;
        symlink(format!("usr/{name}"), root.join(name))?;
    }
    let mut directories = Vec::new();
    for (at, (path, source)) in layout.nodes.iter().enumerate() {
        if at % 1024 == 0 && cx.cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let package = &packages[source.package];
        let entry = &package.meta.paths[source.path];
        let to = root.join(path);
        if entry.kind == Kind::Directory {
            directory(&to)?;
            directories.push((to, entry));
        } else {
            let from = package.path.join("root").join(&entry.path);
            link(&from, &to)?;
        }
    }
    // The deepest first, so that no time is changed again.
    for (path, entry) in directories.iter().rev() {
        metadata(path, entry)?;
    }
    Ok(())
}

/// Makes a directory and those above it, whatever the umask; one that is there is fine.
pub(super) fn directory(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            directory(path.parent().ok_or(e)?)?;
            directory(path)
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) => Err(e),
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o755)),
    }
}

/// Writes a file that everybody may read, whatever the umask.
pub(super) fn write(path: &Path, text: impl AsRef<[u8]>) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, Permissions::from_mode(0o644))
}

/// Links a file of the store, whatever it is. Copies when the file system allows no more links.
pub(crate) fn link(from: &Path, to: &Path) -> io::Result<()> {
    match linkat(CWD, from, CWD, to, AtFlags::empty()) {
        Ok(()) => Ok(()),
        // A package may leave out a directory that another one brings later in the order.
        Err(Errno::NOENT) if to.parent().is_some_and(|p| !p.exists()) => {
            directory(to.parent().expect("just looked at"))?;
            Ok(linkat(CWD, from, CWD, to, AtFlags::empty())?)
        }
        Err(Errno::MLINK) => copy(from, to),
        Err(e) => Err(e.into()),
    }
}

/// A second node with the same content and metadata.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let meta = fs::symlink_metadata(from)?;
    let (uid, gid) = (Some(meta.uid()), Some(meta.gid()));
    if meta.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
        std::os::unix::fs::lchown(to, uid, gid)?;
    } else if meta.is_file() {
        fs::copy(from, to)?;
        std::os::unix::fs::chown(to, uid, gid)?;
        fs::set_permissions(to, meta.permissions())?;
    } else {
        let kind = rustix::fs::FileType::from_raw_mode(meta.mode());
        let mode = Mode::from_raw_mode(meta.mode() & 0o7777);
        rustix::fs::mknodat(CWD, to, kind, mode, meta.rdev())?;
        std::os::unix::fs::lchown(to, uid, gid)?;
    }
    xattrs(from, to)?;
    let time = Timespec {
        tv_sec: meta.mtime(),
        tv_nsec: meta.mtime_nsec(),
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    rustix::fs::utimensat(CWD, to, &times, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}

/// Gives a node the extended attributes of another.
fn xattrs(from: &Path, to: &Path) -> io::Result<()> {
    let (mut names, mut value) = (vec![0; XATTR_MAX], vec![0; XATTR_MAX]);
    let length = match rustix::fs::llistxattr(from, &mut names) {
        Err(Errno::OPNOTSUPP) => return Ok(()),
        other => other?,
    };
    for name in names[..length].split(|b| *b == 0).filter(|n| !n.is_empty()) {
        let length = rustix::fs::lgetxattr(from, name, &mut value)?;
        rustix::fs::lsetxattr(to, name, &value[..length], XattrFlags::empty())?;
    }
    Ok(())
}

/// Gives a directory what the package says of it.
fn metadata(path: &Path, entry: &PathMeta) -> io::Result<()> {
    let time = Timespec {
        tv_sec: i64::try_from(entry.mtime).unwrap_or(0),
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    let (uid, gid) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
    rustix::fs::chown(path, Some(uid), Some(gid))?;
    rustix::fs::chmod(path, Mode::from(entry.mode))?;
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}
