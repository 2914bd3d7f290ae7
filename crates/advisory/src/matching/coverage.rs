//! What could not be known: no feed, an old feed, a package that no feed speaks of.

use std::collections::BTreeMap;

use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use goldsmith_core::inventory::Ecosystem;

use super::{Moment, found};
use crate::database::Database;
use crate::feed;
use crate::stock::Stock;

const DAY: i64 = 24 * 60 * 60;

pub(super) fn findings(database: &Database, stock: &Stock, moment: Moment) -> Vec<Finding> {
    let mut all = Vec::new();
    if stock.items.is_empty() {
        all.push(of_image(
            "no-packages".to_owned(),
            Severity::High,
            "no package was found, so nothing was held against the feeds".to_owned(),
            None,
        ));
    }
    let mut counts: BTreeMap<Ecosystem, usize> = BTreeMap::new();
    for item in &stock.items {
        if let Some(reason) = &item.foreign {
            all.push(Finding {
                place: found::place(item, stock.distribution.as_ref()),
                ..of_image(
                    "no-data".to_owned(),
                    Severity::Medium,
                    format!("not the distribution's own package, so no feed knows it: {reason}"),
                    None,
                )
            });
        } else {
            *counts.entry(item.ecosystem).or_default() += 1;
        }
    }
    for (ecosystem, count) in counts {
        all.extend(of_ecosystem(database, stock, ecosystem, count));
    }
    all.extend(ages(database, stock, moment));
    all
}

/// What is missing for the packages of one package system.
fn of_ecosystem(
    database: &Database,
    stock: &Stock,
    ecosystem: Ecosystem,
    count: usize,
) -> Option<Finding> {
    let update = Some("`goldsmith feed update` or `goldsmith feed import`".to_owned());
    let Some(space) = stock.space(ecosystem) else {
        return Some(of_image(
            format!("unknown-release-{ecosystem}"),
            Severity::High,
            format!("{count} {ecosystem} packages, and the image does not say of which release"),
            None,
        ));
    };
    let mut kinds = database
        .of_space(&space)
        .map(|feed| feed.header.kind)
        .peekable();
    if kinds.peek().is_none() {
        let severity = if ecosystem.is_of_system() {
            Severity::High
        } else {
            Severity::Medium
        };
        return Some(of_image(
            format!("no-feed-{space}"),
            severity,
            format!("no feed for {space}: {count} packages were held against nothing"),
            update,
        ));
    }
    let knows_open = kinds.any(found::knows_open);
    (!knows_open).then(|| {
        of_image(
            format!("fixes-only-{space}"),
            Severity::Low,
            format!("for {space} only fixes are known: vulnerabilities without a fix are not seen"),
            update,
        )
    })
}

/// Feeds that are used here and older than allowed, and the missing list of what is exploited.
fn ages(database: &Database, stock: &Stock, moment: Moment) -> Vec<Finding> {
    let spaces: Vec<String> = Ecosystem::ALL
        .into_iter()
        .filter(|one| stock.items.iter().any(|item| item.ecosystem == *one))
        .filter_map(|one| stock.space(one))
        .collect();
    let mut all = Vec::new();
    let mut has_exploited = false;
    for header in database.headers() {
        has_exploited |= header.kind == feed::Kind::Kev;
        let is_used =
            header.spaces.is_empty() || spaces.iter().any(|it| header.spaces.contains(it));
        let age = moment.now.saturating_sub(header.as_of);
        let limit = i64::try_from(moment.max_feed_age.as_secs()).unwrap_or(i64::MAX);
        if is_used && header.kind.ages() && age > limit {
            let mut finding = of_image(
                format!("stale-feed-{}", header.name),
                Severity::High,
                format!(
                    "the feed `{}` is {} days old, and {} are allowed",
                    header.name,
                    age / DAY,
                    limit / DAY
                ),
                Some("`goldsmith feed update` or `goldsmith feed import`".to_owned()),
            );
            finding.facts = vec![
                ("age_days", (age / DAY).to_string()),
                ("feed", header.name.clone()),
            ];
            all.push(finding);
        }
    }
    if !has_exploited && !stock.items.is_empty() {
        all.push(of_image(
            "no-feed-kev".to_owned(),
            Severity::Low,
            "no list of what is known to be exploited".to_owned(),
            Some("`goldsmith feed update` or `goldsmith feed import`".to_owned()),
        ));
    }
    all
}

fn of_image(id: String, severity: Severity, title: String, fix: Option<String>) -> Finding {
    Finding {
        kind: Kind::Coverage,
        id,
        severity,
        place: Place::Image,
        title,
        fix,
        references: Vec::new(),
        facts: Vec::new(),
    }
}
