//! The packages of a lock, brought into the store.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use goldsmith_core::cx::{Cx, Phase};
use goldsmith_core::event::Unit;
use goldsmith_core::fetch::{Expected, FetchError};
use goldsmith_core::size::format_bytes;
use goldsmith_plan::lock::{Package, Section};

use super::{Archive, RepoError};

/// How many packages are fetched at once. Mirrors allow as many per client.
const CONNECTIONS: usize = 6;

/// What [`fetch_packages`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Packages of the lock, the boot loader's included.
    pub packages: usize,
    /// Of which fetched now; the others were in the store.
    pub fetched: usize,
    /// Bytes fetched now.
    pub bytes: u64,
}

/// Brings every package of the section into the store, each verified by size and digest.
///
/// What is in the store is not asked for, so packages that a mirror no longer has do no
/// harm. What arrived before a failure stays, and the rest is taken up by the next call.
pub fn fetch_packages(
    cx: &Cx,
    archive: Archive<'_>,
    section: &Section,
) -> Result<Fetched, RepoError> {
    let mut missing: Vec<&Package> = section
        .all_packages()
        .filter(|package| !archive.store.has_blob(&package.sha256))
        .collect();
    let packages = section.all_packages().count();
    if missing.is_empty() {
        return Ok(Fetched {
            packages,
            ..Fetched::default()
        });
    }
    // The largest first: they decide when the last one ends.
    missing.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.id().cmp(&b.id())));
    let bytes = missing.iter().map(|package| package.size).sum();
    let fetched = missing.len();
    let phase = cx.phase("fetch packages", Some((bytes, Unit::Bytes)));
    let run = Run {
        cx,
        archive,
        phase: &phase,
        arrived: AtomicU64::new(0),
        left: Mutex::new(missing.into()),
        failed: Mutex::new(None),
    };
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS.min(fetched) {
            scope.spawn(|| run.work());
        }
    });
    let failed = run
        .failed
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = failed {
        return Err(error);
    }
    phase.finish(format!("{fetched} packages, {}", format_bytes(bytes)));
    Ok(Fetched {
        packages,
        fetched,
        bytes,
    })
}

struct Run<'a> {
    cx: &'a Cx,
    archive: Archive<'a>,
    phase: &'a Phase,
    arrived: AtomicU64,
    left: Mutex<VecDeque<&'a Package>>,
    /// The first failure; nobody starts another package after it.
    failed: Mutex<Option<RepoError>>,
}

impl Run<'_> {
    fn work(&self) {
        while let Some(package) = self.next() {
            if let Err(error) = self.one(package) {
                let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
                failed.get_or_insert(error);
                let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
                left.clear();
            }
        }
    }

    fn next(&self) -> Option<&Package> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.pop_front()
    }

    fn one(&self, package: &Package) -> Result<(), RepoError> {
        let Some(download) = self.archive.store.download(self.cx, &package.sha256)? else {
            self.add(package.size);
            return Ok(());
        };
        let base = self.archive.mirror(&package.suite)?;
        let url = format!("{base}/{}", package.path);
        let expected = Expected {
            size: package.size,
            sha256: package.sha256,
        };
        let outcome =
            self.archive
                .fetch
                .download(self.cx, &url, expected, download.path(), &|new| {
                    self.add(new);
                });
        outcome.map_err(|source| {
            let (name, version) = (package.name.clone(), package.version.clone());
            match source {
                FetchError::Cancelled(cancelled) => cancelled.into(),
                FetchError::NotFound { .. } => RepoError::Gone { name, version },
                FetchError::Mismatch { .. } => RepoError::Mismatch {
                    name,
                    version,
                    source,
                },
                source => RepoError::PackageFetch {
                    name,
                    version,
                    source,
                },
            }
        })?;
        download.finish()?;
        Ok(())
    }

    fn add(&self, new: u64) {
        let before = self.arrived.fetch_add(new, Ordering::Relaxed);
        self.phase.progress(before + new);
    }
}
