//! The form in which a feed is kept, version 1: what others publish, brought into one shape and
//! made small.
//!
//! ```text
//! goldsmith-feed 1\n
//! {"name":"osv-pypi","kind":"osv","origin":"…","as_of":…,"taken":…,"records":…,"left_out":…,…}\n
//! one zstd frame of lines in the order of their bytes, no two with the same key:
//!   A \t <id> \t {advisory}                    what an advisory says of itself
//!   L \t <product> \t [{release},…]            until when releases are looked after
//!   P \t <space> \t <package> \t [{row},…]     what touches a package; `debian:12`, `pypi`, …
//!   R \t <CVE> \t {rating}                     how bad somebody else calls it
//!   S \t <space> \t <source> \t {support}      a package whose support ended or is limited; a name
//!                                              that ends in `*` means all that begin so
//!   X \t <CVE> \t {exploited}                  known to be exploited
//! ```
//!
//! The lines stand sorted, so that one is found without reading the others: a scan of one image
//! decodes a few hundred of a million. Equal input gives equal lines.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use goldsmith_core::finding::Severity;
use serde::{Deserialize, Serialize};

use crate::feed::Kind;

/// The version this program reads and writes.
pub const VERSION: u32 = 1;
/// What a feed file begins with.
const MAGIC: &str = "goldsmith-feed ";
/// Most bytes of lines that are read: far more than everything that is published today.
const LINES_MAX: u64 = 4 << 30;
/// Good enough: twice the time of a higher level saves a tenth.
const LEVEL: i32 = 9;

/// What a feed says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Also the name of its file.
    pub name: String,
    /// What is in it.
    pub kind: Kind,
    /// The file or the URL that it was read from.
    pub origin: String,
    /// The moment for which it is current, in seconds since 1970: when its source confirmed it,
    /// else the newest date in it.
    pub as_of: i64,
    /// When it was read, in seconds since 1970.
    pub taken: i64,
    /// Advisories or other entries in it.
    pub records: u64,
    /// Entries that it does not hold because they say nothing about a vulnerability.
    pub left_out: u64,
    /// The distributions and languages that it knows packages of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spaces: Vec<String>,
    /// What the server called this state of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// What the server said of its age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// A feed file that is no such, or not of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Other bytes.
    #[error("it is not a feed of Goldsmith, or damaged: {0}")]
    Damaged(String),
    /// Of another version.
    #[error("it has version {0}, and this program reads version {VERSION}")]
    Version(String),
}

/// What an advisory says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// One line.
    #[serde(rename = "t", default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Other names of the same vulnerability.
    #[serde(rename = "al", default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The vulnerabilities that it is about, where it is not one itself.
    #[serde(rename = "up", default, skip_serializing_if = "Vec::is_empty")]
    pub upstream: Vec<String>,
    /// By its own words or its CVSS.
    #[serde(
        rename = "sv",
        default,
        with = "severity",
        skip_serializing_if = "Option::is_none"
    )]
    pub severity: Option<Severity>,
    /// The CVSS vector.
    #[serde(rename = "cv", default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<String>,
    /// Where to read more.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What an advisory says of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The advisory.
    #[serde(rename = "a")]
    pub advisory: String,
    /// Affected versions; one range is enough.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Range>,
    /// Affected versions one by one.
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// Said by the vendor; `None`: what the range says.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The vendor's own word for it.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub vendor_state: Option<String>,
    /// The vendor's urgency.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<String>,
    /// What the vendor says to it.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `local` or `remote`.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Only packages of this module stream; empty: of any stream.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Fixed, but the fix is not in the archive yet.
    #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_waiting: bool,
    /// No vulnerability: the package is not looked after any more.
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unmaintained: bool,
}

/// Versions from `introduced` up to `fixed`, without it, or up to `last`, with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// `None`: from the first.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub introduced: Option<String>,
    /// The first that is not affected.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// The last that is affected.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// Our own small set of what can be done about a vulnerability of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A newer version mends it.
    FixAvailable,
    /// Nothing mends it yet.
    NoFix,
    /// The vendor will not mend it.
    WillNotFix,
    /// The vendor will mend it some time.
    Deferred,
    /// The package is not looked after any more.
    EndOfLife,
    /// Nobody knows whether it is affected.
    Undetermined,
    /// Not affected.
    NotAffected,
}

impl State {
    /// As reports and policies write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FixAvailable => "fix-available",
            Self::NoFix => "no-fix",
            Self::WillNotFix => "will-not-fix",
            Self::Deferred => "deferred",
            Self::EndOfLife => "end-of-life",
            Self::Undetermined => "undetermined",
            Self::NotAffected => "not-affected",
        }
    }
}

/// A vulnerability that is known to be exploited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exploited {
    /// Since when it is known: `2023-10-04`.
    pub date: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether extortionists are known to use it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_ransomware: bool,
}

