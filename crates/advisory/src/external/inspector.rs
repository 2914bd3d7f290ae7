//! Amazon Inspector: `aws inspector2 list-findings`.

use goldsmith_core::finding::Kind;
use serde::Deserialize;

use super::{ExternalError, Foreign, Told, json};

#[derive(Deserialize)]
struct Document {
    findings: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    title: String,
    /// Of the other types of findings nothing is read: they are about a network or code.
    package_vulnerability_details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    vulnerability_id: String,
    #[serde(default)]
    related_vulnerabilities: Vec<String>,
    #[serde(default)]
    vulnerable_packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    release: Option<String>,
    #[serde(default)]
    epoch: Option<u64>,
    #[serde(default)]
    fixed_in_version: Option<String>,
}

impl Package {
    /// As the package system writes it.
    fn evr(&self) -> String {
        let epoch = self.epoch.filter(|epoch| *epoch > 0);
        let epoch = epoch.map_or_else(String::new, |epoch| format!("{epoch}:"));
        let release = self.release.as_deref().filter(|it| !it.is_empty());
        let release = release.map_or_else(String::new, |release| format!("-{release}"));
        format!("{epoch}{}{release}", self.version)
    }
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Foreign, ExternalError> {
    let document: Document = json(name, "Amazon Inspector", bytes)?;
    let mut findings = Vec::new();
    for entry in &document.findings {
        let Some(details) = &entry.package_vulnerability_details else {
            continue;
        };
        for package in &details.vulnerable_packages {
            let fix = package.fixed_in_version.as_deref().unwrap_or_default();
            let told = Told {
                id: &details.vulnerability_id,
                severity: &entry.severity,
                name: &package.name,
                version: &package.evr(),
                purl: "",
                title: &entry.title,
                // Inspector says it in capitals where nothing mends it.
                fix: if fix == "NotAvailable" { "" } else { fix },
                state: "",
            };
            findings.push(told.finding(details.related_vulnerabilities.clone()));
        }
    }
    Ok(Foreign {
        kind: Kind::Vulnerability,
        met: Vec::new(),
        tool: "Amazon Inspector".to_owned(),
        database: None,
        findings,
    })
}
