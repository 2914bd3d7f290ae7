//! A tree in a sandbox as a machine.
//!
//! Files are opened relative to the tree with the tree as root of every path and link
//! (`openat2`, `RESOLVE_IN_ROOT`), so no link of the tree, however made, leads out of it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_exec::ns::{Command, Sandbox, SandboxError, User};
use rustix::fs::{AtFlags, FileType, Gid, MemfdFlags, Mode, OFlags, ResolveFlags, Uid};
use rustix::io::Errno;

use super::{
    Attributes, Exit, Machine, MachineError, NodeKind, Program, READ_BYTES_MAX, Script, accounts,
};

/// A tree in a sandbox.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a> {
    sandbox: &'a Sandbox,
}

impl<'a> Tree<'a> {
    /// Runs in `sandbox` and changes its tree.
    pub const fn new(sandbox: &'a Sandbox) -> Self {
        Self { sandbox }
    }

    /// Opens a path with the tree as its root.
    fn open(self, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        loop {
            match rustix::fs::openat2(
                self.sandbox.tree_fd(),
                path,
                flags | OFlags::CLOEXEC,
                mode,
                resolve,
            ) {
                // Somebody renamed a directory meanwhile.
                Err(Errno::AGAIN | Errno::INTR) => {}
                result => return result,
            }
        }
    }

    /// The directory a path is in, and its name there.
    fn parent(self, path: &str) -> Result<(OwnedFd, &str), Errno> {
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
    fn owners(self, attributes: &Attributes) -> Result<(Option<Uid>, Option<Gid>), MachineError> {
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
    fn create(self, path: &str) -> Result<OwnedFd, Errno> {
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

    fn user(self, name: &str) -> Result<(User, String), MachineError> {
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

fn set(
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

fn file_error(operation: &'static str, path: &str, source: impl Into<io::Error>) -> MachineError {
    MachineError::File {
        operation,
        path: path.to_owned(),
        source: source.into(),
    }
}

impl From<SandboxError> for MachineError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            SandboxError::TimedOut { timeout, .. } => Self::TimedOut(timeout),
            SandboxError::Start { program, source } => Self::Start { program, source },
            error => Self::machine(error),
        }
    }
}

impl Machine for Tree<'_> {
    fn run(
        &self,
        cx: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError> {
        let text = match &script.program {
            Program::Bash(text) => Some(
                memory_file(text.as_bytes())
                    .map_err(|error| file_error("prepare the script in", "memory", error))?,
            ),
            Program::Argv(_) => None,
        };
        let mut command = match &script.program {
            // Nothing is written into the tree: the script is the third descriptor.
            Program::Bash(_) => Command::new(["bash", "/dev/fd/3"]),
            Program::Argv(argv) => Command::new(argv.iter().cloned()),
        };
        command
            .extra_fds
            .extend(text.as_ref().map(|file| file.as_fd()));
        command.cwd = script.cwd.clone().into();
        command.timeout = script.timeout;
        command.env.clone_from(&script.env);
        if let Some(name) = &script.user {
            let (user, home) = self.user(name)?;
            command.user = user;
            command.env.entry("HOME".to_owned()).or_insert(home);
        }
        Ok(self.sandbox.run(cx, &command, on_line)?)
    }

    fn stat(&self, _cx: &Cx, path: &str) -> Result<Option<NodeKind>, MachineError> {
        let stat = self
            .open(path, OFlags::PATH, Mode::empty())
            .and_then(rustix::fs::fstat);
        match stat {
            Ok(stat) => Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => NodeKind::File,
                FileType::Directory => NodeKind::Directory,
                _ => NodeKind::Other,
            })),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(file_error("look at", path, error)),
        }
    }

