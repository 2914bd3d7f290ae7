//! Whether what was found in an image may stand: findings, a policy, and the day, in; a verdict
//! that says of every finding what became of it and by which rule, out.
//!
//! ```text
//! in this order, the first that applies decides
//!   accepted      by an `accept` block that has not expired, or by VEX; what is known to be
//!                 exploited only by a block with an expiry, or by VEX
//!   exploited     known to be: fails
//!   undetermined  nobody knows whether the package is affected: shown, never counted
//!   not fixable   nothing mends it, and the policy counts only what can be mended
//!   end of life   a distribution that nobody looks after
//!   severity      at least `fail_on`: fails
//! ```
//!
//! The same findings, policy and day give the same verdict: nothing else is looked at.

pub mod exception;
pub mod vex;

use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use goldsmith_core::recipe::{Acceptance, ScanSpec};

use crate::format::State;

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The finding, its severity as the policy counts it.
    pub finding: Finding,
    /// What became of it.
    pub decision: Decision,
    /// Why, in a line.
    pub reason: String,
}

impl Judged {
    /// Worth a person's time: it stops the image, or is neither negligible nor undetermined.
    pub fn is_of_weight(&self) -> bool {
        let is_undetermined = fact(&self.finding, "state") == Some(State::Undetermined.word());
        let is_light = self.finding.severity == Severity::Negligible || is_undetermined;
        self.decision == Decision::Fails || !is_light
    }
}

/// What becomes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// It stops the image.
    Fails,
    /// It is shown and stops nothing.
    Passes,
    /// Somebody decided to live with it.
    Accepted,
}

impl Decision {
    /// One word, in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::Passes => "passes",
            Self::Accepted => "accepted",
        }
    }
}

/// The verdict on an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Every finding: what fails first, then the worst first.
    pub judged: Vec<Judged>,
    /// Acceptances that count no more, or that nothing was found for.
    pub notes: Vec<String>,
}

impl Verdict {
    /// Whether the image may go on.
    pub fn passes(&self) -> bool {
        self.count(Decision::Fails) == 0
    }

    /// How many findings came to this.
    pub fn count(&self, decision: Decision) -> usize {
        self.judged
            .iter()
            .filter(|it| it.decision == decision)
            .count()
    }
}

/// The value of a fact.
pub fn fact<'a>(finding: &'a Finding, name: &str) -> Option<&'a str> {
    let found = finding.facts.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.as_str())
}

/// Judges findings by a policy on a day, `2026-11-23`.
pub fn judge(
    findings: Vec<Finding>,
    policy: &ScanSpec,
    statements: &[vex::Statement],
    today: &str,
) -> Verdict {
    let mut used = vec![false; policy.accept.len()];
    let mut notes = Vec::new();
    let mut judged: Vec<Judged> = findings
        .into_iter()
        .map(|finding| one(finding, policy, statements, today, &mut used))
        .collect();
    judged.sort_by(|a, b| {
        let worst = b.finding.severity.cmp(&a.finding.severity);
        (a.decision.cmp(&b.decision))
            .then(worst)
            .then_with(|| a.finding.kind.cmp(&b.finding.kind))
            .then_with(|| a.finding.place.cmp(&b.finding.place))
            .then_with(|| a.finding.id.cmp(&b.finding.id))
    });
    for (accept, is_used) in policy.accept.iter().zip(used) {
        if is_expired(accept, today) {
            let date = accept.expires.as_deref().unwrap_or_default();
            notes.push(format!("the acceptance of {} expired on {date}", accept.id));
        } else if !is_used {
            notes.push(format!("{} is accepted, and was not found", accept.id));
        }
    }
    Verdict { judged, notes }
}

fn is_expired(accept: &Acceptance, today: &str) -> bool {
    accept.expires.as_deref().is_some_and(|date| date < today)
}

