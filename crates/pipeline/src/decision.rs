//! Whether people have approved an image, read from what they signed. The rules are those of
//! `plan::approval`; here what is signed becomes what they decide over.
//!
//! A statement counts as a person's when it is signed by a key that is trusted: their own where the
//! project has one of theirs, else one that is nobody's own. Of the latter it is said, since whoever
//! has such a key can speak for everybody who has none.

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::catalog::{Catalog, CatalogError, ImageFilter};
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::recipe::ApprovalSpec;
use goldsmith_plan::approval::{
    self, Findings, Outcome, Refusal, Statement, Subject, Verdict, Voice,
};
use jiff::Timestamp;

use crate::evidence::predicate::{self, Decision};
use crate::evidence::verify::{self, Checked, kept};
use crate::evidence::{self, PublicKey};

/// How an image stands with those who have to approve it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It may go out.
    Approved {
        /// Who said so, or why nobody was asked.
        why: String,
    },
    /// Somebody said no.
    Rejected {
        /// Who.
        why: String,
    },
    /// Not enough said anything.
    Open {
        /// What is missing, and which statements do not count.
        why: String,
    },
}

/// Keys that count, and whose they are.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// Those that are trusted.
    pub trusted: &'a [PublicKey],
    /// Address of a person, in lower case, and identity of the key that is theirs alone.
    pub owners: &'a BTreeMap<String, String>,
}

/// Whose the key is that a decision is signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    /// The person's own.
    Own,
    /// Nobody's own, as the project's, and the person has none: they may have said it, or whoever
    /// has the key.
    Shared,
    /// Not one that they speak with.
    Other,
}

impl Keys<'_> {
    /// Whose a key is, for this person.
    pub fn signer(&self, person: &str, key: &str) -> Signer {
        match self.owners.get(&person.to_lowercase()) {
            Some(own) if own == key => Signer::Own,
            Some(_) => Signer::Other,
            None if self.owners.values().any(|other| other == key) => Signer::Other,
            None => Signer::Shared,
        }
    }
}

/// An image, and what is asked of whoever approves it.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// What is known of images.
    pub catalog: &'a dyn Catalog,
    /// What is asked for.
    pub spec: &'a ApprovalSpec,
    /// Whose statements count.
    pub keys: Keys<'a>,
    /// The image.
    pub image: &'a ImageId,
    /// Digest of its disk.
    pub disk: Sha256,
    /// Now, in seconds since 1970-01-01 UTC.
    pub unix: i64,
}

impl std::fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case")
            .field("image", self.image)
            .field("spec", self.spec)
            .finish_non_exhaustive()
    }
}

impl Case<'_> {
    /// How the image stands.
    pub fn standing(&self) -> Result<Standing, CatalogError> {
        let checked = self.kept()?;
        let spoken = spoken(&checked, self.keys, self.disk);
        let outcome = self.decide(&checked, &spoken)?;
        Ok(told(&outcome, &spoken, self.keys))
    }

    /// Why the decision in an envelope would not count if it were kept now; `None`: it would.
    pub fn refusal(&self, envelope: &str) -> Result<Option<Refusal>, CatalogError> {
        let new = verify::verify(self.disk, &[envelope], self.keys.trusted, &[]);
        let Some(statement) = spoken(&new, self.keys, self.disk).pop() else {
            return Ok(Some(Refusal::NotSigned));
        };
        // What others said is nothing to it.
        let outcome = self.decide(&self.kept()?, std::slice::from_ref(&statement))?;
        Ok(outcome.refused.first().map(|(_, refusal)| *refusal))
    }

    fn kept(&self) -> Result<Vec<Checked>, CatalogError> {
        kept(self.catalog, self.image, self.disk, self.keys.trusted)
    }

    fn decide(&self, checked: &[Checked], spoken: &[Statement]) -> Result<Outcome, CatalogError> {
        let predecessor = match self.spec.auto {
            None => None,
            Some(_) => predecessor(self.catalog, self.keys, self.image)?,
        };
        let known = Findings {
            found: findings(checked),
            predecessor,
        };
        let now = Timestamp::from_second(self.unix).unwrap_or_default();
        let subject = subject(checked, self.disk);
        Ok(approval::decide(self.spec, &subject, spoken, &known, now))
    }
}

