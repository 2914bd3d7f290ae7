//! The JSON of Debian's security tracker (`/tracker/data/json`): every vulnerability of every
//! source package with its state in each release that is looked after.
//!
//! ```text
//! {source: {CVE: {description, scope, releases: {codename: {status: open|resolved|undetermined,
//!   repositories: {suite: version}, fixed_version, urgency, nodsa, nodsa_reason, next_point_update}}}}}
//! ```

use std::collections::BTreeMap;

use goldsmith_core::debversion;
use serde::Deserialize;

use super::{Draft, FeedError, Kind, json, one_line};
use crate::format::{Advisory, Range, Row, State};
use crate::space;

#[derive(Debug, Deserialize)]
struct Vulnerability {
    #[serde(default)]
    description: String,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    releases: Releases,
}

/// The tracker writes a vulnerability of no release as an empty list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Releases {
    ByName(BTreeMap<String, Release>),
    None([(); 0]),
}

impl Default for Releases {
    fn default() -> Self {
        Self::None([])
    }
}

#[derive(Debug, Deserialize)]
struct Release {
    status: String,
    #[serde(default)]
    repositories: BTreeMap<String, String>,
    #[serde(default)]
    fixed_version: Option<String>,
    #[serde(default)]
    urgency: Option<String>,
    #[serde(default)]
    nodsa: Option<String>,
    #[serde(default)]
    nodsa_reason: Option<String>,
    #[serde(default)]
    next_point_update: bool,
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Draft, FeedError> {
    let sources: BTreeMap<String, BTreeMap<String, Vulnerability>> =
        json(name, "the Debian security tracker", bytes)?;
    let mut draft = Draft::new(Kind::DebianTracker, "debian-tracker");
    for (source, vulnerabilities) in sources {
        for (id, vulnerability) in vulnerabilities {
            let Releases::ByName(releases) = &vulnerability.releases else {
                continue;
            };
            for (codename, release) in releases {
                let Some(space) = space::of_debian(codename) else {
                    draft.left_out += 1;
                    continue;
                };
                let mut row = row(&id, release);
                row.scope.clone_from(&vulnerability.scope);
                draft.row(&space, &source, row);
                draft.records += 1;
            }
            draft.advisories.entry(id).or_insert_with(|| Advisory {
                title: one_line(&vulnerability.description),
                ..Advisory::default()
            });
        }
    }
    Ok(draft)
}

fn row(id: &str, release: &Release) -> Row {
    let fixed = release.fixed_version.as_deref();
    let is_resolved = release.status == "resolved";
    let is_no_dsa = release.nodsa.is_some();
    let (vendor_state, state) = match (release.status.as_str(), release.nodsa_reason.as_deref()) {
        ("resolved", _) if fixed == Some("0") => ("not-affected", Some(State::NotAffected)),
        ("resolved", _) => ("resolved", None),
        ("undetermined", _) => ("undetermined", Some(State::Undetermined)),
        _ if release.urgency.as_deref() == Some("end-of-life") => {
            ("end-of-life", Some(State::EndOfLife))
        }
        (_, Some("ignored")) => ("ignored", Some(State::WillNotFix)),
        (_, Some("postponed")) => ("postponed", Some(State::Deferred)),
        _ if is_no_dsa => ("no-dsa", Some(State::NoFix)),
        _ => ("open", Some(State::NoFix)),
    };
    let is_in_archive = |version: &str| {
        release
            .repositories
            .values()
            .any(|there| debversion::compare(there, version).is_ge())
    };
    let is_waiting = is_resolved
        && state.is_none()
        && !release.repositories.is_empty()
        && fixed.is_some_and(|fixed| !is_in_archive(fixed));
    let note = match (&release.nodsa, release.next_point_update) {
        (Some(text), true) => Some(format!("{text}; the fix waits for the next point release")),
        (None, true) => Some("the fix waits for the next point release".to_owned()),
        (text, false) => text.clone(),
    };
    Row {
        advisory: id.to_owned(),
        ranges: vec![Range {
            fixed: fixed
                .filter(|version| is_resolved && *version != "0")
                .map(str::to_owned),
            ..Range::default()
        }],
        state,
        vendor_state: Some(vendor_state.to_owned()),
        urgency: release.urgency.clone(),
        note: note.filter(|text| !text.is_empty()),
        is_waiting,
        ..Row::default()
    }
}
