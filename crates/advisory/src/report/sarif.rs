//! SARIF 2.1.0 (OASIS), as code-scanning services read it: a rule for each name of a finding, a
//! result for each finding, a suppression for what is accepted.
//!
//! Files of an image are no files of a repository: their paths are given below the base `IMAGE`.

use std::collections::BTreeMap;

use goldsmith_core::digest::Sha256;
use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use serde_json::{Value, json};

use super::{Report, identity};
use crate::policy::{Decision, Judged};

/// The whole document.
pub fn sarif(report: &Report<'_>) -> Value {
    let mut rules: BTreeMap<&str, &Finding> = BTreeMap::new();
    for judged in &report.verdict.judged {
        rules.entry(&judged.finding.id).or_insert(&judged.finding);
    }
    let numbers: BTreeMap<&str, usize> = rules.keys().copied().zip(0..).collect();
    let results: Vec<Value> = report
        .verdict
        .judged
        .iter()
        .map(|judged| result(judged, numbers[judged.finding.id.as_str()]))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "goldsmith",
                "semanticVersion": report.version,
                "rules": rules.values().map(|finding| rule(finding)).collect::<Vec<_>>(),
            }},
            "originalUriBaseIds": { "IMAGE": { "description": { "text": "the root of the image's file system" } } },
            "properties": { "image": report.image, "system": report.system, "passes": report.verdict.passes(), "date": report.today },
            "results": results,
        }],
    })
}

fn rule(finding: &Finding) -> Value {
    let mut rule = json!({
        "id": finding.id,
        "shortDescription": { "text": text(&finding.title, &finding.id) },
        "properties": {
            "tags": [finding.kind.word(), "security"],
            // What GitHub sorts by.
            "security-severity": score(finding.severity),
        },
    });
    let url = finding
        .references
        .iter()
        .find(|it| it.starts_with("https://"));
    if let Some(url) = url {
        rule["helpUri"] = json!(url);
    }
    rule
}

fn result(judged: &Judged, number: usize) -> Value {
    let finding = &judged.finding;
    let level = match (judged.decision, finding.severity) {
        (Decision::Fails, _) => "error",
        (_, Severity::High | Severity::Critical | Severity::Medium) => "warning",
        _ => "note",
    };
    let fix = finding.fix.as_ref();
    let fix = fix.map_or_else(String::new, |fix| format!("; mended by {fix}"));
    let message = format!(
        "{}: {}{fix} ({})",
        finding.place,
        text(&finding.title, &finding.id),
        judged.reason
    );
    let mut result = json!({
        "ruleId": finding.id,
        "ruleIndex": number,
        "level": level,
        "message": { "text": message },
        "locations": [location(finding)],
        "partialFingerprints": { "goldsmith/v1": Sha256::of(identity(finding).as_bytes()).to_string() },
        "properties": { "decision": judged.decision.word(), "severity": finding.severity.word() },
    });
    for (name, value) in &finding.facts {
        result["properties"][*name] = json!(value);
    }
    if judged.decision == Decision::Accepted {
        result["suppressions"] = json!([{ "kind": "external", "justification": judged.reason }]);
    }
    result
}

fn location(finding: &Finding) -> Value {
    let physical = |uri: &str, region: Option<Value>| {
        let mut physical = json!({ "artifactLocation": { "uri": uri, "uriBaseId": "IMAGE" } });
        if let Some(region) = region {
            physical["region"] = region;
        }
        physical
    };
    let logical = |name: &str, full: &str, kind: &str| json!([{ "name": name, "fullyQualifiedName": full, "kind": kind }]);
    match &finding.place {
        Place::Package { purl, name, .. } => json!({
            // Services want a file: the one that lists the packages is as good as any.
            "physicalLocation": physical(if finding.kind == Kind::Vulnerability { "packages" } else { "." }, None),
            "logicalLocations": logical(name, purl, "package"),
        }),
        Place::File { path, line, entry } => {
            let region = line.map(|line| json!({ "startLine": line }));
            let mut location = json!({ "physicalLocation": physical(&uri(path), region) });
            if let Some(entry) = entry {
                location["logicalLocations"] = logical(entry, &format!("{path}#{entry}"), "member");
            }
            location
        }
        Place::Disk { offset } => json!({
            "physicalLocation": physical("disk", Some(json!({ "byteOffset": offset, "byteLength": 0 }))),
        }),
        Place::Image => json!({ "physicalLocation": physical(".", None) }),
    }
}

/// A path below the root as a URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// SARIF wants a text where there may be none.
fn text<'a>(title: &'a str, id: &'a str) -> &'a str {
    if title.is_empty() { id } else { title }
}

/// A number in the middle of the CVSS range of a severity.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Negligible | Severity::Unknown => "0.0",
    }
}
