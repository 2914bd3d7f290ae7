//! When a pipeline starts by itself: AWS's `cron(...)` with six fields and `rate(...)`.
//!
//! ```text
//! cron(minute hour day-of-month month day-of-week year)      0 3 * * ? *
//! rate(count unit)                                           12 hours
//! ```
//!
//! What is right here is what AWS takes. When it comes to pass is for `plan::schedule`.

use std::fmt;
use std::str::FromStr;

use crate::finding::Severity;

/// The `schedule` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// How often.
    pub cadence: Cadence,
    /// Name of the zone that a `cron` is read in: `Europe/Helsinki`.
    pub timezone: String,
    /// What must be so besides the time.
    pub start: StartCondition,
    /// After how many failures in a row it is switched off; `None`: never.
    pub auto_disable: Option<u32>,
}

/// How often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cadence {
    /// By the calendar.
    Cron(Cron),
    /// At equal distances.
    Rate(Rate),
}

/// What must be so, besides the time, for a run to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartCondition {
    /// Nothing.
    Always,
    /// The lock would change.
    DependencyUpdates,
    /// The image that the recipe starts from has a newer one.
    NewParent,
    /// A published image has a new finding of this severity, or a worse one.
    NewFinding(Severity),
}

/// A text that is no schedule, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScheduleError(String);

fn wrong<T>(message: impl Into<String>) -> Result<T, ScheduleError> {
    Err(ScheduleError(message.into()))
}

/// Six fields that AWS takes, in upper case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    fields: [String; 6],
    /// One day field was `*` where `?` is meant: AWS's own examples have that.
    pub has_star_for_question: bool,
}

impl Cron {
    /// Minute, hour, day of the month, month, day of the week, year.
    pub fn fields(&self) -> [&str; 6] {
        self.fields.each_ref().map(String::as_str)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cron({})", self.fields.join(" "))
    }
}

/// What is particular to a field.
struct Field {
    name: &'static str,
    from: u16,
    to: u16,
    /// Words for its values, the first for `from`.
    words: &'static [&'static str],
}

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const DAY_OF_MONTH: usize = 2;
const DAY_OF_WEEK: usize = 4;
const FIELDS: [Field; 6] = [
    Field {
        name: "minute",
        from: 0,
        to: 59,
        words: &[],
    },
    Field {
        name: "hour",
        from: 0,
        to: 23,
        words: &[],
    },
    Field {
        name: "day of the month",
        from: 1,
        to: 31,
        words: &[],
    },
    Field {
        name: "month",
        from: 1,
        to: 12,
        words: MONTHS,
    },
    Field {
        name: "day of the week",
        from: 1,
        to: 7,
        words: DAYS,
    },
    Field {
        name: "year",
        from: 1970,
        to: 2199,
        words: &[],
    },
];

/// The inside of `name(...)`, or the text itself.
fn inside<'t>(text: &'t str, name: &str) -> &'t str {
    let text = text.trim();
    let inner = text.strip_prefix(name).and_then(|rest| {
        let rest = rest.trim_start().strip_prefix('(')?;
        rest.strip_suffix(')')
    });
    inner.unwrap_or(text).trim()
}

impl FromStr for Cron {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let inner = inside(text, "cron").to_ascii_uppercase();
        let fields: Vec<String> = inner.split_whitespace().map(str::to_owned).collect();
        let count = fields.len();
        let Ok(mut fields) = <[String; 6]>::try_from(fields) else {
            return wrong(format!(
                "it has {count} fields, and not six: minute, hour, day of the month, month, day of the week, year"
            ));
        };
        for (n, (text, field)) in fields.iter().zip(&FIELDS).enumerate() {
            check(n, text, field)?;
        }
        let has_star_for_question = match (&*fields[DAY_OF_MONTH], &*fields[DAY_OF_WEEK]) {
            ("?", "?") => return wrong("one of the two day fields must not be `?`"),
            ("?", _) | (_, "?") => false,
            ("*", "*") => return wrong("one of the two day fields must be `?`"),
            ("*", _) => {
                "?".clone_into(&mut fields[DAY_OF_MONTH]);
                true
            }
            (_, "*") => {
                "?".clone_into(&mut fields[DAY_OF_WEEK]);
                true
            }
            _ => return wrong("both day fields are set: one of them must be `?`"),
        };
        Ok(Self {
            fields,
            has_star_for_question,
        })
    }
}

/// Checks one field; `n` is its number.
fn check(n: usize, text: &str, field: &Field) -> Result<(), ScheduleError> {
    let is_day = n == DAY_OF_MONTH || n == DAY_OF_WEEK;
    let number = |text: &str| value(text, field);
    match text {
        "?" if is_day => return Ok(()),
        "?" => {
            return wrong(format!(
                "`?` stands for days only, not for the {}",
                field.name
            ));
        }
        "L" if is_day => return Ok(()),
        "LW" if n == DAY_OF_MONTH => return Ok(()),
        _ => {}
    }
    if n == DAY_OF_MONTH
        && let Some(day) = text.strip_suffix('W')
    {
        return number(day).map(drop);
    }
    if n == DAY_OF_WEEK {
        if let Some((day, which)) = text.split_once('#') {
            number(day)?;
            return match which.parse::<u8>() {
                Ok(1..=5) => Ok(()),
                _ => wrong(format!(
                    "`#{which}`: a month has a first to a fifth of a weekday"
                )),
            };
        }
        if let Some(day) = text.strip_suffix('L') {
            return number(day).map(drop);
        }
    }
    text.split(',').try_for_each(|part| element(part, field))
}

