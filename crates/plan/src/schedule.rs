//! When a pipeline starts by itself: AWS's cron and rate expressions in a time zone, what was
//! missed, and whether a start that is due should be one.
//!
//! Pure: the time is given. A `cron` is read by the clock of its zone. A start at one time of day that
//! falls into the hour which daylight saving leaves out comes at its end, and one that falls into the
//! hour which it repeats comes once. Starts many times a day follow the clock: not in an hour that is
//! left out, and twice in one that is repeated. A `rate` counts from its anchor in seconds.

mod start;
#[cfg(test)]
mod tests;

use croner::parser::{CronParser, Seconds, Year};
use goldsmith_core::recipe::{Cadence, Cron, Schedule};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

pub use start::{Decision, Facts, Trigger, decide, failures_after, is_switched_off};

/// A schedule that can be asked when.
#[derive(Debug, Clone)]
pub struct Timetable(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Cron {
        cron: Box<croner::Cron>,
        zone: TimeZone,
    },
    /// In seconds.
    Rate { every: i64, anchor: i64 },
}

/// Starts that have come to pass and were not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The newest of them: the one to make. The others are made up for by it.
    pub at: Timestamp,
    /// The oldest of them. Another than `at`: some were missed.
    pub first: Timestamp,
}

/// A schedule that cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum TimetableError {
    /// The zone is none of those that Goldsmith knows.
    #[error("there is no time zone `{0}`")]
    Zone(String),
    /// The language takes what the reader of cron expressions does not: a mistake of ours.
    #[error("cannot read `{cron}`")]
    Cron {
        /// As in the project.
        cron: String,
        /// Why.
        source: croner::errors::CronError,
    },
}

impl goldsmith_core::failure::Failure for TimetableError {
    fn class(&self) -> goldsmith_core::failure::Class {
        match self {
            Self::Zone(_) => goldsmith_core::failure::Class::Config,
            Self::Cron { .. } => goldsmith_core::failure::Class::Bug,
        }
    }
}

impl Timetable {
    /// `anchor` is what a rate counts from: when the schedule came to be.
    pub fn new(schedule: &Schedule, anchor: Timestamp) -> Result<Self, TimetableError> {
        let zone = TimeZoneDatabase::bundled()
            .get(&schedule.timezone)
            .map_err(|_| TimetableError::Zone(schedule.timezone.clone()))?;
        Ok(Self(match &schedule.cadence {
            Cadence::Rate(rate) => Kind::Rate {
                every: i64::from(rate.count) * i64::from(rate.unit.seconds()),
                anchor: anchor.as_second(),
            },
            Cadence::Cron(cron) => {
                let parser = CronParser::builder()
                    .seconds(Seconds::Required)
                    .year(Year::Required)
                    .alternative_weekdays(true)
                    .build();
                let read = parser.parse(&pattern(cron));
                let read = read.map_err(|source| TimetableError::Cron {
                    cron: cron.to_string(),
                    source,
                })?;
                Kind::Cron {
                    cron: Box::new(read),
                    zone,
                }
            }
        }))
    }

    /// The first start after a time; `None`: there is none any more.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            // The search ends with an error where nothing more is found: a year that is over, a
            // 30th of February.
            Kind::Cron { cron, zone } => {
                let second = Timestamp::from_second(floor(after)).ok()?;
                let found = cron.find_next_occurrence(&second.to_zoned(zone.clone()), false);
                Some(found.ok()?.timestamp())
            }
            Kind::Rate { every, anchor } => {
                let gone = floor(after) - anchor;
                let count = gone.div_euclid(*every) + 1;
                at(*anchor, *every, count.max(1))
            }
        }
    }

    /// The last start before a time; `None`: there was none.
    pub fn previous(&self, before: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Kind::Cron { cron, zone } => {
                let whole = Timestamp::from_second(floor(before)).ok()?;
                let second = if whole < before { later(whole)? } else { whole };
                let found = cron.find_previous_occurrence(&second.to_zoned(zone.clone()), false);
                Some(found.ok()?.timestamp())
            }
            Kind::Rate { every, anchor } => {
                let whole = floor(before);
                let is_whole = before.subsec_nanosecond() == 0;
                let gone = whole - anchor - i64::from(is_whole);
                let count = gone.div_euclid(*every);
                (count >= 1).then(|| at(*anchor, *every, count)).flatten()
            }
        }
    }

    /// What came to pass after `since`, up to `now`; `None`: nothing. However many starts were
    /// missed, because nobody was there to make them, they are made up for by one.
    pub fn due(&self, since: Timestamp, now: Timestamp) -> Option<Due> {
        let first = self.next(since).filter(|first| *first <= now)?;
        let last = later(now).and_then(|end| self.previous(end));
        Some(Due {
            at: last.unwrap_or(first).max(first),
            first,
        })
    }

    /// Every start after a time, in order.
    pub fn upcoming(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(self.next(after), move |last| self.next(*last))
    }
}

fn floor(time: Timestamp) -> i64 {
    let second = time.as_second();
    // Seconds of times before 1970 are counted towards zero.
    if time.subsec_nanosecond() < 0 {
        second - 1
    } else {
        second
    }
}

fn later(time: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second(floor(time) + 1).ok()
}

fn at(anchor: i64, every: i64, count: i64) -> Option<Timestamp> {
    let seconds = every.checked_mul(count)?.checked_add(anchor)?;
    Timestamp::from_second(seconds).ok()
}

/// The pattern of `croner` that means what AWS means: seconds in front, no start without an end
/// before a step, and `L` for a day of the week is Saturday, the last one.
fn pattern(cron: &Cron) -> String {
    const LAST: [&str; 6] = ["59", "23", "31", "12", "7", "2199"];
    let fields = cron.fields();
    let fields = fields
        .iter()
        .zip(LAST)
        .enumerate()
        .map(|(n, (field, last))| {
            if n == 4 && *field == "L" {
                return last.to_owned();
            }
            let parts = field.split(',').map(|part| match part.split_once('/') {
                Some((from, step)) if from != "*" && !from.contains('-') => {
                    format!("{from}-{last}/{step}")
                }
                _ => part.to_owned(),
            });
            parts.collect::<Vec<_>>().join(",")
        });
    format!("0 {}", fields.collect::<Vec<_>>().join(" "))
}
