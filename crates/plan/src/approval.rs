//! Whether an image is approved: a decision over signed statements of people, explained rule by
//! rule. Pure: the same statements at the same time give the same answer.
//!
//! Of each person the last statement counts. One approver who says no is enough, until they say
//! otherwise. Whoever started the run, wrote the change or built may say no, and not yes.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{ApprovalSpec, AutoApproval};
use jiff::Timestamp;

/// What a person says of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// It may go out.
    Approve,
    /// It must not.
    Reject,
    /// What they said before no longer counts.
    Withdraw,
}

/// A statement of a person.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Of the statement itself: what names it, in records.
    pub id: Sha256,
    /// Address of the person.
    pub by: String,
    /// What they say.
    pub voice: Voice,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// The disk it is about.
    pub subject: Sha256,
    /// Whether it is signed with a key of that person.
    pub is_signed: bool,
}

/// What is to be decided about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Of the disk.
    pub digest: Sha256,
    /// Who started the run; `None`: a schedule.
    pub started_by: Option<String>,
    /// Who wrote what changed.
    pub written_by: Vec<String>,
    /// Who, or whose machine, built it.
    pub built_by: Vec<String>,
}

/// What is known of findings, for a policy that approves by itself.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Of this image, by name and place; `None`: it was not scanned.
    pub found: Option<BTreeSet<String>>,
    /// Of the image before it that was approved; `None`: there is none, or it was not scanned.
    pub predecessor: Option<BTreeSet<String>>,
}

/// Why a statement does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// It is about another disk.
    OtherImage,
    /// Nobody can be sure who said it.
    NotSigned,
    /// They are not among the approvers.
    NotAnApprover,
    /// It says no reason.
    NoReason,
    /// It was made in the future.
    OfTheFuture,
    /// They said something else later.
    Superseded,
    /// They took it back.
    Withdrawn,
    /// Who started the run may not approve.
    Started,
    /// Who wrote the change may not approve.
    WroteTheChange,
    /// Who built may not approve.
    Built,
    /// Its time is over.
    Expired,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherImage => "it is about another disk",
            Self::NotSigned => "it is not signed with a key of that person",
            Self::NotAnApprover => "they are not among the approvers",
            Self::NoReason => "it says no reason",
            Self::OfTheFuture => "it was made in the future",
            Self::Superseded => "they said something else later",
            Self::Withdrawn => "they took it back",
            Self::Started => "they started the run",
            Self::WroteTheChange => "they wrote the change",
            Self::Built => "they built it",
            Self::Expired => "its time is over",
        })
    }
}

/// A rule of the policy, and whether it is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// A stable word.
    pub name: &'static str,
    /// Whether it is met.
    pub is_met: bool,
    /// What was found, for people.
    pub text: String,
}

/// What it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may go out.
    Approved,
    /// So many approvals are missing.
    Waiting {
        /// How many.
        missing: u32,
    },
    /// An approver said no.
    Rejected,
}

/// A decision, with everything it was made of.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What it comes to.
    pub verdict: Verdict,
    /// Whether a policy approved it, and not people.
    pub is_automatic: bool,
    /// Every rule, in the order they are looked at.
    pub rules: Vec<Rule>,
    /// Statements that count.
    pub counted: Vec<Sha256>,
    /// Statements that do not, each with the first reason that holds.
    pub refused: Vec<(Sha256, Refusal)>,
    /// When the first approval it rests on ends; `None`: it does not.
    pub expires: Option<Timestamp>,
}

