//! Machines whose files this process reaches by a descriptor: all of them change files alike.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::root::{Root, set};
use super::{Attributes, Exit, Machine, MachineError, NodeKind, READ_BYTES_MAX, Script};

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
    MachineError::File {
        operation,
        path: path.to_owned(),
        source: source.into(),
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
        let root = self.root(cx)?;
        let stat = root
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

    fn read(&self, cx: &Cx, path: &str) -> Result<Vec<u8>, MachineError> {
        let failed = |error: io::Error| file_error("read", path, error);
        // NONBLOCK: a named pipe must not hang us.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let root = self.root(cx)?;
        let file = root
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
        io::copy(source, &mut file).map_err(failed)?;
        set(&file, owners, attributes.mode).map_err(|error| failed(error.into()))
    }

    fn get(&self, cx: &Cx, path: &str, sink: &mut dyn io::Write) -> Result<(), MachineError> {
        let failed = |error: io::Error| file_error("read", path, error);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let root = self.root(cx)?;
        let file = root
            .open(path, flags, Mode::empty())
            .map_err(|error| failed(error.into()))?;
        let mut file = File::from(file);
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is no regular file")));
        }
        io::copy(&mut file, sink).map(drop).map_err(failed)
    }

    fn make_dir(&self, cx: &Cx, path: &str, attributes: &Attributes) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let failed = |error: Errno| file_error("make the directory", path, error);
        let owners = root.owners(attributes)?;
        let (parent, name) = root.parent(path).map_err(failed)?;
        let mode = Mode::from_raw_mode(0o755);
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

    fn copy(&self, cx: &Cx, from: &str, to: &str) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let source = root
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
        if let Ok(target) = root.open(to, OFlags::PATH, Mode::empty())
            && let Ok(target) = rustix::fs::fstat(&target)
            && (target.st_dev, target.st_ino) == (stat.st_dev, stat.st_ino)
        {
            return Ok(());
        }
        let failed = |error: io::Error| file_error("write", to, error);
        let target = root.create(to).map_err(|error| failed(error.into()))?;
        let mut target = File::from(target);
        io::copy(&mut File::from(source), &mut target).map_err(failed)?;
        let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
        rustix::fs::fchmod(&target, mode).map_err(|error| failed(error.into()))
    }

    fn list(&self, cx: &Cx, path: &str) -> Result<Vec<String>, MachineError> {
        let root = self.root(cx)?;
        let failed = |error: Errno| file_error("list", path, error);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let directory = root.open(path, flags, Mode::empty()).map_err(failed)?;
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

    fn remove(&self, cx: &Cx, path: &str) -> Result<(), MachineError> {
        let root = self.root(cx)?;
        let failed = |error: Errno| file_error("delete", path, error);
        let (parent, name) = root.parent(path).map_err(failed)?;
        rustix::fs::unlinkat(&parent, name, AtFlags::empty()).map_err(failed)
    }
}
