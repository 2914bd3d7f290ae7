//! Whether a store is right: everything in it that this crate knows the form of, for `doctor`.
//! What is inside of entries is known to those who make them.
//!
//! Whatever is wrong is put right by its removal: what is needed is then fetched or made again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};

use crate::Store;
use crate::entry::{Shelf, read_entry};
use crate::error::StoreError;
use crate::format::{self, VERSION};
use crate::scratch::read_dir;
use crate::{chain, lock, pin};

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub path: PathBuf,
    /// What is wrong, and what it means.
    pub what: String,
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Number of blobs.
    pub blobs: u64,
    /// Number of decoded packages.
    pub packages: u64,
    /// Number of layers.
    pub layers: u64,
    /// Number of files that say what is kept.
    pub pins: u64,
    /// What is wrong, in the order of paths.
    pub problems: Vec<Problem>,
}

impl Checked {
    /// Adds something that is wrong.
    pub fn wrong(&mut self, path: &Path, what: impl Into<String>) {
        self.problems.push(Problem {
            path: path.to_owned(),
            what: what.into(),
        });
    }
}

impl Store {
    /// Looks at everything. With `digests` every blob is read as well.
    pub fn check(&self, cx: &Cx, digests: bool) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        self.check_blobs(cx, digests, &mut checked)?;
        for shelf in Shelf::ALL {
            self.check_entries(cx, shelf, &mut checked)?;
        }
        self.check_words(&mut checked)?;
        self.check_leftovers(&mut checked)?;
        self.check_strangers(&mut checked)?;
        checked.problems.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(checked)
    }

    /// Removes what is wrong, out of sight at once; gives how much that was. Refuses while other
    /// processes work in the store. As [`Store::gc`], for a command that does nothing else.
    pub fn repair(&self, cx: &Cx, problems: &[Problem]) -> Result<usize, StoreError> {
        self.alone(|| {
            let grave = self.scratch("discard")?;
            let mut removed = 0;
            for (number, problem) in problems.iter().enumerate() {
                cx.cancel.check()?;
                let path = &problem.path;
                if path == &self.root || !path.starts_with(&self.root) {
                    continue;
                }
                self.faults.before("repair");
                match fs::rename(path, grave.path().join(number.to_string())) {
                    Ok(()) => removed += 1,
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) => return Err(StoreError::io("remove", path, e)),
                }
            }
            Ok(removed)
        })
    }

    /// What becomes of a thing that is wrong once it was removed.
    pub fn remedy(&self, problem: &Problem) -> &'static str {
        let inside = problem
            .path
            .strip_prefix(&self.root)
            .unwrap_or(Path::new(""));
        let top = inside.iter().next().unwrap_or_default();
        match top.to_str().unwrap_or_default() {
            "blobs" => "the next build that needs it fetches it again",
            "packages" => "the next build that needs it decodes it again",
            "layers" | "again" => "the next build that needs it makes it again",
            "pins" | "chains" => "the next build of its project writes it again",
            _ => "nothing needs it",
        }
    }

    /// Every entry of a shelf: its name, and where it stands.
    pub fn entries(&self, shelf: Shelf) -> Result<Vec<(Sha256, PathBuf)>, StoreError> {
        let entries = read_dir(&self.root.join(shelf.directory()))?;
        let named = entries.iter().filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().parse().ok()?;
            Some((name, entry.path()))
        });
        Ok(named.collect())
    }

    /// The entries without which an entry is of no use; nothing when it is not there or damaged.
    pub fn needs(&self, shelf: Shelf, digest: &Sha256) -> Option<Vec<Sha256>> {
        let path = self.entry_path(shelf, digest).join(format::ENTRY_FILE);
        read_entry(&path).ok().map(|entry| entry.needs)
    }

    fn check_blobs(&self, cx: &Cx, digests: bool, checked: &mut Checked) -> Result<(), StoreError> {
        for prefix in read_dir(&self.root.join("blobs/sha256"))? {
            for blob in read_dir(&prefix.path())? {
                cx.cancel.check()?;
                let path = blob.path();
                let name = blob.file_name();
                let Ok(digest) = name.to_string_lossy().parse::<Sha256>() else {
                    checked.wrong(&path, "no blob has such a name");
                    continue;
                };
                checked.blobs += 1;
                if path != self.blob_path(&digest) {
                    checked.wrong(&path, "it is not where its name belongs");
                } else if digests {
                    match digest_of(&path) {
                        Ok(found) if found == digest => {}
                        Ok(found) => checked.wrong(&path, format!("its digest is {found}")),
                        Err(e) => checked.wrong(&path, format!("it cannot be read: {e}")),
                    }
                }
            }
        }
        Ok(())
    }

    fn check_entries(
        &self,
        cx: &Cx,
        shelf: Shelf,
        checked: &mut Checked,
    ) -> Result<(), StoreError> {
        for entry in read_dir(&self.root.join(shelf.directory()))? {
            cx.cancel.check()?;
            let path = entry.path();
            if entry
                .file_name()
                .to_string_lossy()
                .parse::<Sha256>()
                .is_err()
            {
                checked.wrong(&path, "no entry has such a name");
                continue;
            }
            match shelf {
                Shelf::Packages => checked.packages += 1,
                Shelf::Layers => checked.layers += 1,
            }
            match read_entry(&path.join(format::ENTRY_FILE)) {
                Err(e) => checked.wrong(&path, format!("its description is unusable: {e}")),
                Ok(entry) if entry.version != VERSION => {
                    checked.wrong(&path, format!("it has version {}", entry.version));
                }
                Ok(entry) => {
                    let is_gone = |need: &&Sha256| !self.entry_path(shelf, need).is_dir();
                    if let Some(need) = entry.needs.iter().find(is_gone) {
                        checked.wrong(
                            &path,
                            format!("what it needs is gone: {need}; nothing can use it"),
                        );
                    }
                }
            }
        }
        Ok(())
    }

    /// Pins, chains, numbers.
    fn check_words(&self, checked: &mut Checked) -> Result<(), StoreError> {
        for entry in read_dir(&self.root.join("pins"))? {
            checked.pins += 1;
            if let Err(e) = pin::read(&entry.path()) {
                checked.wrong(&entry.path(), e.to_string());
            }
        }
        for entry in read_dir(&self.root.join("chains"))? {
            checked.pins += 1;
            if let Err(e) = chain::read(&entry.path()) {
                checked.wrong(&entry.path(), e.to_string());
            }
        }
        for entry in read_dir(&self.root.join("clean"))? {
            if entry
                .file_name()
                .to_string_lossy()
                .parse::<Sha256>()
                .is_err()
            {
                checked.wrong(&entry.path(), "it is named after no key");
            }
        }
        for entry in read_dir(&self.root.join("again"))? {
            match entry.file_name().to_string_lossy().parse::<Sha256>() {
                Err(_) => checked.wrong(&entry.path(), "it is named after no layer"),
                Ok(key) => {
                    if let Err(e) = self.again(&key) {
                        checked.wrong(&entry.path(), e.to_string());
                    }
                }
            }
        }
        Ok(())
    }

    /// What dead processes left, once it was swept. Graves wait for their burial.
    fn check_leftovers(&self, checked: &mut Checked) -> Result<(), StoreError> {
        for entry in read_dir(&self.root.join("scratch"))? {
            let path = entry.path();
            if crate::scratch::is_grave(&path) {
                continue;
            }
            let owner = File::open(path.join(crate::scratch::OWNER_LOCK));
            let is_dead = match &owner {
                Ok(owner) => lock::try_exclusive(owner, &path)?,
                Err(_) => true,
            };
            // It may have gone in the meantime.
            if is_dead && path.exists() {
                checked.wrong(&path, "a dead process left it");
            }
        }
        for entry in read_dir(&self.root.join("partial"))? {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.trim_end_matches(".part").parse::<Sha256>().is_err() {
                checked.wrong(&entry.path(), "no download has such a name");
            }
        }
        Ok(())
    }

    /// What nobody here has put there.
    fn check_strangers(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let known = format::DIRECTORIES.map(|path| path.split('/').next().unwrap_or(path));
        for entry in read_dir(&self.root)? {
            let name = entry.file_name();
            if name != "version" && !known.iter().any(|known| name == *known) {
                checked.wrong(&entry.path(), "nothing of a store has such a name");
            }
        }
        Ok(())
    }
}

fn digest_of(path: &Path) -> io::Result<Sha256> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut hasher = Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finish())
}
