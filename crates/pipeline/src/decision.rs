//! Whether people have approved an image, read from what they signed. The rules are those of
//! `plan::approval`; here what is signed becomes what they decide over.
//!
//! A statement counts as a person's when it is signed by a key that is trusted, and by their own
//! where the project has one of theirs.

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::catalog::{Catalog, CatalogError, ImageFilter};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::recipe::ApprovalSpec;
use goldsmith_plan::approval::{self, Findings, Outcome, Statement, Subject, Verdict, Voice};
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

/// How an image stands.
pub fn standing(
    cx: &Cx,
    catalog: &dyn Catalog,
    spec: &ApprovalSpec,
    keys: Keys<'_>,
    image: &ImageId,
    disk: Sha256,
) -> Result<Standing, CatalogError> {
    let checked = kept(catalog, image, disk, keys.trusted)?;
    let mut people: BTreeMap<Sha256, String> = BTreeMap::new();
    let mut spoken = Vec::new();
    for it in &checked {
        if let Some(statement) = spoken_by(it, keys, disk) {
            people.insert(statement.id, statement.by.clone());
            spoken.push(statement);
        }
    }
    let predecessor = match spec.auto {
        None => None,
        Some(_) => predecessor(catalog, keys, image)?,
    };
    let known = Findings {
        found: findings(&checked),
        predecessor,
    };
    let now = Timestamp::from_second(cx.clock().unix_seconds()).unwrap_or_default();
    let outcome = approval::decide(spec, &subject(&checked, disk), &spoken, &known, now);
    Ok(told(&outcome, &people))
}

/// The outcome in words.
fn told(outcome: &Outcome, people: &BTreeMap<Sha256, String>) -> Standing {
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
        Verdict::Approved => Standing::Approved {
            why: rule("quorum"),
        },
        Verdict::Rejected => Standing::Rejected {
            why: rule("objection"),
        },
        Verdict::Waiting { .. } => {
            let mut why = rule("quorum");
            let refused = outcome.refused.iter().map(|(id, refusal)| {
                let person = people.get(id).map_or("somebody", String::as_str);
                format!("{person}: {refusal}")
            });
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

/// What a person said.
fn spoken_by(checked: &Checked, keys: Keys<'_>, disk: Sha256) -> Option<Statement> {
    let statement = checked.statement.as_ref()?;
    let verify::Verdict::Good { by: key } = &checked.verdict else {
        return None;
    };
    if statement.predicate_type != predicate::APPROVAL {
        return None;
    }
    let said: Decision = serde_json::from_value(statement.predicate.clone()).ok()?;
    let own = keys.owners.get(&said.by.to_lowercase());
    let text = statement.predicate.to_string();
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
        is_signed: own.is_none_or(|own| own == key),
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
