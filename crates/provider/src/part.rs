//! A download that is not whole yet: the file `<path>.part`, its size and digest so far.
//!
//! The file is locked while somebody writes it, so two runs that want the same file
//! do not write into each other; the second finds it finished.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_core::fetch::{Expected, FetchError};

/// How often we look whether another run has finished with the file.
const LOCK_WAIT: Duration = Duration::from_millis(100);

/// An open, locked `.part` file.
#[derive(Debug)]
pub(crate) struct Part {
    path: PathBuf,
    file: File,
    hasher: Hasher,
    len: u64,
}

impl Part {
    /// Opens (or makes) the partial file of `target` and reads what it has.
    /// `None`: another run has finished `target` meanwhile.
    pub(crate) fn open(cx: &Cx, target: &Path) -> Result<Option<Self>, FetchError> {
        let mut name = target.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let fail = |source| write_error(&path, source);
        loop {
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&path)
                .map_err(fail)?;
            let mut has_waited = false;
            loop {
                match file.try_lock() {
                    Ok(()) => break,
                    Err(TryLockError::WouldBlock) => {
                        has_waited = true;
                        cx.cancel.check()?;
                        cx.clock().sleep(LOCK_WAIT);
                    }
                    Err(TryLockError::Error(source)) => return Err(fail(source)),
                }
            }
            if has_waited && target.exists() {
                return Ok(None);
            }
            // While we opened and locked it, another run may have renamed it away.
            if !is_same_file(&file, &path) {
                continue;
            }
            let mut part = Self {
                path: path.clone(),
                file,
                hasher: Hasher::new(),
                len: 0,
            };
            part.read_back(cx)?;
            return Ok(Some(part));
        }
    }

    fn read_back(&mut self, cx: &Cx) -> Result<(), FetchError> {
        let mut buffer = vec![0; 1 << 20];
        loop {
            cx.cancel.check()?;
            let read = self
                .file
                .read(&mut buffer)
                .map_err(|source| write_error(&self.path, source))?;
            if read == 0 {
                return Ok(());
            }
            self.hasher.update(&buffer[..read]);
            self.len += read as u64;
        }
    }

    /// Bytes at hand.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Digest of the bytes at hand.
    pub(crate) fn sha256(&self) -> Sha256 {
        self.hasher.clone().finish()
    }

    /// Adds bytes at the end.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.file
            .write_all(bytes)
            .map_err(|source| write_error(&self.path, source))?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Forgets what it has.
    pub(crate) fn discard(&mut self) -> Result<(), FetchError> {
        let start = || -> io::Result<()> {
            self.file.set_len(0)?;
            io::Seek::rewind(&mut &self.file)
        };
        start().map_err(|source| write_error(&self.path, source))?;
        self.hasher = Hasher::new();
        self.len = 0;
        Ok(())
    }

    /// Whether the bytes at hand are the promised ones; else what differs, in words.
    pub(crate) fn check(&self, expected: Expected) -> Result<(), String> {
        if self.len != expected.size {
            return Err(format!(
                "expected {} bytes, got {}",
                expected.size, self.len
            ));
        }
        let found = self.sha256();
        if found != expected.sha256 {
            return Err(format!("expected SHA-256 {}, got {found}", expected.sha256));
        }
        Ok(())
    }

    /// An empty one, for bytes that nobody has promised: what an earlier run left is no use.
    pub(crate) fn fresh(cx: &Cx, target: &Path) -> Result<Self, FetchError> {
        loop {
            // Another run's `target` is not ours.
            if let Some(mut part) = Self::open(cx, target)? {
                part.discard()?;
                return Ok(part);
            }
        }
    }

    /// Where the bytes at hand are.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the file away.
    pub(crate) fn remove(self) {
        // Whoever follows makes it anew or empties it.
        drop(std::fs::remove_file(&self.path));
    }

    /// Gives the file its final name.
    pub(crate) fn finish(self, target: &Path) -> Result<(), FetchError> {
        std::fs::rename(&self.path, target).map_err(|source| write_error(target, source))
    }
}

fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

fn write_error(path: &Path, source: io::Error) -> FetchError {
    FetchError::Write {
        path: path.display().to_string(),
        source,
    }
}
