//! Writing below a directory what somebody else's archive or disk says, and nowhere else: every
//! path is opened beneath the root without following a link.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::ops::Range;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_disk::tree::{Attributes, Xattrs};
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, Uid, XattrFlags,
    chownat, fchmod, fchown, futimens, linkat, mkdirat, mknodat, openat, openat2, symlinkat,
    utimensat,
};
use rustix::io::Errno;

/// A directory that is being filled. Paths are relative to it; the empty one is the directory
/// itself.
pub(crate) struct Unpack {
    root: OwnedFd,
    /// The directory opened last: archives list a directory's files one after another.
    parent: (Vec<u8>, OwnedFd),
    buffer: Vec<u8>,
}

impl Unpack {
    pub(crate) fn new(root: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(rustix::fs::CWD, root, flags, Mode::empty())?;
        let parent = (Vec::new(), root.try_clone()?);
        Ok(Self {
            root,
            parent,
            buffer: vec![0; 1 << 16],
        })
    }

    /// Makes a directory; one that is there gets the new owner and mode. Its extended attributes
    /// and its time come with [`Self::finish_directory`]: a default ACL would pass to what is made
    /// in it.
    pub(crate) fn directory(&mut self, path: &[u8], attributes: &Attributes) -> io::Result<()> {
        if !path.is_empty() {
            let (parent, name) = self.parent_of(path)?;
            match mkdirat(parent, name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(e.into()),
            }
        }
        let directory = self.open_directory(path)?;
        let (uid, gid) = owner(attributes);
        fchown(&directory, uid, gid)?;
        fchmod(&directory, mode(attributes))?;
        Ok(())
    }

    /// Sets a directory's extended attributes and time, when nothing more will come into it.
    pub(crate) fn finish_directory(&self, path: &[u8], attributes: &Attributes) -> io::Result<()> {
        let directory = self.open_directory(path)?;
        set_xattrs(&directory, &attributes.xattrs)?;
        Ok(futimens(&directory, &times(attributes))?)
    }

    /// Writes a file; each piece of it is shown to `seen`.
    pub(crate) fn file(
        &mut self,
        path: &[u8],
        attributes: &Attributes,
        mut bytes: impl Read,
        mut seen: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut file = self.create(path)?;
        loop {
            let n = bytes.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            seen(&buffer[..n]);
            file.write_all(&buffer[..n])?;
        }
        self.buffer = buffer;
        finish_file(&file, attributes)
    }

