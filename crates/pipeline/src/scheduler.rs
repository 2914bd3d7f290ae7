//! Which pipelines are to start now, by their schedules and what is known. What was missed while
//! nobody looked is made up for once.

use goldsmith_core::catalog::{Catalog, CatalogError, RunRow, RunStatus};
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::recipe::{Schedule, StartCondition};
use goldsmith_plan::schedule::{
    self, Decision, Facts, Timetable, TimetableError, Trigger, failures_after,
};
use jiff::Timestamp;

/// What started a run, as the catalog keeps it.
pub const BY_SCHEDULE: &str = "schedule";
/// Runs of a pipeline that are looked back at for failures in a row.
const LOOK_BACK: usize = 100;

/// Why nobody knows whether a pipeline is to start.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The schedule cannot be asked.
    #[error(transparent)]
    Timetable(#[from] TimetableError),
}

impl Failure for ScheduleError {
    fn class(&self) -> Class {
        match self {
            Self::Catalog(error) => error.class(),
            Self::Timetable(error) => error.class(),
        }
    }
}

/// What only others know of a pipeline. `None`: it could not be found out.
pub trait Lookout {
    /// Whether its lock would change.
    fn would_change(&self) -> Option<bool>;
    /// Whether the image that its recipe starts from has a newer one.
    fn has_newer_parent(&self) -> Option<bool>;
    /// The worst finding of its published images that was not there at the last start.
    fn worst_new(&self) -> Option<goldsmith_core::finding::Severity>;
}

/// The schedule of one pipeline.
#[derive(Debug)]
pub struct Watch<'a> {
    pipeline: &'a str,
    schedule: &'a Schedule,
    timetable: Timetable,
    /// What is due after this is not decided yet.
    since: Timestamp,
}

impl<'a> Watch<'a> {
    /// From `known` on, which an earlier watch has said as [`Watch::since`] and a rate counts from, or
    /// from the last start by the schedule, whichever was later: what was missed since is due once.
    /// A schedule that nobody has watched yet begins `now`.
    pub fn new(
        catalog: &dyn Catalog,
        pipeline: &'a str,
        schedule: &'a Schedule,
        known: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, ScheduleError> {
        let runs = catalog.runs(Some(pipeline), LOOK_BACK)?;
        let last = runs.iter().find(|run| run.begun.trigger == BY_SCHEDULE);
        let last = last.and_then(|run| Timestamp::from_second(run.begun.unix).ok());
        let until_now = |time: Option<Timestamp>| time.map_or(now, |time| time.min(now));
        let since = until_now(last.max(known));
        Ok(Self {
            pipeline,
            schedule,
            timetable: Timetable::new(schedule, until_now(known.or(last)))?,
            since,
        })
    }

    /// What is due after this is not decided yet. Whoever keeps it can go on with another watch.
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// When it is next due.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        self.timetable.next(now)
    }

    /// What becomes of a start that is due, if one is. Asked again at the same moment, nothing is.
    pub fn look(
        &mut self,
        catalog: &dyn Catalog,
        lookout: &dyn Lookout,
        now: Timestamp,
    ) -> Result<Option<Decision>, ScheduleError> {
        let Some(due) = self.timetable.due(self.since, now) else {
            return Ok(None);
        };
        self.since = due.at;
        let runs = catalog.runs(Some(self.pipeline), LOOK_BACK)?;
        let start = self.schedule.start;
        let facts = Facts {
            is_running: runs
                .first()
                .is_some_and(|run| run.status == RunStatus::Running),
            is_queued: false,
            failures: failures(&runs),
            would_change: (start == StartCondition::DependencyUpdates)
                .then(|| lookout.would_change())
                .flatten(),
            has_newer_parent: (start == StartCondition::NewParent)
                .then(|| lookout.has_newer_parent())
                .flatten(),
            worst_new: matches!(start, StartCondition::NewFinding(_))
                .then(|| lookout.worst_new())
                .flatten(),
        };
        Ok(Some(schedule::decide(self.schedule, &facts)))
    }
}

/// Failures in a row at the end of these runs, which are newest first.
pub fn failures(runs: &[RunRow]) -> u32 {
    let ended = runs.iter().rev().filter(|run| run.status.is_ended());
    ended.fold(0, |before, run| {
        let trigger = if run.begun.trigger == BY_SCHEDULE {
            Trigger::Schedule
        } else {
            Trigger::Person
        };
        failures_after(before, trigger, run.status == RunStatus::Done)
    })
}

/// How often the schedule of a pipeline has failed in a row, when that has switched it off.
pub fn switched_off(
    catalog: &dyn Catalog,
    pipeline: &str,
    schedule: &Schedule,
) -> Result<Option<u32>, CatalogError> {
    let failures = failures(&catalog.runs(Some(pipeline), LOOK_BACK)?);
    Ok(schedule::is_switched_off(schedule, failures).then_some(failures))
}
