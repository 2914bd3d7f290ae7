//! What others publish about vulnerabilities, read into the one form of [`crate::format`].
//!
//! Which feed a file is, is told by its content. Each reader is one file.

mod debian_fixes;
mod debian_tracker;
mod eol;
mod kev;
mod osv;
mod ratings;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use goldsmith_core::failure::{Class, Failure};
use serde::{Deserialize, Serialize};

pub(crate) use self::osv::is_module_build;
use crate::archive::{self, ArchiveError};
use crate::format::{self, Advisory, Entries, Header, Row};

/// What is in a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Debian's security tracker: every state of every vulnerability, by release.
    DebianTracker,
    /// Advisories in the form of OSV.
    Osv,
    /// Fixed versions of one Debian release, read from changelogs.
    DebianFixes,
    /// Vulnerabilities that are known to be exploited.
    Kev,
    /// Until when distributions are looked after.
    EndOfLife,
    /// Packages of a Debian release with less support than the others.
    Support,
    /// How bad others call a vulnerability.
    Ratings,
}

impl Kind {
    /// Every kind; of two feeds that know a package the one that stands first is believed.
    pub const ALL: [Self; 7] = [
        Self::DebianTracker,
        Self::Osv,
        Self::DebianFixes,
        Self::Kev,
        Self::EndOfLife,
        Self::Support,
        Self::Ratings,
    ];

    /// As written in the header.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DebianTracker => "debian-tracker",
            Self::Osv => "osv",
            Self::DebianFixes => "debian-fixes",
            Self::Kev => "kev",
            Self::EndOfLife => "end-of-life",
            Self::Support => "support",
            Self::Ratings => "ratings",
        }
    }

    /// Whether it is of less use every day: new vulnerabilities come to light daily, new ends of
    /// life do not.
    pub const fn ages(self) -> bool {
        matches!(
            self,
            Self::DebianTracker | Self::Osv | Self::DebianFixes | Self::Kev
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A document that could not be read as a feed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// Of no known form.
    #[error("`{name}` is no feed that Goldsmith knows")]
    Unknown {
        /// The document.
        name: String,
    },
    /// Of a known form, but not in it.
    #[error("`{name}` is not in the form of {form}")]
    Form {
        /// The document.
        name: String,
        /// Which form.
        form: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A release that the document does not name.
    #[error("`{name}` does not say of which Debian release it speaks")]
    Release {
        /// The document.
        name: String,
    },
    /// Packed in a way that is not read, or damaged.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl Failure for FeedError {
    fn class(&self) -> Class {
        Class::Config
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Unknown { .. } => {
                "known are OSV records (one, JSON lines, zip), the Debian tracker's JSON, fixes of a Debian release, CISA's KEV catalogue, dates of endoflife.date, lists of debian-security-support; each also packed by zstd or gzip"
            }
            Self::Release { .. } => "name the file as Debian does: `security-support-ended.deb12`",
            Self::Form { .. } | Self::Archive(_) => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

/// One feed under way.
#[derive(Debug)]
struct Draft {
    name: String,
    kind: Kind,
    advisories: BTreeMap<String, Advisory>,
    rows: BTreeMap<(String, String), Vec<Row>>,
    /// Of the other sorts.
    entries: Entries,
    records: u64,
    left_out: u64,
    /// The newest date in it.
    newest: String,
    /// The first document that it was read from.
    from: String,
}

impl Draft {
    fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind,
            advisories: BTreeMap::new(),
            rows: BTreeMap::new(),
            entries: Entries::new(),
            records: 0,
            left_out: 0,
            newest: String::new(),
            from: String::new(),
        }
    }

    fn row(&mut self, space: &str, package: &str, row: Row) {
        let key = (space.to_owned(), package.to_owned());
        self.rows.entry(key).or_default().push(row);
    }

    fn entry(&mut self, sort: char, key: &[&str], value: &impl Serialize) {
        let value = serde_json::to_string(value).expect("texts and flags");
        let mut line = String::from(sort);
        for part in key {
            line.push('\t');
            // What would break the line cannot be the name of anything.
            line.push_str(&part.replace(['\t', '\n', '\r'], " "));
        }
        self.entries.insert(line, value);
    }

    /// Takes the date in front of a text, if it is later than what was seen.
    fn saw(&mut self, date: &str) {
        let date = date.get(..10).unwrap_or_default();
        let is_date = date.bytes().enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
        // Some write the year 1 where they know none.
        if is_date && date > "1990" && date > self.newest.as_str() {
            date.clone_into(&mut self.newest);
        }
    }

    fn finish(mut self, origin: &Origin) -> Made {
        let mut spaces = BTreeSet::new();
        for ((space, package), mut rows) in std::mem::take(&mut self.rows) {
            rows.sort_by(|a, b| a.advisory.cmp(&b.advisory));
            self.entry('P', &[&space, &package], &rows);
            spaces.insert(space);
        }
        for (id, advisory) in std::mem::take(&mut self.advisories) {
            self.entry('A', &[&id], &advisory);
        }
        let newest = self
            .newest
            .parse::<jiff::civil::Date>()
            .ok()
            .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok())
            .map(|date| date.timestamp().as_second());
        let as_of = if origin.is_current {
            origin.taken
        } else {
            // A date in the future says nothing of today.
            newest.unwrap_or(origin.taken).min(origin.taken)
        };
        let header = Header {
            name: self.name,
            kind: self.kind,
            origin: origin.url.clone().unwrap_or(self.from),
            as_of,
            taken: origin.taken,
            records: self.records,
            left_out: self.left_out,
            spaces: spaces.into_iter().collect(),
            etag: origin.etag.clone(),
            last_modified: origin.last_modified.clone(),
        };
        let bytes = format::encode(&header, &self.entries);
        Made { header, bytes }
    }
}

/// Where a feed comes from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The URL; `None`: each feed is of the document that it was read from.
    pub url: Option<String>,
    /// When it was read, in seconds since 1970.
    pub taken: i64,
    /// Whether its publisher was asked just now, so that it is current whatever it holds.
    pub is_current: bool,
    /// What the server called this state of it.
    pub etag: Option<String>,
    /// What the server said of its age.
    pub last_modified: Option<String>,
}

