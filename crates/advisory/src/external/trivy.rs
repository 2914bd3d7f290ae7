//! Trivy: `trivy … --format json`, `SchemaVersion` 2.

use goldsmith_core::finding::Kind;
use serde::Deserialize;

use super::{ExternalError, Foreign, Told, json};

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "Trivy", default)]
    trivy: Program,
    #[serde(rename = "Results", default)]
    results: Vec<Target>,
}

#[derive(Default, Deserialize)]
struct Program {
    #[serde(rename = "Version", default)]
    version: String,
}

#[derive(Deserialize)]
struct Target {
    #[serde(rename = "Vulnerabilities", default)]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(rename = "VendorIDs", default)]
    vendor_ids: Vec<String>,
    pkg_name: String,
    #[serde(default)]
    pkg_identifier: Identifier,
    #[serde(default)]
    installed_version: String,
    #[serde(default)]
    fixed_version: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    title: String,
}

#[derive(Default, Deserialize)]
struct Identifier {
    #[serde(rename = "PURL", default)]
    purl: String,
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Foreign, ExternalError> {
    let document: Document = json(name, "trivy", bytes)?;
    let all = document
        .results
        .into_iter()
        .flat_map(|it| it.vulnerabilities);
    let findings = all.map(|it| {
        let told = Told {
            id: &it.id,
            severity: &it.severity,
            name: &it.pkg_name,
            version: &it.installed_version,
            purl: &it.pkg_identifier.purl,
            title: &it.title,
            fix: &it.fixed_version,
            state: &it.status,
        };
        told.finding(it.vendor_ids.clone())
    });
    Ok(Foreign {
        kind: Kind::Vulnerability,
        met: Vec::new(),
        tool: format!("trivy {}", document.trivy.version)
            .trim_end()
            .to_owned(),
        database: None,
        findings: findings.collect(),
    })
}
