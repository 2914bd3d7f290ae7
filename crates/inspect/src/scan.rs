//! One look at an image for everything that is asked of it: engines over one walk, on all
//! processors.
//!
//! ```text
//! snapshot --+--> image(): each engine once, for what is asked of the whole
//!            +--> file():  each regular file is opened once, for every engine that wants it
//!                   |
//!                   v
//!            findings, in one order
//! ```
//!
//! An engine is one file here or in a crate above: it says which files it wants, looks at them, and
//! gives [`Finding`]s. What a file cannot tell because it is broken is a finding of coverage; the
//! scan goes on.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use goldsmith_core::inventory::Inventory;
use goldsmith_disk::read::Disk;

use crate::harden::HardenError;
use crate::sanitize::SanitizeError;
use crate::snapshot::Snapshot;
use crate::threads::side_by_side;
use crate::view::{self, Node, ViewError};

pub mod format;
mod hardening;
mod leaks;
mod packages;
mod secrets;

pub use hardening::Hardening;
pub use leaks::Leaks;
pub use packages::Packages;
pub use secrets::Secrets;

/// Files that one thread takes at a time.
const CHUNK: usize = 64;

/// What looks at an image.
pub trait Engine: Sync {
    /// Whether it wants the content of a regular file.
    fn wants(&self, _scan: &Scan<'_>, _node: &Node) -> bool {
        false
    }

    /// Looks at such a file. Called by several threads, in no order.
    fn file(&self, _scan: &Scan<'_>, _node: &Node, _file: &dyn Disk) -> Result<(), ScanError> {
        Ok(())
    }

    /// Looks at the image as a whole, at the same time as files are looked at.
    fn image(&self, _scan: &Scan<'_>) -> Result<(), ScanError> {
        Ok(())
    }
}

/// A scan under way: the image, and where findings go.
#[derive(Debug)]
pub struct Scan<'a> {
    /// What it may ask for.
    pub cx: &'a Cx,
    /// The image.
    pub snapshot: &'a Snapshot<'a>,
    found: Mutex<Vec<Finding>>,
}

/// A scan that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The image cannot be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A rule failed.
    #[error(transparent)]
    Rule(#[from] SanitizeError),
    /// The hardening profile says nothing.
    #[error(transparent)]
    Harden(#[from] HardenError),
    /// Asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Failure for ScanError {
    fn class(&self) -> Class {
        match self {
            Self::View(error) => error.class(),
            Self::Rule(error) => error.class(),
            Self::Harden(error) => error.class(),
            Self::Cancelled(cancelled) => cancelled.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::View(error) => error.hints(),
            Self::Rule(error) => error.hints(),
            Self::Harden(error) => error.hints(),
            Self::Cancelled(_) => Vec::new(),
        }
    }
}

impl Scan<'_> {
    /// Takes a finding.
    pub fn add(&self, finding: Finding) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.push(finding);
    }

    /// Takes down that something could not be looked at.
    pub fn unread(&self, place: Place, why: &str) {
        self.add(unread(place, why));
    }
}

/// The finding that something could not be looked at.
pub fn unread(place: Place, why: &str) -> Finding {
    Finding {
        kind: Kind::Coverage,
        id: "unread".to_owned(),
        severity: Severity::Medium,
        place,
        title: format!("not looked at: {why}"),
        fix: None,
        references: Vec::new(),
        facts: Vec::new(),
    }
}

/// Has every engine look at an image. The findings come in an order that depends on nothing but
/// them.
pub fn scan(
    cx: &Cx,
    snapshot: &Snapshot<'_>,
    engines: &[&dyn Engine],
    threads: NonZero<usize>,
) -> Result<Vec<Finding>, ScanError> {
    let scan = Scan {
        cx,
        snapshot,
        found: Mutex::new(Vec::new()),
    };
    let files: Vec<&Node> = snapshot
        .nodes()
        .iter()
        .filter(|node| node.kind == view::Kind::File)
        .collect();
    let chunks: Vec<&[&Node]> = files.chunks(CHUNK).collect();
    // The whole comes first: it takes longest.
    let jobs = engines.len() + chunks.len();
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), ScanError> {
        loop {
            cx.cancel.check()?;
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= jobs {
                return Ok(());
            }
            match job.checked_sub(engines.len()) {
                None => engines[job].image(&scan)?,
                Some(chunk) => {
                    for node in chunks[chunk] {
                        one(&scan, engines, node)?;
                    }
                }
            }
        }
    };
    side_by_side(threads.get(), work)?;
    let mut found = scan
        .found
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    found.sort_by(|a, b| {
        let key = |f: &Finding| (f.kind, std::cmp::Reverse(f.severity));
        let name = |f: &Finding| (f.id.clone(), f.place.clone(), f.title.clone());
        key(a).cmp(&key(b)).then_with(|| name(a).cmp(&name(b)))
    });
    found.dedup();
    Ok(found)
}

/// The software in an image, and nothing else.
pub fn software(
    cx: &Cx,
    snapshot: &Snapshot<'_>,
    threads: NonZero<usize>,
) -> Result<Inventory, ScanError> {
    let packages = Packages::default();
    scan(cx, snapshot, &[&packages], threads)?;
    Ok(packages.inventory(snapshot)?)
}

fn one(scan: &Scan<'_>, engines: &[&dyn Engine], node: &Node) -> Result<(), ScanError> {
    let mut wanting = engines
        .iter()
        .filter(|engine| engine.wants(scan, node))
        .peekable();
    if wanting.peek().is_none() {
        return Ok(());
    }
    let file = match scan.snapshot.open(node) {
        Ok(file) => file,
        Err(ViewError::Cancelled(cancelled)) => return Err(cancelled.into()),
        Err(error) => {
            scan.unread(place(node), &goldsmith_core::failure::with_causes(&error));
            return Ok(());
        }
    };
    for engine in wanting {
        engine.file(scan, node, &*file)?;
    }
    Ok(())
}

/// A whole file as a place.
pub fn place(node: &Node) -> Place {
    Place::File {
        path: node.path.clone(),
        line: None,
        entry: None,
    }
}

#[cfg(test)]
mod tests;