/// Decides.
pub fn decide(
    spec: &ApprovalSpec,
    subject: &Subject,
    statements: &[Statement],
    findings: &Findings,
    now: Timestamp,
) -> Outcome {
    let mut statements: Vec<&Statement> = statements.iter().collect();
    statements.sort_by_key(|statement| (statement.at, statement.id));
    statements.dedup_by_key(|statement| statement.id);
    let (last, mut refused) = last_of_each(spec, subject, &statements, now);
    let (mut approvals, mut rejections) = (Vec::new(), Vec::new());
    for statement in last {
        let refusal = match statement.voice {
            Voice::Withdraw => continue,
            Voice::Reject => {
                rejections.push(statement);
                continue;
            }
            Voice::Approve => may_not_approve(spec, subject, statement, now),
        };
        match refusal {
            Some(refusal) => refused.push((statement.id, refusal)),
            None => approvals.push(statement),
        }
    }
    let count = u32::try_from(approvals.len()).unwrap_or(u32::MAX);
    let quorum = Rule {
        name: "quorum",
        is_met: count >= spec.required,
        text: format!("{count} of {} approvals{}", spec.required, by(&approvals)),
    };
    let objection = Rule {
        name: "objection",
        is_met: rejections.is_empty(),
        text: if rejections.is_empty() {
            "nobody said no".to_owned()
        } else {
            format!("rejected{}", by(&rejections))
        },
    };
    let automatic = spec.auto.map(|auto| automatic(auto, findings));
    let is_automatic = !quorum.is_met && automatic.as_ref().is_some_and(|rule| rule.is_met);
    let verdict = if !objection.is_met {
        Verdict::Rejected
    } else if quorum.is_met || is_automatic {
        Verdict::Approved
    } else {
        Verdict::Waiting {
            missing: spec.required - count,
        }
    };
    refused.sort_unstable();
    let ends = approvals
        .iter()
        .filter_map(|statement| end(spec, statement));
    // The quorum stands as long as enough of them do.
    let mut ends: Vec<Timestamp> = ends.collect();
    ends.sort_unstable();
    let spare = count.saturating_sub(spec.required) as usize;
    let expires = ends.get(spare).copied().filter(|_| quorum.is_met);
    let counted = approvals
        .iter()
        .chain(&rejections)
        .map(|statement| statement.id);
    Outcome {
        verdict,
        is_automatic: is_automatic && verdict == Verdict::Approved,
        counted: counted.collect(),
        rules: [Some(objection), Some(quorum), automatic]
            .into_iter()
            .flatten()
            .collect(),
        refused,
        expires,
    }
}

/// Who, in words.
fn by(statements: &[&Statement]) -> String {
    let names: Vec<&str> = statements
        .iter()
        .map(|statement| statement.by.as_str())
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(": {}", names.join(", "))
    }
}

/// The last statement of each approver, and why the others do not count.
fn last_of_each<'s>(
    spec: &ApprovalSpec,
    subject: &Subject,
    statements: &[&'s Statement],
    now: Timestamp,
) -> (Vec<&'s Statement>, Vec<(Sha256, Refusal)>) {
    let mut last: BTreeMap<String, &Statement> = BTreeMap::new();
    let mut refused = Vec::new();
    for statement in statements {
        let person = statement.by.to_lowercase();
        let refusal = if statement.subject != subject.digest {
            Some(Refusal::OtherImage)
        } else if !statement.is_signed {
            Some(Refusal::NotSigned)
        } else if !spec.approvers.contains(&person) {
            Some(Refusal::NotAnApprover)
        } else if statement.at > now {
            Some(Refusal::OfTheFuture)
        } else if statement.voice != Voice::Withdraw && statement.reason.trim().is_empty() {
            Some(Refusal::NoReason)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            refused.push((statement.id, refusal));
            continue;
        }
        if let Some(before) = last.insert(person, statement) {
            let refusal = match statement.voice {
                Voice::Withdraw => Refusal::Withdrawn,
                Voice::Approve | Voice::Reject => Refusal::Superseded,
            };
            refused.push((before.id, refusal));
        }
    }
    (last.into_values().collect(), refused)
}

/// Why the approval of an approver does not count.
fn may_not_approve(
    spec: &ApprovalSpec,
    subject: &Subject,
    statement: &Statement,
    now: Timestamp,
) -> Option<Refusal> {
    let is_person = |other: &String| other.eq_ignore_ascii_case(&statement.by);
    if subject.started_by.as_ref().is_some_and(is_person) {
        Some(Refusal::Started)
    } else if subject.written_by.iter().any(is_person) {
        Some(Refusal::WroteTheChange)
    } else if subject.built_by.iter().any(is_person) {
        Some(Refusal::Built)
    } else if end(spec, statement).is_some_and(|end| end <= now) {
        Some(Refusal::Expired)
    } else {
        None
    }
}

fn end(spec: &ApprovalSpec, statement: &Statement) -> Option<Timestamp> {
    let after = |time: Duration| statement.at.saturating_add(time).unwrap_or(Timestamp::MAX);
    spec.expires.map(after)
}

fn automatic(auto: AutoApproval, findings: &Findings) -> Rule {
    let AutoApproval::NoNewFindings = auto;
    let (is_met, text) = match (&findings.found, &findings.predecessor) {
        (None, _) => (false, "it was not scanned".to_owned()),
        (_, None) => (
            false,
            "there is no approved image before it to hold it against".to_owned(),
        ),
        (Some(found), Some(before)) => {
            let new: Vec<&str> = found.difference(before).map(String::as_str).collect();
            match new[..] {
                [] => (
                    true,
                    "no finding that the approved image before it had not".to_owned(),
                ),
                [first, ..] => (
                    false,
                    format!("{} new findings, the first is {first}", new.len()),
                ),
            }
        }
    };
    Rule {
        name: "no-new-findings",
        is_met,
        text,
    }
}
