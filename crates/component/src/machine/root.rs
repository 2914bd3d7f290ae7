//! A directory that is the root of a machine's files, seen by a descriptor.
//!
//! Every path and link is followed with the directory as its root (`openat2`,
//! `RESOLVE_IN_ROOT`), so no link below it, however made, leads out.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use goldsmith_exec::child::User;
use rustix::fs::{FileType, Gid, Mode, OFlags, ResolveFlags, Uid};
use rustix::io::Errno;

use super::{Attributes, MachineError, READ_BYTES_MAX, accounts};

/// The directory, opened with `O_PATH` or otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Root<'a>(BorrowedFd<'a>);

impl<'a> Root<'a> {
    /// What is below `directory`.
    pub const fn new(directory: BorrowedFd<'a>) -> Self {
        Self(directory)
    }

    /// Opens a path with the directory as its root.
    pub(super) fn open(self, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        loop {
            match rustix::fs::openat2(self.0, path, flags | OFlags::CLOEXEC, mode, resolve) {
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
            let file = File::from(self.open(path, OFlags::RDONLY, Mode::empty())?);
            file.take(READ_BYTES_MAX).read_to_string(&mut text)?;
            Ok(text)
        };
        // A tree without accounts has root only, by number.
        read().unwrap_or_default()
    }

    /// The owner and group that attributes name, by number.
    pub(super) fn owners(
        self,
        attributes: &Attributes,
    ) -> Result<(Option<Uid>, Option<Gid>), MachineError> {
        let number = |name: &Option<String>, kind, find: &dyn Fn(&str) -> Option<u32>| {
            let Some(name) = name else { return Ok(None) };
            let found = name.parse().ok().or_else(|| find(name));
            let missing = || MachineError::NoAccount {
                kind,
                name: name.clone(),
            };
            found.map(Some).ok_or_else(missing)
        };
        let owner = number(&attributes.owner, "user", &|name| {
            accounts::user(&self.text("/etc/passwd"), name).map(|account| account.uid)
        })?;
        let group = number(&attributes.group, "group", &|name| {
            accounts::group(&self.text("/etc/group"), name)
        })?;
        Ok((owner.map(Uid::from_raw), group.map(Gid::from_raw)))
    }

    /// A file to write into, empty. A new one is 0644 whatever the umask of this process.
    pub(super) fn create(self, path: &str) -> Result<OwnedFd, Errno> {
        let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::NONBLOCK;
        let mode = Mode::from_raw_mode(0o644);
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

/// Gives what is open its owners and permissions.
pub(super) fn set(
    file: impl AsFd,
    (owner, group): (Option<Uid>, Option<Gid>),
    mode: Option<u32>,
) -> Result<(), Errno> {
    if owner.is_some() || group.is_some() {
        rustix::fs::fchown(&file, owner, group)?;
    }
    // After the owner: changing it takes setuid bits away.
    match mode {
        Some(mode) => rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)),
        None => Ok(()),
    }
}