/// The outcome in words.
fn told(outcome: &Outcome, spoken: &[Statement], keys: Keys<'_>) -> Standing {
    let person = |id: &Sha256| {
        let mut statements = spoken.iter().filter(|statement| statement.id == *id);
        statements.next().map(|statement| statement.by.as_str())
    };
    let rule = |name: &str| {
        let mut rules = outcome.rules.iter().filter(|rule| rule.name == name);
        rules
            .next()
            .map_or_else(String::new, |rule| rule.text.clone())
    };
    match outcome.verdict {
        Verdict::Approved if outcome.is_automatic => Standing::Approved {
            why: outcome
                .rules
                .last()
                .map_or_else(String::new, |rule| rule.text.clone()),
        },
        Verdict::Approved => {
            let counted = outcome.counted.iter().filter_map(person);
            let shared: BTreeSet<&str> = counted
                .filter(|person| !keys.owners.contains_key(&person.to_lowercase()))
                .collect();
            let mut why = rule("quorum");
            if !shared.is_empty() {
                let list: Vec<&str> = shared.into_iter().collect();
                why = format!("{why}; without a key of their own: {}", list.join(", "));
            }
            Standing::Approved { why }
        }
        Verdict::Rejected => Standing::Rejected {
            why: rule("objection"),
        },
        Verdict::Waiting { .. } => {
            let mut why = rule("quorum");
            let refused = outcome
                .refused
                .iter()
                .map(|(id, refusal)| format!("{}: {refusal}", person(id).unwrap_or("somebody")));
            // Each once, in an order that does not hang on digests.
            let refused: BTreeSet<String> = refused.collect();
            if !refused.is_empty() {
                let list: Vec<String> = refused.into_iter().collect();
                why = format!("{why}; not counted: {}", list.join(", "));
            }
            Standing::Open { why }
        }
    }
}

/// What people said.
fn spoken(checked: &[Checked], keys: Keys<'_>, disk: Sha256) -> Vec<Statement> {
    let spoken = checked.iter().filter_map(|it| spoken_by(it, keys, disk));
    spoken.collect()
}

/// The decision of a person that a good statement is.
pub fn said(checked: &Checked, keys: Keys<'_>) -> Option<(Decision, Signer)> {
    let statement = checked.statement.as_ref()?;
    let verify::Verdict::Good { by: key } = &checked.verdict else {
        return None;
    };
    if statement.predicate_type != predicate::APPROVAL {
        return None;
    }
    let said: Decision = serde_json::from_value(statement.predicate.clone()).ok()?;
    let signer = keys.signer(&said.by, key);
    Some((said, signer))
}

fn spoken_by(checked: &Checked, keys: Keys<'_>, disk: Sha256) -> Option<Statement> {
    let (said, signer) = said(checked, keys)?;
    let text = checked.statement.as_ref()?.predicate.to_string();
    Some(Statement {
        id: Sha256::of(text.as_bytes()),
        voice: if said.approves {
            Voice::Approve
        } else {
            Voice::Reject
        },
        reason: said.reason,
        at: Timestamp::from_second(said.unix).unwrap_or_default(),
        subject: disk,
        is_signed: signer != Signer::Other,
        by: said.by,
    })
}

/// What is decided about, and who has had a hand in it.
fn subject(checked: &[Checked], disk: Sha256) -> Subject {
    let mut subject = Subject {
        digest: disk,
        started_by: None,
        written_by: Vec::new(),
        built_by: Vec::new(),
    };
    for statement in of_kind(checked, predicate::PROVENANCE) {
        let people = &statement.predicate["buildDefinition"]["internalParameters"];
        // An image that a later run found was built by whoever started the first one.
        if let Some(starter) = people["startedBy"].as_str() {
            subject
                .built_by
                .extend(subject.started_by.replace(starter.to_owned()));
        }
        let authors = people["authors"].as_array().into_iter().flatten();
        let authors = authors.filter_map(|author| author.as_str().map(str::to_owned));
        subject.written_by.extend(authors);
    }
    subject
}

fn of_kind<'c>(
    checked: &'c [Checked],
    kind: &'static str,
) -> impl DoubleEndedIterator<Item = &'c evidence::Statement> {
    let statements = checked.iter().filter_map(|it| it.statement.as_ref());
    statements.filter(move |statement| statement.predicate_type == kind)
}

/// What the scan of the newest approved image of the family found, this one left out.
fn predecessor(
    catalog: &dyn Catalog,
    keys: Keys<'_>,
    image: &ImageId,
) -> Result<Option<BTreeSet<String>>, CatalogError> {
    let filter = ImageFilter {
        name: Some(image.name.clone()),
        states: vec![
            ImageState::Approved,
            ImageState::Distributing,
            ImageState::Available,
        ],
        ..ImageFilter::default()
    };
    let others = catalog.images(&filter, None, 2)?;
    let Some(before) = others.into_iter().find(|row| row.made.id != *image) else {
        return Ok(None);
    };
    let checked = kept(catalog, &before.made.id, before.made.digest, keys.trusted)?;
    Ok(findings(&checked))
}

fn findings(checked: &[Checked]) -> Option<BTreeSet<String>> {
    let newest = of_kind(checked, predicate::VULNERABILITIES).next_back()?;
    let list = newest.predicate["scanner"]["result"].as_array()?;
    let names = list.iter();
    names
        .map(|finding| finding["id"].as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_a_key_speaks_for() {
        let owners = [("ann@example.com".to_owned(), "a".to_owned())].into();
        let keys = Keys {
            trusted: &[],
            owners: &owners,
        };
        for (person, key, expected) in [
            ("ann@example.com", "a", Signer::Own),
            ("Ann@Example.com", "a", Signer::Own),
            ("ann@example.com", "project", Signer::Other),
            ("ben@example.com", "project", Signer::Shared),
            // Nobody speaks for others with a key that is theirs alone.
            ("ben@example.com", "a", Signer::Other),
        ] {
            assert_eq!(keys.signer(person, key), expected, "{person} {key}");
        }
    }
}
