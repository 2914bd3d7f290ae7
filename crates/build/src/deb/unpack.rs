//! Writing below a directory what an archive says, and nowhere else: every
//! path is opened beneath the root without following a link.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, Uid, chownat, fchmod,
    fchown, futimens, linkat, mkdirat, mknodat, openat, openat2, symlinkat, utimensat,
};
use rustix::io::Errno;

use super::meta::PathMeta;

/// A directory that is being filled.
pub(super) struct Unpack {
    root: OwnedFd,
    /// The directory opened last: archives list a directory's files one after another.
    parent: (String, OwnedFd),
    buffer: Vec<u8>,
}

impl Unpack {
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(rustix::fs::CWD, root, flags, Mode::empty())?;
        let parent = (String::new(), root.try_clone()?);
        Ok(Self {
            root,
            parent,
            buffer: vec![0; 1 << 16],
        })
    }

    /// Makes a directory; one that is there gets the new owner and mode.
    pub(super) fn directory(&mut self, meta: &PathMeta) -> io::Result<()> {
        if !meta.path.is_empty() {
            let (parent, name) = self.parent_of(&meta.path)?;
            match mkdirat(parent, name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(e.into()),
            }
        }
        let directory = self.open_directory(&meta.path)?;
        let (uid, gid) = owner(meta);
        fchown(&directory, uid, gid)?;
        fchmod(&directory, Mode::from(meta.mode))?;
        Ok(())
    }

    /// Sets a directory's time, when nothing more will come into it.
    pub(super) fn directory_time(&mut self, meta: &PathMeta) -> io::Result<()> {
        let directory = self.open_directory(&meta.path)?;
        Ok(futimens(&directory, &times(meta))?)
    }

    /// Writes a file; each piece of it is shown to `seen`.
    pub(super) fn file(
        &mut self,
        meta: &PathMeta,
        mut bytes: impl Read,
        mut seen: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let (parent, name) = self.parent_of(&meta.path)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let mut file = File::from(openat(parent, name, flags, Mode::RUSR | Mode::WUSR)?);
        loop {
            let n = bytes.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            seen(&buffer[..n]);
            file.write_all(&buffer[..n])?;
        }
        self.buffer = buffer;
        // The mode last: a change of owner takes set-user-id away.
        let (uid, gid) = owner(meta);
        fchown(&file, uid, gid)?;
        fchmod(&file, Mode::from(meta.mode))?;
        Ok(futimens(&file, &times(meta))?)
    }

    /// Gives a file that is there a second name.
    pub(super) fn hard_link(&mut self, meta: &PathMeta, of: &str) -> io::Result<()> {
        let target = self.open_parent(of)?;
        let target_name = of.rsplit('/').next().expect("split gives at least one");
        let (parent, name) = self.parent_of(&meta.path)?;
        Ok(linkat(target, target_name, parent, name, AtFlags::empty())?)
    }

    /// Makes a symbolic link, whatever it says.
    pub(super) fn symbolic_link(&mut self, meta: &PathMeta, target: &str) -> io::Result<()> {
        let (parent, name) = self.parent_of(&meta.path)?;
        symlinkat(target, parent, name)?;
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let (uid, gid) = owner(meta);
        chownat(parent, name, uid, gid, flags)?;
        Ok(utimensat(parent, name, &times(meta), flags)?)
    }

    /// Makes a device node or a named pipe.
    pub(super) fn node(
        &mut self,
        meta: &PathMeta,
        kind: FileType,
        device: (u32, u32),
    ) -> io::Result<()> {
        let (parent, name) = self.parent_of(&meta.path)?;
        let device = rustix::fs::makedev(device.0, device.1);
        mknodat(parent, name, kind, Mode::empty(), device)?;
        let (uid, gid) = owner(meta);
        chownat(parent, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)?;
        rustix::fs::chmodat(parent, name, Mode::from(meta.mode), AtFlags::empty())?;
        Ok(utimensat(
            parent,
            name,
            &times(meta),
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }

    fn parent_of<'a>(&mut self, path: &'a str) -> io::Result<(&OwnedFd, &'a str)> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        if self.parent.0 != parent {
            self.parent = (parent.to_owned(), self.open_directory(parent)?);
        }
        Ok((&self.parent.1, name))
    }

    fn open_parent(&self, path: &str) -> io::Result<OwnedFd> {
        self.open_directory(path.rsplit_once('/').map_or("", |(parent, _)| parent))
    }

    fn open_directory(&self, path: &str) -> io::Result<OwnedFd> {
        let path = if path.is_empty() { "." } else { path };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let resolve =
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        Ok(openat2(
            self.root.as_fd(),
            path,
            flags,
            Mode::empty(),
            resolve,
        )?)
    }
}

/// As the system calls take them: `None` would mean "unchanged".
fn owner(meta: &PathMeta) -> (Option<Uid>, Option<Gid>) {
    (Some(Uid::from_raw(meta.uid)), Some(Gid::from_raw(meta.gid)))
}

fn times(meta: &PathMeta) -> Timestamps {
    let time = Timespec {
        tv_sec: i64::try_from(meta.mtime).unwrap_or(0),
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
