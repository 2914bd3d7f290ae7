//! The port to what is written down of things in a cloud while they are being made, so that none
//! is forgotten when the machine that makes them dies.
//!
//! ```text
//! begin ──► (the cloud makes it) ──► made ──► ... ──► gone
//!    written down before the call       with its id      removed, or part of a finished copy
//! ```

use std::fmt;

use crate::cx::Cx;
use crate::failure::Failure;

/// A failure of whoever keeps the ledger.
pub type LedgerError = Box<dyn Failure>;

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// The blocks of a disk.
    Snapshot,
    /// A registered image.
    Image,
    /// An image copied from another region or account, with its snapshots.
    Copy,
    /// A machine, with its disks.
    Instance,
    /// Rules of a network.
    SecurityGroup,
    /// Keys to log in with.
    KeyPair,
}

impl ResourceKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Snapshot,
        Self::Image,
        Self::Copy,
        Self::Instance,
        Self::SecurityGroup,
        Self::KeyPair,
    ];

    /// As it is stored and shown: `security-group`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Image => "image",
            Self::Copy => "copy",
            Self::Instance => "instance",
            Self::SecurityGroup => "security-group",
            Self::KeyPair => "key-pair",
        }
    }

    /// The kind of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Something that is being made in a cloud, or was and is no part of anything finished.
/// `provider`, `account`, `region`, `kind` and `operation` name it; a second of the same name is
/// the same thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// `aws`.
    pub provider: String,
    /// Number of the account; empty where it is not known.
    pub account: String,
    /// `eu-north-1`.
    pub region: String,
    /// What it is.
    pub kind: ResourceKind,
    /// What the call that makes it is known by, to us and, as a client token or a tag, to the
    /// cloud: a repeated call has the same.
    pub operation: String,
    /// What the cloud calls it; `None` until its answer has come.
    pub id: Option<String>,
    /// What it is made for, for people and for whoever sweeps: `aws/eu web-debian-12-1.4.0`.
    pub owner: String,
}

/// Keeps what is being made. Calls may come from several threads, and may be repeated.
pub trait Ledger: Send + Sync {
    /// Writes down, for good, what is about to be made.
    fn begin(&self, cx: &Cx, resource: &Resource) -> Result<(), LedgerError>;

    /// Adds the id of what was begun.
    fn made(&self, cx: &Cx, resource: &Resource) -> Result<(), LedgerError>;

    /// Crosses off what is no more, or has become part of a copy that is finished.
    fn gone(&self, cx: &Cx, resource: &Resource) -> Result<(), LedgerError>;

    /// What is written down and not crossed off.
    fn open(&self, cx: &Cx, provider: &str) -> Result<Vec<Resource>, LedgerError>;
}

#[cfg(test)]
mod tests {
    use super::ResourceKind;

    #[test]
    fn kinds_have_words() {
        for kind in ResourceKind::ALL {
            assert_eq!(ResourceKind::named(kind.word()), Some(kind));
        }
        assert_eq!(ResourceKind::named("moon"), None);
    }
}
