//! The `schedule` block of a pipeline.

use goldsmith_core::diagnostic::{Diagnostic, nearest};
use goldsmith_core::finding::Severity;
use goldsmith_core::recipe::{Cadence, Cron, Rate, Schedule, StartCondition};

use super::{Either, one_of};
use crate::decode::{Found, Reader};

pub(super) fn schedule(reader: &Reader<'_>) -> Option<Schedule> {
    let time = time(reader);
    let start = start(reader);
    let auto_disable = reader.number("auto_disable", 0..=1000).or(5);
    Some(Schedule {
        start: start?,
        auto_disable: Some(auto_disable?).filter(|count| *count > 0),
        ..time?
    })
}

/// The same with nothing but the time.
pub(super) fn time(reader: &Reader<'_>) -> Option<Schedule> {
    let cron = reader.parsed::<Cron>("cron", "a schedule such as `cron(0 3 * * ? *)`");
    let rate = reader.parsed::<Rate>("rate", "a rate such as `rate(12 hours)`");
    let timezone = reader.text("timezone").or("UTC".to_owned());
    if let Found::Is(cron) = &cron {
        warn_of_star(reader, cron);
    }
    let cadence = one_of(reader, ("cron", cron), ("rate", rate));
    let timezone = timezone.filter(|name| is_zone(reader, name));
    Some(Schedule {
        cadence: match cadence? {
            Either::First(cron) => Cadence::Cron(cron),
            Either::Second(rate) => Cadence::Rate(rate),
        },
        timezone: timezone?,
        start: StartCondition::Always,
        auto_disable: None,
    })
}

/// AWS's own documents write `*` where `?` is meant, so it is taken, and said.
fn warn_of_star(reader: &Reader<'_>, cron: &Cron) {
    if let (true, Some(attribute)) = (cron.has_star_for_question, reader.body.attribute("cron")) {
        let problem = Diagnostic::warning("L0115", "one of the two day fields should be `?`");
        let label = format!("read as `{cron}`");
        let place = reader.span(&attribute.value.at);
        reader.evaluator.report(problem.label(place, label));
    }
}

fn is_zone(reader: &Reader<'_>, name: &str) -> bool {
    // Those that ship with Goldsmith: the same on every machine.
    let zones = jiff::tz::TimeZoneDatabase::bundled();
    if zones.get(name).is_ok() {
        return true;
    }
    let known: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
    let label = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a name as `Europe/Helsinki`, or `UTC`".to_owned(),
    };
    if let Some(attribute) = reader.body.attribute("timezone") {
        let message = "`timezone` must be the name of a time zone".to_owned();
        reader.wrong(&attribute.value, message, label);
    }
    false
}

fn start(reader: &Reader<'_>) -> Option<StartCondition> {
    let word = reader
        .choice("start_condition")
        .or("dependency-updates".to_owned());
    let severity = reader.choice("severity").or("high".to_owned());
    let (word, severity) = (word?, Severity::of_word(&severity?)?);
    let start = match word.as_str() {
        "always" => StartCondition::Always,
        "new-parent" => StartCondition::NewParent,
        "new-finding" => return Some(StartCondition::NewFinding(severity)),
        _ => StartCondition::DependencyUpdates,
    };
    let Some(attribute) = reader.body.attribute("severity") else {
        return Some(start);
    };
    let problem = Diagnostic::error(
        "L0110",
        "`severity` is for `start_condition = \"new-finding\"`",
    )
    .label(
        reader.span(&attribute.name.at),
        format!("this one is `{word}`"),
    );
    reader.evaluator.report(problem);
    None
}
