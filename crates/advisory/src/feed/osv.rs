//! Records of OSV (schema 1.7; <https://ossf.github.io/osv-schema/>): one, a list, or JSON lines.
//!
//! What is no vulnerability stays out: withdrawn records, notices, and advisories of a
//! distribution that mend no vulnerability (AlmaLinux has `ALBA` and `ALEA` beside `ALSA`).

use std::collections::BTreeMap;

use goldsmith_core::finding::Severity;
use goldsmith_core::inventory::{Ecosystem, python_name};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Draft, FeedError, Kind, one_line};
use crate::cvss;
use crate::format::{Advisory, Range, Row, State};
use crate::{space, version};

#[derive(Debug, Deserialize)]
struct Record {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    modified: String,
    #[serde(default, deserialize_with = "or_default")]
    published: String,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    upstream: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    related: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    summary: String,
    #[serde(default, deserialize_with = "or_default")]
    details: String,
    #[serde(default, deserialize_with = "or_default")]
    severity: Vec<Score>,
    #[serde(default, deserialize_with = "or_default")]
    affected: Vec<Affected>,
    #[serde(default, deserialize_with = "or_default")]
    references: Vec<Reference>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Debug, Deserialize)]
struct Score {
    #[serde(default)]
    score: String,
}

#[derive(Debug, Deserialize)]
struct Reference {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    url: String,
}

#[derive(Debug, Deserialize)]
struct Affected {
    #[serde(default)]
    package: Option<Name>,
    #[serde(default, deserialize_with = "or_default")]
    ranges: Vec<Events>,
    #[serde(default, deserialize_with = "or_default")]
    versions: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    severity: Vec<Score>,
    #[serde(default)]
    ecosystem_specific: Value,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Debug, Deserialize)]
struct Name {
    ecosystem: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Events {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
    Limit(String),
}

/// Some writers put `null` where they mean nothing.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A feed for each distribution and language, by the name of the feed.
#[derive(Debug, Default)]
pub(super) struct Reader {
    drafts: BTreeMap<String, Draft>,
}

impl Reader {
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), FeedError> {
        let failed = |source| FeedError::Form {
            name: name.to_owned(),
            form: "OSV",
            source,
        };
        let is_list = bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[');
        if is_list {
            for record in serde_json::from_slice::<Vec<Record>>(bytes).map_err(failed)? {
                self.record(&record);
            }
            return Ok(());
        }
        for record in serde_json::Deserializer::from_slice(bytes).into_iter() {
            self.record(&record.map_err(failed)?);
        }
        Ok(())
    }

    pub(super) fn drafts(&mut self) -> impl Iterator<Item = &mut Draft> {
        self.drafts.values_mut()
    }

    pub(super) fn finish(self) -> impl Iterator<Item = Draft> {
        self.drafts.into_values()
    }

    fn record(&mut self, record: &Record) {
        let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
        let mut left_out: Option<String> = None;
        let is_of_bugs = is_bug_fix(record);
        for affected in &record.affected {
            let Some(name) = &affected.package else {
                continue;
            };
            let space = space::of_osv(&name.ecosystem);
            let notice = affected.database_specific["informational"].as_str();
            if is_of_bugs || record.withdrawn.is_some() || notice == Some("notice") {
                left_out = Some(space);
                continue;
            }
            let Some(ecosystem) = space::ecosystem(&space) else {
                continue;
            };
            let package = match ecosystem {
                Ecosystem::Python => python_name(&name.name),
                _ => name.name.clone(),
            };
            let mut row = row(record, affected, ecosystem);
            row.is_unmaintained = notice == Some("unmaintained");
            match rows.entry((space, package)) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(row);
                }
                std::collections::btree_map::Entry::Occupied(mut place) => {
                    merge(place.get_mut(), row, ecosystem);
                }
            }
        }
        if let Some(space) = left_out {
            self.draft(&space).left_out += 1;
        }
        let advisory = advisory(record);
        let mut names: Vec<String> = Vec::new();
        for ((space, package), row) in rows {
            let draft = self.draft(&space);
            draft.row(&space, &package, row);
            if !names.contains(&draft.name) {
                names.push(draft.name.clone());
            }
        }
        for name in names {
            let draft = self.drafts.get_mut(&name).expect("just used");
            draft.records += 1;
            draft.saw(&record.modified);
            draft.saw(&record.published);
            draft.advisories.insert(record.id.clone(), advisory.clone());
        }
    }

    fn draft(&mut self, space: &str) -> &mut Draft {
        let name = format!("osv-{}", space::base(space).replace(' ', "-"));
        self.drafts
            .entry(name.clone())
            .or_insert_with(|| Draft::new(Kind::Osv, name))
    }
}

/// An advisory of a distribution that mends no vulnerability.
fn is_bug_fix(record: &Record) -> bool {
    let is_named_so = ["ALBA-", "ALEA-", "RLBA-", "RLEA-"]
        .iter()
        .any(|prefix| record.id.starts_with(prefix));
    is_named_so && record.related.is_empty() && record.upstream.is_empty()
}

