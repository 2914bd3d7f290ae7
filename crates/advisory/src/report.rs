//! What was found in an image and what became of it, in the forms that others read.
//!
//! Every form is a function of the same [`Report`]: no clock, nothing of this machine.

mod html;
mod junit;
mod sarif;

use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use goldsmith_core::inventory::Ecosystem;

use crate::format::Header;
use crate::policy::{Decision, Judged, Verdict, fact};
use crate::version;

pub use html::html;
pub use junit::junit;
pub use sarif::sarif;

/// A scan with its verdict.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// What was scanned, as it was named.
    pub image: &'a str,
    /// The system in it, for people.
    pub system: &'a str,
    /// What was decided.
    pub verdict: &'a Verdict,
    /// What it was held against.
    pub feeds: Vec<&'a Header>,
    /// The day of the verdict.
    pub today: &'a str,
    /// Version of this program.
    pub version: &'a str,
}

/// Vulnerabilities that one update mends: of one package, mended by one version.
#[derive(Debug)]
pub struct Group<'a> {
    /// The package as it is installed.
    pub package: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The newest version that any of them needs; `None`: nothing mends them.
    pub fix: Option<&'a str>,
    /// The worst first.
    pub judged: Vec<&'a Judged>,
}

impl Group<'_> {
    /// The worst of them.
    pub fn severity(&self) -> Severity {
        self.judged
            .iter()
            .map(|it| it.finding.severity)
            .max()
            .unwrap_or(Severity::Unknown)
    }

    /// How many are known to be exploited.
    pub fn exploited(&self) -> usize {
        let is_known = |it: &&&Judged| fact(&it.finding, "known_exploited").is_some();
        self.judged.iter().filter(is_known).count()
    }

    /// How many stop the image.
    pub fn failing(&self) -> usize {
        let fails = |it: &&&Judged| it.decision == Decision::Fails;
        self.judged.iter().filter(fails).count()
    }
}

/// Vulnerabilities by what mends them, for people who have to do something: what stops the image
/// first, then what is exploited, then the worst, then the most. One update mends all that have a
/// fix, so what counts is the newest fix of a package.
pub fn groups<'a>(verdict: &'a Verdict, is_shown: impl Fn(&Judged) -> bool) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for judged in &verdict.judged {
        let Place::Package {
            name,
            version,
            purl,
        } = &judged.finding.place
        else {
            continue;
        };
        if judged.finding.kind != Kind::Vulnerability || !is_shown(judged) {
            continue;
        }
        let fix = judged.finding.fix.as_deref();
        let same = groups.iter_mut().find(|group| {
            (group.package, group.version, group.fix.is_some()) == (name, version, fix.is_some())
        });
        match same {
            Some(group) => {
                group.judged.push(judged);
                if let (Some(known), Some(fix)) = (group.fix, fix)
                    && version::compare(ecosystem_of(purl), fix, known).is_gt()
                {
                    group.fix = Some(fix);
                }
            }
            None => groups.push(Group {
                package: name,
                version,
                fix,
                judged: vec![judged],
            }),
        }
    }
    groups.sort_by_key(|group| {
        let order = (
            group.failing(),
            group.exploited(),
            group.severity(),
            group.judged.len(),
        );
        (
            std::cmp::Reverse((order.0 > 0, order.1, order.2, order.3)),
            group.package,
            group.version,
        )
    });
    groups
}

/// Whose versions a package of this URL has. What nobody knows compares as most do.
fn ecosystem_of(purl: &str) -> Ecosystem {
    let kind = purl
        .strip_prefix("pkg:")
        .and_then(|rest| rest.split('/').next());
    let mut all = Ecosystem::ALL.into_iter();
    all.find(|one| Some(one.purl_type()) == kind)
        .unwrap_or(Ecosystem::Npm)
}

/// A severity for people.
pub const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => "unrated",
        severity => severity.word(),
    }
}

/// What a finding is of, what it is and where: the same in every scan of the same image, so that
/// whoever keeps results knows it again. Nothing of its text, which may be said better later.
fn identity(finding: &Finding) -> String {
    let place = match &finding.place {
        // Of a version that changed it is still the same finding.
        Place::Package { purl, .. } => purl.split('@').next().unwrap_or(purl).to_owned(),
        Place::File { path, entry, .. } => {
            format!("{path} {}", entry.as_deref().unwrap_or_default())
        }
        Place::Disk { offset } => offset.to_string(),
        Place::Image => String::new(),
    };
    format!("{} {} {place}", finding.kind, finding.id)
}

#[cfg(test)]
mod tests;
