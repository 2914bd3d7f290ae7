//! What other scanners say of an image, read into the same findings, and where they differ from
//! ours.
//!
//! Each tool is one file. Nothing is run here: results are files that the tools wrote.

mod alike;
mod difference;
mod grype;
mod inspector;
mod osv_scanner;
mod trivy;
mod xccdf;

use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use serde::Deserialize;

pub use difference::{Difference, Explained, difference};

/// The result of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The tool, with its version where it says.
    pub tool: String,
    /// The state of what it knew, where it says.
    pub database: Option<String>,
    /// What it looks for.
    pub kind: Kind,
    /// What it found.
    pub findings: Vec<Finding>,
    /// Our names of what it looked at and found as it should be, where it says.
    pub met: Vec<String>,
}

impl Foreign {
    /// What it found beyond our own findings.
    pub fn beyond(&self, ours: &[Finding]) -> Vec<Finding> {
        let is_known = |finding: &&Finding| {
            let mut names = difference::names(finding);
            names.any(|name| ours.iter().any(|own| own.id == name))
        };
        let more = self.findings.iter().filter(|it| !is_known(it));
        more.cloned().collect()
    }
}

/// A file that is no result of a known tool.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// Of no tool that is known.
    #[error("`{name}` is the result of no tool that Goldsmith knows")]
    Unknown {
        /// The file.
        name: String,
    },
    /// Of a known tool, but not in its form.
    #[error("`{name}` is not in the form of {tool}")]
    Form {
        /// The file.
        name: String,
        /// Which tool.
        tool: &'static str,
        /// Where and why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Failure for ExternalError {
    fn class(&self) -> Class {
        Class::Config
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Unknown { .. } => vec![
                "known are JSON of trivy, grype, osv-scanner and Amazon Inspector, and XCCDF or ARF of OpenSCAP".to_owned(),
            ],
            Self::Form { .. } => Vec::new(),
        }
    }
}

/// The names that tell one tool from another.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Probe {
    #[serde(rename = "SchemaVersion")]
    trivy: Option<serde::de::IgnoredAny>,
    matches: Option<serde::de::IgnoredAny>,
    results: Option<serde::de::IgnoredAny>,
    findings: Option<serde::de::IgnoredAny>,
}

/// Reads the result of a tool; which, is told by its content.
pub fn read(name: &str, bytes: &[u8]) -> Result<Foreign, ExternalError> {
    let unknown = || ExternalError::Unknown {
        name: name.to_owned(),
    };
    let start = bytes.iter().find(|b| !b.is_ascii_whitespace());
    if start == Some(&b'<') {
        return xccdf::read(name, bytes)?.ok_or_else(unknown);
    }
    let probe: Probe = serde_json::from_slice(bytes).map_err(|_| unknown())?;
    match probe {
        Probe { trivy: Some(_), .. } => trivy::read(name, bytes),
        Probe {
            matches: Some(_), ..
        } => grype::read(name, bytes),
        Probe {
            results: Some(_), ..
        } => osv_scanner::read(name, bytes),
        Probe {
            findings: Some(_), ..
        } => inspector::read(name, bytes),
        _ => Err(unknown()),
    }
}

fn json<'a, T: Deserialize<'a>>(
    name: &str,
    tool: &'static str,
    bytes: &'a [u8],
) -> Result<T, ExternalError> {
    serde_json::from_slice(bytes).map_err(|source| ExternalError::Form {
        name: name.to_owned(),
        tool,
        source: Box::new(source),
    })
}

/// A vulnerability as a tool tells it.
struct Told<'a> {
    id: &'a str,
    severity: &'a str,
    name: &'a str,
    version: &'a str,
    purl: &'a str,
    title: &'a str,
    fix: &'a str,
    state: &'a str,
}

impl Told<'_> {
    fn finding(&self, references: Vec<String>) -> Finding {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let state = text(self.state).map(|state| ("vendor_state", state));
        Finding {
            kind: Kind::Vulnerability,
            id: self.id.to_owned(),
            severity: Severity::of_word(self.severity).unwrap_or(Severity::Unknown),
            place: Place::Package {
                purl: self.purl.to_owned(),
                name: self.name.to_owned(),
                version: self.version.to_owned(),
            },
            title: self.title.lines().next().unwrap_or_default().to_owned(),
            fix: text(self.fix),
            references,
            facts: state.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
