//! Takes out of a tree what a disk has of itself: the menu of its boot loader, its table of file
//! systems, the rule by which it grows. They are put there when a disk is written, and a tree that
//! was read from a disk is that of its layers only without them.
//!
//! No time of a directory changes by it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use goldsmith_disk::boot::config;
use rustix::fs::{
    AtFlags, Mode, OFlags, Timespec, Timestamps, chmodat, fchmod, fstat, futimens, mkdirat, openat,
    unlinkat,
};
use rustix::io::Errno;

use crate::assemble::scan::open;
use crate::image::chain::FSTAB;

/// Of the tree in a directory. `epoch`, in seconds since 1970, is the time of what is new;
/// `has_esp`: whether the disk mounts an EFI system partition.
pub(super) fn neutral(directory: &Path, epoch: i64, has_esp: bool) -> io::Result<()> {
    let root = File::open(directory)?;
    let tree = Tree {
        root: root.as_fd(),
        epoch,
    };
    for path in [config::GRUB_CFG_PATH, config::REPART_ROOT_PATH] {
        tree.directory(split(path).0)?;
        tree.remove(path)?;
    }
    if has_esp {
        tree.directory("boot/efi")?;
    }
    let own = tree.text(config::FSTAB_PATH)?;
    tree.remove(config::FSTAB_PATH)?;
    let text = format!("{FSTAB}{}", config::own_mounts(&own));
    tree.write(config::FSTAB_PATH, text.as_bytes())
}

/// A tree, in which no link is followed.
struct Tree<'a> {
    root: BorrowedFd<'a>,
    epoch: i64,
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn times(seconds: i64, nanos: i64) -> Timestamps {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: nanos,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}

impl Tree<'_> {
    /// Changes what is in the directory of a path, and gives the directory its time back.
    fn change<T>(
        &self,
        path: &str,
        change: impl FnOnce(&OwnedFd, &str) -> rustix::io::Result<T>,
    ) -> io::Result<T> {
        let (parent, name) = split(path);
        let directory = open(self.root, parent.as_bytes(), OFlags::DIRECTORY)?;
        let stat = fstat(&directory)?;
        let done = change(&directory, name)?;
        let nanos = i64::try_from(stat.st_mtime_nsec).unwrap_or_default();
        futimens(&directory, &times(stat.st_mtime, nanos))?;
        Ok(done)
    }

    /// Makes a directory and those above it, as a disk gets them; what is there is fine.
    fn directory(&self, path: &str) -> io::Result<()> {
        for (at, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let path = &path[..at];
            let mode = Mode::from(0o755);
            let made = self.change(path, |parent, name| match mkdirat(parent, name, mode) {
                Err(Errno::EXIST) => Ok(false),
                // The umask of whoever runs this is nothing to go by.
                other => other
                    .and_then(|()| chmodat(parent, name, mode, AtFlags::empty()))
                    .map(|()| true),
            })?;
            if made {
                let directory = open(self.root, path.as_bytes(), OFlags::DIRECTORY)?;
                futimens(&directory, &times(self.epoch, 0))?;
            }
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.change(path, |parent, name| {
            match unlinkat(parent, name, AtFlags::empty()) {
                Err(Errno::NOENT) => Ok(()),
                other => other,
            }
        })
    }

    /// A file's text; empty when there is no file.
    fn text(&self, path: &str) -> io::Result<String> {
        let file = match open(self.root, path.as_bytes(), OFlags::NONBLOCK) {
            // A link is none.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            Err(e) if e.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                return Ok(String::new());
            }
            other => File::from(other?),
        };
        if !file.metadata()?.is_file() {
            return Ok(String::new());
        }
        let mut bytes = Vec::new();
        (&file).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = self.change(path, |parent, name| {
            openat(parent, name, flags, Mode::empty())
        })?;
        fchmod(&file, Mode::from(0o644))?;
        let mut file = File::from(file);
        file.write_all(bytes)?;
        futimens(&file, &times(self.epoch, 0))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
