//! The port to what has a cloud refuse images that are not approved, in one account and region.

use std::fmt;

use crate::cx::Cx;
use crate::failure::Failure;

/// A failure of whoever reads or sets it.
pub type ControlError = Box<dyn Failure>;

/// Whether a list of allowed images counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Effect {
    /// It does not.
    #[default]
    Off,
    /// It is only said of an image whether it is allowed.
    Watched,
    /// Others are not found and not started.
    Enforced,
}

impl Effect {
    /// As EC2 calls it: `audit-mode`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "disabled",
            Self::Watched => "audit-mode",
            Self::Enforced => "enabled",
        }
    }

    /// That of a word.
    pub fn named(word: &str) -> Option<Self> {
        let mut all = [Self::Off, Self::Watched, Self::Enforced].into_iter();
        all.find(|effect| effect.word() == word)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Images that are allowed: those for which all of it is so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Criterion {
    /// Accounts, or names of AWS for such, whose images; empty: anybody's.
    pub providers: Vec<String>,
    /// Their names, with `*` and `?`; empty: any.
    pub names: Vec<String>,
    /// The most days that they may have been made ago.
    pub max_age_days: Option<u64>,
    /// What else is asked of them, in words: we never set that.
    pub others: Vec<String>,
}

/// Which images of others an account lets itself use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowedImages {
    /// Whether that counts.
    pub effect: Effect,
    /// An image is allowed when it meets one of them.
    pub criteria: Vec<Criterion>,
    /// An organization has set it: the account cannot change it.
    pub is_fixed: bool,
}

/// A rule of AWS Config that AWS itself evaluates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigRule {
    /// Its name in the account and region.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Kinds of resources that it looks at: `AWS::EC2::Instance`.
    pub resource_types: Vec<String>,
    /// Which of AWS's rules: `APPROVED_AMIS_BY_ID`.
    pub identifier: String,
    /// What that is given: an object of JSON.
    pub parameters: String,
}

/// Reads and sets the controls of an account in a region. What is set may be set again.
pub trait Controls: Send + Sync {
    /// Which images of others the account lets itself use.
    fn allowed_images(&self, cx: &Cx) -> Result<AllowedImages, ControlError>;

    /// Sets that: first which images, then whether it counts.
    fn set_allowed_images(&self, cx: &Cx, wanted: &AllowedImages) -> Result<(), ControlError>;

    /// A rule by its name, if it is there.
    fn config_rule(&self, cx: &Cx, name: &str) -> Result<Option<ConfigRule>, ControlError>;

    /// Makes a rule, or makes the one of its name so.
    fn put_config_rule(&self, cx: &Cx, wanted: &ConfigRule) -> Result<(), ControlError>;
}

#[cfg(test)]
mod tests {
    use super::Effect;

    #[test]
    fn effects_have_words() {
        for effect in [Effect::Off, Effect::Watched, Effect::Enforced] {
            assert_eq!(Effect::named(effect.word()), Some(effect));
        }
        assert_eq!(Effect::named("moon"), None);
    }
}
