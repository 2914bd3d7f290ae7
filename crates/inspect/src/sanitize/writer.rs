//! The only code of this crate that changes anything: beneath one root, through no
//! link, onto no other file system, and never inside an existing file.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use goldsmith_core::cx::Cx;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

use super::plan::Plan;
use super::{Change, SanitizeError};
use crate::snapshot::Snapshot;
use crate::view::ViewError;
use crate::view::tree::{BENEATH, open_root};

/// Name of a file being written; replaces its target by a rename.
const TEMPORARY: &str = ".goldsmith-sanitize";

#[derive(Debug)]
pub(super) struct TreeWriter {
    root: OwnedFd,
}

impl TreeWriter {
    pub(super) fn open(root: &Path) -> Result<Self, ViewError> {
        Ok(Self {
            root: open_root(root)?,
        })
    }

    pub(super) fn carry_out(
        &self,
        snapshot: &Snapshot<'_>,
        plan: &Plan,
        cx: &Cx,
    ) -> Result<(), SanitizeError> {
        for (path, change) in &plan.changes {
            cx.cancel.check()?;
            let raw = snapshot
                .get(path)
                .map_or(path.as_bytes(), |node| node.raw_path());
            self.apply(raw, change)
                .map_err(|source| SanitizeError::Change {
                    action: change.word(),
                    path: path.clone(),
                    source,
                })?;
        }
        Ok(())
    }

    fn apply(&self, path: &[u8], change: &Change) -> io::Result<()> {
        let slash = path.iter().rposition(|&b| b == b'/').unwrap_or(0);
        let (folder, name) = (&path[..slash], OsStr::from_bytes(&path[slash + 1..]));
        let folder = self.folder(folder.strip_prefix(b"/").unwrap_or(folder))?;
        match change {
            Change::Delete => Ok(remove(folder.as_fd(), name)?),
            Change::Truncate => replace(folder.as_fd(), name, &[], 0o600),
            Change::Write { bytes, mode } => replace(folder.as_fd(), name, bytes, *mode),
            Change::Report => Ok(()),
        }
    }

    fn folder(&self, path: &[u8]) -> io::Result<OwnedFd> {
        let path = if path.is_empty() { b"." } else { path };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(rustix::fs::openat2(
            self.root.as_fd(),
            OsStr::from_bytes(path),
            flags,
            Mode::empty(),
            BENEATH,
        )?)
    }
}

/// Removes a name, and all beneath it; a mount beneath is an error (`EXDEV`).
fn remove(folder: BorrowedFd<'_>, name: &OsStr) -> Result<(), Errno> {
    match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
        // EPERM is what POSIX has for a folder, EISDIR what Linux says.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(Errno::NOENT) => return Ok(()),
        other => return other,
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let inner = rustix::fs::openat2(folder, name, flags, Mode::empty(), BENEATH)?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&inner)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    for inner_name in names {
        remove(inner.as_fd(), OsStr::from_bytes(inner_name.to_bytes()))?;
    }
    rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR)
}

/// Puts a new file in the place of the old one, with its owner and mode. Extended
/// attributes are not carried over: none of the files that rules write has any.
fn replace(folder: BorrowedFd<'_>, name: &OsStr, bytes: &[u8], mode: u32) -> io::Result<()> {
    let old = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => Some(stat),
        // A link or a device is replaced, not followed; a folder refuses the rename.
        Ok(_) | Err(Errno::NOENT) => None,
        Err(error) => return Err(error.into()),
    };
    remove(folder, OsStr::new(TEMPORARY))?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, TEMPORARY, flags, Mode::from_raw_mode(0o600))?;
    let mut file = std::fs::File::from(file);
    file.write_all(bytes)?;
    if let Some(stat) = &old {
        let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
        rustix::fs::fchown(&file, Some(uid), Some(gid))?;
    }
    let mode = old.map_or(mode, |stat| stat.st_mode & 0o7777);
    rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
    Ok(rustix::fs::renameat(folder, TEMPORARY, folder, name)?)
}
