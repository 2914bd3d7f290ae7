//! Takes out of a tree what an image must not carry, with evidence rule by rule.
//!
//! Every rule looks at the same snapshot first; what they found becomes one plan, in
//! which the stronger change wins where two rules name the same file; then the plan is
//! carried out. The order of the rules therefore never matters, and a second run finds
//! nothing. [`crate::verify`] runs the same rules over the finished disk.
//!
//! ```
//! use goldsmith_inspect::sanitize::rules;
//! assert!(rules().iter().any(|rule| rule.id == "ssh-hostkeys"));
//! ```

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Cancelled, Class, Failure};

use crate::known::{Known, KnownHere};
use crate::snapshot::Snapshot;
use crate::threads::on_all_processors;
use crate::view::tree::TreeView;
use crate::view::{Node, ViewError};

pub mod finding;
pub mod format;
mod plan;
mod rule;
pub mod settings;
#[cfg(test)]
pub(crate) mod testing;
mod writer;

pub use finding::{Change, Finding, Found, Kept, Severity};
pub use format::Report;
pub(crate) use rule::secret_name;
pub use rule::{Action, Family, Rule, all as rules};
pub use settings::{Keep, Settings, SettingsError};

/// Whether the plan is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Find and remove.
    Apply,
    /// Find, and report what would be removed.
    DryRun,
}

/// What a rule may ask.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The image.
    pub snapshot: &'a Snapshot<'a>,
    /// What the recipe allows.
    pub settings: &'a Settings,
    /// For rules that take long.
    pub cx: &'a Cx,
}

/// A rule that broke. Not a finding: nothing is known about the image then.
#[derive(Debug, thiserror::Error)]
#[error("rule `{rule}` could not look at the image")]
pub struct RuleError {
    /// Its id.
    pub rule: &'static str,
    /// Why.
    #[source]
    pub source: ViewError,
}

/// A tree that could not be sanitized.
#[derive(Debug, thiserror::Error)]
pub enum SanitizeError {
    /// What the recipe allows is not understood.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The tree cannot be walked.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A rule broke.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A change was refused.
    #[error("cannot {action} `{path}` in the tree")]
    Change {
        /// `delete`, `truncate`, `modify`.
        action: &'static str,
        /// Inside the tree.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Two rules keep rewriting one file.
    #[error("rules do not agree about `{0}`")]
    Unsettled(String),
    /// Asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Failure for SanitizeError {
    fn class(&self) -> Class {
        match self {
            Self::Settings(error) => error.class(),
            Self::View(error) => error.class(),
            Self::Rule(error) => error.source.class(),
            Self::Change { .. } => Class::Environment,
            Self::Unsettled(_) => Class::Bug,
            Self::Cancelled(cancelled) => cancelled.class(),
        }
    }
}

/// More rounds than files that several rules rewrite is a bug of the rules.
const MAX_ROUNDS: usize = 4;

/// Sanitizes the tree at `root`: a folder, or a magic link such as `/proc/self/fd/7`.
///
/// Changes stay beneath the root and on its file system, and never write into an
/// existing file: a changed file is a new one with the old owner and mode, so that a
/// tree of hard links leaves the other names untouched. Modification times of changed
/// files and of their folders are now's: whoever writes the disk sets them.
pub fn sanitize(
    root: &Path,
    settings: &Settings,
    mode: Mode,
    cx: &Cx,
) -> Result<Report, SanitizeError> {
    sanitize_known(root, None, &KnownHere::default(), settings, mode, cx)
}

/// As [`sanitize`], of a tree of which much is known: `listed` is what a walk would find, `known`
/// knows files that need not be searched again.
pub fn sanitize_known(
    root: &Path,
    mut listed: Option<Vec<Node>>,
    known: &dyn Known,
    settings: &Settings,
    mode: Mode,
    cx: &Cx,
) -> Result<Report, SanitizeError> {
    settings.check()?;
    let mut report = Report::new("sanitize", settings);
    report.dry_run = mode == Mode::DryRun;
    for round in 0.. {
        let view = TreeView::open(root)?;
        let snapshot = match listed.take() {
            Some(nodes) => Snapshot::listed(&view, nodes, cx)?,
            None => Snapshot::take(&view, cx)?,
        };
        let snapshot = snapshot.with_known(known);
        let mut found = find_all(&snapshot, settings, cx)?;
        let plan = plan::Plan::of(&snapshot, &found);
        for (_, found) in &mut found {
            found
                .findings
                .retain(|f| f.change != Change::Report || !plan.removes(&f.path));
        }
        if round == 0 {
            report.fill(&found);
            report.bytes = plan.bytes;
        }
        if mode == Mode::DryRun {
            break;
        }
        writer::TreeWriter::open(root)?.carry_out(&snapshot, &plan, cx)?;
        let Some(path) = plan.contested else { break };
        if round == MAX_ROUNDS {
            return Err(SanitizeError::Unsettled(path));
        }
    }
    Ok(report)
}

/// Runs every rule that is on, in the order of [`rules`].
pub(crate) fn find_all(
    snapshot: &Snapshot<'_>,
    settings: &Settings,
    cx: &Cx,
) -> Result<Vec<(&'static Rule, Found)>, SanitizeError> {
    let search = Search {
        snapshot,
        settings,
        cx,
    };
    let rules: Vec<&'static Rule> = rules()
        .iter()
        .copied()
        .filter(|rule| !settings.off.contains(rule.id))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || -> Result<_, SanitizeError> {
        let mut own = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(rule) = rules.get(at) else {
                return Ok(own);
            };
            cx.cancel.check()?;
            own.push((at, rule.find(&search)?));
        }
    };
    let lists: Vec<Vec<(usize, Found)>> = on_all_processors(work)?;
    let mut all: Vec<(usize, Found)> = lists.into_iter().flatten().collect();
    all.sort_by_key(|(at, _)| *at);
    let named = all.into_iter().map(|(at, found)| (rules[at], found));
    Ok(named.collect())
}

#[cfg(test)]
mod tests;