/// How bad somebody who is not the vendor calls a vulnerability.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// In our words.
    #[serde(default, with = "severity", skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Who says so.
    pub by: String,
    /// The CVSS vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<String>,
}

/// A release of a distribution and until when it is looked after; dates as `2026-07-11`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// `12`, `22.04`, `9`.
    pub cycle: String,
    /// The last day of the vendor's own support; `None`: it has not ended and nobody says when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// The last day of what is paid for or done by others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended: Option<String>,
}

/// A package that its distribution looks after less than the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    /// When its support ended; `None`: it is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Why, or how far.
    pub details: String,
}

/// Key and value of a line.
pub(crate) type Entries = BTreeMap<String, String>;

/// Makes a feed file of its header and its lines.
pub(crate) fn encode(header: &Header, entries: &Entries) -> Vec<u8> {
    let mut lines = Vec::new();
    for (key, value) in entries {
        lines.extend_from_slice(key.as_bytes());
        lines.push(b'\t');
        lines.extend_from_slice(value.as_bytes());
        lines.push(b'\n');
    }
    let mut file = head(header);
    let mut encoder = zstd::Encoder::new(&mut file, LEVEL).expect("a level that exists");
    encoder.write_all(&lines).expect("into memory");
    encoder.finish().expect("into memory");
    file
}

fn head(header: &Header) -> Vec<u8> {
    let header = serde_json::to_string(header).expect("texts and numbers");
    format!("{MAGIC}{VERSION}\n{header}\n").into_bytes()
}

/// Reads the header of a feed file, of which a beginning is enough, and where its lines start.
pub fn header(file: &[u8]) -> Result<(Header, usize), FormatError> {
    let damaged = |detail: &str| FormatError::Damaged(detail.to_owned());
    let mut ends = memchr::memchr_iter(b'\n', file);
    let first = ends.next().ok_or_else(|| damaged("it has no first line"))?;
    let version = file[..first]
        .strip_prefix(MAGIC.as_bytes())
        .ok_or_else(|| damaged("it begins otherwise"))?;
    if version != VERSION.to_string().as_bytes() {
        let version = String::from_utf8_lossy(&version[..version.len().min(20)]);
        return Err(FormatError::Version(version.into_owned()));
    }
    let second = ends.next().ok_or_else(|| damaged("it has no header"))?;
    let header = serde_json::from_slice(&file[first + 1..second])
        .map_err(|e| FormatError::Damaged(format!("its header: {e}")))?;
    Ok((header, second + 1))
}

/// The same file with another header: when the source says that nothing is new.
pub fn with_header(file: &[u8], new: &Header) -> Result<Vec<u8>, FormatError> {
    let (_, start) = header(file)?;
    let mut made = head(new);
    made.extend_from_slice(&file[start..]);
    Ok(made)
}

/// The lines of a feed file, found by key.
#[derive(Debug)]
pub(crate) struct Lines {
    text: String,
    /// Where each begins, and the end of the last.
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn decode(frame: &[u8]) -> Result<Self, FormatError> {
        let damaged = |e: std::io::Error| FormatError::Damaged(e.to_string());
        let mut text = String::new();
        let decoder = zstd::Decoder::with_buffer(frame).map_err(damaged)?;
        decoder
            .take(LINES_MAX)
            .read_to_string(&mut text)
            .map_err(damaged)?;
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        if starts.last() != Some(&text.len()) {
            return Err(FormatError::Damaged("it is cut off".to_owned()));
        }
        Ok(Self { text, starts })
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The line of a number, without its end.
    fn line(&self, at: usize) -> &str {
        &self.text[self.starts[at]..self.starts[at + 1] - 1]
    }

    /// Number of the first line that is not before `key`.
    fn lower_bound(&self, key: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.line(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The number and the value of the line with this key.
    pub(crate) fn find(&self, key: &str) -> Option<(usize, &str)> {
        let at = self.lower_bound(key);
        let line = (at < self.len()).then(|| self.line(at))?;
        let value = line.strip_prefix(key)?.strip_prefix('\t')?;
        Some((at, value))
    }

    /// Key and value of every line whose key begins so; the value is what stands after the last tab.
    pub(crate) fn beginning(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        (self.lower_bound(prefix)..self.len())
            .map(|at| self.line(at))
            .take_while(move |line| line.starts_with(prefix))
            .filter_map(|line| line.rsplit_once('\t'))
    }
}

/// A severity by its word.
mod severity {
    use super::{Deserialize, Severity};

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "what serde calls"
    )]
    pub(super) fn serialize<S: serde::Serializer>(
        severity: &Option<Severity>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match severity {
            Some(severity) => serializer.serialize_str(severity.word()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Severity>, D::Error> {
        let word = Option::<String>::deserialize(deserializer)?;
        Ok(word.as_deref().and_then(Severity::of_word))
    }
}
