//! Which of the known vulnerabilities an image has.
//!
//! Each package system by its own rules: versions are ordered as it orders them, the name is the
//! one that its advisories use ([`crate::stock`]), and of two feeds that know the same
//! vulnerability of the same package the one nearer to the vendor is believed, also where it says
//! that the package is not affected. What nobody could know becomes a finding of its own kind:
//! an image is never clean because nothing was looked at.

mod answer;
mod coverage;
mod found;
mod support;

use std::time::Duration;

use goldsmith_core::finding::Finding;
use goldsmith_core::inventory::Ecosystem;

use self::answer::Answer;
use crate::database::{Database, Feed};
use crate::feed::Kind;
use crate::format::{Advisory, Row};
use crate::stock::{Item, Stock};

/// When it is, and how old a feed may be.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Seconds since 1970.
    pub now: i64,
    /// An older feed is a finding.
    pub max_feed_age: Duration,
}

/// One vulnerability of one item, as a feed says it. Light, so that thousands of images can be
/// held against a feed; [`findings`] says all there is to say.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    feed: &'a Feed,
    row: &'a Row,
    fix: Option<&'a str>,
}

impl<'a> Hit<'a> {
    /// The advisory.
    pub fn advisory(&self) -> &'a str {
        &self.row.advisory
    }

    /// The version that mends it.
    pub fn fix(&self) -> Option<&'a str> {
        self.fix
    }
}

/// Everything that the feeds say of an image, sorted by kind, package and name.
pub fn findings(database: &Database, stock: &Stock, moment: Moment) -> Vec<Finding> {
    let mut all = found::Found::new(database, stock);
    for item in stock.items.iter().filter(|item| item.foreign.is_none()) {
        let Some(space) = stock.space(item.ecosystem) else {
            continue;
        };
        for group in groups(database, item, &space) {
            all.add(item, group);
        }
    }
    let mut findings = all.finish();
    findings.extend(coverage::findings(database, stock, moment));
    findings.extend(support::findings(database, stock, moment.now));
    findings.sort_by(|a, b| {
        (a.kind, &a.place, &a.id, &a.title).cmp(&(b.kind, &b.place, &b.id, &b.title))
    });
    findings
}

/// The vulnerabilities of every item of a stock, one each: what a stored list of packages is held
/// against a new feed with.
pub fn hits<'a>(database: &'a Database, stock: &Stock, each: &mut dyn FnMut(&Item, Hit<'a>)) {
    let mut spaces: Vec<(Ecosystem, Option<String>)> = Vec::new();
    for item in stock.items.iter().filter(|item| item.foreign.is_none()) {
        let at = spaces.iter().position(|(one, _)| *one == item.ecosystem);
        let at = at.unwrap_or_else(|| {
            spaces.push((item.ecosystem, stock.space(item.ecosystem)));
            spaces.len() - 1
        });
        if let Some(space) = &spaces[at].1 {
            let found = candidates(database, item, space);
            if found.is_distinct {
                for (hit, _) in found.hits.into_iter().filter(|(_, affected)| *affected) {
                    each(item, hit);
                }
            } else {
                let groups = grouped(found.hits, item.ecosystem);
                for group in groups {
                    each(item, group.hit);
                }
            }
        }
    }
}

/// What different advisories say of one vulnerability; the most believed speaks.
pub(crate) struct Group<'a> {
    pub(crate) hit: Hit<'a>,
    /// All its names, that of the advisory first.
    pub(crate) names: Vec<String>,
    pub(crate) advisory: Advisory,
}

/// What the feeds say of one item.
struct Candidates<'a> {
    /// With whether it is affected; of the most believed feed first.
    hits: Vec<(Hit<'a>, bool)>,
    /// No vulnerability is named twice.
    is_distinct: bool,
}

fn candidates<'a>(database: &'a Database, item: &Item, space: &str) -> Candidates<'a> {
    let mut known = Vec::new();
    for feed in database.of_space(space) {
        if let Some(package) = feed.package(space, &item.name) {
            known.push((feed, package));
        }
    }
    let is_only = known.len() == 1;
    let mut hits: Vec<(Hit<'a>, bool)> = Vec::new();
    for (feed, package) in known {
        answer::all(package, item, is_only, &mut |row, answer| {
            let (fix, is_affected) = match answer {
                Answer::Affected { fix } => (fix, true),
                Answer::Safe => (None, false),
            };
            hits.push((Hit { feed, row, fix }, is_affected));
        });
    }
    // Debian's own feeds name each vulnerability once, by its own name.
    let is_own = |(hit, _): &(Hit<'_>, bool)| hit.feed.header.kind != Kind::Osv;
    let is_distinct = is_only && hits.first().is_some_and(is_own);
    Candidates { hits, is_distinct }
}

/// One group per vulnerability that the item has.
fn groups<'a>(database: &'a Database, item: &Item, space: &str) -> Vec<Group<'a>> {
    let found = candidates(database, item, space);
    if !found.is_distinct {
        return grouped(found.hits, item.ecosystem);
    }
    let affected = found
        .hits
        .into_iter()
        .filter(|(_, is_affected)| *is_affected);
    let groups = affected.map(|(hit, _)| Group {
        hit,
        names: vec![hit.row.advisory.clone()],
        advisory: hit.feed.advisory(&hit.row.advisory),
    });
    groups.collect()
}

/// Puts together what is the same under several names. The first that speaks is believed, also
/// where it says that the item is safe.
fn grouped(hits: Vec<(Hit<'_>, bool)>, ecosystem: Ecosystem) -> Vec<Group<'_>> {
    let mut groups: Vec<(Group<'_>, bool)> = Vec::new();
    for (hit, is_affected) in hits {
        let advisory = hit.feed.advisory(&hit.row.advisory);
        let mut names = vec![hit.row.advisory.clone()];
        names.extend(advisory.aliases.iter().cloned());
        if let [one] = advisory.upstream.as_slice() {
            names.push(one.clone());
        }
        let same = groups
            .iter_mut()
            .find(|(group, _)| group.names.iter().any(|name| names.contains(name)));
        match same {
            Some((group, _)) => {
                for name in names {
                    if !group.names.contains(&name) {
                        group.names.push(name);
                    }
                }
            }
            None => groups.push((
                Group {
                    hit,
                    names,
                    advisory,
                },
                is_affected,
            )),
        }
    }
    drop_repeated(&mut groups, ecosystem);
    groups
        .into_iter()
        .filter(|(_, is_affected)| *is_affected)
        .map(|(group, _)| group)
        .collect()
}

/// Takes out advisories about several vulnerabilities that are all there by themselves, as Debian's
/// DSA are beside its CVEs.
fn drop_repeated(groups: &mut Vec<(Group<'_>, bool)>, ecosystem: Ecosystem) {
    if !ecosystem.is_of_system() {
        return;
    }
    let single: Vec<String> = groups
        .iter()
        .filter(|(group, _)| group.advisory.upstream.len() < 2)
        .flat_map(|(group, _)| group.names.iter().cloned())
        .collect();
    groups.retain(|(group, _)| {
        let upstream = &group.advisory.upstream;
        upstream.len() < 2 || !upstream.iter().all(|id| single.contains(id))
    });
}
