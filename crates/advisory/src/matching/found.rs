//! Findings of vulnerabilities: the packages of one source in one finding, with all that the feeds
//! say of it.

use std::collections::BTreeMap;

use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use goldsmith_core::inventory::{Distribution, Ecosystem, Package, purl};

use super::Group;
use crate::database::Database;
use crate::feed;
use crate::format::State;
use crate::stock::{Item, Stock};

/// What is reported once: the vulnerability, the thing that has it, its version.
type Key = (String, Ecosystem, String, String);

pub(super) struct Found<'a> {
    database: &'a Database,
    distribution: Option<&'a Distribution>,
    findings: BTreeMap<Key, (Finding, Vec<String>)>,
}

impl<'a> Found<'a> {
    pub(super) fn new(database: &'a Database, stock: &'a Stock) -> Self {
        Self {
            database,
            distribution: stock.distribution.as_ref(),
            findings: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, item: &Item, group: Group<'_>) {
        let id = name(&group);
        let key = (
            id.clone(),
            item.ecosystem,
            item.group.clone(),
            item.version.clone(),
        );
        if let Some((_, binaries)) = self.findings.get_mut(&key) {
            binaries.extend(item.binaries.iter().cloned());
            return;
        }
        let finding = self.finding(id, item, group);
        self.findings.insert(key, (finding, item.binaries.clone()));
    }

    pub(super) fn finish(self) -> Vec<Finding> {
        let findings = self.findings.into_values();
        findings
            .map(|(mut finding, mut binaries)| {
                binaries.sort();
                binaries.dedup();
                finding.facts.insert(0, ("binaries", binaries.join(" ")));
                finding
            })
            .collect()
    }

    fn finding(&self, id: String, item: &Item, group: Group<'_>) -> Finding {
        let Group {
            hit,
            names,
            advisory,
        } = group;
        let row = hit.row;
        let cves: Vec<&String> = names
            .iter()
            .chain(&advisory.upstream)
            .filter(|name| name.starts_with("CVE-"))
            .collect();
        let exploited = cves.iter().find_map(|cve| self.database.exploited(cve));
        let urgency = row.urgency.as_deref();
        let (severity, by, cvss) = match (urgency.and_then(of_urgency), advisory.severity) {
            (Some(severity), _) => {
                // Two stars: Debian took it from NVD, its team has not looked.
                let is_derived = urgency.is_some_and(|text| text.ends_with("**"));
                let by = if is_derived {
                    "NVD, by the vendor"
                } else {
                    "vendor"
                };
                (severity, by.to_owned(), advisory.cvss)
            }
            (None, Some(severity)) => (severity, "advisory".to_owned(), advisory.cvss),
            (None, None) => {
                let ratings = cves.iter().filter_map(|cve| self.database.rating(cve));
                let worst = ratings.max_by_key(|rating| rating.severity);
                worst.map_or((Severity::Unknown, String::new(), None), |rating| {
                    let severity = rating.severity.unwrap_or(Severity::Unknown);
                    (severity, rating.by, rating.cvss)
                })
            }
        };
        let state = row.state.unwrap_or(match hit.fix {
            Some(_) if !row.is_waiting => State::FixAvailable,
            _ => State::NoFix,
        });
        let fix = hit.fix.filter(|_| state == State::FixAvailable);
        let title = match (&exploited, advisory.title.is_empty()) {
            (_, false) => advisory.title,
            (Some(known), true) if !known.name.is_empty() => known.name.clone(),
            _ => "a known vulnerability that the feed does not describe".to_owned(),
        };
        let mut facts: Vec<(&'static str, String)> = Vec::new();
        facts.extend(cvss.map(|vector| ("cvss", vector)));
        facts.push(("feed", hit.feed.header.name.clone()));
        facts.extend(hit.fix.map(|fix| ("fixed_version", fix.to_owned())));
        if let Some(known) = exploited {
            facts.push(("known_exploited", known.date));
            if known.is_ransomware {
                facts.push(("known_ransomware", "true".to_owned()));
            }
        }
        facts.extend(row.note.clone().map(|note| ("note", note)));
        facts.extend(row.scope.clone().map(|scope| ("scope", scope)));
        if !by.is_empty() {
            facts.push(("severity_by", by));
        }
        facts.push(("state", state.word().to_owned()));
        facts.extend(row.urgency.clone().map(|urgency| ("urgency", urgency)));
        facts.extend(
            row.vendor_state
                .clone()
                .map(|state| ("vendor_state", state)),
        );
        let mut references: Vec<String> = names.into_iter().chain(advisory.upstream).collect();
        references.retain(|name| *name != id);
        references.dedup();
        references.extend(advisory.url);
        Finding {
            kind: if row.is_unmaintained {
                Kind::Support
            } else {
                Kind::Vulnerability
            },
            id,
            severity: if row.is_unmaintained {
                Severity::Low
            } else {
                severity
            },
            place: place(item, self.distribution),
            title,
            fix: fix.map(str::to_owned),
            references,
            facts,
        }
    }
}

/// The name it is reported by: the CVE, where there is one, else the advisory.
fn name(group: &Group<'_>) -> String {
    let mut cves = group.names.iter().filter(|name| name.starts_with("CVE-"));
    match (cves.next(), cves.next()) {
        (Some(one), None) => one.clone(),
        _ => group.hit.row.advisory.clone(),
    }
}

/// Where it lies: of what is filed by source package, the source package.
pub(super) fn place(item: &Item, distribution: Option<&Distribution>) -> Place {
    let is_source = matches!(item.ecosystem, Ecosystem::Deb | Ecosystem::Apk);
    let name = if item.ecosystem == Ecosystem::Rpm {
        &item.group
    } else {
        &item.name
    };
    let package = Package {
        arch: is_source.then(|| "source".to_owned()),
        ..Package::new(item.ecosystem, name, &item.version)
    };
    Place::Package {
        purl: purl(&package, distribution),
        name: package.name,
        version: package.version,
    }
}

/// Debian's urgency as a severity; `None`: it says nothing.
fn of_urgency(urgency: &str) -> Option<Severity> {
    match urgency.trim_end_matches('*') {
        "unimportant" => Some(Severity::Negligible),
        word @ ("low" | "medium" | "high" | "critical") => Severity::of_word(word),
        _ => None,
    }
}

/// Whether a feed of this kind says what is open as well as what is fixed.
pub(super) const fn knows_open(kind: feed::Kind) -> bool {
    matches!(kind, feed::Kind::DebianTracker | feed::Kind::Osv)
}
