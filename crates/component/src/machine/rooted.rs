//! Machines whose files this process reaches by a descriptor: all of them change files alike.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_core::failure::Cancelled;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::root::{Root, deep, set};
use super::{
    Attributes, Depth, Entry, Exit, Machine, MachineError, NodeKind, READ_BYTES_MAX, Script,
};

/// A machine whose files lie below a directory of this computer.
pub trait Rooted: Send + Sync {
    /// The directory.
    fn root(&self, cx: &Cx) -> Result<Root<'_>, MachineError>;

    /// As [`Machine::run`].
    fn start(
        &self,
        cx: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError>;
}

fn file_error(operation: &'static str, path: &str, source: impl Into<io::Error>) -> MachineError {
    let source = source.into();
    // What looks whether to stop says so by this.
    if source.raw_os_error() == Some(Errno::CANCELED.raw_os_error()) {
        return Cancelled.into();
    }
    MachineError::File {
        operation,
        path: path.to_owned(),
        source,
    }
}

impl<M: Rooted> Machine for M {
    fn run(
        &self,
        cx: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError> {
        self.start(cx, script, on_line)
    }

    fn stat(&self, cx: &Cx, path: &str) -> Result<Option<NodeKind>, MachineError> {
        let found = self.root(cx)?.kind(path, OFlags::empty());
        found.map_err(|error| file_error("look at", path, error))
    }

    fn lstat(&self, cx: &Cx, path: &str) -> Result<Option<NodeKind>, MachineError> {
        let found = self.root(cx)?.kind(path, OFlags::NOFOLLOW);
        found.map_err(|error| file_error("look at", path, error))
    }

    fn read(&self, cx: &Cx, path: &str) -> Result<Vec<u8>, MachineError> {
        let failed = |error: io::Error| file_error("read", path, error);
        let file = self.root(cx)?.open_file(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.size() > READ_BYTES_MAX {
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
        cx: &Cx,
        path: &str,
        bytes: &[u8],
        attributes: &Attributes,
    ) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let owners = root.owners(attributes)?;
        let failed = |error: io::Error| file_error("write", path, error);
        let mut file = File::from(root.create(path).map_err(|error| failed(error.into()))?);
        file.write_all(bytes).map_err(failed)?;
        set(&file, owners, attributes.mode).map_err(|error| failed(error.into()))
    }

    fn put(
        &self,
        cx: &Cx,
        path: &str,
        source: &mut dyn io::Read,
        attributes: &Attributes,
    ) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let owners = root.owners(attributes)?;
        let failed = |error: io::Error| file_error("write", path, error);
        let mut file = File::from(root.create(path).map_err(|error| failed(error.into()))?);
        deep::pour(cx, source, &mut file).map_err(failed)?;
        set(&file, owners, attributes.mode).map_err(|error| failed(error.into()))
    }

    fn get(&self, cx: &Cx, path: &str, sink: &mut dyn io::Write) -> Result<(), MachineError> {
        let failed = |error: io::Error| file_error("read", path, error);
        let file = self.root(cx)?.open_file(path).map_err(failed)?;
        deep::pour(cx, file, sink).map_err(failed)
    }

    fn make_dir(&self, cx: &Cx, path: &str, attributes: &Attributes) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let failed = |error: Errno| file_error("make the directory", path, error);
        let owners = root.owners(attributes)?;
        let (parent, name) = root.parent(path).map_err(failed)?;
        let mode = root.directory_mode();
        let is_new = match rustix::fs::mkdirat(&parent, name, mode) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(failed(error)),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = root.open(path, flags, Mode::empty()).map_err(failed)?;
        if is_new {
            rustix::fs::fchmod(&directory, mode).map_err(failed)?;
        }
        set(&directory, owners, attributes.mode).map_err(failed)
    }

    fn set(
        &self,
        cx: &Cx,
        path: &str,
        attributes: &Attributes,
        depth: Depth,
    ) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let owners = root.owners(attributes)?;
        let node = root.open(path, OFlags::PATH, Mode::empty());
        let done = node.and_then(|node| match depth {
            Depth::One => set(&node, owners, attributes.mode),
            Depth::All => deep::set_all(cx, node.as_fd(), owners, attributes.mode),
        });
        done.map_err(|error| file_error("change", path, error))
    }

