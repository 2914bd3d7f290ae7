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

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_core::cx::Cx;
use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use goldsmith_disk::read::Disk;

use crate::snapshot::Snapshot;
use crate::threads::on_all_processors;
use crate::view::disk::DiskView;
use crate::view::{self, Node, ViewError, free};

pub mod detector;
mod once;
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

/// Looks at every file that [`is_of_interest`], on all processors; in the order of the nodes.
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
            if !is_of_interest(snapshot, node, trust) {
                continue;
            }
            let file = snapshot.open(node)?;
            if !snapshot.is_as_brought(node, &*file)? {
                let search = || in_file(&node.path, &*file, cx);
                let seen = once::searched_once(snapshot.known(), &node.path, &*file, search);
                let seen = seen.map_err(|source| failed(node, source, cx))?;
                rows.extend(seen.into_iter().map(|(path, seen)| (at, path, seen)));
            }
        }
    };
    let parts = on_all_processors(work)?;
    let mut rows: Vec<Row> = parts.into_iter().flatten().collect();
    // Stable: of one file the rows stay in the order of its bytes.
    rows.sort_by_key(|(at, ..)| *at);
    Ok(rows)
}

fn failed(node: &Node, source: io::Error, cx: &Cx) -> ViewError {
    match cx.cancel.check() {
        Err(cancelled) => cancelled.into(),
        Ok(()) => ViewError::read(node, source),
    }
}

/// Whether a file has to be opened at all.
pub(crate) fn is_of_interest(snapshot: &Snapshot<'_>, node: &Node, trust: Trust) -> bool {
    let is_taken_for_brought =
        || trust == Trust::Listed && snapshot.is_owned(node) && !node.path.starts_with("/etc/");
    node.kind == view::Kind::File && node.size > 0 && !is_taken_for_brought()
}

/// Everything in one file, and in what is packed in it.
pub(crate) fn in_file(path: &str, file: &dyn Disk, cx: &Cx) -> io::Result<Vec<(String, Seen)>> {
    let mut look = Look {
        rows: Vec::new(),
        cx,
    };
    let room = usize::try_from(file.size())
        .unwrap_or(READ)
        .clamp(512, READ);
    let pieces = Pieces { file, at: 0 };
    let mut reader = BufReader::with_capacity(room, pieces);
    unpack::walk(path, &mut reader, &mut look)?;
    Ok(look.rows)
}

/// Everything in the unused blocks of a disk's root file system, by its place on the disk. What
/// a deleted file held is there until something else is written over it.
pub(crate) fn in_unused(disk: &DiskView, cx: &Cx) -> Result<Vec<(u64, Hit)>, ViewError> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut run: Vec<u8> = Vec::new();
    let mut start = 0;
    let mut search = |start: u64, run: &[u8]| {
        for hit in Searcher::get().search_bytes("", run) {
            let at = start + hit.offset;
            if seen.insert((at, hit.detector.id)) {
                found.push((at, hit));
            }
        }
    };
    free::dirty(disk, cx, &mut |from, block| {
        if start + run.len() as u64 != from || run.len() > MAX_RUN {
            search(start, &run);
            // A long run goes on with what a secret may have begun in.
            let is_next = start + run.len() as u64 == from;
            let keep = if is_next {
                run.len().min(search::OVERLAP)
            } else {
                0
            };
            run.drain(..run.len() - keep);
            start = from - keep as u64;
        }
        run.extend_from_slice(block);
    })?;
    search(start, &run);
    Ok(found)
}

/// Bytes read at a time.
const READ: usize = 256 << 10;
/// Unused bytes searched at a time.
const MAX_RUN: usize = 16 << 20;

/// A file from its start.
struct Pieces<'a> {
    file: &'a dyn Disk,
    at: u64,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.file.size().saturating_sub(self.at);
        let length = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        self.file.read_at(self.at, &mut buffer[..length])?;
        self.at += length as u64;
        Ok(length)
    }
}

struct Look<'a> {
    rows: Vec<(String, Seen)>,
    cx: &'a Cx,
}

impl Visit for Look<'_> {
    fn file(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<()> {
        let mut checked = Checked {
            inner: bytes,
            cx: self.cx,
        };
        let searched = Searcher::get().search(name, &mut checked);
        let hits = searched.hits.into_iter().map(Seen::Hit);
        self.rows.extend(hits.map(|hit| (name.to_owned(), hit)));
        if searched.is_cut {
            self.left(name, Left::Many);
        }
        searched.done
    }

    fn left(&mut self, name: &str, why: Left) {
        self.rows.push((name.to_owned(), Seen::Left(why)));
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

pub(crate) fn finding(path: String, seen: Seen) -> Finding {
    match seen {
        Seen::Hit(hit) => {
            let line = hit.line;
            let place = Place::File {
                path,
                line,
                entry: None,
            };
            of_hit(place, hit)
        }
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

/// A secret as a finding.
pub(crate) fn of_hit(place: Place, hit: Hit) -> Finding {
    let fix = "take it out of the image and make it invalid: it has to be taken for known";
    Finding {
        kind: Kind::Secret,
        id: hit.detector.id.to_owned(),
        severity: hit.severity,
        place,
        title: hit.text(),
        fix: Some(fix.to_owned()),
        references: Vec::new(),
        facts: vec![
            ("fingerprint", hit.fingerprint),
            ("length", hit.length.to_string()),
            ("offset", hit.offset.to_string()),
        ],
    }
}

#[cfg(test)]
pub(crate) fn github_checksum(random: &str) -> String {
    String::from_utf8_lossy(&validate::base62_crc32(random.as_bytes())).into_owned()
}

#[cfg(test)]
mod tests;
