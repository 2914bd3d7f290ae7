//! One result of a scan, whatever looked: a vulnerability, a secret, a leak, a weak setting.
//!
//! A finding says where and what, never a secret's value. Whether it stops an image is for a
//! policy to say, not for the finding.

use std::fmt;

/// What sort of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A known weakness of a piece of software.
    Vulnerability,
    /// A credential.
    Secret,
    /// Something of the machine that the image was made on, or of whoever made it.
    Leak,
    /// A setting that a hardening profile asks for otherwise.
    Hardening,
    /// Software that nobody looks after any more.
    Support,
    /// A scan that could not know: no data, old data.
    Coverage,
}

impl Kind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 6] = [
        Self::Vulnerability,
        Self::Secret,
        Self::Leak,
        Self::Hardening,
        Self::Support,
        Self::Coverage,
    ];

    /// One word, in reports and policies.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Vulnerability => "vulnerability",
            Self::Secret => "secret",
            Self::Leak => "leak",
            Self::Hardening => "hardening",
            Self::Support => "support",
            Self::Coverage => "coverage",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How bad a finding is, from the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nobody rated it.
    Unknown,
    /// Real, of no practical weight: Debian's `unimportant`.
    Negligible,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 9.0 to 10.0.
    Critical,
}

impl Severity {
    /// Every one, from the least.
    pub const ALL: [Self; 6] = [
        Self::Unknown,
        Self::Negligible,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// One word, in reports and policies.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of a word, also `moderate` and `important` as Red Hat says; `None`: no such.
    pub fn of_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "moderate" => Some(Self::Medium),
            "important" => Some(Self::High),
            _ => Self::ALL.into_iter().find(|one| one.word() == word),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Where a finding lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A piece of software.
    Package {
        /// Its package URL.
        purl: String,
        /// As it is called.
        name: String,
        /// As installed.
        version: String,
    },
    /// A file, an account, a line.
    File {
        /// Absolute path inside the image; of a file in an archive `archive!/inner`.
        path: String,
        /// Counted from 1.
        line: Option<u32>,
        /// Which row: an account, a key of a configuration.
        entry: Option<String>,
    },
    /// Bytes of the disk that belong to no file, counted from the disk's start.
    Disk {
        /// In bytes.
        offset: u64,
    },
    /// The image as a whole.
    Image,
}

/// As people read it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package { name, version, .. } => write!(f, "{name} {version}"),
            Self::File { path, line, entry } => {
                f.write_str(path)?;
                if let Some(line) = line {
                    write!(f, ":{line}")?;
                }
                if let Some(entry) = entry {
                    write!(f, " `{entry}`")?;
                }
                Ok(())
            }
            Self::Disk { offset } => write!(f, "byte {offset} of the disk"),
            Self::Image => f.write_str("the image"),
        }
    }
}

/// One result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What sort.
    pub kind: Kind,
    /// The stable name: a CVE, a rule, a check.
    pub id: String,
    /// How bad.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is wrong, in one line, without the place.
    pub title: String,
    /// What to do: the version that mends it, the setting that is wanted. `None`: nothing is known.
    pub fix: Option<String>,
    /// Under which other names it is known: aliases, CIS and STIG numbers, addresses.
    pub references: Vec<String>,
    /// Facts of its kind, by name, for the machine-read forms: `vendor_state`, `fixed_version`,
    /// `known_exploited`. Sorted by name.
    pub facts: Vec<(&'static str, String)>,
}
