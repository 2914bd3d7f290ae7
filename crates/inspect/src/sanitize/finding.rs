//! What a rule found, and what is to become of it.

use crate::view::Node;

/// What happens to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The name goes, with all that is beneath it.
    Delete,
    /// The file stays, empty, with its owner and mode.
    Truncate,
    /// The file gets these bytes; owner and mode stay, or are root's and `mode`.
    Write {
        /// The new content.
        bytes: Vec<u8>,
        /// The mode of a file that does not exist yet.
        mode: u32,
    },
    /// Nothing: a person has to decide.
    Report,
}

impl Change {
    /// One word for reports.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Truncate => "truncate",
            Self::Write { .. } => "modify",
            Self::Report => "report",
        }
    }
}

/// How much a finding matters once the image is finished.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Only told.
    Info,
    /// Worth a look; the image passes.
    Warn,
    /// The image does not pass.
    Fail,
}

/// One thing that an image should not carry. Never holds a value, only where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Inside the image.
    pub path: String,
    /// Which row of the file: an account, a line's first word.
    pub entry: Option<String>,
    /// Bytes, of a folder with all that is beneath it.
    pub size: u64,
    /// What to do.
    pub change: Change,
    /// What it means on a finished disk.
    pub severity: Severity,
    /// What it is, when the rule's summary does not say.
    pub note: String,
}

/// Something a rule matched and leaves, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Kept {
    /// Inside the image.
    pub path: String,
    /// Why it stays.
    pub reason: String,
}

/// Everything one rule has to say.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What must go or be looked at.
    pub findings: Vec<Finding>,
    /// What may stay.
    pub kept: Vec<Kept>,
}

impl Found {
    /// Adds a finding about a whole node.
    pub(crate) fn change(&mut self, node: &Node, size: u64, change: Change) {
        self.findings.push(Finding {
            path: node.path.clone(),
            entry: None,
            size,
            change,
            severity: Severity::Fail,
            note: String::new(),
        });
    }

    /// Adds a new content for a file.
    pub(crate) fn rewrite(&mut self, path: &str, size: u64, bytes: Vec<u8>, note: &str) {
        self.findings.push(Finding {
            path: path.to_owned(),
            entry: None,
            size,
            change: Change::Write { bytes, mode: 0o644 },
            severity: Severity::Fail,
            note: note.to_owned(),
        });
    }

    /// Adds something that only a person can decide.
    pub(crate) fn report(
        &mut self,
        severity: Severity,
        path: &str,
        entry: Option<&str>,
        note: impl Into<String>,
    ) {
        self.findings.push(Finding {
            path: path.to_owned(),
            entry: entry.map(str::to_owned),
            size: 0,
            change: Change::Report,
            severity,
            note: note.into(),
        });
    }

    /// Says why something that looks wrong stays.
    pub(crate) fn keep(&mut self, path: &str, reason: impl Into<String>) {
        self.kept.push(Kept {
            path: path.to_owned(),
            reason: reason.into(),
        });
    }
}