/// `*`, `3`, `3-5`, and each with `/2`.
fn element(text: &str, field: &Field) -> Result<(), ScheduleError> {
    let (span, step) = match text.split_once('/') {
        Some((span, step)) => (span, Some(step)),
        None => (text, None),
    };
    if let Some(step) = step {
        let most = field.to - field.from + 1;
        match step.parse::<u16>() {
            Ok(step) if step >= 1 && step <= most => {}
            _ => {
                return wrong(format!(
                    "`/{step}`: a step of the {} is 1 to {most}",
                    field.name
                ));
            }
        }
    }
    if span == "*" {
        return Ok(());
    }
    match span.split_once('-') {
        Some((from, to)) => {
            let (first, last) = (value(from, field)?, value(to, field)?);
            if first > last {
                return wrong(format!("`{span}` ends before it begins"));
            }
            Ok(())
        }
        None => value(span, field).map(drop),
    }
}

fn value(text: &str, field: &Field) -> Result<u16, ScheduleError> {
    if let Some(at) = field.words.iter().position(|word| *word == text) {
        return Ok(field.from + u16::try_from(at).expect("a dozen words"));
    }
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(value) if is_number && (field.from..=field.to).contains(&value) => Ok(value),
        _ => wrong(format!(
            "`{text}` is no {}: it is {} to {}",
            field.name, field.from, field.to
        )),
    }
}

/// Equal distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At least one.
    pub count: u32,
    /// Of what.
    pub unit: RateUnit,
}

/// What a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateUnit {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours, whatever clocks do.
    Day,
}

impl RateUnit {
    const ALL: [(&'static str, Self); 3] = [
        ("minute", Self::Minute),
        ("hour", Self::Hour),
        ("day", Self::Day),
    ];

    /// In seconds.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
        }
    }
}

impl FromStr for Rate {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let inner = inside(text, "rate");
        let Some((count, unit)) = inner.split_once(char::is_whitespace) else {
            return wrong(format!("`{inner}` is no rate such as `12 hours`"));
        };
        let unit = unit.trim_start();
        let is_number = count.bytes().all(|b| b.is_ascii_digit());
        let count = match count.parse::<u32>() {
            // A year of minutes is more than anybody waits.
            Ok(count) if is_number && (1..=600_000).contains(&count) => count,
            _ => {
                return wrong(format!(
                    "`{count}` is no count of {unit}: it is 1 to 600000"
                ));
            }
        };
        let plural = |word: &str| {
            if count == 1 {
                word.to_owned()
            } else {
                format!("{word}s")
            }
        };
        for (word, found) in RateUnit::ALL {
            if unit == plural(word) {
                return Ok(Self { count, unit: found });
            }
            if unit.trim_end_matches('s') == word {
                return wrong(format!(
                    "it is `{count} {}`, as AWS writes it",
                    plural(word)
                ));
            }
        }
        wrong(format!("`{unit}` is none of minute, hour, day"))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = RateUnit::ALL.iter().find(|(_, unit)| *unit == self.unit);
        let word = known.map_or("", |(word, _)| word);
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "rate({} {word}{plural})", self.count)
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron(cron) => cron.fmt(f),
            Self::Rate(rate) => rate.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crons() {
        for text in [
            "cron(0 10 * * ? *)",
            "cron(15 12 * * ? *)",
            "cron(0 10 ? * 2-6 *)",
            "cron(0 18 ? * MON-FRI *)",
            "cron(0 8 1 * ? *)",
            "cron(30 22 ? * TUE#2 *)",
            "cron(0/10 * ? * 6L *)",
            "cron(0 0 LW 1,4,7,10 ? 2026-2030)",
            "cron(0 0 15W * ? *)",
            "cron(0 0 L * ? *)",
        ] {
            let cron: Cron = text.parse().unwrap();
            assert_eq!(cron.to_string(), text);
            assert!(!cron.has_star_for_question, "{text}");
            let bare = text.trim_start_matches("cron(").trim_end_matches(')');
            assert_eq!(bare.to_lowercase().parse(), Ok(cron));
        }
        let lenient: Cron = "cron(0 0 * * SUN *)".parse().unwrap();
        assert!(lenient.has_star_for_question);
        assert_eq!(lenient.to_string(), "cron(0 0 ? * SUN *)");
    }

    #[test]
    fn no_crons() {
        for text in [
            "cron(0 10 7 * 2 *)",
            "cron(0 10 ? * ? *)",
            "cron(0 10 * * * *)",
            "cron(0 10 * * ?)",
            "cron(60 10 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 10 0 * ? *)",
            "cron(0 10 ? * 0 *)",
            "cron(0 10 ? * MON#6 *)",
            "cron(? 10 * * ? *)",
            "cron(L 10 * * ? *)",
            "cron(0 10 ? * FRI-MON *)",
            "cron(0 10 ? JUN,MON * *)",
            "cron(0 10 * * ? 1969)",
            "cron(0/0 10 * * ? *)",
            "cron(+1 10 * * ? *)",
            "cron(0 10 1, * ? *)",
            "",
        ] {
            assert!(text.parse::<Cron>().is_err(), "{text}");
        }
    }

    #[test]
    fn rates() {
        for (text, seconds) in [
            ("rate(1 hour)", 3600),
            ("rate(5 minutes)", 300),
            ("2 days", 172_800),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(rate.count * rate.unit.seconds(), seconds, "{text}");
            assert_eq!(rate.to_string().parse(), Ok(rate));
        }
        for text in [
            "rate(1 hours)",
            "rate(5 hour)",
            "rate(0 days)",
            "rate(1 week)",
            "rate(-1 days)",
            "5",
            "",
        ] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