/// A feed file to be kept.
#[derive(Debug)]
pub struct Made {
    /// What it says of itself.
    pub header: Header,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// Reads documents into feeds. Records of one ecosystem that lie in many documents become one feed.
#[derive(Debug, Default)]
pub struct Import {
    osv: osv::Reader,
    others: BTreeMap<String, Draft>,
}

impl Import {
    /// Reads one document, packed or not.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), FeedError> {
        archive::unpack(name, bytes, &mut |name, bytes| self.document(name, bytes))?;
        let drafts = self.others.values_mut().chain(self.osv.drafts());
        for draft in drafts.filter(|draft| draft.from.is_empty()) {
            name.clone_into(&mut draft.from);
        }
        Ok(())
    }

    fn document(&mut self, name: &str, bytes: &[u8]) -> Result<(), FeedError> {
        let draft = match detect(name, bytes) {
            None => {
                return Err(FeedError::Unknown {
                    name: name.to_owned(),
                });
            }
            Some(Form::Osv) => return self.osv.add(name, bytes),
            Some(Form::Tracker) => debian_tracker::read(name, bytes)?,
            Some(Form::Fixes) => debian_fixes::read(name, bytes)?,
            Some(Form::Kev) => kev::read(name, bytes)?,
            Some(Form::EndOfLife) => eol::read(name, bytes)?,
            Some(Form::Support) => support::read(name, bytes)?,
            Some(Form::SupportList) => support::read_list(name, bytes)?,
            Some(Form::Ratings) => ratings::read(name, bytes)?,
        };
        match self.others.get_mut(&draft.name) {
            // Lists of one thing in several files: products, ended and limited support.
            Some(first) => {
                first.records += draft.records;
                first.left_out += draft.left_out;
                first.entries.extend(draft.entries);
                for (key, rows) in draft.rows {
                    first.rows.entry(key).or_default().extend(rows);
                }
                first.saw(&draft.newest);
            }
            None => {
                self.others.insert(draft.name.clone(), draft);
            }
        }
        Ok(())
    }

