//! When images go.

use std::str::FromStr;
use std::time::Duration;

use crate::diagnostic::Span;

/// A `lifecycle` block. Each rule keeps on its own; what any of them keeps stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecyclePolicy {
    /// The label of its block.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// The newest images.
    pub keep_last: Option<Keep>,
    /// The newest image of each of the last months that have one.
    pub keep_monthly: Option<Keep>,
    /// The newest image of each of the last quarters that have one.
    pub keep_quarterly: Option<Keep>,
    /// Images that are not older than this.
    pub keep_within: Option<Duration>,
    /// How long an image that nothing keeps is announced before it is deprecated.
    pub deprecate_after: Duration,
    /// How long it is deprecated before it is disabled.
    pub disable_after: Duration,
    /// How long it is disabled before it is deleted.
    pub delete_after: Duration,
    /// The age at which what never became an image that could be approved (failed, cancelled,
    /// rejected) is deleted; `None`: it stays.
    pub failed_after: Option<Duration>,
    /// The age at which an image that was revoked begins to go; `None`: it stays, as evidence.
    pub revoked_after: Option<Duration>,
    /// Younger images are not touched.
    pub min_age: Duration,
    /// Images that a machine was started from within this time are not touched.
    pub launched_within: Duration,
    /// The most images that one run acts on.
    pub max_per_run: u32,
    /// Images with this tag are not touched.
    pub keep_tag: Option<TagMatch>,
    /// ARNs of roles, in whose accounts it is looked for what uses images, too.
    pub roles: Vec<String>,
}

impl LifecyclePolicy {
    /// A policy with the defaults of the language, and no rule yet: nothing may be done by it.
    pub fn new(name: impl Into<String>, span: Span) -> Self {
        let days = |days: u64| Duration::from_hours(24 * days);
        Self {
            name: name.into(),
            span,
            keep_last: None,
            keep_monthly: None,
            keep_quarterly: None,
            keep_within: None,
            deprecate_after: Duration::ZERO,
            disable_after: days(14),
            delete_after: days(30),
            failed_after: None,
            revoked_after: None,
            min_age: days(1),
            launched_within: days(30),
            max_per_run: 50,
            keep_tag: None,
            roles: Vec::new(),
        }
    }

    /// Whether no rule keeps anything.
    pub fn is_empty(&self) -> bool {
        let counts = [self.keep_last, self.keep_monthly, self.keep_quarterly];
        let keeps = |keep: Option<Keep>| keep.is_some_and(|keep| keep != Keep::Newest(0));
        !counts.into_iter().any(keeps) && self.keep_within.is_none_or(|time| time.is_zero())
    }
}

/// How many a rule keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// So many; 0: none, as if the rule were not there.
    Newest(u32),
    /// All.
    All,
}

impl Keep {
    /// The number, where there is one.
    pub const fn limit(self) -> usize {
        match self {
            Self::Newest(count) => count as usize,
            Self::All => usize::MAX,
        }
    }
}

/// A text that is no count of images to keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a number nor `all`")]
pub struct KeepError(String);

impl FromStr for Keep {
    type Err = KeepError;

    fn from_str(text: &str) -> Result<Self, KeepError> {
        if text == "all" {
            return Ok(Self::All);
        }
        let number = text.parse().map(Self::Newest);
        number.map_err(|_| KeepError(text.to_owned()))
    }
}

/// A tag that an image has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagMatch {
    /// Its key.
    pub key: String,
    /// Its value; `None`: any.
    pub value: Option<String>,
}

/// `key`, or `key=value`.
impl FromStr for TagMatch {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value.trim().to_owned())),
            None => (text, None),
        };
        let key = key.trim().to_owned();
        Ok(Self { key, value })
    }
}

impl TagMatch {
    /// Whether a tag is the one meant.
    pub fn fits(&self, key: &str, value: &str) -> bool {
        self.key == key && self.value.as_deref().is_none_or(|wanted| wanted == value)
    }
}
