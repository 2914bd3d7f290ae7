//! Debian packages: from the bytes of a `.deb` to a decoded package in the
//! store, once per package and in parallel across packages. Nothing of the
//! package runs here. The form of a decoded package is drawn in [`meta`].

pub mod meta;

mod ar;
mod check;
mod control;
mod decode;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::Unit;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_store::{Claim, Draft, Shelf, Store, StoreError};

pub use self::check::check;
pub use self::control::{Stanza, StanzaError};
use self::meta::PackageMeta;

/// A decoded package in the store.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// Its directory.
    pub path: PathBuf,
    /// What its `meta.json` says.
    pub meta: PackageMeta,
}

/// A package that cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DebError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The package could not be read, or its decoded form not be written.
    #[error("cannot decode package {package}")]
    Io {
        /// Name of the file, or digest while the name is not known.
        package: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The package is not what a package may be.
    #[error("package {package} is refused: {detail}")]
    Refused {
        /// Digest of the `.deb`.
        package: Sha256,
        /// What is wrong with it.
        detail: String,
    },
}

impl Failure for DebError {
    fn class(&self) -> Class {
        match self {
            Self::Store(e) => e.class(),
            Self::Cancelled(e) => e.class(),
            Self::Io { .. } => Class::Environment,
            Self::Refused { .. } => Class::Remote,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Store(e) => e.hints(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                vec!["ownership of files can be set by root only: run it as root".to_owned()]
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                vec!["`goldsmith gc` frees what no image needs".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}

/// Decodes the packages whose `.deb` is in the store and whose decoded form is not; gives all of
/// them in the order asked for. Uses every processor.
pub fn decode(cx: &Cx, store: &Store, packages: &[Sha256]) -> Result<Vec<Decoded>, DebError> {
    let mut found: BTreeMap<Sha256, Decoded> = BTreeMap::new();
    for digest in packages {
        if let Some(path) = store.entry(cx, Shelf::Packages, digest) {
            match kept(store, digest, &path)? {
                Some(meta) => drop(found.insert(*digest, Decoded { path, meta })),
                None => store.discard(Shelf::Packages, digest)?,
            }
        }
    }
    let mut missing: Vec<(u64, Sha256)> = packages
        .iter()
        .filter(|digest| !found.contains_key(digest))
        .map(|digest| {
            let size = std::fs::metadata(store.blob_path(digest)).map_or(0, |m| m.len());
            (size, *digest)
        })
        .collect();
    // Taken from the end, the largest first: no processor is left with a long one at last.
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        let total = missing.len() as u64;
        let phase = cx.phase("decode packages", Some((total, Unit::Packages)));
        let work = Work {
            cx,
            store,
            queue: Mutex::new(missing),
            done: AtomicU64::new(0),
        };
        let workers = thread::available_parallelism().map_or(2, usize::from);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..workers)
                .map(|_| scope.spawn(|| work.run(|done| phase.progress(done))))
                .collect();
            let mut result = Ok(());
            for thread in threads {
                let one = thread.join().expect("a worker returns its errors");
                result = result.and(one);
            }
            result
        })?;
        phase.finish(format!("{total} packages"));
    }
    packages
        .iter()
        .map(|digest| {
            if let Some(decoded) = found.get(digest) {
                return Ok(decoded.clone());
            }
            let path = store.entry(cx, Shelf::Packages, digest);
            path.and_then(|path| {
                Some(Decoded {
                    meta: meta::read(&path)?,
                    path,
                })
            })
            .ok_or_else(|| DebError::Refused {
                package: *digest,
                detail: "its decoded form went away while it was needed".to_owned(),
            })
        })
        .collect()
}

/// What a decoded package that was found says of itself; `None`: it is of no use.
fn kept(store: &Store, digest: &Sha256, path: &Path) -> Result<Option<PackageMeta>, DebError> {
    if store.is_doubtful(Shelf::Packages, digest) {
        if check::problem(path).is_some() {
            return Ok(None);
        }
        store.vouch(Shelf::Packages, digest)?;
    }
    Ok(meta::read(path))
}

/// What the workers share.
struct Work<'a> {
    cx: &'a Cx,
    store: &'a Store,
    queue: Mutex<Vec<(u64, Sha256)>>,
    done: AtomicU64,
}

impl Work<'_> {
    fn run(&self, progress: impl Fn(u64)) -> Result<(), DebError> {
        let mut elsewhere = Vec::new();
        loop {
            self.cx.cancel.check()?;
            let next = self
                .queue
                .lock()
                .expect("nobody panics with the queue")
                .pop();
            let Some((_, digest)) = next else { break };
            match self.store.claim(self.cx, Shelf::Packages, &digest)? {
                Claim::Ready(_) => {}
                Claim::Busy => elsewhere.push(digest),
                Claim::Mine(draft) => self.one(draft)?,
            }
            progress(self.done.fetch_add(1, Ordering::Relaxed) + 1);
        }
        // Only now, when nobody can be waiting for this worker.
        for digest in elsewhere {
            if let Claim::Mine(draft) =
                self.store
                    .claim_or_wait(self.cx, Shelf::Packages, &digest)?
            {
                self.one(draft)?;
            }
        }
        Ok(())
    }

    fn one(&self, draft: Draft) -> Result<(), DebError> {
        let blob = self.store.open_blob(self.cx, draft.digest())?;
        decode::decode(self.cx, blob, draft.digest(), draft.path())?;
        self.store.publish(draft, &[])?;
        Ok(())
    }
}