    /// The feeds, in the order of their names.
    pub fn finish(self, origin: &Origin) -> Vec<Made> {
        let mut drafts = self.others;
        drafts.extend(self.osv.finish().map(|draft| (draft.name.clone(), draft)));
        drafts
            .into_values()
            .map(|draft| draft.finish(origin))
            .collect()
    }
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Osv,
    Tracker,
    Fixes,
    Kev,
    EndOfLife,
    Support,
    SupportList,
    Ratings,
}

/// The names that tell one form from another; what they hold is skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Probe {
    id: Option<serde::de::IgnoredAny>,
    affected: Option<serde::de::IgnoredAny>,
    modified: Option<serde::de::IgnoredAny>,
    sources: Option<serde::de::IgnoredAny>,
    codename: Option<serde::de::IgnoredAny>,
    #[serde(rename = "catalogVersion")]
    catalog: Option<serde::de::IgnoredAny>,
    ended: Option<serde::de::IgnoredAny>,
    limited: Option<serde::de::IgnoredAny>,
}

fn detect(name: &str, bytes: &[u8]) -> Option<Form> {
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace())?;
    let is_json = matches!(bytes[start], b'{' | b'[');
    if !is_json {
        let is_list = name.contains("security-support-");
        return is_list.then_some(Form::SupportList);
    }
    if bytes[start] == b'[' {
        let head = String::from_utf8_lossy(&bytes[start..bytes.len().min(start + 400)]);
        let is_dates = head.contains("\"cycle\"") || head.contains("\"releaseCycle\"");
        return Some(if is_dates { Form::EndOfLife } else { Form::Osv });
    }
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Probe>();
    let probe = values.next()?.ok()?;
    if probe.id.is_some() && (probe.affected.is_some() || probe.modified.is_some()) {
        return Some(Form::Osv);
    }
    if probe.sources.is_some() && probe.codename.is_some() {
        return Some(Form::Fixes);
    }
    if probe.catalog.is_some() {
        return Some(Form::Kev);
    }
    if probe.ended.is_some() || probe.limited.is_some() {
        return Some(Form::Support);
    }
    // The others are maps whose keys are names; what their first entry is, tells.
    let head = String::from_utf8_lossy(&bytes[start..bytes.len().min(start + 4096)]);
    let mut words = head.split('"').skip(1).step_by(2);
    let first = words.next()?;
    let is_vulnerability = |word: &str| word.starts_with("CVE-") || word.starts_with("TEMP-");
    if is_vulnerability(first) {
        return Some(Form::Ratings);
    }
    let second = words.next()?;
    if is_vulnerability(second) {
        return Some(Form::Tracker);
    }
    let is_dates = head.contains("\"releaseCycle\"") || head.contains("\"cycle\"");
    is_dates.then_some(Form::EndOfLife)
}

/// Reads a JSON document of a known form.
fn json<'a, T: Deserialize<'a>>(
    name: &str,
    form: &'static str,
    bytes: &'a [u8],
) -> Result<T, FeedError> {
    serde_json::from_slice(bytes).map_err(|source| FeedError::Form {
        name: name.to_owned(),
        form,
        source,
    })
}

/// A line for people out of a longer text.
fn one_line(text: &str) -> String {
    const LENGTH_MAX: usize = 160;
    let line = text
        .lines()
        .map(|line| line.trim_start_matches('#').trim())
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    if line.chars().count() <= LENGTH_MAX {
        return line.to_owned();
    }
    let cut: String = line.chars().take(LENGTH_MAX).collect();
    let at = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", &cut[..at])
}
