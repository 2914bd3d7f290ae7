//! A run as it is told afterwards: its units in the order of the course, each with how it stands,
//! since when, and how often it was tried.

use goldsmith_core::catalog::{self, RunId};

use crate::error::RunError;
use crate::format::Entry;
use crate::state::{State, UnitState};

/// What became of one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its name.
    pub unit: String,
    /// How it stands; `None`: it was not begun, or counts as not done any more.
    pub state: Option<UnitState>,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was last begun, in seconds since 1970-01-01 UTC.
    pub begun_unix: Option<i64>,
    /// When it ended, failed, was skipped, began to wait or was answered after that.
    pub changed_unix: Option<i64>,
}

/// Tells a run by its journal. Units that the course of today no longer has are told as well.
pub fn account(run: RunId, journal: &[catalog::Entry]) -> Result<Vec<Told>, RunError> {
    let state = State::of(run, journal)?;
    let mut units: Vec<Told> = Vec::new();
    for row in journal {
        // `State::of` has read each line.
        let Ok(entry) = Entry::of_row(row) else {
            continue;
        };
        if let Entry::Started { course, .. } = &entry {
            for unit in course {
                told(&mut units, unit);
            }
        }
        let Some(unit) = unit(&entry) else {
            continue;
        };
        let unit = told(&mut units, unit);
        if matches!(entry, Entry::Begun { .. }) {
            (unit.begun_unix, unit.changed_unix) = (Some(row.unix), None);
        } else {
            unit.changed_unix = Some(row.unix);
        }
    }
    for unit in &mut units {
        unit.state = state.unit(&unit.unit).cloned();
        unit.attempts = state.attempts(&unit.unit);
    }
    Ok(units)
}

fn told<'u>(units: &'u mut Vec<Told>, name: &str) -> &'u mut Told {
    let at = units.iter().position(|told| told.unit == name);
    let at = at.unwrap_or_else(|| {
        units.push(Told {
            unit: name.to_owned(),
            state: None,
            attempts: 0,
            begun_unix: None,
            changed_unix: None,
        });
        units.len() - 1
    });
    &mut units[at]
}

/// The unit that a line is of.
fn unit(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::Begun { unit, .. }
        | Entry::Done { unit, .. }
        | Entry::Failed { unit, .. }
        | Entry::Skipped { unit, .. }
        | Entry::Waiting { unit, .. }
        | Entry::Answered { unit, .. } => Some(unit),
        Entry::Started { .. }
        | Entry::Again { .. }
        | Entry::Cancelled { .. }
        | Entry::Ended { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::FORM;

    #[test]
    fn tried_twice_and_taken_up_again() {
        let begun = |unit: &str, attempt| Entry::Begun {
            unit: unit.to_owned(),
            attempt,
        };
        let done = |unit: &str| Entry::Done {
            unit: unit.to_owned(),
            output: serde_json::Value::Null,
            summary: "fine".to_owned(),
        };
        let failed = Entry::Failed {
            unit: "build".to_owned(),
            error: "no space".to_owned(),
            class: 7,
            goes_on: false,
        };
        let started = Entry::Started {
            form: FORM,
            course: ["lock", "build", "scan"].map(str::to_owned).to_vec(),
        };
        let again = Entry::Again {
            stage: "scan".to_owned(),
            by: "ann@example.com".to_owned(),
        };
        let lines = [
            (10, started),
            (10, begun("lock", 1)),
            (11, done("lock")),
            (11, begun("build", 1)),
            (20, failed),
            (30, begun("build", 2)),
            (44, done("build")),
            (44, begun("scan", 1)),
            (50, done("scan")),
            (60, again),
            (60, begun("scan", 2)),
        ];
        let journal = lines.map(|(unix, entry)| entry.to_row(unix));
        let told = account(RunId(1), &journal).unwrap();
        let shown: Vec<_> = told
            .iter()
            .map(|it| (&*it.unit, it.attempts, it.begun_unix, it.changed_unix))
            .collect();
        let expected = [
            ("lock", 1, Some(10), Some(11)),
            ("build", 2, Some(30), Some(44)),
            ("scan", 2, Some(60), None),
        ];
        assert_eq!(shown, expected);
        assert_eq!(told[2].state, Some(UnitState::Begun));
        // Of a unit that waits for its turn there is nothing to say.
        let short = account(RunId(1), &journal[..3]).unwrap();
        assert_eq!((&short[2].state, short[2].begun_unix), (&None, None));
    }
}
