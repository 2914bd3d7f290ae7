//! Whether a start that is due should be made.

use goldsmith_core::finding::Severity;
use goldsmith_core::recipe::{Schedule, StartCondition};

/// What is known when a start is due. `None`: it could not be found out.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Whether a run of the pipeline is under way.
    pub is_running: bool,
    /// Whether one waits already.
    pub is_queued: bool,
    /// Failures in a row, by [`failures_after`].
    pub failures: u32,
    /// Whether the lock would change.
    pub would_change: Option<bool>,
    /// Whether the image that the recipe starts from has a newer one.
    pub has_newer_parent: Option<bool>,
    /// The worst finding of published images that was not there at the last start.
    pub worst_new: Option<Severity>,
}

/// What becomes of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is made.
    Start(String),
    /// It is made when the run that is under way has ended.
    Queue(String),
    /// It is not made.
    Skip(String),
}

impl Decision {
    /// Why.
    pub fn reason(&self) -> &str {
        match self {
            Self::Start(why) | Self::Queue(why) | Self::Skip(why) => why,
        }
    }
}

/// Decides about a start that is due. What could not be found out does not stop it: a run too many
/// finds nothing to do, one too few leaves an old image in use.
pub fn decide(schedule: &Schedule, facts: &Facts) -> Decision {
    if is_switched_off(schedule, facts.failures) {
        let failures = facts.failures;
        return Decision::Skip(format!(
            "it is switched off after {failures} failures in a row"
        ));
    }
    let asked = |known: Option<bool>, yes: &str, no: &str, unknown: &str| match known {
        Some(true) => Ok(yes.to_owned()),
        Some(false) => Err(no.to_owned()),
        None => Ok(unknown.to_owned()),
    };
    let why = match schedule.start {
        StartCondition::Always => Ok("it is time".to_owned()),
        StartCondition::DependencyUpdates => asked(
            facts.would_change,
            "the lock would change",
            "the lock would not change",
            "nobody knows whether the lock would change",
        ),
        StartCondition::NewParent => asked(
            facts.has_newer_parent,
            "the image it starts from has a newer one",
            "the image it starts from is the newest",
            "nobody knows whether the image it starts from has a newer one",
        ),
        StartCondition::NewFinding(least) => match facts.worst_new {
            Some(worst) if worst >= least => Ok(format!(
                "a published image has a new finding of severity {worst}"
            )),
            _ => Err(format!(
                "no published image has a new finding of severity {least} or worse"
            )),
        },
    };
    match why {
        Err(why) => Decision::Skip(why),
        Ok(_) if facts.is_queued => Decision::Skip("one waits already".to_owned()),
        Ok(why) if facts.is_running => Decision::Queue(why),
        Ok(why) => Decision::Start(why),
    }
}

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The schedule.
    Schedule,
    /// A person, or another program.
    Person,
}

/// Failures in a row after a run has ended, as Image Builder counts them: any success begins anew,
/// and what people start and see fail does not count.
pub fn failures_after(before: u32, trigger: Trigger, has_succeeded: bool) -> u32 {
    match (trigger, has_succeeded) {
        (_, true) => 0,
        (Trigger::Schedule, false) => before.saturating_add(1),
        (Trigger::Person, false) => before,
    }
}

/// Whether a schedule starts nothing any more, for it failed too often.
pub fn is_switched_off(schedule: &Schedule, failures: u32) -> bool {
    schedule.auto_disable.is_some_and(|most| failures >= most)
}
