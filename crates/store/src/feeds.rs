//! What is known of vulnerabilities, kept in the home beside the store: feeds that others publish,
//! as `goldsmith_advisory::format` writes them.
//!
//! ```text
//! <home>/feeds/
//!   <name>.feed      a feed; whole or not there
//!   sources          where feeds are renewed from, a name or a URL a line
//!   .lock            locked while somebody writes
//!   .new-<name>      being written; of a dead process when nobody holds the lock
//! ```

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::StoreError;
use crate::lock;
use crate::scratch::{check_name, read_dir};

const ENDING: &str = ".feed";
const DRAFT: &str = ".new-";

/// The feeds of a home.
#[derive(Debug, Clone)]
pub struct Feeds {
    folder: PathBuf,
}

/// The right to change them, which one process has at a time.
#[derive(Debug)]
pub struct FeedWriter {
    folder: PathBuf,
    _lock: File,
}

impl Feeds {
    /// The feeds of this home. The folder need not exist yet.
    pub fn new(home: &Path) -> Self {
        Self {
            folder: home.join("feeds"),
        }
    }

    /// Their names, in order.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in read_dir(&self.folder)? {
            let name = entry.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(ENDING));
            names.extend(
                name.filter(|name| !name.starts_with('.'))
                    .map(str::to_owned),
            );
        }
        names.sort();
        Ok(names)
    }

    /// A feed as it was written.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let path = self.path(name);
        fs::read(&path).map_err(|e| StoreError::io("read", &path, e))
    }

    /// The beginning of a feed: enough for what it says of itself.
    pub fn head(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        const HEAD: u64 = 64 << 10;
        let path = self.path(name);
        let mut head = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(HEAD).read_to_end(&mut head))
            .map_err(|e| StoreError::io("read", &path, e))?;
        Ok(head)
    }

    /// Where feeds are renewed from: a name or a URL each.
    pub fn sources(&self) -> Result<Vec<String>, StoreError> {
        let path = self.folder.join("sources");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(StoreError::io("read", &path, e)),
        };
        let lines = text.lines().map(str::trim);
        let is_source = |line: &&str| !line.is_empty() && !line.starts_with('#');
        Ok(lines.filter(is_source).map(str::to_owned).collect())
    }

    /// The right to change them; waits while another process has it.
    pub fn write(&self) -> Result<FeedWriter, StoreError> {
        fs::create_dir_all(&self.folder).map_err(|e| StoreError::io("create", &self.folder, e))?;
        let path = self.folder.join(".lock");
        let lock = lock::open(&path)?;
        lock.lock().map_err(|e| StoreError::io("lock", &path, e))?;
        for entry in read_dir(&self.folder)? {
            if entry.file_name().to_string_lossy().starts_with(DRAFT) {
                let path = entry.path();
                fs::remove_file(&path).map_err(|e| StoreError::io("remove", &path, e))?;
            }
        }
        Ok(FeedWriter {
            folder: self.folder.clone(),
            _lock: lock,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{ENDING}"))
    }
}

impl FeedWriter {
    /// Puts a feed in the place of what had its name, whole or not at all.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        check_name(name)?;
        self.whole(&format!("{name}{ENDING}"), bytes)
    }

    /// Takes a feed away; `false`: there was none of this name.
    pub fn remove(&self, name: &str) -> Result<bool, StoreError> {
        check_name(name)?;
        let path = self.folder.join(format!("{name}{ENDING}"));
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(StoreError::io("remove", &path, e)),
        }
    }

    /// Remembers where feeds are renewed from.
    pub fn set_sources(&self, sources: &[String]) -> Result<(), StoreError> {
        let text: String = sources.iter().map(|source| format!("{source}\n")).collect();
        self.whole("sources", text.as_bytes())
    }

    /// A file to download to, which goes with the next writer where it is left.
    pub fn draft(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{DRAFT}{name}"))
    }

    fn whole(&self, file: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let (draft, path) = (self.draft(file), self.folder.join(file));
        File::create(&draft)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_data()))
            .and_then(|()| fs::rename(&draft, &path))
            .map_err(|e| StoreError::io("write", &path, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_or_not_there() {
        let home = tempfile::tempdir().unwrap();
        let feeds = Feeds::new(home.path());
        assert_eq!(feeds.names().unwrap(), Vec::<String>::new());
        assert_eq!(feeds.sources().unwrap(), Vec::<String>::new());
        let writer = feeds.write().unwrap();
        writer.replace("kev", b"one").unwrap();
        writer.replace("osv-go", b"two").unwrap();
        writer.replace("kev", b"three").unwrap();
        writer.set_sources(&["kev".to_owned()]).unwrap();
        assert!(matches!(
            writer.replace("../x", b""),
            Err(StoreError::Name(_))
        ));
        // What a killed process leaves.
        fs::write(writer.draft("osv-npm.feed"), b"half").unwrap();
        assert_eq!(feeds.names().unwrap(), ["kev", "osv-go"]);
        assert_eq!(feeds.read("kev").unwrap(), b"three");
        assert_eq!(feeds.sources().unwrap(), ["kev"]);
        drop(writer);
        let writer = feeds.write().unwrap();
        assert!(!writer.draft("osv-npm.feed").exists());
        assert!(writer.remove("kev").unwrap());
        assert!(!writer.remove("kev").unwrap());
        assert_eq!(feeds.names().unwrap(), ["osv-go"]);
    }
}
