//! A directory that is the root of a machine's files, seen by a descriptor.
//!
//! Every path and link is followed with the directory as its root (`openat2`,
//! `RESOLVE_IN_ROOT`), so no link below it, however made, leads out.

pub(super) mod deep;

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use goldsmith_exec::ns::User;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Uid};
use rustix::io::Errno;

use super::{Attributes, Group, MachineError, NodeKind, READ_BYTES_MAX, accounts};

/// The directory, opened with `O_PATH` or otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Root<'a> {
    directory: BorrowedFd<'a>,
    umask: u32,
}

impl<'a> Root<'a> {
    /// What is below `directory`. New files get what a umask of 022 leaves, whatever that of
    /// this process is.
    pub const fn new(directory: BorrowedFd<'a>) -> Self {
        Self {
            directory,
            umask: 0o022,
        }
    }

    /// With another umask.
    #[must_use]
    pub const fn with_umask(self, umask: u32) -> Self {
        Self { umask, ..self }
    }

    /// Permissions of a new directory.
    pub(super) const fn directory_mode(self) -> Mode {
        Mode::from_raw_mode(0o777 & !self.umask)
    }

    /// Opens a path with the directory as its root.
    pub(super) fn open(self, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        loop {
            match rustix::fs::openat2(self.directory, path, flags | OFlags::CLOEXEC, mode, resolve)
            {
                // Somebody renamed a directory meanwhile.
                Err(Errno::AGAIN | Errno::INTR) => {}
                result => return result,
            }
        }
    }

    /// The directory a path is in, and its name there.
    pub(super) fn parent(self, path: &str) -> Result<(OwnedFd, &str), Errno> {
        let path = path.trim_end_matches('/');
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        if matches!(name, "" | "." | "..") {
            return Err(Errno::INVAL);
        }
        let parent = if parent.is_empty() { "/" } else { parent };
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        Ok((self.open(parent, flags, Mode::empty())?, name))
    }

    fn text(self, path: &str) -> String {
        let read = || -> io::Result<String> {
            let mut text = String::new();
            let file = self.open_file(path)?;
            file.take(READ_BYTES_MAX).read_to_string(&mut text)?;
            Ok(text)
        };
        // A tree without accounts has root only, by number.
        read().unwrap_or_default()
    }

    /// A regular file to read.
    pub(super) fn open_file(self, path: &str) -> io::Result<File> {
        // NONBLOCK: a named pipe must not hang us.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let file = File::from(self.open(path, flags, Mode::empty())?);
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::other("it is no regular file"))
        }
    }

    /// What is there; `None` for nothing.
    pub(super) fn kind(self, path: &str, flags: OFlags) -> Result<Option<NodeKind>, Errno> {
        let stat = self
            .open(path, OFlags::PATH | flags, Mode::empty())
            .and_then(rustix::fs::fstat);
        match stat {
            Ok(stat) => Ok(Some(kind(FileType::from_raw_mode(stat.st_mode)))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The owner and group that attributes name, by number.
    pub(super) fn owners(self, attributes: &Attributes) -> Result<Owners, MachineError> {
        let missing = |kind, name: &str| MachineError::NoAccount {
            kind,
            name: name.to_owned(),
        };
        let number = |kind, name: &str, find: &dyn Fn(&str) -> Option<u32>| {
            let found = name.parse().ok().or_else(|| find(name));
            found.ok_or_else(|| missing(kind, name))
        };
        let account = |name: &str| accounts::user(&self.text("/etc/passwd"), name);
        let owner = attributes.owner.as_deref();
        let user = owner.map(|name| {
            number("user", name, &|name| {
                account(name).map(|account| account.uid)
            })
        });
        let group = match (&attributes.group, owner) {
            (Some(Group::Named(name)), _) => Some(number("group", name, &|name| {
                accounts::group(&self.text("/etc/group"), name)
            })?),
            (Some(Group::OfOwner), Some(name)) => {
                let account = account(name).ok_or_else(|| missing("user", name))?;
                Some(account.gid)
            }
            (Some(Group::OfOwner) | None, _) => None,
        };
        Ok(Owners {
            user: user.transpose()?.map(Uid::from_raw),
            group: group.map(Gid::from_raw),
        })
    }

    /// A file to write into, empty.
    pub(super) fn create(self, path: &str) -> Result<OwnedFd, Errno> {
        let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::NONBLOCK;
        let mode = Mode::from_raw_mode(0o666 & !self.umask);
        match self.open(path, flags, Mode::empty()) {
            Ok(file) => {
                let stat = rustix::fs::fstat(&file)?;
                let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
                is_file.then_some(file).ok_or(Errno::INVAL)
            }
            Err(Errno::NOENT) => {
                let file = self.open(path, flags | OFlags::CREATE, mode)?;
                rustix::fs::fchmod(&file, mode)?;
                Ok(file)
            }
            Err(error) => Err(error),
        }
    }

    /// A user by name, with their home.
    pub(super) fn user(self, name: &str) -> Result<(User, String), MachineError> {
        let account = accounts::user(&self.text("/etc/passwd"), name).ok_or_else(|| {
            MachineError::NoAccount {
                kind: "user",
                name: name.to_owned(),
            }
        })?;
        let mut groups = accounts::groups_of(&self.text("/etc/group"), name);
        groups.push(account.gid);
        let user = User {
            uid: account.uid,
            gid: account.gid,
            groups,
        };
        Ok((user, account.home))
    }
}

/// Owners by number; `None` stays as it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Owners {
    pub(super) user: Option<Uid>,
    pub(super) group: Option<Gid>,
}

/// Gives what is open, also if only by `O_PATH`, its owners and permissions. A link has no
/// permissions.
pub(super) fn set(node: impl AsFd, owners: Owners, mode: Option<u32>) -> Result<(), Errno> {
    let node = node.as_fd();
    if owners.user.is_some() || owners.group.is_some() {
        rustix::fs::chownat(node, "", owners.user, owners.group, AtFlags::EMPTY_PATH)?;
    }
    // After the owner: changing it takes setuid bits away.
    match mode {
        Some(mode)
            if FileType::from_raw_mode(rustix::fs::fstat(node)?.st_mode) != FileType::Symlink =>
        {
            rustix::fs::chmod(by_descriptor(node), Mode::from_raw_mode(mode))
        }
        _ => Ok(()),
    }
}

/// A path that means what is open.
fn by_descriptor(node: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", node.as_raw_fd())
}

fn kind(kind: FileType) -> NodeKind {
    match kind {
        FileType::RegularFile => NodeKind::File,
        FileType::Directory => NodeKind::Directory,
        FileType::Symlink => NodeKind::Link,
        _ => NodeKind::Other,
    }
}
