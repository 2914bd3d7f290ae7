//! Packages of Debian whose security support ended before that of their release, or is limited:
//! the lists of the package debian-security-support, or both of them as one JSON document.
//!
//! The lists name patterns; the only kind they use, a name that ends in `.*`, is kept as `name*`.

use serde::Deserialize;

use super::{Draft, FeedError, Kind, json, one_line};
use crate::format::Support;
use crate::space;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    release: Option<String>,
    ended: Vec<Entry>,
    limited: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    source: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    last_supported_version: String,
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Draft, FeedError> {
    let document: Document = json(name, "the support status of a Debian release", bytes)?;
    let marks = document
        .ended
        .iter()
        .map(|entry| entry.last_supported_version.as_str());
    let release = document
        .release
        .clone()
        .or_else(|| release_in_name(name))
        .or_else(|| marks.filter_map(release_in_version).max());
    let mut draft = draft(name, release)?;
    for entry in document.ended.iter().chain(&document.limited) {
        put(
            &mut draft,
            &entry.source,
            entry.date.clone(),
            &entry.details,
        );
    }
    Ok(draft)
}

/// `source version date details` of what ended, `source details` of what is limited; `#` comments.
pub(super) fn read_list(name: &str, bytes: &[u8]) -> Result<Draft, FeedError> {
    let mut draft = draft(name, release_in_name(name))?;
    let is_ended = name.contains("ended");
    for line in String::from_utf8_lossy(bytes).lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let mut words = line.split_whitespace();
        let Some(source) = words.next() else {
            continue;
        };
        let date = is_ended.then(|| words.nth(1)).flatten().map(str::to_owned);
        if is_ended && date.is_none() {
            draft.left_out += 1;
            continue;
        }
        let details: Vec<&str> = words.collect();
        put(&mut draft, source, date, &details.join(" "));
    }
    Ok(draft)
}

fn draft(name: &str, release: Option<String>) -> Result<Draft, FeedError> {
    let space = release.and_then(|release| space::of_debian(&release));
    let space = space.ok_or_else(|| FeedError::Release {
        name: name.to_owned(),
    })?;
    Ok(Draft::new(Kind::Support, space.replace(':', "-support-")))
}

fn put(draft: &mut Draft, source: &str, ended: Option<String>, details: &str) {
    draft.saw(ended.as_deref().unwrap_or_default());
    let space = draft.name.replace("-support-", ":");
    let name = match source.strip_suffix(".*") {
        Some(beginning) => format!("{beginning}*"),
        None => source.to_owned(),
    };
    let support = Support {
        ended,
        details: one_line(details),
    };
    draft.entry('S', &[&space, &name], &support);
    draft.records += 1;
}

/// `12` of `security-support-ended.deb12` and of `debian12-support-status.json`.
fn release_in_name(name: &str) -> Option<String> {
    let file = name.rsplit('/').next()?;
    let after = file
        .split("debian")
        .nth(1)
        .filter(|rest| starts_with_digit(rest));
    after
        .or_else(|| file.rsplit(".deb").next())
        .and_then(number)
}

/// `12` of `1.13.0-1+deb12u1`.
fn release_in_version(version: &str) -> Option<String> {
    version
        .rsplit_once("deb")
        .and_then(|(_, rest)| number(rest))
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn number(text: &str) -> Option<String> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}
