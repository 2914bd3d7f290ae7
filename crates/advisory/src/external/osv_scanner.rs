//! OSV-Scanner: `osv-scanner … --format json`, whose vulnerabilities are whole OSV records, grouped
//! by those that are the same.

use goldsmith_core::finding::{Kind, Severity};
use serde::Deserialize;
use serde_json::Value;

use super::{ExternalError, Foreign, Told, json};
use crate::cvss;

#[derive(Deserialize)]
struct Document {
    results: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(default)]
    packages: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    package: Package,
    #[serde(default)]
    vulnerabilities: Vec<Value>,
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
struct Group {
    ids: Vec<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    max_severity: String,
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Foreign, ExternalError> {
    let document: Document = json(name, "osv-scanner", bytes)?;
    let mut findings = Vec::new();
    for found in document.results.into_iter().flat_map(|it| it.packages) {
        for group in &found.groups {
            let Some(first) = group.ids.first() else {
                continue;
            };
            let names = || group.ids.iter().chain(&group.aliases);
            let id = names().find(|id| id.starts_with("CVE-")).unwrap_or(first);
            let record = found
                .vulnerabilities
                .iter()
                .find(|it| it["id"] == first.as_str());
            let text = |key: &str| record.and_then(|it| it[key].as_str()).unwrap_or_default();
            let title = if text("summary").is_empty() {
                text("details")
            } else {
                text("summary")
            };
            let severity = group
                .max_severity
                .parse()
                .map_or(Severity::Unknown, cvss::of_score);
            let told = Told {
                id,
                severity: severity.word(),
                name: &found.package.name,
                version: &found.package.version,
                purl: "",
                title,
                fix: "",
                state: "",
            };
            let others = names().filter(|other| *other != id).cloned();
            let mut references: Vec<String> = others.collect();
            references.dedup();
            findings.push(told.finding(references));
        }
    }
    Ok(Foreign {
        kind: Kind::Vulnerability,
        met: Vec::new(),
        tool: "osv-scanner".to_owned(),
        database: None,
        findings,
    })
}
