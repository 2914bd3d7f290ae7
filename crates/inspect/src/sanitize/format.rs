//! The evidence of a pass, as it is stored beside the image and shown.
//!
//! ```json
//! { "version": 1, "pass": "sanitize", "dry_run": false, "passed": true, "bytes": 8231,
//!   "off": ["swap"],
//!   "rules": [ { "id": "ssh-hostkeys", "summary": "...",
//!                "found": [ { "path": "/etc/ssh/ssh_host_rsa_key", "size": 2602,
//!                             "action": "delete", "severity": "fail" } ],
//!                "kept":  [ { "path": "...", "reason": "..." } ] } ] }
//! ```
//!
//! `found[]` may also hold `entry` (a row of the file) and `note`. Paths only, never
//! a value: a report of a leak must not leak.

use goldsmith_core::size::format_bytes;
use serde::{Deserialize, Serialize};

use super::{Change, Found, Kept, Rule, Settings, Severity};

/// Version of the form.
pub const VERSION: u32 = 1;

/// The evidence of one pass, of the sanitizer or of the verifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// `sanitize` or `verify`.
    pub pass: String,
    /// Nothing was changed although the pass is `sanitize`.
    pub dry_run: bool,
    /// After `sanitize`: nothing is left that only a person can decide. After
    /// `verify`: nothing is left at all.
    pub passed: bool,
    /// Bytes that went, or would have.
    pub bytes: u64,
    /// Rules that the recipe switched off.
    pub off: Vec<String>,
    /// Every rule that ran, also those that found nothing.
    pub rules: Vec<RuleReport>,
}

/// What one rule found and left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleReport {
    /// Of the rule.
    pub id: String,
    /// Of the rule.
    pub summary: String,
    /// In the order of the paths.
    pub found: Vec<FoundRow>,
    /// In the order of the paths.
    pub kept: Vec<Kept>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundRow {
    /// Inside the image.
    pub path: String,
    /// A row of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Bytes.
    pub size: u64,
    /// `delete`, `truncate`, `modify`, `report`.
    pub action: String,
    /// What it means when it is on a finished disk.
    pub severity: Severity,
    /// What it is, when the summary does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Report {
    pub(crate) fn new(pass: &str, settings: &Settings) -> Self {
        Self {
            version: VERSION,
            pass: pass.to_owned(),
            dry_run: false,
            passed: true,
            bytes: 0,
            off: settings.off.iter().cloned().collect(),
            rules: Vec::new(),
        }
    }

    pub(crate) fn fill(&mut self, found: &[(&'static Rule, Found)]) {
        for (rule, found) in found {
            let mut rows: Vec<FoundRow> = found.findings.iter().map(row).collect();
            rows.sort_by(|a, b| (&a.path, &a.entry).cmp(&(&b.path, &b.entry)));
            let mut kept = found.kept.clone();
            kept.sort_by(|a, b| a.path.cmp(&b.path));
            self.rules.push(RuleReport {
                id: rule.id.to_owned(),
                summary: rule.summary.to_owned(),
                found: rows,
                kept,
            });
        }
        let sanitizing = self.pass == "sanitize";
        let fails = |row: &FoundRow| {
            row.severity == Severity::Fail && (!sanitizing || row.action == Change::Report.word())
        };
        let failed = self.findings().any(|(_, row)| fails(row));
        self.passed = !failed;
    }

    /// Every finding with its rule.
    pub fn findings(&self) -> impl Iterator<Item = (&RuleReport, &FoundRow)> {
        self.rules
            .iter()
            .flat_map(|rule| rule.found.iter().map(move |row| (rule, row)))
    }

    /// The report for a person, a line a finding, then what stays, then a summary.
    /// Lists of more than a few paths of one rule are cut unless `all`.
    pub fn lines(&self, all: bool) -> Vec<String> {
        let most = if all { usize::MAX } else { 5 };
        let mut lines = Vec::new();
        for rule in &self.rules {
            for row in rule.found.iter().take(most) {
                lines.push(row.line(&rule.id));
            }
            if let Some(more) = rule.found.len().checked_sub(most).filter(|n| *n > 0) {
                lines.push(format!("{:>8}  {}: {more} more", "", rule.id));
            }
            for kept in rule.kept.iter().take(if all { usize::MAX } else { 2 }) {
                let path = printable(&kept.path);
                lines.push(format!(
                    "{:>8}  {}: {path} ({})",
                    "keep", rule.id, kept.reason
                ));
            }
        }
        lines.push(self.summary());
        lines
    }

    /// One line: how many of what.
    pub fn summary(&self) -> String {
        let count = self.findings().count();
        let failures = self
            .findings()
            .filter(|(_, row)| row.severity == Severity::Fail)
            .count();
        let rules = self.rules.len();
        match (self.pass.as_str(), self.dry_run) {
            ("sanitize", false) => format!(
                "{rules} rules, {count} findings, {} removed",
                format_bytes(self.bytes)
            ),
            ("sanitize", true) => format!(
                "{rules} rules, {count} findings, {} would be removed",
                format_bytes(self.bytes)
            ),
            _ => format!(
                "{rules} rules, {failures} failures, {} notes",
                count - failures
            ),
        }
    }
}

impl FoundRow {
    fn line(&self, rule: &str) -> String {
        let word = match (self.action.as_str(), self.severity) {
            ("report", Severity::Info) => "info",
            ("report", Severity::Warn) => "warn",
            ("report", Severity::Fail) => "fail",
            (action, _) => action,
        };
        let entry = self.entry.as_deref().unwrap_or_default();
        [
            format!("{word:>8}  {rule}: {}", printable(&self.path)),
            unless(entry.is_empty(), || format!(" `{}`", printable(entry))),
            unless(self.size == 0, || format!(" ({})", format_bytes(self.size))),
            unless(self.note.is_empty(), || {
                format!(": {}", printable(&self.note))
            }),
        ]
        .concat()
    }
}

fn unless(skip: bool, text: impl FnOnce() -> String) -> String {
    if skip { String::new() } else { text() }
}

/// Names come from the image: nothing in them may steer a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let (escaped, plain) = if c.is_control() {
                (Some(c.escape_default()), None)
            } else {
                (None, Some(c))
            };
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

fn row(finding: &super::Finding) -> FoundRow {
    FoundRow {
        path: finding.path.clone(),
        entry: finding.entry.clone(),
        size: finding.size,
        action: finding.change.word().to_owned(),
        severity: finding.severity,
        note: finding.note.clone(),
    }
}
