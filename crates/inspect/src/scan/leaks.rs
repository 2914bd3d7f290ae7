//! What an image should not carry of where it was made, by the rules of [`crate::sanitize`].

use goldsmith_core::finding::{self, Finding, Kind, Place};

use super::{Engine, Scan, ScanError};
use crate::sanitize::{self, Change, Rule, Settings, Severity, find_all};

/// Runs every rule that is on, but for `secrets`.
#[derive(Debug, Default)]
pub struct Leaks {
    /// What the recipe allows.
    pub settings: Settings,
}

impl Engine for Leaks {
    fn image(&self, scan: &Scan<'_>) -> Result<(), ScanError> {
        // `Secrets` says the same of each place, and looks further.
        let mut settings = self.settings.clone();
        settings.off.insert("secrets".to_owned());
        for (rule, found) in find_all(scan.snapshot, &settings, scan.cx)? {
            for one in found.findings {
                scan.add(of_rule(rule, one));
            }
        }
        Ok(())
    }
}

fn of_rule(rule: &Rule, found: sanitize::Finding) -> Finding {
    let fix = match &found.change {
        Change::Delete => Some("delete it"),
        Change::Truncate => Some("empty it"),
        Change::Write { .. } => Some("rewrite it"),
        Change::Report => None,
    };
    Finding {
        kind: Kind::Leak,
        id: rule.id.to_owned(),
        severity: match found.severity {
            Severity::Info => finding::Severity::Negligible,
            Severity::Warn => finding::Severity::Medium,
            Severity::Fail => finding::Severity::High,
        },
        place: Place::File {
            path: found.path,
            line: None,
            entry: found.entry,
        },
        title: if found.note.is_empty() {
            rule.summary.to_owned()
        } else {
            found.note
        },
        fix: fix.map(str::to_owned),
        references: rule.references.iter().map(|r| (*r).to_owned()).collect(),
        facts: vec![("size_bytes", found.size.to_string())],
    }
}
