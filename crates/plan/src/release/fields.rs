//! The fields of a Release file (deb822, one stanza).

use std::collections::BTreeMap;

use goldsmith_core::digest::Sha256;

use super::ReleaseError;

/// An index named by a Release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexFile {
    /// In bytes.
    pub size: u64,
    /// Of the file as it stands on the mirror.
    pub sha256: Sha256,
}

/// What a Release file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// `oldstable`; empty when not said.
    pub suite: String,
    /// `bookworm`; empty when not said.
    pub codename: String,
    /// When it was made, Unix seconds.
    pub date: i64,
    /// When it ends, Unix seconds.
    pub valid_until: Option<i64>,
    /// `main`, `contrib`; the security archive says `updates/main`.
    pub components: Vec<String>,
    /// `amd64`, `arm64`, `all`.
    pub architectures: Vec<String>,
    /// Whether indices can be fetched by their digest.
    pub by_hash: bool,
    /// Whether packages for every architecture stand in an index of their own only.
    pub has_separate_all: bool,
    /// By their path below the suite's directory.
    pub files: BTreeMap<String, IndexFile>,
}

impl Release {
    /// The index at `path`, in one of the given forms (`.xz`, `.gz`, empty for none), with
    /// the form's name. The first that exists is taken.
    pub fn index<'a>(
        &self,
        path: &str,
        forms: &[&'a str],
    ) -> Result<(&'a str, IndexFile), ReleaseError> {
        forms
            .iter()
            .find_map(|form| Some((*form, *self.files.get(&format!("{path}{form}"))?)))
            .ok_or_else(|| ReleaseError::NoIndex {
                suite: self.codename.clone(),
                path: path.to_owned(),
                known: format!(
                    "components {}; architectures {}",
                    self.components.join(" "),
                    self.architectures.join(" ")
                ),
            })
    }
}

/// Reads the lines of a Release.
pub(super) fn parse(lines: &[&str]) -> Result<Release, ReleaseError> {
    let fields = split(lines)?;
    let text = |name| fields.get(name).map_or("", |field| field.value).to_owned();
    let words = |name| text(name).split_whitespace().map(str::to_owned).collect();
    let date = fields
        .get("date")
        .ok_or_else(|| wrong("Date", "is missing"))?;
    let table = fields.get("sha256").ok_or(ReleaseError::NoSha256)?;
    let (suite, codename) = (text("suite"), text("codename"));
    if suite.is_empty() && codename.is_empty() {
        return Err(wrong("Suite", "is missing"));
    }
    let architectures: Vec<String> = words("architectures");
    let merged = text("no-support-for-architecture-all");
    let has_all = architectures.iter().any(|arch| arch == "all");
    Ok(Release {
        suite,
        codename,
        has_separate_all: has_all && merged != "Packages",
        date: time("Date", date.value)?,
        valid_until: fields
            .get("valid-until")
            .map(|field| time("Valid-Until", field.value))
            .transpose()?,
        components: words("components"),
        architectures,
        by_hash: text("acquire-by-hash") == "yes",
        files: files(table.more)?,
    })
}

fn wrong(field: &'static str, problem: impl Into<String>) -> ReleaseError {
    ReleaseError::Field {
        field,
        problem: problem.into(),
    }
}

struct Field<'a> {
    /// On the line of the name.
    value: &'a str,
    /// The lines after it.
    more: &'a [&'a str],
}

/// Fields by their name in lower case.
fn split<'a>(lines: &'a [&'a str]) -> Result<BTreeMap<String, Field<'a>>, ReleaseError> {
    let malformed = |what: String| ReleaseError::Malformed(what);
    let blank = |line: &&str| line.is_empty();
    let from = lines.iter().take_while(|line| blank(line)).count();
    let to = lines.len() - lines.iter().rev().take_while(|line| blank(line)).count();
    let lines = lines.get(from..to).unwrap_or_default();
    let mut fields = BTreeMap::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let (name, value) = line
            .split_once(':')
            .filter(|(name, _)| !name.is_empty() && !name.contains([' ', '\t']))
            .ok_or_else(|| malformed(format!("line {} is no field", at + 1)))?;
        let more = lines[at + 1..]
            .iter()
            .take_while(|line| line.starts_with([' ', '\t']))
            .count();
        let field = Field {
            value: value.trim(),
            more: &lines[at + 1..=at + more],
        };
        if fields.insert(name.to_ascii_lowercase(), field).is_some() {
            let name: String = name.chars().take(40).collect();
            return Err(malformed(format!("field `{name}` stands there twice")));
        }
        at += 1 + more;
    }
    Ok(fields)
}

fn time(field: &'static str, text: &str) -> Result<i64, ReleaseError> {
    let refuse = || {
        let shown: String = text.chars().take(60).collect();
        wrong(field, format!("is no date: `{shown}`"))
    };
    let (moment, zone) = text.rsplit_once(' ').ok_or_else(refuse)?;
    if !["UTC", "GMT", "Z", "+0000"].contains(&zone) {
        return Err(refuse());
    }
    jiff::fmt::strtime::parse("%a, %d %b %Y %H:%M:%S", moment)
        .and_then(|parts| parts.to_datetime())
        .and_then(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC))
        .map(|moment| moment.timestamp().as_second())
        .map_err(|_| refuse())
}

fn files(lines: &[&str]) -> Result<BTreeMap<String, IndexFile>, ReleaseError> {
    let mut files = BTreeMap::new();
    for line in lines {
        let refuse = || {
            let shown: String = line.chars().take(120).collect();
            wrong("SHA256", format!("has a bad line: `{}`", shown.trim()))
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[digest, size, path] = words.as_slice() else {
            return Err(refuse());
        };
        let file = IndexFile {
            size: size.parse().map_err(|_| refuse())?,
            sha256: digest.parse().map_err(|_| refuse())?,
        };
        let is_inside = path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..");
        if !is_inside {
            return Err(refuse());
        }
        if files
            .insert(path.to_owned(), file)
            .is_some_and(|old| old != file)
        {
            return Err(refuse());
        }
    }
    Ok(files)
}