    /// Writes a file of `size` bytes with holes outside of `data`; `bytes` are those of `data`
    /// alone, one range after the other.
    pub(crate) fn sparse_file(
        &mut self,
        path: &[u8],
        attributes: &Attributes,
        (size, data): (u64, &[Range<u64>]),
        mut bytes: impl Read,
    ) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let file = self.create(path)?;
        file.set_len(size)?;
        for range in data {
            let mut at = range.start;
            while at < range.end {
                let left = usize::try_from(range.end - at).unwrap_or(usize::MAX);
                let piece = &mut buffer[..left.min(1 << 16)];
                bytes.read_exact(piece)?;
                file.write_all_at(piece, at)?;
                at += piece.len() as u64;
            }
        }
        self.buffer = buffer;
        finish_file(&file, attributes)
    }

    /// Gives a file that is there a second name.
    pub(crate) fn hard_link(&mut self, path: &[u8], of: &[u8]) -> io::Result<()> {
        let (directory, target_name) = split(of);
        let target = self.open_directory(directory)?;
        let (parent, name) = self.parent_of(path)?;
        Ok(linkat(target, target_name, parent, name, AtFlags::empty())?)
    }

    /// Makes a symbolic link, whatever it says.
    pub(crate) fn symbolic_link(
        &mut self,
        path: &[u8],
        attributes: &Attributes,
        target: &[u8],
    ) -> io::Result<()> {
        let (parent, name) = self.parent_of(path)?;
        symlinkat(target, parent, name)?;
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let (uid, gid) = owner(attributes);
        chownat(parent, name, uid, gid, flags)?;
        set_xattrs_at(parent, name, &attributes.xattrs)?;
        Ok(utimensat(parent, name, &times(attributes), flags)?)
    }

    /// Makes a device node, a named pipe or a socket.
    pub(crate) fn node(
        &mut self,
        path: &[u8],
        attributes: &Attributes,
        kind: FileType,
        (major, minor): (u32, u32),
    ) -> io::Result<()> {
        let (parent, name) = self.parent_of(path)?;
        let device = rustix::fs::makedev(major, minor);
        mknodat(parent, name, kind, Mode::empty(), device)?;
        let (uid, gid) = owner(attributes);
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        chownat(parent, name, uid, gid, flags)?;
        rustix::fs::chmodat(parent, name, mode(attributes), AtFlags::empty())?;
        set_xattrs_at(parent, name, &attributes.xattrs)?;
        Ok(utimensat(parent, name, &times(attributes), flags)?)
    }

    /// Takes away what stands at a path; a directory with what is in it. Nothing is fine.
    pub(crate) fn remove(&mut self, path: &[u8]) -> io::Result<()> {
        let (parent, name) = self.parent_of(path)?;
        let found = match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(()),
            other => other?,
        };
        if FileType::from_raw_mode(found.st_mode) != FileType::Directory {
            return Ok(rustix::fs::unlinkat(parent, name, AtFlags::empty())?);
        }
        // The standard library follows no link inside of it either.
        let place = Path::new("/proc/self/fd")
            .join(parent.as_raw_fd().to_string())
            .join(std::ffi::OsStr::from_bytes(name));
        std::fs::remove_dir_all(place)?;
        // What was opened below it is gone.
        self.parent = (Vec::new(), self.root.try_clone()?);
        Ok(())
    }

    fn create(&mut self, path: &[u8]) -> io::Result<File> {
        let (parent, name) = self.parent_of(path)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = openat(parent, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(File::from(file))
    }

    fn parent_of<'a>(&mut self, path: &'a [u8]) -> io::Result<(&OwnedFd, &'a [u8])> {
        let (parent, name) = split(path);
        if self.parent.0 != parent {
            self.parent = (parent.to_owned(), self.open_directory(parent)?);
        }
        Ok((&self.parent.1, name))
    }

    fn open_directory(&self, path: &[u8]) -> io::Result<OwnedFd> {
        let path = if path.is_empty() { b"." } else { path };
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

fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

fn finish_file(file: &File, attributes: &Attributes) -> io::Result<()> {
    // The mode after the owner: a change of owner takes set-user-id away, and capabilities.
    let (uid, gid) = owner(attributes);
    fchown(file, uid, gid)?;
    fchmod(file, mode(attributes))?;
    set_xattrs(file, &attributes.xattrs)?;
    Ok(futimens(file, &times(attributes))?)
}

fn set_xattrs(file: impl std::os::fd::AsFd, xattrs: &Xattrs) -> io::Result<()> {
    for (name, value) in xattrs {
        rustix::fs::fsetxattr(&file, name.as_slice(), value, XattrFlags::empty())?;
    }
    Ok(())
}

/// Of what cannot be opened.
fn set_xattrs_at(parent: &OwnedFd, name: &[u8], xattrs: &Xattrs) -> io::Result<()> {
    // No call takes a directory and a name; the way through /proc follows no link at its end.
    let mut path = format!("/proc/self/fd/{}/", parent.as_raw_fd()).into_bytes();
    path.extend(name);
    let path = std::ffi::OsStr::from_bytes(&path);
    for (name, value) in xattrs {
        rustix::fs::lsetxattr(path, name.as_slice(), value, XattrFlags::empty())?;
    }
    Ok(())
}

fn mode(attributes: &Attributes) -> Mode {
    Mode::from_raw_mode(u32::from(attributes.mode))
}

/// As the system calls take them: `None` would mean "unchanged".
fn owner(attributes: &Attributes) -> (Option<Uid>, Option<Gid>) {
    let (uid, gid) = (attributes.uid, attributes.gid);
    (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))
}

fn times(attributes: &Attributes) -> Timestamps {
    let time = Timespec {
        tv_sec: attributes.mtime.seconds,
        tv_nsec: attributes.mtime.nanos.into(),
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