    fn link(&self, cx: &Cx, target: &str, path: &str) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let made = root
            .parent(path)
            .and_then(|(parent, name)| rustix::fs::symlinkat(target, &parent, name));
        made.map_err(|error| file_error("make the link", path, error))
    }

    fn copy(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let failed = |error: io::Error| file_error("read", from, error);
        let mut source = root.open_file(from).map_err(failed)?;
        let stat = source.metadata().map_err(failed)?;
        // Truncating the target would empty the source when they are one file.
        if let Ok(target) = root.open(to, OFlags::PATH, Mode::empty())
            && let Ok(target) = rustix::fs::fstat(&target)
            && (target.st_dev, target.st_ino) == (stat.dev(), stat.ino())
        {
            return Ok(());
        }
        let failed = |error: io::Error| file_error("write", to, error);
        let target = root.create(to).map_err(|error| failed(error.into()))?;
        let mut target = File::from(target);
        deep::pour(cx, &mut source, &mut target).map_err(failed)?;
        let mode = Mode::from_raw_mode(stat.mode() & 0o7777);
        rustix::fs::fchmod(&target, mode).map_err(|error| failed(error.into()))
    }

    fn copy_dir(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let copy = || -> io::Result<()> {
            let source = root.open(from, DIRECTORY, Mode::empty())?;
            let (parent, name) = root.parent(to)?;
            make_room(root, source.as_fd(), parent.as_fd(), name)?;
            let made = deep::make_dir(parent.as_fd(), &CString::new(name)?)?;
            deep::copy(cx, source.as_fd(), made.as_fd())
        };
        copy().map_err(|error| file_error("copy", from, error))
    }

    fn rename(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let rename = || -> io::Result<()> {
            let ((parent, name), (to_parent, to_name)) = (root.parent(from)?, root.parent(to)?);
            let once = || rustix::fs::renameat(&parent, name, &to_parent, to_name);
            match once() {
                Err(Errno::EXIST | Errno::NOTEMPTY) => {
                    let source = root.open(from, DIRECTORY, Mode::empty())?;
                    make_room(root, source.as_fd(), to_parent.as_fd(), to_name)?;
                    Ok(once()?)
                }
                // Into itself.
                Err(Errno::INVAL) => Err(nested()),
                Err(Errno::XDEV) => move_bytes(cx, root, (&parent, name), (&to_parent, to_name)),
                done => Ok(done?),
            }
        };
        rename().map_err(|error| file_error("move", from, error))
    }

    fn list(&self, cx: &Cx, path: &str, depth: Depth) -> Result<Vec<Entry>, MachineError> {
        let mut entries = Vec::new();
        let directory = self.root(cx)?.open(path, DIRECTORY, Mode::empty());
        directory
            .and_then(|directory| deep::list(cx, directory.as_fd(), "", depth, &mut entries))
            .map_err(|error| file_error("list", path, error))?;
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    fn remove(&self, cx: &Cx, path: &str) -> Result<(), MachineError> {
        let removed = self
            .root(cx)?
            .parent(path)
            .and_then(|(parent, name)| rustix::fs::unlinkat(&parent, name, AtFlags::empty()));
        removed.map_err(|error| file_error("delete", path, error))
    }

    fn remove_dir(&self, cx: &Cx, path: &str, depth: Depth) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let remove = || -> io::Result<()> {
            let (parent, name) = root.parent(path)?;
            match depth {
                Depth::One => Ok(rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR)?),
                Depth::All if is_directory(parent.as_fd(), name)? => {
                    deep::remove(parent.as_fd(), name)
                }
                Depth::All => Err(Errno::NOTDIR.into()),
            }
        };
        remove().map_err(|error| file_error("delete", path, error))
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

fn is_directory(parent: BorrowedFd<'_>, name: &str) -> Result<bool, Errno> {
    let stat = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

fn nested() -> io::Error {
    io::Error::other("one of the two directories lies in the other")
}

/// Removes a directory that is in the way of what `source` is to become. Refuses when one of
/// the two lies in the other.
fn make_room(
    root: Root<'_>,
    source: BorrowedFd<'_>,
    parent: BorrowedFd<'_>,
    name: &str,
) -> io::Result<()> {
    if deep::is_within(parent, source, root)? {
        return Err(nested());
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(parent, name, flags, Mode::empty()) {
        Ok(old) if deep::is_within(source, old.as_fd(), root)? => Err(nested()),
        Ok(_) => deep::remove(parent, name),
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Moves between two file systems.
fn move_bytes(
    cx: &Cx,
    root: Root<'_>,
    (parent, name): (&OwnedFd, &str),
    (to_parent, to_name): (&OwnedFd, &str),
) -> io::Result<()> {
    let (parent, to_parent) = (parent.as_fd(), to_parent.as_fd());
    let is_directory = is_directory(parent, name)?;
    if is_directory {
        let flags = DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let source = rustix::fs::openat(parent, name, flags, Mode::empty())?;
        make_room(root, source.as_fd(), to_parent, to_name)?;
    } else {
        match rustix::fs::unlinkat(to_parent, to_name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let names = (CString::new(name)?, CString::new(to_name)?);
    deep::copy_node(cx, (parent, &names.0), (to_parent, &names.1))?;
    if is_directory {
        deep::remove(parent, name)
    } else {
        Ok(rustix::fs::unlinkat(parent, name, AtFlags::empty())?)
    }
}
