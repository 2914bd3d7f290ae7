//! Whether people have approved an image, read from what they signed.
//!
//! A decision counts when it is signed by a key that is trusted (by the person's own, where the
//! project has one of them), about this very disk, by one of the approvers, and not too old. Who
//! started the run, wrote the change or built the image may reject it, not approve it. Of
//! several decisions of one person the last one counts, so that an approval can be taken back.

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::catalog::{Catalog, CatalogError, ImageFilter};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::recipe::{ApprovalSpec, AutoApproval};

use crate::evidence::predicate::{self, Decision};
use crate::evidence::verify::{Checked, Verdict, verify};
use crate::evidence::{PublicKey, Statement};

/// How an image stands with those who have to approve it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Enough said yes.
    Approved {
        /// Who, and why.
        why: String,
    },
    /// Somebody said no.
    Rejected {
        /// Who, and why.
        why: String,
    },
    /// Not enough said anything.
    Open {
        /// What is missing, and which decisions do not count.
        why: String,
    },
}

/// Keys that count, and whose they are.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// Those that are trusted.
    pub trusted: &'a [PublicKey],
    /// Address of a person and identity of the key that is theirs alone.
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
    let checked = statements(catalog, keys, image, disk)?;
    let decisions: Vec<(Decision, String)> = checked.iter().filter_map(decision).collect();
    let standing = decide(
        spec,
        keys.owners,
        &decisions,
        &barred(&checked),
        cx.clock().unix_seconds(),
    );
    if matches!(standing, Standing::Open { .. })
        && spec.auto == Some(AutoApproval::NoNewFindings)
        && let Some(why) = nothing_new(catalog, keys, image, &checked)?
    {
        return Ok(Standing::Approved { why });
    }
    Ok(standing)
}

fn statements(
    catalog: &dyn Catalog,
    keys: Keys<'_>,
    image: &ImageId,
    disk: Sha256,
) -> Result<Vec<Checked>, CatalogError> {
    let rows = catalog.statements(image)?;
    let envelopes: Vec<&str> = rows.iter().map(|row| row.envelope.as_str()).collect();
    Ok(verify(disk, &envelopes, keys.trusted, &[]))
}

/// A decision, and the identity of the key that signed it.
fn decision(checked: &Checked) -> Option<(Decision, String)> {
    let statement = checked.statement.as_ref()?;
    let Verdict::Good { by } = &checked.verdict else {
        return None;
    };
    let is_one = statement.predicate_type == predicate::APPROVAL;
    let decision = is_one.then(|| serde_json::from_value(statement.predicate.clone()).ok())??;
    Some((decision, by.clone()))
}

/// Who may not approve: whoever started the run, wrote the change or built the image.
fn barred(checked: &[Checked]) -> BTreeMap<String, &'static str> {
    let mut barred = BTreeMap::new();
    for statement in of_kind(checked, predicate::PROVENANCE) {
        let people = &statement.predicate["buildDefinition"]["internalParameters"];
        if let Some(starter) = people["startedBy"].as_str() {
            barred.insert(starter.to_lowercase(), "started the run that built it");
        }
        for author in people["authors"].as_array().into_iter().flatten() {
            if let Some(author) = author.as_str() {
                barred.insert(author.to_lowercase(), "wrote the change");
            }
        }
    }
    barred
}

fn of_kind<'c>(
    checked: &'c [Checked],
    kind: &'static str,
) -> impl DoubleEndedIterator<Item = &'c Statement> {
    let statements = checked.iter().filter_map(|it| it.statement.as_ref());
    statements.filter(move |statement| statement.predicate_type == kind)
}

/// The decision over decisions, oldest first.
pub fn decide(
    spec: &ApprovalSpec,
    owners: &BTreeMap<String, String>,
    decisions: &[(Decision, String)],
    barred: &BTreeMap<String, &'static str>,
    now: i64,
) -> Standing {
    let (mut counted, mut uncounted) = (BTreeMap::new(), Vec::new());
    for (decision, key) in decisions {
        let by = decision.by.to_lowercase();
        let expiry = spec.expires.map(|time| {
            decision
                .unix
                .saturating_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
        });
        let is_over = |end: Option<i64>| end.is_some_and(|end| now > end);
        let why = if !spec.approvers.contains(&by) {
            Some("is not one of the approvers")
        } else if owners.get(&by).is_some_and(|own| own != key) {
            Some("has a key, and this was signed with another")
        } else if decision.reason.trim().is_empty() {
            Some("gave no reason")
        } else if is_over(expiry) || is_over(decision.expires_unix) {
            Some("approved too long ago")
        } else if decision.approves {
            barred.get(&by).copied()
        } else {
            None
        };
        // Whatever it was, an earlier one of the same person does not count any more.
        counted.remove(&by);
        match why {
            None => drop(counted.insert(by, decision)),
            Some(why) => uncounted.push(format!("{by} {why}")),
        }
    }
    let named = |decision: &&Decision| format!("{}: {}", decision.by, decision.reason);
    let (yes, no): (Vec<&Decision>, Vec<&Decision>) = counted
        .into_values()
        .partition(|decision| decision.approves);
    if let Some(first) = no.first() {
        return Standing::Rejected {
            why: format!("rejected by {}", named(first)),
        };
    }
    let required = usize::try_from(spec.required).unwrap_or(usize::MAX);
    if yes.len() >= required {
        let list: Vec<String> = yes.iter().map(named).collect();
        return Standing::Approved {
            why: format!("approved by {}", list.join("; ")),
        };
    }
    let mut why = format!("{} of {} approvals", yes.len(), spec.required);
    if !uncounted.is_empty() {
        let list: BTreeSet<String> = uncounted.into_iter().collect();
        let list: Vec<String> = list.into_iter().collect();
        why.push_str(&format!("; not counted: {}", list.join(", ")));
    }
    Standing::Open { why }
}

/// Why nobody has to be asked: the scan found nothing that the newest approved image of the
/// family has not. `None`: it did, or there is nothing to compare with.
fn nothing_new(
    catalog: &dyn Catalog,
    keys: Keys<'_>,
    image: &ImageId,
    checked: &[Checked],
) -> Result<Option<String>, CatalogError> {
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
    let theirs = statements(catalog, keys, &before.made.id, before.made.digest)?;
    let (Some(own), Some(theirs)) = (findings(checked), findings(&theirs)) else {
        return Ok(None);
    };
    let is_new = own.iter().any(|finding| !theirs.contains(finding));
    Ok((!is_new).then(|| format!("no finding that {} has not", before.made.id)))
}

fn findings(checked: &[Checked]) -> Option<BTreeSet<String>> {
    let newest = of_kind(checked, predicate::VULNERABILITIES).next_back()?;
    let list = newest.predicate["scanner"]["result"].as_array()?;
    let names = list
        .iter()
        .map(|finding| finding["id"].as_str().map(str::to_owned));
    names.collect()
}

#[cfg(test)]
mod tests;
