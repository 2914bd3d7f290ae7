//! Credentials in the files of an image, wherever they lie.
//!
//! ```text
//! every file but those that a package brought and nobody changed
//!   --unpack--> streams --search--> keywords (one automaton) -> pattern -> entropy, placeholder,
//!   validator --> findings: where, which kind, a few letters and a fingerprint, never the secret
//! ```
//!
//! No list of folders or of endings is skipped: a key lies as well in `/usr/share` or in a log.
//! The same image gives the same findings in the same order, however many threads there are.

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_core::cx::Cx;
use goldsmith_core::finding::{Finding, Kind, Place, Severity};

use crate::snapshot::Snapshot;
use crate::view::{self, Node, ViewError};

pub mod detector;
mod search;
mod unpack;
mod validate;

pub use detector::Detector;
pub(crate) use search::{Hit, Searcher};
use unpack::{Left, Stop, Visit};

/// Which files of packages are taken for what the packages brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Those with the package's digest: every file is read.
    Digest,
    /// All but configuration: for an image that was made from packages a moment ago.
    Listed,
}

/// Id of the finding that says what was not looked at.
pub const NOT_READ: &str = "secrets-not-read";

/// What there is to say of a file, or of one in an archive.
#[derive(Debug, Clone)]
pub(crate) enum Seen {
    /// A secret.
    Hit(Hit),
    /// It was not looked at to its end.
    Left(Left),
}

/// A file of the image, by its place among the nodes; its name, with the archives it lies in;
/// what is to say of it.
pub(crate) type Row = (usize, String, Seen);

/// Looks at every file, on all processors.
pub fn scan(snapshot: &Snapshot<'_>, trust: Trust, cx: &Cx) -> Result<Vec<Finding>, ViewError> {
    let rows = look(snapshot, trust, cx)?;
    Ok(rows
        .into_iter()
        .map(|(_, path, seen)| finding(path, seen))
        .collect())
}

/// As [`scan`], in the words of this module; in the order of the nodes.
pub(crate) fn look(snapshot: &Snapshot<'_>, trust: Trust, cx: &Cx) -> Result<Vec<Row>, ViewError> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<Row>, ViewError> {
        let mut rows = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(node) = snapshot.nodes().get(at) else {
                return Ok(rows);
            };
            cx.cancel.check()?;
            if is_of_interest(snapshot, node, trust)? {
                one(snapshot, at, node, cx, &mut rows)?;
            }
        }
    };
    let mut rows = work()?;
    // Stable: of one file the rows stay in the order of its bytes.
    rows.sort_by_key(|(at, ..)| *at);
    Ok(rows)
}

fn is_of_interest(snapshot: &Snapshot<'_>, node: &Node, trust: Trust) -> Result<bool, ViewError> {
    if node.kind != view::Kind::File || node.size == 0 {
        return Ok(false);
    }
    if trust == Trust::Listed && snapshot.is_owned(node) && !node.path.starts_with("/etc/") {
        return Ok(false);
    }
    Ok(!snapshot.is_pristine(node)?)
}

fn one(
    snapshot: &Snapshot<'_>,
    at: usize,
    node: &Node,
    cx: &Cx,
    rows: &mut Vec<Row>,
) -> Result<(), ViewError> {
    let bytes = snapshot.read(node, usize::MAX)?;
    let mut look = Look { at, rows, cx };
    match unpack::walk(&node.path, &mut &bytes[..], &mut look) {
        Ok(()) => Ok(()),
        Err(source) => {
            cx.cancel.check()?;
            Err(ViewError::Read {
                path: node.path.clone(),
                source,
            })
        }
    }
}

struct Look<'a> {
    at: usize,
    rows: &'a mut Vec<Row>,
    cx: &'a Cx,
}

impl Visit for Look<'_> {
    fn file(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<()> {
        let mut checked = Checked {
            inner: bytes,
            cx: self.cx,
        };
        let (hits, done) = Searcher::get().search(name, &mut checked);
        self.rows.extend(
            hits.into_iter()
                .map(|hit| (self.at, name.to_owned(), Seen::Hit(hit))),
        );
        done
    }

    fn left(&mut self, name: &str, why: Left) {
        self.rows.push((self.at, name.to_owned(), Seen::Left(why)));
    }
}

/// Ends a long read when the command is asked to stop.
struct Checked<'a> {
    inner: &'a mut dyn Read,
    cx: &'a Cx,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.cx.cancel.check().map_err(|_| io::Error::other(Stop))?;
        self.inner.read(buffer)
    }
}

fn finding(path: String, seen: Seen) -> Finding {
    match seen {
        Seen::Hit(hit) => Finding {
            kind: Kind::Secret,
            id: hit.detector.id.to_owned(),
            severity: hit.severity,
            title: hit.text(),
            place: Place::File {
                path,
                line: hit.line,
                entry: None,
            },
            fix: Some(
                "take it out of the image and make it invalid: it has to be taken for known"
                    .to_owned(),
            ),
            references: Vec::new(),
            facts: vec![
                ("fingerprint", hit.fingerprint),
                ("length", hit.length.to_string()),
                ("offset", hit.offset.to_string()),
            ],
        },
        Seen::Left(why) => Finding {
            kind: Kind::Coverage,
            id: NOT_READ.to_owned(),
            severity: Severity::Low,
            place: Place::File {
                path,
                line: None,
                entry: None,
            },
            title: why.text().to_owned(),
            fix: None,
            references: Vec::new(),
            facts: Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests;
