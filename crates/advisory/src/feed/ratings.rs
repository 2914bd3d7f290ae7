//! How bad others call a vulnerability, for feeds that say nothing of it: a map of CVEs to a CVSS
//! score and to the word of another distribution.

use std::collections::BTreeMap;

use goldsmith_core::finding::Severity;
use serde::Deserialize;

use super::{Draft, FeedError, Kind, json};
use crate::cvss;
use crate::format::Rating;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    cvss: Option<Score>,
    almalinux_severity: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Score {
    score: Option<f64>,
    vector: Option<String>,
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Draft, FeedError> {
    let entries: BTreeMap<String, Entry> = json(name, "ratings by CVE", bytes)?;
    let mut draft = Draft::new(Kind::Ratings, "ratings");
    for (id, entry) in entries {
        let vector = entry.cvss.as_ref().and_then(|it| it.vector.clone());
        let score = entry.cvss.as_ref().and_then(|it| it.score);
        let score = score.or_else(|| cvss::score(vector.as_deref()?));
        let word = entry
            .almalinux_severity
            .as_deref()
            .and_then(Severity::of_word);
        let (severity, by) = match (score, word) {
            (Some(score), _) => (cvss::of_score(score), "CVSS"),
            (None, Some(word)) => (word, "AlmaLinux"),
            (None, None) => {
                draft.left_out += 1;
                continue;
            }
        };
        let rating = Rating {
            severity: Some(severity),
            by: by.to_owned(),
            cvss: vector,
        };
        draft.entry('R', &[&id], &rating);
        draft.records += 1;
    }
    Ok(draft)
}
