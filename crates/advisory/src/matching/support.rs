//! Software that is not looked after any more: releases past their end, packages whose support
//! ended before that of their release.

use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use goldsmith_core::inventory::{Distribution, Ecosystem};

use super::found;
use crate::database::Database;
use crate::format::Release;
use crate::stock::Stock;

/// What endoflife.date calls a distribution, by its `ID`.
const PRODUCTS: [(&str, &str); 12] = [
    ("debian", "debian"),
    ("ubuntu", "ubuntu"),
    ("alpine", "alpine-linux"),
    ("almalinux", "almalinux"),
    ("rocky", "rocky-linux"),
    ("rhel", "rhel"),
    ("centos", "centos-stream"),
    ("fedora", "fedora"),
    ("ol", "oracle-linux"),
    ("amzn", "amazon-linux"),
    ("opensuse-leap", "opensuse"),
    ("sles", "sles"),
];

pub(super) fn findings(database: &Database, stock: &Stock, now: i64) -> Vec<Finding> {
    let today = jiff::Timestamp::from_second(now)
        .map(|time| time.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default();
    let mut all = Vec::new();
    if let Some(distribution) = &stock.distribution {
        all.extend(of_release(database, distribution, &today));
    }
    all.extend(of_packages(database, stock, &today));
    all
}

/// The end of the release itself.
fn of_release(database: &Database, distribution: &Distribution, today: &str) -> Option<Finding> {
    let product = PRODUCTS.iter().find(|(id, _)| *id == distribution.id)?.1;
    let releases = database.releases(product)?;
    let release = release(&releases, distribution.version.as_deref()?)?;
    let end = release.end.as_deref().filter(|end| *end < today)?;
    let extended = release.extended.as_deref().filter(|end| *end >= today);
    let (severity, title) = match extended {
        Some(extended) => (
            Severity::Low,
            format!(
                "{} is in extended support, which ends on {extended}; its own support ended on {end}",
                distribution.title
            ),
        ),
        None => (
            Severity::High,
            format!("{} is not looked after since {end}", distribution.title),
        ),
    };
    let newer = releases.iter().find(|other| {
        let is_supported = other.end.as_deref().is_none_or(|end| end >= today);
        is_supported && other.cycle != release.cycle
    });
    Some(Finding {
        kind: Kind::Support,
        id: format!("end-of-life-{}-{}", distribution.id, release.cycle),
        severity,
        place: Place::Image,
        title,
        fix: newer.map(|other| format!("a newer release: {} {}", distribution.id, other.cycle)),
        references: Vec::new(),
        facts: vec![("end", end.to_owned())],
    })
}

/// The release that a version belongs to: the longest that it begins with.
fn release<'a>(releases: &'a [Release], version: &str) -> Option<&'a Release> {
    releases
        .iter()
        .filter(|release| {
            version
                .strip_prefix(&release.cycle)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
        .max_by_key(|release| release.cycle.len())
}

fn of_packages(database: &Database, stock: &Stock, today: &str) -> Vec<Finding> {
    let Some(space) = stock.space(Ecosystem::Deb) else {
        return Vec::new();
    };
    let patterns = database.support(&space);
    let is_own =
        |item: &&crate::stock::Item| item.ecosystem == Ecosystem::Deb && item.foreign.is_none();
    let mut all = Vec::new();
    for item in stock.items.iter().filter(is_own) {
        for (pattern, support) in &patterns {
            let is_it = match pattern.strip_suffix('*') {
                Some(beginning) => item.name.starts_with(beginning),
                None => item.name == *pattern,
            };
            if !is_it || support.ended.as_deref().is_some_and(|date| date > today) {
                continue;
            }
            let (id, severity, title) = match &support.ended {
                Some(date) => (
                    "support-ended",
                    Severity::Medium,
                    format!(
                        "Debian ended its security support on {date}: {}",
                        support.details
                    ),
                ),
                None => (
                    "support-limited",
                    Severity::Negligible,
                    format!("Debian limits its security support: {}", support.details),
                ),
            };
            all.push(Finding {
                kind: Kind::Support,
                id: id.to_owned(),
                severity,
                place: found::place(item, stock.distribution.as_ref()),
                title,
                fix: None,
                references: Vec::new(),
                facts: vec![("binaries", item.binaries.join(" "))],
            });
        }
    }
    all
}
