//! What a recipe allows: rules that are off, and things that stay, each with its reason.

use std::collections::BTreeSet;

use goldsmith_core::diagnostic::nearest;
use goldsmith_core::failure::{Class, Failure};

use super::finding::{Finding, Kept};
use super::rules;
use crate::snapshot::matches;
use crate::verify::FREE_SPACE;
use crate::view::Kind;

/// The recipe's say. The default allows nothing.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Ids of rules that do not run.
    pub off: BTreeSet<String>,
    /// What stays although a rule matches it.
    pub keep: Vec<Keep>,
    /// `IMAGE_ID` and `IMAGE_VERSION` that os-release must carry, when it must.
    pub image: Option<(String, String)>,
}

/// One thing that stays.
#[derive(Debug, Clone)]
pub struct Keep {
    /// The rule it is an exception of.
    pub rule: String,
    /// A path inside the image; `*`, `?` and `**` as in the rules.
    pub path: String,
    /// Only this row of the file (an account of `/etc/passwd`); `None`: all of it.
    pub entry: Option<String>,
    /// Why, for the report.
    pub reason: String,
}

/// Settings that name something unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// There is no such rule.
    #[error("no sanitize rule is called `{rule}`")]
    UnknownRule {
        /// As it was written.
        rule: String,
        /// The nearest id.
        nearest: Option<&'static str>,
    },
    /// The path does not begin at the root.
    #[error("path `{0}` to keep does not begin with `/`")]
    Relative(String),
    /// Nobody will know why.
    #[error("no reason is given for keeping `{0}`")]
    NoReason(String),
}

impl Failure for SettingsError {
    fn class(&self) -> Class {
        Class::Config
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::UnknownRule {
                nearest: Some(id), ..
            } => vec![format!("did you mean `{id}`?")],
            _ => Vec::new(),
        }
    }
}

impl Settings {
    /// Refuses names of rules that do not exist, relative paths and missing reasons.
    pub fn check(&self) -> Result<(), SettingsError> {
        let named = self.off.iter().chain(self.keep.iter().map(|k| &k.rule));
        for rule in named {
            if rule != FREE_SPACE && !rules().iter().any(|r| r.id == rule) {
                return Err(SettingsError::UnknownRule {
                    rule: rule.clone(),
                    nearest: nearest(rule, rules().iter().map(|r| r.id)),
                });
            }
        }
        for keep in &self.keep {
            if !keep.path.starts_with('/') {
                return Err(SettingsError::Relative(keep.path.clone()));
            }
            if keep.reason.trim().is_empty() {
                return Err(SettingsError::NoReason(keep.path.clone()));
            }
        }
        Ok(())
    }

    /// Why a whole file may stay although a rule matches it, whichever rule.
    pub(super) fn kept_by_any(&self, path: &str) -> Option<&Keep> {
        let mut whole = self.keep.iter().filter(|keep| keep.entry.is_none());
        whole.find(|keep| matches(&keep.path, path, Kind::File))
    }

    /// Why a finding of a rule may stay, when it may.
    pub(super) fn kept(&self, rule: &str, finding: &Finding) -> Option<Kept> {
        let keep = self.keep.iter().find(|keep| {
            keep.rule == rule
                && (keep.entry.is_none() || keep.entry == finding.entry)
                && matches(&keep.path, &finding.path, Kind::File)
        })?;
        Some(Kept {
            path: finding.path.clone(),
            reason: keep.reason.clone(),
        })
    }
}
