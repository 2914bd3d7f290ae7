//! AWS's examples, daylight saving, properties, and a year.

use goldsmith_core::finding::Severity;
use goldsmith_core::recipe::{Cadence, StartCondition};
use jiff::civil::DateTime;
use proptest::prelude::*;

use super::*;

fn schedule(text: &str, zone: &str) -> Schedule {
    let cadence = match text.parse() {
        Ok(cron) => Cadence::Cron(cron),
        Err(_) => Cadence::Rate(text.parse().unwrap()),
    };
    Schedule {
        cadence,
        timezone: zone.to_owned(),
        start: StartCondition::Always,
        auto_disable: Some(3),
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn timetable(text: &str, zone: &str) -> Timetable {
    Timetable::new(&schedule(text, zone), time("2026-01-01T00:00:00Z")).unwrap()
}

/// The first starts after a local time, as local times.
fn check(text: &str, zone: &str, after: &str, expected: &[&str]) {
    let zone_found = TimeZoneDatabase::bundled().get(zone).unwrap();
    let after: DateTime = after.parse().unwrap();
    let after = after.to_zoned(zone_found.clone()).unwrap().timestamp();
    let table = timetable(text, zone);
    let found: Vec<String> = table
        .upcoming(after)
        .take(expected.len())
        .map(|at| at.to_zoned(zone_found.clone()).datetime().to_string())
        .collect();
    assert_eq!(found, expected, "{text} in {zone}");
    // Backwards the same.
    let all: Vec<Timestamp> = table.upcoming(after).take(expected.len()).collect();
    for pair in all.windows(2) {
        assert_eq!(
            table.previous(pair[1]),
            Some(pair[0]),
            "{text} before {}",
            pair[1]
        );
    }
}

#[test]
fn vectors_of_aws() {
    // 2026-06-12 is a Friday.
    let from = "2026-06-12T11:00:00";
    check(
        "cron(0 10 * * ? *)",
        "UTC",
        from,
        &["2026-06-13T10:00:00", "2026-06-14T10:00:00"],
    );
    check(
        "cron(15 12 * * ? *)",
        "UTC",
        from,
        &["2026-06-12T12:15:00", "2026-06-13T12:15:00"],
    );
    check(
        "cron(0 10 ? * 2-6 *)",
        "UTC",
        from,
        &["2026-06-15T10:00:00", "2026-06-16T10:00:00"],
    );
    check(
        "cron(0 18 ? * mon-fri *)",
        "UTC",
        from,
        &["2026-06-12T18:00:00", "2026-06-15T18:00:00"],
    );
    check(
        "cron(0 8 1 * ? *)",
        "UTC",
        from,
        &["2026-07-01T08:00:00", "2026-08-01T08:00:00"],
    );
    check(
        "cron(30 22 ? * tue#2 *)",
        "UTC",
        from,
        &["2026-07-14T22:30:00", "2026-08-11T22:30:00"],
    );
    check(
        "cron(0 0 * * SUN *)",
        "UTC",
        from,
        &["2026-06-14T00:00:00", "2026-06-21T00:00:00"],
    );
}

#[test]
fn what_aws_can_say() {
    let from = "2026-01-30T12:00:00";
    check(
        "cron(0 0 L * ? *)",
        "UTC",
        from,
        &["2026-01-31T00:00:00", "2026-02-28T00:00:00"],
    );
    check(
        "cron(0 0 LW * ? *)",
        "UTC",
        from,
        &["2026-02-27T00:00:00", "2026-03-31T00:00:00"],
    );
    // The 15th of February 2026 is a Sunday, that of March too, that of August a Saturday.
    check(
        "cron(0 0 15W 2,8 ? *)",
        "UTC",
        from,
        &["2026-02-16T00:00:00", "2026-08-14T00:00:00"],
    );
    check(
        "cron(0 0 ? * 6L *)",
        "UTC",
        "2026-01-30T23:00:00",
        &["2026-02-27T00:00:00"],
    );
    check(
        "cron(0 0 ? * L *)",
        "UTC",
        from,
        &["2026-01-31T00:00:00", "2026-02-07T00:00:00"],
    );
    check(
        "cron(50/5 23 * * ? *)",
        "UTC",
        from,
        &[
            "2026-01-30T23:50:00",
            "2026-01-30T23:55:00",
            "2026-01-31T23:50:00",
        ],
    );
    check(
        "cron(0 0 ? NOV/1 MON/2 *)",
        "UTC",
        from,
        &[
            "2026-11-02T00:00:00",
            "2026-11-04T00:00:00",
            "2026-11-06T00:00:00",
            "2026-11-09T00:00:00",
        ],
    );
    check(
        "cron(0 0 29 2 ? *)",
        "UTC",
        from,
        &["2028-02-29T00:00:00", "2032-02-29T00:00:00"],
    );
    check(
        "cron(0 0 1 1 ? 2027/4)",
        "UTC",
        from,
        &["2027-01-01T00:00:00", "2031-01-01T00:00:00"],
    );
}

#[test]
fn never() {
    for text in ["cron(0 0 1 1 ? 2020)", "cron(0 0 31 2 ? *)"] {
        assert_eq!(
            timetable(text, "UTC").next(time("2026-06-01T00:00:00Z")),
            None,
            "{text}"
        );
    }
    let over = timetable("cron(0 0 1 1 ? 2020)", "UTC");
    let last = time("2020-01-01T00:00:00Z");
    assert_eq!(over.previous(time("2026-06-01T00:00:00Z")), Some(last));
}

/// Helsinki: on 2026-03-29 03:00 becomes 04:00, on 2026-10-25 04:00 becomes 03:00 again.
#[test]
fn daylight_saving() {
    let zone = "Europe/Helsinki";
    check(
        "cron(30 3 * * ? *)",
        zone,
        "2026-03-28T00:00:00",
        &[
            "2026-03-28T03:30:00",
            "2026-03-29T04:00:00",
            "2026-03-30T03:30:00",
        ],
    );
    check(
        "cron(30 3 * * ? *)",
        zone,
        "2026-10-24T04:00:00",
        &["2026-10-25T03:30:00", "2026-10-26T03:30:00"],
    );
    // Many times a day: what is left out is left out, what is repeated is repeated.
    let starts = |from: &str, to: &str| {
        let table = timetable("cron(0/30 * * * ? *)", zone);
        let to = time(to);
        table
            .upcoming(time(from))
            .take_while(|at| *at <= to)
            .count()
    };
    assert_eq!(starts("2026-03-29T00:00:00Z", "2026-03-29T06:00:00Z"), 12);
    assert_eq!(starts("2026-10-25T00:00:00Z", "2026-10-25T06:00:00Z"), 12);
    // By the clock of the zone it is the same hour, summer and winter.
    let table = timetable("cron(0 12 * * ? *)", zone);
    assert_eq!(
        table.next(time("2026-01-10T00:00:00Z")),
        Some(time("2026-01-10T10:00:00Z"))
    );
    assert_eq!(
        table.next(time("2026-07-10T00:00:00Z")),
        Some(time("2026-07-10T09:00:00Z"))
    );
}

#[test]
fn rates_count_from_their_anchor() {
    let table = timetable("rate(5 hours)", "UTC");
    let anchor = time("2026-01-01T00:00:00Z");
    assert_eq!(table.previous(anchor), None);
    assert_eq!(
        table.next(time("2020-01-01T00:00:00Z")),
        Some(time("2026-01-01T05:00:00Z"))
    );
    assert_eq!(
        table.next(time("2026-01-01T05:00:00Z")),
        Some(time("2026-01-01T10:00:00Z"))
    );
    assert_eq!(
        table.next(time("2026-01-01T04:59:59.5Z")),
        Some(time("2026-01-01T05:00:00Z"))
    );
    assert_eq!(table.previous(time("2026-01-01T05:00:00Z")), None);
    assert_eq!(
        table.previous(time("2026-01-01T05:00:00.1Z")),
        Some(time("2026-01-01T05:00:00Z"))
    );
}

#[test]
fn what_was_missed_comes_once() {
    let table = timetable("cron(0 3 * * ? *)", "UTC");
    let due = |since: &str, now: &str| table.due(time(since), time(now));
    assert_eq!(due("2026-05-01T03:00:00Z", "2026-05-02T02:59:59Z"), None);
    let on_time = due("2026-05-01T03:00:00Z", "2026-05-02T03:00:00Z").unwrap();
    assert_eq!(on_time.at, time("2026-05-02T03:00:00Z"));
    assert_eq!(on_time.at, on_time.first);
    let late = due("2026-05-01T03:00:00Z", "2026-05-09T12:00:00Z").unwrap();
    assert_eq!(
        (late.first, late.at),
        (time("2026-05-02T03:00:00Z"), time("2026-05-09T03:00:00Z"))
    );
    // Made, it is not due again.
    assert_eq!(table.due(late.at, time("2026-05-09T12:00:00Z")), None);
    // A clock that went back is no reason to start.
    assert_eq!(due("2026-05-09T03:00:00Z", "2026-05-01T00:00:00Z"), None);
}

/// A year of a scheduler that looks every ten minutes, and is not there for two weeks in summer.
#[test]
fn a_year() {
    let table = timetable("cron(0 3 ? * MON-FRI *)", "Europe/Helsinki");
    let (mut now, end) = (time("2026-01-01T00:00:00Z"), time("2027-01-01T00:00:00Z"));
    let away = time("2026-07-06T00:00:00Z")..time("2026-07-20T00:00:00Z");
    let (mut last, mut starts, mut late) = (now, 0, 0);
    while now < end {
        if !away.contains(&now)
            && let Some(due) = table.due(last, now)
        {
            starts += 1;
            late += u32::from(due.first != due.at);
            last = due.at;
        }
        now += jiff::Span::new().minutes(10);
    }
    // 261 working days, of which ten were missed; the first start after them makes up for all.
    assert_eq!((starts, late), (251, 1));
}

#[test]
fn starts_are_explained() {
    let mut schedule = schedule("rate(1 day)", "UTC");
    let mut facts = Facts::default();
    assert_eq!(
        decide(&schedule, &facts),
        Decision::Start("it is time".to_owned())
    );
    facts.is_running = true;
    assert!(matches!(decide(&schedule, &facts), Decision::Queue(_)));
    facts.is_queued = true;
    assert_eq!(decide(&schedule, &facts).reason(), "one waits already");
    facts = Facts::default();
    schedule.start = StartCondition::DependencyUpdates;
    for (would_change, starts) in [(Some(true), true), (Some(false), false), (None, true)] {
        facts.would_change = would_change;
        assert_eq!(
            matches!(decide(&schedule, &facts), Decision::Start(_)),
            starts
        );
    }
    schedule.start = StartCondition::NewParent;
    facts.has_newer_parent = Some(false);
    assert!(matches!(decide(&schedule, &facts), Decision::Skip(_)));
    schedule.start = StartCondition::NewFinding(Severity::High);
    for (worst, starts) in [
        (None, false),
        (Some(Severity::Medium), false),
        (Some(Severity::Critical), true),
    ] {
        facts.worst_new = worst;
        assert_eq!(
            matches!(decide(&schedule, &facts), Decision::Start(_)),
            starts
        );
    }
    facts.failures = 3;
    assert_eq!(
        decide(&schedule, &facts).reason(),
        "it is switched off after 3 failures in a row"
    );
}

#[test]
fn failures_are_counted_as_image_builder_does() {
    assert_eq!(failures_after(2, Trigger::Schedule, false), 3);
    assert_eq!(failures_after(2, Trigger::Person, false), 2);
    assert_eq!(failures_after(2, Trigger::Person, true), 0);
    assert_eq!(failures_after(u32::MAX, Trigger::Schedule, false), u32::MAX);
}

/// A field of a cron expression that AWS takes.
fn field(from: u16, to: u16) -> impl Strategy<Value = String> {
    let one = from..=to;
    prop_oneof![
        3 => Just("*".to_owned()),
        2 => one.clone().prop_map(|n| n.to_string()),
        1 => (one.clone(), one.clone()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (one.clone(), one.clone()).prop_map(|(a, b)| format!("{a},{b}")),
        1 => (one, 1..=(to - from + 1).min(30)).prop_map(|(n, step)| format!("{n}/{step}")),
    ]
}

fn cron() -> impl Strategy<Value = String> {
    let special =
        |words: &'static [&'static str]| prop::sample::select(words).prop_map(str::to_owned);
    let of_month = prop_oneof![field(1, 31), special(&["L", "LW", "1W", "15W"])];
    let of_week = prop_oneof![
        field(1, 7),
        special(&["6L", "2#1", "FRI#5", "L", "MON-FRI"])
    ];
    let days = prop_oneof![
        of_month.prop_map(|day| (day, "?".to_owned())),
        of_week.prop_map(|day| ("?".to_owned(), day)),
    ];
    (field(0, 59), field(0, 23), days, field(1, 12)).prop_map(
        |(minute, hour, (month_day, week_day), month)| {
            format!("cron({minute} {hour} {month_day} {month} {week_day} *)")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the language takes can be read; starts go forward, and backwards are the same.
    #[test]
    fn forward_and_back(
        text in cron(),
        zone in prop::sample::select(vec!["UTC", "Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
        at in 1_700_000_000_i64..1_900_000_000,
        milli in 0_i64..1000,
    ) {
        let table = timetable(&text, zone);
        let at = Timestamp::from_millisecond(at * 1000 + milli).unwrap();
        if let Some(next) = table.next(at) {
            prop_assert!(next > at);
            let back = table.previous(later(next).unwrap());
            prop_assert_eq!(back, Some(next), "{} {}", text, zone);
            // Nothing lies between.
            let before = table.previous(next);
            prop_assert!(before.is_none_or(|before| before <= at), "{} {}: {:?} lies after {}", text, zone, before, at);
            prop_assert_eq!(table.due(at, next).map(|due| due.at), Some(next));
        }
    }

    #[test]
    fn rates(count in 1_u32..5000, at in 1_700_000_000_i64..1_900_000_000) {
        let text = if count == 1 { "rate(1 minute)".to_owned() } else { format!("rate({count} minutes)") };
        let table = timetable(&text, "UTC");
        let at = Timestamp::from_second(at).unwrap();
        let next = table.next(at).unwrap();
        prop_assert!(next > at);
        let anchor = time("2026-01-01T00:00:00Z");
        prop_assert_eq!((next.as_second() - anchor.as_second()) % i64::from(count * 60), 0);
        prop_assert!(table.previous(next).is_none_or(|before| before <= at));
    }
}
