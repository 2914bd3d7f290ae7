//! How a run stands: its journal, read from the first line to the last.

use std::collections::BTreeMap;

use goldsmith_core::catalog::RunId;
use serde_json::Value;

use crate::error::RunError;
use crate::format::Entry;
use crate::unit::of_unit;

/// How a unit stands.
#[derive(Debug, Clone, PartialEq)]
pub enum UnitState {
    /// Begun, and nothing more was written: it is being worked on, or its process was killed.
    Begun,
    /// Done.
    Done {
        /// What later units may read.
        output: Value,
        /// What to say of it.
        summary: String,
    },
    /// Failed.
    Failed {
        /// Why.
        error: String,
        /// The exit code of its class.
        class: u8,
        /// Whether the run goes on.
        goes_on: bool,
    },
    /// Not to be done.
    Skipped(String),
    /// Waits.
    Waiting {
        /// For what.
        for_what: String,
        /// Until then, in seconds since 1970-01-01 UTC.
        until: Option<i64>,
    },
    /// Somebody answered, and it was not taken up since.
    Answered {
        /// Who.
        by: String,
        /// Whether it goes on.
        goes_on: bool,
        /// Why.
        reason: String,
    },
}

impl UnitState {
    /// Whether the run goes past the unit.
    pub const fn is_passed(&self) -> bool {
        matches!(
            self,
            Self::Done { .. } | Self::Skipped(_) | Self::Failed { goes_on: true, .. }
        )
    }
}

/// How a run stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    units: BTreeMap<String, UnitState>,
    attempts: BTreeMap<String, u32>,
    /// Whether the first line is there.
    pub is_started: bool,
}

impl State {
    /// Reads a journal.
    pub fn of(run: RunId, journal: &[goldsmith_core::catalog::Entry]) -> Result<Self, RunError> {
        let mut state = Self::default();
        for (at, row) in journal.iter().enumerate() {
            let entry = Entry::of_row(row).map_err(|detail| RunError::Journal {
                run,
                line: at + 1,
                detail,
            })?;
            state.take(&entry);
        }
        Ok(state)
    }

    /// Takes one more line in.
    pub fn take(&mut self, entry: &Entry) {
        match entry {
            Entry::Started { .. } => self.is_started = true,
            Entry::Begun { unit, attempt } => {
                self.attempts.insert(unit.clone(), *attempt);
                self.set(unit, UnitState::Begun);
            }
            Entry::Done {
                unit,
                output,
                summary,
            } => self.set(
                unit,
                UnitState::Done {
                    output: output.clone(),
                    summary: summary.clone(),
                },
            ),
            Entry::Failed {
                unit,
                error,
                class,
                goes_on,
            } => self.set(
                unit,
                UnitState::Failed {
                    error: error.clone(),
                    class: *class,
                    goes_on: *goes_on,
                },
            ),
            Entry::Skipped { unit, why } => self.set(unit, UnitState::Skipped(why.clone())),
            Entry::Waiting {
                unit,
                for_what,
                until,
            } => self.set(
                unit,
                UnitState::Waiting {
                    for_what: for_what.clone(),
                    until: *until,
                },
            ),
            Entry::Answered {
                unit,
                by,
                goes_on,
                reason,
            } => self.set(
                unit,
                UnitState::Answered {
                    by: by.clone(),
                    goes_on: *goes_on,
                    reason: reason.clone(),
                },
            ),
            Entry::Again { stage, .. } => {
                let from = stage.parse().ok();
                self.units.retain(|unit, _| of_unit(unit) < from);
            }
            Entry::Cancelled { .. } | Entry::Ended { .. } => {}
        }
    }

    fn set(&mut self, unit: &str, state: UnitState) {
        self.units.insert(unit.to_owned(), state);
    }

    /// How a unit stands; `None`: it was not begun.
    pub fn unit(&self, name: &str) -> Option<&UnitState> {
        self.units.get(name)
    }

    /// How often a unit was begun.
    pub fn attempts(&self, name: &str) -> u32 {
        self.attempts.get(name).copied().unwrap_or(0)
    }

    /// What a unit gave, if it is done.
    pub fn output(&self, name: &str) -> Option<&Value> {
        match self.units.get(name) {
            Some(UnitState::Done { output, .. }) => Some(output),
            _ => None,
        }
    }

    /// Every unit that was begun, by name.
    pub fn units(&self) -> impl Iterator<Item = (&str, &UnitState)> {
        self.units
            .iter()
            .map(|(name, state)| (name.as_str(), state))
    }
}
