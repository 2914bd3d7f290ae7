//! Grype: `grype … -o json`.

use goldsmith_core::finding::Kind;
use serde::Deserialize;
use serde_json::Value;

use super::{ExternalError, Foreign, Told, json};

#[derive(Deserialize)]
struct Document {
    matches: Vec<Match>,
    #[serde(default)]
    descriptor: Value,
}

#[derive(Deserialize)]
struct Match {
    vulnerability: Vulnerability,
    #[serde(rename = "relatedVulnerabilities", default)]
    related: Vec<Related>,
    artifact: Artifact,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    fix: Fix,
}

#[derive(Default, Deserialize)]
struct Fix {
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct Related {
    id: String,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    version: String,
    #[serde(default)]
    purl: String,
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Foreign, ExternalError> {
    let document: Document = json(name, "grype", bytes)?;
    let findings = document.matches.into_iter().map(|it| {
        let told = Told {
            id: &it.vulnerability.id,
            severity: &it.vulnerability.severity,
            name: &it.artifact.name,
            version: &it.artifact.version,
            purl: &it.artifact.purl,
            title: &it.vulnerability.description,
            fix: it
                .vulnerability
                .fix
                .versions
                .first()
                .map_or("", String::as_str),
            state: &it.vulnerability.fix.state,
        };
        let related = it.related.iter().map(|it| it.id.clone());
        told.finding(related.filter(|id| *id != it.vulnerability.id).collect())
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let descriptor = &document.descriptor;
    let built = [
        &descriptor["db"]["built"],
        &descriptor["db"]["status"]["built"],
    ];
    let built = built.into_iter().map(text).find(|it| !it.is_empty());
    Ok(Foreign {
        kind: Kind::Vulnerability,
        met: Vec::new(),
        tool: format!("grype {}", text(&descriptor["version"]))
            .trim_end()
            .to_owned(),
        database: built,
        findings: findings.collect(),
    })
}
