//! Where two scans of one image differ, and why: vulnerabilities, or hardening, by name, not by
//! place, because one tool says the source package and another each binary.

use std::collections::BTreeMap;

use goldsmith_core::finding::{Finding, Kind, Place, Severity};

use super::Foreign;
use crate::policy::fact;

/// How two results stand to each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Findings that both have.
    pub both: usize,
    /// What only we have.
    pub ours: Vec<Explained>,
    /// What only the other has.
    pub theirs: Vec<Explained>,
}

/// One finding that only one side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Its name.
    pub id: String,
    /// Where it was found, package and version.
    pub place: String,
    /// Why the other side may not have it.
    pub why: String,
}

/// Compares our findings with those of another tool, of the kind that it looks for. What was taken
/// over from it ([`Foreign::beyond`]) is not ours.
pub fn difference(ours: &[Finding], other: &Foreign) -> Difference {
    let theirs: Vec<&Finding> = other
        .findings
        .iter()
        .filter(|it| it.kind == other.kind)
        .collect();
    let is_taken = |finding: &Finding| {
        other.kind == Kind::Hardening && theirs.iter().any(|it| it.id == finding.id)
    };
    let all = ours;
    let ours: Vec<&Finding> = all
        .iter()
        .filter(|it| it.kind == other.kind && !is_taken(it))
        .collect();
    let (mine, known) = (by_name(&ours), by_name(&theirs));
    let has = |of: &BTreeMap<&str, &Finding>, finding: &Finding| {
        names(finding).any(|name| of.contains_key(name))
    };
    let mut found = Difference::default();
    for finding in ours {
        if has(&known, finding) {
            found.both += 1;
        } else {
            found
                .ours
                .push(explained(finding, only_ours(finding, other)));
        }
    }
    for finding in theirs {
        if !has(&mine, finding) {
            found
                .theirs
                .push(explained(finding, only_theirs(finding, all)));
        }
    }
    for list in [&mut found.ours, &mut found.theirs] {
        list.sort_by(|a, b| (&a.why, &a.id, &a.place).cmp(&(&b.why, &b.id, &b.place)));
    }
    found
}

/// Each by all of its names.
fn by_name<'f>(findings: &[&'f Finding]) -> BTreeMap<&'f str, &'f Finding> {
    let all = findings.iter().copied();
    all.flat_map(|finding| names(finding).map(move |name| (name, finding)))
        .collect()
}

pub(super) fn names(finding: &Finding) -> impl Iterator<Item = &str> {
    let others = finding.references.iter().map(String::as_str);
    std::iter::once(finding.id.as_str()).chain(others.filter(|it| !it.contains("://")))
}

fn explained(finding: &Finding, why: &str) -> Explained {
    Explained {
        id: finding.id.clone(),
        place: finding.place.to_string(),
        why: why.to_owned(),
    }
}

fn only_ours(finding: &Finding, other: &Foreign) -> &'static str {
    if finding.kind == Kind::Hardening {
        return if other.met.contains(&finding.id) {
            "the other's rule is met: it looks at fewer of the files that have a say"
        } else {
            "the other has no rule for it, or none that its profile asks for and that applies"
        };
    }
    let is_kernel = matches!(&finding.place, Place::Package { purl, name, .. }
        if purl.starts_with("pkg:deb/debian/") && name.starts_with("linux"));
    if is_kernel {
        return "Debian's kernel: its signed binaries come from `linux-signed-*`, which most tools do not know as `linux`";
    }
    match fact(finding, "state") {
        Some("undetermined") => "undetermined, which others leave out",
        Some("end-of-life") => "end of life, which others may leave out",
        Some("will-not-fix" | "deferred" | "no-fix") => {
            "nothing mends it, and the other may show only what is fixed"
        }
        _ if finding.severity == Severity::Negligible => {
            "of no weight by the vendor, which others leave out"
        }
        _ => "the other's data does not have it, or is of another day",
    }
}

fn only_theirs(finding: &Finding, ours: &[Finding]) -> &'static str {
    if finding.kind == Kind::Hardening {
        return if finding.references.is_empty() {
            "no check of ours asks for it"
        } else {
            "our check is met by what is effective, does not apply, or is not in the profile"
        };
    }
    let Place::Package { name, version, .. } = &finding.place else {
        return "it is not about a package";
    };
    let state = fact(finding, "vendor_state").unwrap_or_default();
    let is_missing = ours.iter().any(|it| {
        it.kind == Kind::Coverage && (it.id.starts_with("no-feed-") || it.id == "no-data")
    });
    let knows_fixes_only = ours.iter().any(|it| it.id.starts_with("fixes-only-"));
    if finding.fix.is_none() && knows_fixes_only {
        return "nothing mends it, and our feeds know only what is fixed";
    }
    if matches!(
        state,
        "will_not_fix" | "wont-fix" | "not-fixed" | "affected" | "fix_deferred"
    ) {
        return "the other counts what its vendor does not mend";
    }
    if is_missing {
        return "no feed of ours, or none for this package";
    }
    let is_other_version = ours.iter().any(|it| {
        matches!(&it.place, Place::Package { name: known, version: has, .. } if known == name && has != version)
    });
    if is_other_version {
        return "the other saw another version of the package";
    }
    "our feeds do not have it, are of another day, or the fix is installed"
}