fn advisory(record: &Record) -> Advisory {
    let scores = || record.severity.iter().map(|score| score.score.as_str());
    let rated = scores()
        .chain(
            record
                .affected
                .iter()
                .flat_map(|affected| affected.severity.iter().map(|score| score.score.as_str())),
        )
        .chain(
            record
                .affected
                .iter()
                .filter_map(|it| it.database_specific["cvss"].as_str()),
        )
        .filter_map(|vector| Some((cvss::severity(vector)?, vector)))
        .max_by_key(|(severity, _)| *severity);
    let word = record.database_specific["severity"].as_str();
    // Red Hat's heirs say it in the title: `Important: openssl security update`.
    let prefix = record.summary.split_once(':').map(|(word, _)| word);
    let said = word.or(prefix).and_then(Severity::of_word);
    let mut upstream = record.upstream.clone();
    // What AlmaLinux and Rocky mend stands in `related`.
    if record.id.starts_with("ALSA-") || record.id.starts_with("RLSA-") || is_cve_list(record) {
        upstream.extend(
            record
                .related
                .iter()
                .filter(|id| id.starts_with("CVE-"))
                .cloned(),
        );
    }
    upstream.sort();
    upstream.dedup();
    let url = record
        .references
        .iter()
        .find(|reference| reference.kind == "ADVISORY")
        .or_else(|| record.references.first())
        .map(|reference| reference.url.clone());
    let text = if record.summary.is_empty() {
        &record.details
    } else {
        &record.summary
    };
    Advisory {
        title: one_line(text),
        aliases: record.aliases.clone(),
        upstream,
        severity: said.or(rated.map(|(severity, _)| severity)),
        cvss: rated.map(|(_, vector)| vector.to_owned()),
        url,
    }
}

/// Bug fixes that name vulnerabilities all the same.
fn is_cve_list(record: &Record) -> bool {
    (record.id.starts_with("ALBA-") || record.id.starts_with("ALEA-")) && !record.related.is_empty()
}

fn row(record: &Record, affected: &Affected, ecosystem: Ecosystem) -> Row {
    let ranges: Vec<Range> = affected
        .ranges
        .iter()
        .filter(|range| range.kind != "GIT")
        .flat_map(|range| intervals(&range.events, ecosystem))
        .collect();
    let urgency = affected.ecosystem_specific["urgency"].as_str();
    let is_of_module = ranges
        .iter()
        .filter_map(|range| range.fixed.as_deref())
        .any(is_module_build);
    Row {
        advisory: record.id.clone(),
        // One by one they only say again what the ranges say, where a distribution orders them.
        versions: if ecosystem.is_of_system() && !ranges.is_empty() {
            Vec::new()
        } else {
            affected.versions.clone()
        },
        ranges,
        state: (urgency == Some("end-of-life")).then_some(State::EndOfLife),
        urgency: urgency.map(str::to_owned),
        module: is_of_module.then(|| stream(&record.summary).unwrap_or_default()),
        ..Row::default()
    }
}

/// A version that was built as a part of a module stream.
pub(crate) fn is_module_build(version: &str) -> bool {
    version.contains(".module_") || version.contains(".module+")
}

/// The stream that a title names: `nodejs:18` in `Important: nodejs:18 security update`.
fn stream(summary: &str) -> Option<String> {
    summary
        .split_whitespace()
        .find(|word| {
            word.split_once(':')
                .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
        })
        .map(str::to_owned)
}

fn intervals(events: &[Event], ecosystem: Ecosystem) -> Vec<Range> {
    let of = |event: &Event| match event {
        Event::Introduced(version) => (version.clone(), 0),
        Event::Fixed(version) => (version.clone(), 1),
        Event::LastAffected(version) => (version.clone(), 2),
        Event::Limit(version) => (version.clone(), 3),
    };
    let mut sorted: Vec<(String, u8)> = events.iter().map(of).collect();
    sorted.retain(|(_, kind)| *kind < 3);
    sorted.sort_by(|(a, x), (b, y)| match (a == "0", b == "0") {
        (true, true) => x.cmp(y),
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        (false, false) => version::compare(ecosystem, a, b).then(x.cmp(y)),
    });
    let mut ranges = Vec::new();
    let mut open: Option<String> = None;
    for (version, kind) in sorted {
        match kind {
            0 if open.is_none() => open = Some(version),
            0 => {}
            _ => {
                let introduced = open.take().filter(|version| version != "0");
                let (fixed, last) = match kind {
                    1 => (Some(version), None),
                    _ => (None, Some(version)),
                };
                ranges.push(Range {
                    introduced,
                    fixed,
                    last,
                });
            }
        }
    }
    if let Some(version) = open {
        ranges.push(Range {
            introduced: Some(version).filter(|version| version != "0"),
            ..Range::default()
        });
    }
    ranges
}

/// Puts a second statement about the same package to the first. Of rpm, one build for each minor
/// release may be named, and whoever has any of them is safe.
fn merge(row: &mut Row, other: Row, ecosystem: Ecosystem) {
    if ecosystem == Ecosystem::Rpm
        && let ([mine], [theirs]) = (row.ranges.as_mut_slice(), other.ranges.as_slice())
        && let (Some(fixed), Some(also)) = (&mine.fixed, &theirs.fixed)
    {
        if version::compare(ecosystem, also, fixed).is_lt() {
            mine.fixed.clone_from(&theirs.fixed);
        }
        return;
    }
    for range in other.ranges {
        if !row.ranges.contains(&range) {
            row.ranges.push(range);
        }
    }
    for version in other.versions {
        if !row.versions.contains(&version) {
            row.versions.push(version);
        }
    }
}
