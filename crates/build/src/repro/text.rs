//! The report of a check of reproducibility for a person.

use std::fmt::Write as _;
use std::time::Duration;

use goldsmith_core::size::format_duration;

use super::{Difference, ReproReport, Round, Where};

/// The report.
pub fn text(report: &ReproReport) -> String {
    let count = report.rounds.len();
    let builds = if count == 1 { "build" } else { "builds" };
    let mut text = if report.is_reproducible {
        format!(
            "{} is reproducible: {count} {builds} more gave the same bytes\n",
            report.image
        )
    } else {
        let bad = report.rounds.iter().filter(|r| r.difference.is_some());
        let bad = bad.count();
        format!(
            "{} is NOT reproducible: {bad} of {count} {builds} more differ\n",
            report.image
        )
    };
    for round in &report.rounds {
        let verdict = if round.difference.is_some() {
            "differs"
        } else {
            "same"
        };
        let time = format_duration(Duration::from_millis(round.ms));
        let _ = writeln!(
            text,
            "  {} {verdict:<8} {time:>8}  {}",
            round.number,
            surroundings(round)
        );
        if let Some(difference) = &round.difference {
            describe(&mut text, difference);
        }
    }
    text
}

fn surroundings(round: &Round) -> String {
    let Round { surroundings, .. } = round;
    let processors = match surroundings.processors {
        Some(count) => format!("{count} processor"),
        None => "all processors".to_owned(),
    };
    let place = if surroundings.in_memory {
        "in memory"
    } else {
        "on disk"
    };
    let days = surroundings.clock_shift_s / (24 * 3600);
    format!(
        "umask {}, {}, {}, user {}, host {}, {processors}, {place}, {days} days ahead",
        surroundings.umask,
        surroundings.time_zone,
        surroundings.locale,
        surroundings.user,
        surroundings.host_name
    )
}

fn describe(text: &mut String, difference: &Difference) {
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "      {name:<7} {value}");
    };
    match difference.place {
        Where::Inputs => row("inputs", &difference.what),
        Where::Failure => row("failed", &difference.what),
        Where::Layer | Where::File | Where::Disk => {
            let layer = difference.layer.as_deref();
            row("layer", layer.unwrap_or("none: it came after the steps"));
            if let Some(path) = &difference.path {
                row("file", path);
            }
            let at = difference.at;
            let at = at.map(|at| format!(", from byte {at}")).unwrap_or_default();
            row("what", &format!("{}{at}", difference.what));
            for (name, bytes) in [("first", &difference.old), ("again", &difference.new)] {
                if let Some(bytes) = bytes {
                    row(name, bytes);
                }
            }
            if let (Some(offset), Some(what)) = (difference.disk_offset, &difference.on_disk) {
                row("disk", &format!("from byte {offset}: {what}"));
            }
            if difference.files > 1 {
                row("files", &format!("{} differ", difference.files));
            }
        }
    }
}
