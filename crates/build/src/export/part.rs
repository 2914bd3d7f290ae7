//! A file under way: beside its place, under the same name with `.part`, until it is whole.
//!
//! It goes when its owner goes. What a killed process left is taken over by the next that writes
//! the same file; one that still lives holds a lock on it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};

use super::{ExportError, io_error};

/// An empty file, held.
pub(super) struct Part {
    file: File,
    path: PathBuf,
}

impl Part {
    pub(super) fn create(target: &Path) -> Result<Self, ExportError> {
        let mut path = target.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        loop {
            let mut options = File::options();
            let options = options.read(true).write(true).create(true).truncate(false);
            let file = options.open(&path).map_err(io_error("write", &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let path = target.to_owned();
                    return Err(ExportError::Busy { path });
                }
                Err(TryLockError::Error(error)) => return Err(io_error("write", &path)(error)),
            }
            // Until the lock was had its owner may have made a whole file of it, which is not ours.
            if !is_at(&file, &path) {
                continue;
            }
            file.set_len(0).map_err(io_error("write", &path))?;
            return Ok(Self { file, path });
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of what is in it, read back.
    pub(super) fn digest(&self, cx: &Cx) -> Result<Sha256, ExportError> {
        let fail = |error| io_error("read", &self.path)(error);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(fail)?;
        let mut hasher = Hasher::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            cx.cancel.check()?;
            match file.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(length) => hasher.update(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(fail(error)),
            }
        }
    }

    /// Puts it in its place, in one step.
    pub(super) fn rename(&self, target: &Path) -> Result<(), ExportError> {
        fs::rename(&self.path, target).map_err(io_error("write", target))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Renamed into place there is nothing to remove, but perhaps another's.
        if is_at(&self.file, &self.path) {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Whether a file is the one that has this name.
fn is_at(file: &File, path: &Path) -> bool {
    let id = |found: fs::Metadata| (found.dev(), found.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(there)) => id(ours) == id(there),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("web.raw");
        // What a killed process left.
        fs::write(folder.path().join("web.raw.part"), "half").unwrap();
        let part = Part::create(&target).unwrap();
        assert_eq!(part.file().metadata().unwrap().len(), 0);
        part.file().write_all(b"half").unwrap();
        drop(part);
        assert_eq!(names(folder.path()), [""; 0]);

        let part = Part::create(&target).unwrap();
        part.file().write_all(b"whole").unwrap();
        part.rename(&target).unwrap();
        drop(part);
        assert_eq!(names(folder.path()), ["web.raw"]);
        assert_eq!(fs::read(&target).unwrap(), b"whole");
    }

    #[test]
    fn one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("web.raw");
        let first = Part::create(&target).unwrap();
        let second = Part::create(&target).map(drop).unwrap_err();
        assert!(matches!(second, ExportError::Busy { .. }), "{second}");
        // The loser has taken nothing away.
        first.rename(&target).unwrap();
        Part::create(&target).unwrap();
        assert!(target.exists());
    }
}
