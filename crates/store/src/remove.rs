//! Removal of directory trees that nobody can be asked to tidy up first: work
//! directories of overlays, immutable files, trees deeper than a path can name.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, IFlags, Mode, OFlags};
use rustix::io::Errno;

/// How deep it goes with one file descriptor a level; what is deeper is moved up first.
const DEPTH_MAX: u32 = 64;

/// Removes the tree at `path`, following no link. `last` names the entry of the top directory
/// that goes last. No tree is no failure.
pub(crate) fn remove_tree(path: &Path, last: Option<&str>) -> io::Result<()> {
    let directory = match open_directory(rustix::fs::CWD, path) {
        Err(Errno::NOENT) => return Ok(()),
        other => other?,
    };
    let last = last.map(|name| CString::new(name).expect("a constant without a zero byte"));
    let mut removal = Removal {
        top: directory,
        moved: 0,
    };
    let top = removal.top.try_clone()?;
    while removal.empty(top.as_fd(), last.as_deref(), 0)? {}
    if let Some(last) = last {
        unlink(top.as_fd(), &last, AtFlags::empty())?;
    }
    rustix::fs::rmdir(path)?;
    Ok(())
}

fn open_directory<P: rustix::path::Arg>(
    at: BorrowedFd<'_>,
    path: P,
) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(at, path, flags, Mode::empty())
}

struct Removal {
    top: OwnedFd,
    moved: u64,
}

impl Removal {
    /// Empties a directory; true when something was moved to the top that has to go, too.
    fn empty(&mut self, at: BorrowedFd<'_>, keep: Option<&CStr>, depth: u32) -> io::Result<bool> {
        let mut moved = false;
        let mut names = Vec::new();
        for entry in Dir::read_from(at)? {
            let entry = entry?;
            let name = entry.file_name();
            if name != c"." && name != c".." && Some(name) != keep {
                names.push((name.to_owned(), entry.file_type()));
            }
        }
        for (name, kind) in names {
            let is_directory = match kind {
                FileType::Unknown => {
                    let stat = rustix::fs::statat(at, &name, AtFlags::SYMLINK_NOFOLLOW)?;
                    FileType::from_raw_mode(stat.st_mode).is_dir()
                }
                kind => kind.is_dir(),
            };
            if !is_directory {
                unlink(at, &name, AtFlags::empty())?;
            } else if depth == DEPTH_MAX {
                let place = format!("deep-{}", self.moved);
                self.moved += 1;
                rustix::fs::renameat(at, &name, &self.top, place)?;
                moved = true;
            } else {
                let child = open_directory(at, name.as_c_str())?;
                moved |= self.empty(child.as_fd(), None, depth + 1)?;
                drop(child);
                unlink(at, &name, AtFlags::REMOVEDIR)?;
            }
        }
        Ok(moved)
    }
}

/// Removes one name; a missing one is no failure.
fn unlink(at: BorrowedFd<'_>, name: &CStr, flags: AtFlags) -> io::Result<()> {
    match rustix::fs::unlinkat(at, name, flags) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(Errno::PERM) => {
            // Somebody made it, or the directory around it, immutable or append-only.
            thaw(at)?;
            let flags_open = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
            if let Ok(file) = rustix::fs::openat(at, name, flags_open, Mode::empty()) {
                thaw(file.as_fd())?;
            }
            Ok(rustix::fs::unlinkat(at, name, flags)?)
        }
        Err(e) => Err(e.into()),
    }
}

/// Takes away what forbids removal.
fn thaw(file: BorrowedFd<'_>) -> io::Result<()> {
    let flags = rustix::fs::ioctl_getflags(file)?;
    let frozen = IFlags::IMMUTABLE | IFlags::APPEND;
    if flags.intersects(frozen) {
        rustix::fs::ioctl_setflags(file, flags - frozen)?;
    }
    Ok(())
}

/// Writes what a directory's file system holds back, so that a rename cannot outlive its content.
pub(crate) fn sync_file_system(path: &Path) -> io::Result<()> {
    let directory = File::open(path)?;
    rustix::fs::syncfs(&directory)?;
    Ok(())
}
