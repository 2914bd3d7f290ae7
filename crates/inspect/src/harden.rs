//! Whether an image is set up as a hardening profile asks, without starting it.
//!
//! ```text
//! snapshot --> facts (sysctl, units, mounts, packages: effective, as the system would read them)
//!                 |
//!   check::all() of a profile, each a record with a test of one kind
//!                 |
//!   pass | fail, with what is wrong | not applicable, with why
//!                 +--> findings, and a score: the weighted share of what applies
//! waived, with the reason: what the policy of the image accepts of the findings
//! ```
//!
//! [`guest`] lists what only a running machine can say.

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::finding::{Finding, Kind, Place};

use crate::snapshot::Snapshot;
use crate::view::ViewError;

pub mod check;
mod facts;
pub mod guest;
mod kind;
#[cfg(test)]
mod testing;
mod want;

use check::Need;
pub use check::{Check, Profile};
use facts::Facts;
use kind::{Outcome, Wrong};

/// What a check says of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// It does not matter here: why.
    NotApplicable(String),
    /// Not as it should be, and somebody has said why.
    Waived(String),
}

/// One check, and what it says.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its record.
    pub check: &'static Check,
    /// In short.
    pub verdict: Verdict,
    wrong: Vec<Wrong>,
}

/// What a profile says of an image.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which.
    pub profile: Profile,
    /// In the order of [`check::all`].
    pub rows: Vec<Row>,
}

/// A profile that says nothing.
#[derive(Debug, thiserror::Error)]
pub enum HardenError {
    /// Nothing of it applies.
    #[error("no check of profile `{0}` applies to this image")]
    NothingApplies(&'static str),
    /// A file of the image cannot be read.
    #[error(transparent)]
    View(#[from] ViewError),
}

impl Failure for HardenError {
    fn class(&self) -> Class {
        match self {
            Self::NothingApplies(_) => Class::Test,
            Self::View(error) => error.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NothingApplies(_) => vec![
                "a score of nothing would look like a pass: is this the root of a system?"
                    .to_owned(),
            ],
            Self::View(error) => error.hints(),
        }
    }
}

/// Runs every check of a profile.
pub fn run(snapshot: &Snapshot<'_>, profile: Profile, cx: &Cx) -> Result<Report, HardenError> {
    let facts = Facts::gather(snapshot, cx)?;
    let mut rows = Vec::new();
    for check in check::all().filter(|check| check.is_in(profile)) {
        cx.cancel.check().map_err(ViewError::from)?;
        let outcome = match check.needs.iter().find(|need| !is_met(need, &facts)) {
            Some(need) => Outcome::NotApplicable(missing(need)),
            None => check.test.run(&facts)?,
        };
        let (verdict, wrong) = match outcome {
            Outcome::Pass => (Verdict::Pass, Vec::new()),
            Outcome::NotApplicable(why) => (Verdict::NotApplicable(why), Vec::new()),
            Outcome::Fail(wrong) => (Verdict::Fail, wrong),
        };
        rows.push(Row {
            check,
            verdict,
            wrong,
        });
    }
    if rows
        .iter()
        .all(|row| matches!(row.verdict, Verdict::NotApplicable(_)))
    {
        return Err(HardenError::NothingApplies(profile.word()));
    }
    Ok(Report { profile, rows })
}

fn is_met(need: &Need, facts: &Facts<'_>) -> bool {
    let is_there = |path: &&str| facts.snapshot.resolve(path).is_some();
    match need {
        Need::Distribution(names) => names.contains(&facts.distribution.as_str()),
        Need::Path(paths) => paths.iter().any(is_there),
        Need::NoPath(paths) => !paths.iter().any(is_there),
    }
}

fn missing(need: &Need) -> String {
    match need {
        Need::Distribution(names) => format!("only for `{}`", names.join("`, `")),
        Need::Path(paths) => format!("there is no `{}`", paths.join("`, `")),
        Need::NoPath(paths) => format!("not with `{}`", paths.join("`, `")),
    }
}

impl Row {
    /// What is not as it should be, a line each.
    pub fn wrong(&self) -> impl Iterator<Item = &str> {
        self.wrong.iter().map(|wrong| wrong.text.as_str())
    }
}

impl Report {
    /// The weighted share of what passes among what applies, in percent, rounded down. What is
    /// waived counts neither way.
    pub fn score(&self) -> u32 {
        let weight = |is: fn(&Verdict) -> bool| -> u32 {
            self.rows
                .iter()
                .filter(|row| is(&row.verdict))
                .map(|row| row.check.weight())
                .sum()
        };
        let passed = weight(|verdict| *verdict == Verdict::Pass);
        let failed = weight(|verdict| *verdict == Verdict::Fail);
        (passed * 100).checked_div(passed + failed).unwrap_or(100)
    }

    /// How many passed, failed, did not apply, were waived.
    pub fn counts(&self) -> [usize; 4] {
        let count =
            |is: fn(&Verdict) -> bool| self.rows.iter().filter(|row| is(&row.verdict)).count();
        [
            count(|verdict| *verdict == Verdict::Pass),
            count(|verdict| *verdict == Verdict::Fail),
            count(|verdict| matches!(verdict, Verdict::NotApplicable(_))),
            count(|verdict| matches!(verdict, Verdict::Waived(_))),
        ]
    }

    /// Takes down that a check may fail, and why. One that does not fail needs no waiver.
    pub fn waive(&mut self, id: &str, reason: &str) {
        let mut failed = self
            .rows
            .iter_mut()
            .filter(|row| row.verdict == Verdict::Fail);
        if let Some(row) = failed.find(|row| row.check.id == id) {
            row.verdict = Verdict::Waived(reason.to_owned());
        }
    }

    /// A finding for each check that fails, at the first place that is wrong.
    pub fn findings(&self) -> Vec<Finding> {
        let failed = self.rows.iter().filter(|row| row.verdict == Verdict::Fail);
        failed.map(|row| finding(self.profile, row)).collect()
    }
}

fn finding(profile: Profile, row: &Row) -> Finding {
    let check = row.check;
    let found: Vec<&str> = row.wrong().collect();
    let fix = Some(check.remediation).filter(|text| !text.is_empty());
    Finding {
        kind: Kind::Hardening,
        id: check.id.to_owned(),
        severity: check.severity,
        place: row
            .wrong
            .first()
            .map_or(Place::Image, |wrong| wrong.place.clone()),
        title: format!("not so: {}", check.title),
        fix: fix.map(str::to_owned),
        references: check.references.texts(),
        facts: vec![
            ("found", found.join("; ")),
            ("profile", profile.word().to_owned()),
            ("rationale", check.rationale.to_owned()),
        ],
    }
}

#[cfg(test)]
mod tests;