    fn read(&self, _cx: &Cx, path: &str) -> Result<Vec<u8>, MachineError> {
        let failed = |error: io::Error| file_error("read", path, error);
        // NONBLOCK: a named pipe must not hang us.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let file = self
            .open(path, flags, Mode::empty())
            .map_err(|error| failed(error.into()))?;
        let file = File::from(file);
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(io::Error::other("it is no regular file")));
        }
        if metadata.size() > READ_BYTES_MAX {
            return Err(failed(io::Error::other("it is larger than 64 MiB")));
        }
        let mut bytes = Vec::new();
        file.take(READ_BYTES_MAX)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        Ok(bytes)
    }

    fn write(
        &self,
        _cx: &Cx,
        path: &str,
        bytes: &[u8],
        attributes: &Attributes,
    ) -> Result<(), MachineError> {
        let owners = self.owners(attributes)?;
        let failed = |error: io::Error| file_error("write", path, error);
        let mut file = File::from(self.create(path).map_err(|error| failed(error.into()))?);
        file.write_all(bytes).map_err(failed)?;
        set(&file, owners, attributes.mode).map_err(|error| failed(error.into()))
    }

    fn put(
        &self,
        _cx: &Cx,
        path: &str,
        source: &mut dyn io::Read,
        attributes: &Attributes,
    ) -> Result<(), MachineError> {
        let owners = self.owners(attributes)?;
        let failed = |error: io::Error| file_error("write", path, error);
        let mut file = File::from(self.create(path).map_err(|error| failed(error.into()))?);
        io::copy(source, &mut file).map_err(failed)?;
        set(&file, owners, attributes.mode).map_err(|error| failed(error.into()))
    }

    fn get(&self, _cx: &Cx, path: &str, sink: &mut dyn io::Write) -> Result<(), MachineError> {
        let failed = |error: io::Error| file_error("read", path, error);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let file = self
            .open(path, flags, Mode::empty())
            .map_err(|error| failed(error.into()))?;
        let mut file = File::from(file);
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is no regular file")));
        }
        io::copy(&mut file, sink).map(drop).map_err(failed)
    }

    fn make_dir(&self, _cx: &Cx, path: &str, attributes: &Attributes) -> Result<(), MachineError> {
        let failed = |error: Errno| file_error("make the directory", path, error);
        let owners = self.owners(attributes)?;
        let (parent, name) = self.parent(path).map_err(failed)?;
        let mode = Mode::from_raw_mode(0o755);
        let is_new = match rustix::fs::mkdirat(&parent, name, mode) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(failed(error)),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = self.open(path, flags, Mode::empty()).map_err(failed)?;
        if is_new {
            rustix::fs::fchmod(&directory, mode).map_err(failed)?;
        }
        set(&directory, owners, attributes.mode).map_err(failed)
    }

    fn copy(&self, _cx: &Cx, from: &str, to: &str) -> Result<(), MachineError> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let source = self
            .open(from, flags, Mode::empty())
            .map_err(|error| file_error("read", from, error))?;
        let stat = rustix::fs::fstat(&source).map_err(|error| file_error("read", from, error))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(file_error(
                "copy",
                from,
                io::Error::other("it is no regular file"),
            ));
        }
        // Truncating the target would empty the source when they are one file.
        if let Ok(target) = self.open(to, OFlags::PATH, Mode::empty())
            && let Ok(target) = rustix::fs::fstat(&target)
            && (target.st_dev, target.st_ino) == (stat.st_dev, stat.st_ino)
        {
            return Ok(());
        }
        let failed = |error: io::Error| file_error("write", to, error);
        let target = self.create(to).map_err(|error| failed(error.into()))?;
        let mut target = File::from(target);
        io::copy(&mut File::from(source), &mut target).map_err(failed)?;
        let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
        rustix::fs::fchmod(&target, mode).map_err(|error| failed(error.into()))
    }

    fn list(&self, _cx: &Cx, path: &str) -> Result<Vec<String>, MachineError> {
        let failed = |error: Errno| file_error("list", path, error);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = self.open(path, flags, Mode::empty()).map_err(failed)?;
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::new(directory).map_err(failed)? {
            let name = entry
                .map_err(failed)?
                .file_name()
                .to_string_lossy()
                .into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn remove(&self, _cx: &Cx, path: &str) -> Result<(), MachineError> {
        let failed = |error: Errno| file_error("delete", path, error);
        let (parent, name) = self.parent(path).map_err(failed)?;
        rustix::fs::unlinkat(&parent, name, AtFlags::empty()).map_err(failed)
    }
}

/// A file without a name that holds a script.
fn memory_file(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(rustix::fs::memfd_create("script", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    Ok(file)
}