fn one(
    mut finding: Finding,
    policy: &ScanSpec,
    statements: &[vex::Statement],
    today: &str,
    used: &mut [bool],
) -> Judged {
    let mut own = policy
        .severity
        .iter()
        .filter(|rule| is_named(&rule.id, &finding));
    if let Some(rule) = own.next() {
        finding.severity = rule.level;
    }
    let exploited = fact(&finding, "known_exploited").map(str::to_owned);
    let (decision, reason) = decide(
        &finding,
        exploited.as_deref(),
        policy,
        statements,
        today,
        used,
    );
    Judged {
        finding,
        decision,
        reason,
    }
}

fn decide(
    finding: &Finding,
    exploited: Option<&str>,
    policy: &ScanSpec,
    statements: &[vex::Statement],
    today: &str,
    used: &mut [bool],
) -> (Decision, String) {
    use Decision::{Accepted, Fails, Passes};
    let fits = |accept: &Acceptance| {
        let is_in = |wanted: &String| package(finding) == Some(wanted);
        let is_at = |wanted: &String| path(finding).is_some_and(|path| is_like(wanted, path));
        is_named(&accept.id, finding)
            && accept.package.as_ref().is_none_or(is_in)
            && accept.path.as_ref().is_none_or(is_at)
    };
    let mut expired = None;
    for (accept, used) in policy.accept.iter().zip(used) {
        if !fits(accept) {
            continue;
        }
        *used = true;
        if is_expired(accept, today) {
            expired = accept.expires.as_deref();
        } else if exploited.is_some() && accept.expires.is_none() {
            // For ever is too long for what is under attack.
        } else {
            let until = accept.expires.as_deref();
            let until = until.map_or_else(String::new, |date| format!(", until {date}"));
            return (Accepted, format!("{}{until}", accept.reason));
        }
    }
    if let Some(statement) = statements.iter().find(|it| it.takes_away(finding)) {
        return (Accepted, statement.reason());
    }
    let again = expired.map_or_else(String::new, |date| {
        format!("; its acceptance expired on {date}")
    });
    if let Some(date) = exploited {
        return (Fails, format!("known to be exploited since {date}{again}"));
    }
    let state = fact(finding, "state");
    let is_vulnerability = finding.kind == Kind::Vulnerability;
    if state == Some(State::Undetermined.word()) {
        return (Passes, "nobody knows whether it is affected".to_owned());
    }
    if is_vulnerability && policy.only_fixable && finding.fix.is_none() {
        return (Passes, "nothing mends it yet".to_owned());
    }
    let is_end = finding.kind == Kind::Support && finding.id.starts_with("end-of-life-");
    if is_end && finding.severity >= Severity::High {
        return if policy.end_of_life {
            (Fails, format!("nobody looks after it{again}"))
        } else {
            let allowed = "the policy allows what nobody looks after";
            (Passes, allowed.to_owned())
        };
    }
    let (severity, word) = match finding.severity {
        Severity::Unknown if is_vulnerability => (policy.unrated, "unrated, which counts as "),
        severity => (severity, ""),
    };
    if severity >= policy.fail_on {
        (
            Fails,
            format!("{word}{severity}, and {} fails{again}", policy.fail_on),
        )
    } else {
        (
            Passes,
            format!("{word}{severity}, below {}", policy.fail_on),
        )
    }
}

/// Whether a name of a policy means a finding: by its own or another of its names; one that ends in
/// `*` means all that begin so.
fn is_named(id: &str, finding: &Finding) -> bool {
    is_like(id, &finding.id) || finding.references.iter().any(|other| other == id)
}

/// Whether a text is this one; one that ends in `*` means all that begin so.
fn is_like(wanted: &str, text: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(beginning) => text.starts_with(beginning),
        None => text == wanted,
    }
}

fn package(finding: &Finding) -> Option<&str> {
    match &finding.place {
        Place::Package { name, .. } => Some(name),
        _ => None,
    }
}

fn path(finding: &Finding) -> Option<&str> {
    match &finding.place {
        Place::File { path, .. } => Some(path),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
