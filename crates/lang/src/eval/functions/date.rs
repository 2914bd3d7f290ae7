//! Times, as RFC 3339 text in UTC.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::{Args, Failed, Function, function};
use crate::value::{Number, Value};

type Result = std::result::Result<Value, Failed>;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "timestamp",
        "timestamp()",
        "when the command began: 2026-11-23T12:00:00Z",
        0,
        Some(0),
        |a| {
            let now = Timestamp::from_second(a.evaluator.host.unix_seconds())
                .map_err(|e| e.to_string())?;
            Ok(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into())
        },
    ),
    function(
        "formatdate",
        "formatdate(spec, time)",
        "a time by a specification: YYYY MM DD hh mm ss ZZZZ, text in single quotes",
        2,
        Some(2),
        format_date,
    ),
    function(
        "timeadd",
        "timeadd(time, duration)",
        "a time later by 1h30m, earlier by -10m",
        2,
        Some(2),
        |a| {
            let (time, offset) = time(a, 0)?;
            let sum = time
                .checked_add(duration(a, 1)?)
                .or_else(|_| a.wrong(1, "the result is out of range"))?;
            Ok(show(sum, offset).into())
        },
    ),
    function(
        "timecmp",
        "timecmp(time, other)",
        "-1 when earlier, 0 when equal, 1 when later",
        2,
        Some(2),
        |a| Ok(Number::Whole(time(a, 0)?.0.cmp(&time(a, 1)?.0) as i64).into()),
    ),
    function(
        "legacy_isotime",
        "legacy_isotime(layout)",
        "the time of timestamp() in one of Go's layouts",
        0,
        Some(1),
        |a| {
            let now = Timestamp::from_second(a.evaluator.host.unix_seconds())
                .map_err(|e| e.to_string())?;
            if !a.has(0) {
                return Ok(show(now, Offset::UTC).into());
            }
            Ok(now.strftime(&go_layout(&a.text(0)?)).to_string().into())
        },
    ),
];

fn time(a: &Args<'_>, n: usize) -> std::result::Result<(Timestamp, Offset), Failed> {
    let text = a.text(n)?;
    let wrong = || a.wrong(n, "a time is written as 2026-11-23T12:00:00Z");
    let pieces = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(&*text);
    let offset = pieces.ok().and_then(|pieces| pieces.to_numeric_offset());
    match (text.parse::<Timestamp>(), offset) {
        (Ok(time), offset) => Ok((time, offset.unwrap_or(Offset::UTC))),
        (Err(_), _) => wrong(),
    }
}

fn show(time: Timestamp, offset: Offset) -> String {
    let local = offset.to_datetime(time);
    let zone = if offset == Offset::UTC {
        "Z".to_owned()
    } else {
        zone(offset, true)
    };
    format!("{}{zone}", local.strftime("%Y-%m-%dT%H:%M:%S"))
}

fn zone(offset: Offset, has_colon: bool) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!(
        "{sign}{:02}{}{:02}",
        minutes / 60,
        if has_colon { ":" } else { "" },
        minutes % 60
    )
}

/// Go's durations: a sign, then numbers with ns, us, ms, s, m or h.
fn duration(a: &Args<'_>, n: usize) -> std::result::Result<SignedDuration, Failed> {
    let text = a.text(n)?;
    let (is_negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, &*text),
    };
    let wrong = || a.wrong(n, "a length of time is written as 1h30m, 90s or -10m");
    let mut nanoseconds = 0i128;
    if rest.is_empty() {
        return wrong();
    }
    while !rest.is_empty() && rest != "0" {
        let Some(digits) = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|n| *n > 0)
        else {
            return wrong();
        };
        let unit_length = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len() - digits);
        let scale = match &rest[digits..digits + unit_length] {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000i64,
            _ => return wrong(),
        };
        let Ok(number) = rest[..digits].parse::<f64>() else {
            return wrong();
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "checked against the range below"
        )]
        let part = (number * scale as f64) as i128;
        nanoseconds += part;
        rest = &rest[digits + unit_length..];
    }
    let signed = if is_negative {
        -nanoseconds
    } else {
        nanoseconds
    };
    i64::try_from(signed).map_or_else(|_| wrong(), |ns| Ok(SignedDuration::from_nanos(ns)))
}

fn format_date(a: &Args<'_>) -> Result {
    let (spec, (moment, offset)) = (a.text(0)?, time(a, 1)?);
    let local = offset.to_datetime(moment);
    let mut out = String::new();
    let chars: Vec<char> = spec.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if c == '\'' {
            let Some(end) = chars[at + 1..].iter().position(|c| *c == '\'') else {
                return a.wrong(0, "a quote has no end");
            };
            if end == 0 {
                out.push('\'');
            } else {
                out.extend(&chars[at + 1..at + 1 + end]);
            }
            at += end + 2;
            continue;
        }
        let length = chars[at..].iter().take_while(|other| **other == c).count();
        at += length;
        if !c.is_ascii_alphabetic() {
            out.extend(std::iter::repeat_n(c, length));
            continue;
        }
        let part = match (c, length) {
            ('Y', 4) => local.strftime("%Y"),
            ('Y', 2) => local.strftime("%y"),
            ('M', 4) => local.strftime("%B"),
            ('M', 3) => local.strftime("%b"),
            ('M', 2) => local.strftime("%m"),
            ('M', 1) => local.strftime("%-m"),
            ('D', 2) => local.strftime("%d"),
            ('D', 1) => local.strftime("%-d"),
            ('E', 4) => local.strftime("%A"),
            ('E', 3) => local.strftime("%a"),
            ('h', 2) => local.strftime("%H"),
            ('h', 1) => local.strftime("%-H"),
            ('H', 2) => local.strftime("%I"),
            ('H', 1) => local.strftime("%-I"),
            ('A', 2) => local.strftime("%p"),
            ('a', 2) => local.strftime("%P"),
            ('m', 2) => local.strftime("%M"),
            ('m', 1) => local.strftime("%-M"),
            ('s', 2) => local.strftime("%S"),
            ('s', 1) => local.strftime("%-S"),
            ('Z', 1..=5) => {
                out.push_str(&match length {
                    1 if offset == Offset::UTC => "Z".to_owned(),
                    3 if offset == Offset::UTC => "UTC".to_owned(),
                    3 | 4 => zone(offset, false),
                    _ => zone(offset, true),
                });
                continue;
            }
            _ => {
                return a.wrong(
                    0,
                    format!(
                        "`{}` means nothing; text stands in single quotes",
                        c.to_string().repeat(length)
                    ),
                );
            }
        };
        out.push_str(&part.to_string());
    }
    Ok(out.into())
}

/// Go's reference time, `Mon Jan 2 15:04:05 MST 2006`, as strftime has it.
fn go_layout(layout: &str) -> String {
    const PAIRS: &[(&str, &str)] = &[
        ("2006", "%Y"),
        ("January", "%B"),
        ("Jan", "%b"),
        ("Monday", "%A"),
        ("Mon", "%a"),
        ("MST", "UTC"),
        ("-0700", "+0000"),
        ("Z07:00", "Z"),
        ("01", "%m"),
        ("02", "%d"),
        ("03", "%I"),
        ("04", "%M"),
        ("05", "%S"),
        ("06", "%y"),
        ("15", "%H"),
        ("PM", "%p"),
    ];
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        if let Some((from, to)) = PAIRS.iter().find(|(from, _)| rest.starts_with(from)) {
            out.push_str(to);
            rest = &rest[from.len()..];
        } else {
            if c == '%' {
                out.push_str("%%");
            } else {
                out.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}
