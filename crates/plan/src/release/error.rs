//! Why a Release is refused: one variant, one message, one hint per reason.

use goldsmith_core::failure::{Class, Failure};

/// A Release that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// A plain text without any signature.
    #[error("the Release file is not signed")]
    MissingSignature,
    /// Not the form of a signed text.
    #[error("the Release file is malformed: {0}")]
    Malformed(String),
    /// Text before or after what is signed.
    #[error("the Release file has text outside of its signed part")]
    Outside,
    /// A pinned key's signature does not fit the text.
    #[error("the signature of the Release file by key {key} is bad")]
    BadSignature {
        /// Fingerprint of the pinned key.
        key: String,
    },
    /// No signature is by a pinned key.
    #[error("the Release file is signed by unknown keys only: {}", .keys.join(", "))]
    UnknownKey {
        /// Fingerprints, or key identifiers where a signature names no more.
        keys: Vec<String>,
    },
    /// Signed by a pinned key past its expiry.
    #[error("the Release file is signed by key {key}, which expired {}", show_time(*.expired))]
    ExpiredKey {
        /// Fingerprint.
        key: String,
        /// Unix seconds.
        expired: i64,
    },
    /// Signed by a pinned key that was withdrawn.
    #[error("the Release file is signed by key {key}, which is revoked")]
    RevokedKey {
        /// Fingerprint.
        key: String,
    },
    /// Signed by a pinned key that may not sign.
    #[error("the Release file is signed by key {key}, which cannot be used: {reason}")]
    UnusableKey {
        /// Fingerprint.
        key: String,
        /// Why.
        reason: String,
    },
    /// Signed over a digest that can be forged.
    #[error("the signature of the Release file uses {hash}, which can be forged")]
    WeakHash {
        /// Name of the digest.
        hash: String,
    },
    /// The signature itself has an end, which is past.
    #[error("the signature of the Release file expired {}", show_time(*.expired))]
    ExpiredSignature {
        /// Unix seconds.
        expired: i64,
    },
    /// A field is missing or cannot be read.
    #[error("field `{field}` of the Release file {problem}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What is wrong, as the rest of a sentence.
        problem: String,
    },
    /// Past its `Valid-Until`.
    #[error("the Release file was valid until {}, and now it is {}", show_time(*.valid_until), show_time(*.now))]
    Expired {
        /// Unix seconds.
        valid_until: i64,
        /// Unix seconds.
        now: i64,
    },
    /// Its `Date`, or its signature's, has not come yet.
    #[error("the Release file is of {}, and now it is {}", show_time(*.date), show_time(*.now))]
    Future {
        /// Unix seconds.
        date: i64,
        /// Unix seconds.
        now: i64,
    },
    /// Older than the one used before.
    #[error("the Release file is of {}, older than the locked one of {}", show_time(*.date), show_time(*.previous))]
    Replayed {
        /// Unix seconds.
        date: i64,
        /// Unix seconds.
        previous: i64,
    },
    /// A Release of something else.
    #[error("asked for suite `{expected}`, got the Release file of `{suite}` (`{codename}`)")]
    WrongSuite {
        /// From the recipe.
        expected: String,
        /// `Suite` of the Release.
        suite: String,
        /// `Codename` of the Release.
        codename: String,
    },
    /// No table of SHA-256 digests.
    #[error("the Release file has no SHA-256 digests")]
    NoSha256,
    /// An index that the recipe needs is not there.
    #[error("the Release file of `{suite}` knows no `{path}`")]
    NoIndex {
        /// Its codename.
        suite: String,
        /// `main/binary-amd64/Packages`.
        path: String,
        /// What the suite says it has: `components main contrib; architectures amd64 arm64`.
        known: String,
    },
    /// An index is not the one that was signed.
    #[error("index `{path}` is not the one that was signed: {detail}")]
    IndexMismatch {
        /// `main/binary-amd64/Packages.xz`.
        path: String,
        /// Expected and found, in words.
        detail: String,
    },
}

impl Failure for ReleaseError {
    fn class(&self) -> Class {
        match self {
            Self::WrongSuite { .. } | Self::NoIndex { .. } => Class::Config,
            _ => Class::Remote,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::MissingSignature | Self::Malformed(_) | Self::Outside => {
                "the mirror, or something on the way to it, does not give Debian's file: try another `mirror`"
            }
            Self::BadSignature { .. } | Self::IndexMismatch { .. } => {
                "the mirror may be in the middle of an update, or somebody changes what it sends: try again in some minutes, then another `mirror`"
            }
            Self::UnknownKey { .. } => {
                "if this archive is meant, put its key into a file and name it as `keyring` in the source"
            }
            Self::ExpiredKey { .. } | Self::RevokedKey { .. } | Self::UnusableKey { .. } => {
                "get the archive's present key and name it as `keyring` in the source"
            }
            Self::WeakHash { .. } | Self::NoSha256 => {
                "the archive must be signed again with SHA-256 or better; Goldsmith does not go below"
            }
            Self::Expired { .. } | Self::ExpiredSignature { .. } => {
                "the mirror is no longer updated, or somebody replays old files; for a frozen mirror say `check_valid_until = false` in the source"
            }
            Self::Future { .. } => "check the clock of this host",
            Self::Replayed { .. } => {
                "the mirror is behind, or somebody replays old files: try another `mirror`; if going back is meant, remove the recipe's section from `goldsmith.lock`"
            }
            Self::WrongSuite { .. } => {
                "name in the source the suite that the mirror has, or the mirror that has the suite"
            }
            Self::Field { .. } => "the archive's Release file is broken: tell whoever makes it",
            Self::NoIndex { known, .. } => return vec![format!("it has {known}")],
        };
        vec![hint.to_owned()]
    }
}

/// A moment in Unix seconds as a person reads it.
pub fn show_time(unix: i64) -> String {
    jiff::Timestamp::from_second(unix).map_or_else(
        |_| format!("at second {unix}"),
        |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}
