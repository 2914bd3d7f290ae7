//! The stages of a run, and what later steps may ask of them.

use std::fmt;
use std::str::FromStr;

/// A stage, in the order of a run.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Pin every input.
    Lock,
    /// Make the image.
    Build,
    /// Boot it and look.
    Test,
    /// Look for what must not be in it.
    Scan,
    /// Decide over the evidence.
    Gate,
    /// Wait for people.
    Approve,
    /// Copy it to its targets.
    Distribute,
    /// Make it known: names, channels.
    Register,
    /// Tell who wants to know.
    Notify,
}

impl Stage {
    /// Every one, in order.
    pub const ALL: [Self; 9] = [
        Self::Lock,
        Self::Build,
        Self::Test,
        Self::Scan,
        Self::Gate,
        Self::Approve,
        Self::Distribute,
        Self::Register,
        Self::Notify,
    ];

    /// The words of all, in the same order.
    pub const WORDS: [&'static str; 9] = {
        let mut words = [""; 9];
        let mut n = 0;
        while n < words.len() {
            words[n] = Self::ALL[n].word();
            n += 1;
        }
        words
    };

    /// As written in a pipeline.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Build => "build",
            Self::Test => "test",
            Self::Scan => "scan",
            Self::Gate => "gate",
            Self::Approve => "approve",
            Self::Distribute => "distribute",
            Self::Register => "register",
            Self::Notify => "notify",
        }
    }

    /// What a finished stage gives to conditions of later steps. Flags are `true` or `false`.
    pub const fn outputs(self) -> &'static [&'static str] {
        match self {
            // Whether any input is another than in the last run.
            Self::Lock => &["changed"],
            // `web 1.4.0/3`; whether it was made by this run, and is not one from before.
            Self::Build => &["image", "version", "digest", "new"],
            Self::Test | Self::Gate => &["passed"],
            // Numbers of findings that count.
            Self::Scan => &["passed", "critical", "high", "medium", "low"],
            // `approved` or `rejected`.
            Self::Approve => &["decision"],
            // How many copies are there.
            Self::Distribute => &["copies"],
            Self::Register | Self::Notify => &[],
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A text that names no stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no stage `{0}`")]
pub struct StageError(String);

impl FromStr for Stage {
    type Err = StageError;

    fn from_str(text: &str) -> Result<Self, StageError> {
        let found = Self::ALL.into_iter().find(|stage| stage.word() == text);
        found.ok_or_else(|| StageError(text.to_owned()))
    }
}
