//! Reading and writing in a tree that scripts have worked in: every path is
//! resolved as if the tree were the whole system, so that no link in it can
//! lead to the host.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, mkdirat, openat, openat2, unlinkat};
use rustix::io::Errno;

/// A tree, by a descriptor of its root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rooted<'a>(pub(super) BorrowedFd<'a>);

/// A name in a directory of the tree; the directory stays what it was found to be.
#[derive(Debug)]
pub(super) struct Place {
    directory: OwnedFd,
    name: String,
}

impl Place {
    /// A path of this process that no link in the tree can change. The last name may be a link.
    pub(super) fn path(&self) -> PathBuf {
        let number = self.directory.as_raw_fd();
        PathBuf::from(format!("/proc/self/fd/{number}")).join(&self.name)
    }

    /// Whether something, be it a broken link, has the name.
    pub(super) fn exists(&self) -> bool {
        self.path().symlink_metadata().is_ok()
    }
}

impl Rooted<'_> {
    /// Finds the directory of a path; the name itself need not exist.
    pub(super) fn place(self, path: &str) -> io::Result<Place> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = if parent.is_empty() { "/" } else { parent };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Place {
            directory: openat2(self.0, parent, flags, Mode::empty(), ResolveFlags::IN_ROOT)?,
            name: name.to_owned(),
        })
    }

    /// The bytes of a file; `None` when there is none.
    pub(super) fn read(self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match openat2(self.0, path, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        File::from(file).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Writes a file with exactly this mode; replaces what has the name, and makes directories
    /// that are missing.
    pub(super) fn write(self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.directory(parent)?;
        }
        let place = self.place(path)?;
        unlink(&place)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let directory = openat(&place.directory, ".", OFlags::DIRECTORY, Mode::empty())?;
        let mut file = File::from(openat(&directory, &place.name, flags, Mode::empty())?);
        file.write_all(bytes)?;
        rustix::fs::fchmod(&file, Mode::from(mode))?;
        Ok(())
    }

    /// Makes a directory and those above it; what is there is fine.
    pub(super) fn directory(self, path: &str) -> io::Result<()> {
        let mut at = 0;
        while at < path.len() {
            let end = path[at + 1..].find('/').map_or(path.len(), |n| at + 1 + n);
            let place = self.place(&path[..end])?;
            match mkdirat(&place.directory, &place.name, Mode::from(0o755)) {
                Ok(()) => {
                    // The umask of whoever runs this is nothing to go by.
                    rustix::fs::chmodat(
                        &place.directory,
                        &place.name,
                        Mode::from(0o755),
                        AtFlags::empty(),
                    )?;
                }
                Err(Errno::EXIST) => {}
                Err(e) => return Err(e.into()),
            }
            at = end;
        }
        Ok(())
    }

    /// Removes a file; none is fine.
    pub(super) fn remove(self, path: &str) -> io::Result<()> {
        match self.place(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            place => unlink(&place?),
        }
    }

    /// Removes a directory with the files in it, one level; none is fine.
    pub(super) fn remove_flat(self, path: &str) -> io::Result<()> {
        let place = self.place(path)?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = match openat(&place.directory, &place.name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(()),
            directory => directory?,
        };
        for entry in rustix::fs::Dir::read_from(&directory)? {
            let entry = entry?;
            if entry.file_name() != c"." && entry.file_name() != c".." {
                unlinkat(&directory, entry.file_name(), AtFlags::empty())?;
            }
        }
        Ok(unlinkat(&place.directory, &place.name, AtFlags::REMOVEDIR)?)
    }
}

/// Removes a name; a missing one is no failure.
fn unlink(place: &Place) -> io::Result<()> {
    match unlinkat(&place.directory, &place.name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn links_stay_inside() {
        let home = tempfile::tempdir().unwrap();
        let outside = home.path().join("etc");
        fs::create_dir(&outside).unwrap();
        let tree = home.path().join("tree");
        fs::create_dir(&tree).unwrap();
        symlink(&outside, tree.join("absolute")).unwrap();
        symlink("../etc", tree.join("relative")).unwrap();
        symlink(outside.join("x"), tree.join("file")).unwrap();
        let root = File::open(&tree).unwrap();
        let rooted = Rooted(root.as_fd());

        assert!(rooted.write("/absolute/x", b"", 0o644).is_err());
        rooted.write("/file", b"a", 0o640).unwrap();
        rooted.write("/a/b/c", b"b", 0o4755).unwrap();
        fs::create_dir(tree.join("etc")).unwrap();
        rooted.write("/relative/y", b"c", 0o600).unwrap();
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
        assert_eq!(fs::read(tree.join("file")).unwrap(), b"a");
        assert_eq!(fs::read(tree.join("etc/y")).unwrap(), b"c");
        let mode = fs::metadata(tree.join("a/b/c"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o4755);

        assert_eq!(rooted.read("/a/b/c").unwrap().as_deref(), Some(&b"b"[..]));
        assert_eq!(rooted.read("/a/none/c").unwrap(), None);
        rooted.remove("/none/none").unwrap();
        rooted.remove("/a/b/c").unwrap();
        symlink("/absolute", tree.join("a/b/d")).unwrap();
        rooted.remove_flat("/a/b").unwrap();
        rooted.remove_flat("/a/b").unwrap();
        assert!(!tree.join("a/b").exists() && outside.exists());
    }
}
