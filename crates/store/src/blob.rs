//! Blobs: bytes named by their SHA-256, verified before they get their name.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};

use crate::Store;
use crate::entry::mark_used;
use crate::error::StoreError;
use crate::format;
use crate::lock::Lock;

/// How often a waiting process looks whether another one is done.
pub(crate) const WAIT: Duration = Duration::from_millis(20);

/// The right to download one blob: nobody else does at the same time.
#[derive(Debug)]
pub struct Download {
    store: Store,
    digest: Sha256,
    path: PathBuf,
    _lock: Lock,
}

impl Download {
    /// Where to download to: the `path` of `core::fetch::Fetch::download`. What an earlier try
    /// left stands beside it as `.part`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Verifies the downloaded bytes and gives them their name. Wrong bytes are removed.
    pub fn finish(self) -> Result<PathBuf, StoreError> {
        self.store.adopt(&self.digest, &self.path)
    }
}

impl Store {
    /// Where the blob stands, or would stand.
    pub fn blob_path(&self, digest: &Sha256) -> PathBuf {
        self.root.join(format::blob(digest))
    }

    /// Whether the blob is there.
    pub fn has_blob(&self, digest: &Sha256) -> bool {
        self.blob_path(digest).exists()
    }

    /// Opens a blob and marks it as used now.
    pub fn open_blob(&self, cx: &Cx, digest: &Sha256) -> Result<File, StoreError> {
        let path = self.blob_path(digest);
        let file = File::open(&path).map_err(|e| StoreError::io("open", &path, e))?;
        mark_used(cx, &path);
        Ok(file)
    }

    /// The right to download a blob; `None` when it is there already, also when another process
    /// has brought it while this one waited.
    pub fn download(&self, cx: &Cx, digest: &Sha256) -> Result<Option<Download>, StoreError> {
        loop {
            if self.has_blob(digest) {
                return Ok(None);
            }
            let lock = Lock::try_take(self.root.join("locks").join(format!("blob-{digest}")))?;
            match lock {
                None => {
                    cx.cancel.check()?;
                    cx.clock().sleep(WAIT);
                }
                Some(_) if self.has_blob(digest) => return Ok(None),
                Some(lock) => {
                    return Ok(Some(Download {
                        store: self.clone(),
                        digest: *digest,
                        path: self.root.join("partial").join(digest.to_string()),
                        _lock: lock,
                    }));
                }
            }
        }
    }

    /// Reads to the end and keeps the bytes. With `expected`, refuses other bytes.
    pub fn insert(
        &self,
        mut bytes: impl Read,
        expected: Option<&Sha256>,
    ) -> Result<Sha256, StoreError> {
        let scratch = self.scratch("blob")?;
        let path = scratch.path().join("bytes");
        self.faults.before("write blob");
        let found = (|| {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)?;
            let mut hasher = Hasher::new();
            let mut buffer = vec![0; 1 << 17];
            loop {
                let n = match bytes.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(n) => n,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                    Err(e) => return Err(e),
                };
                hasher.update(&buffer[..n]);
                file.write_all(&buffer[..n])?;
            }
            file.sync_data()?;
            Ok(hasher.finish())
        })()
        .map_err(|e: io::Error| StoreError::io("write", &path, e))?;
        if let Some(expected) = expected
            && *expected != found
        {
            return Err(StoreError::Mismatch {
                expected: *expected,
                found,
            });
        }
        self.name_blob(&found, &path)?;
        Ok(found)
    }

    /// Takes over a file of the same file system, which is gone afterwards. Refuses, and removes,
    /// one whose digest is another.
    fn adopt(&self, digest: &Sha256, path: &Path) -> Result<PathBuf, StoreError> {
        let found = (|| {
            let mut file = File::open(path)?;
            let mut hasher = Hasher::new();
            io::copy(&mut file, &mut hasher)?;
            file.sync_data()?;
            Ok(hasher.finish())
        })()
        .map_err(|e: io::Error| StoreError::io("read", path, e))?;
        if found != *digest {
            self.faults.before("refuse download");
            drop(fs::remove_file(path));
            return Err(StoreError::Mismatch {
                expected: *digest,
                found,
            });
        }
        self.name_blob(digest, path)
    }

    /// Gives a verified file its name.
    fn name_blob(&self, digest: &Sha256, from: &Path) -> Result<PathBuf, StoreError> {
        let path = self.blob_path(digest);
        let parent = path.parent().expect("a blob stands in a directory");
        self.faults.before("name blob");
        fs::set_permissions(from, Permissions::from_mode(0o444))
            .and_then(|()| fs::create_dir_all(parent))
            .and_then(|()| fs::rename(from, &path))
            .map_err(|e| StoreError::io("create", &path, e))?;
        Ok(path)
    }
}
