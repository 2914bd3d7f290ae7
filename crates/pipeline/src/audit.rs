//! Tells of what an audit refuses, once. What was refused the last time is in the audit log of the
//! catalog, a line whenever that changes:
//!
//! ```text
//! action   audit.refused
//! subject  audit web aws/eu                the pipeline and the target
//! detail   {"refused":["asg/web in eu-north-1 (111122223333) ami-0abc: ..."]}     in order
//! ```

use std::collections::BTreeSet;

use goldsmith_core::catalog::{Batch, Catalog, CatalogError, Change};
use goldsmith_plan::audit::news::{Refusals, news};
use serde_json::{Value, json};

use crate::happening::{Happening, Herald, What};

const ACTION: &str = "audit.refused";
/// Lines that are read at a time.
const PAGE: usize = 1000;

/// Whose audit it is, and where.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Name of the pipeline.
    pub pipeline: &'a str,
    /// `aws/eu`.
    pub target: &'a str,
}

impl Place<'_> {
    fn subject(&self) -> String {
        format!("audit {} {}", self.pipeline, self.target)
    }
}

/// Keeps what is refused now, and in the same moment the messages about what was not refused before,
/// which it gives. `is_whole`: everything could be looked at.
pub fn tell(
    catalog: &dyn Catalog,
    herald: &dyn Herald,
    place: Place<'_>,
    (actor, unix): (&str, i64),
    (refusals, is_whole): (&Refusals, bool),
) -> Result<Vec<String>, CatalogError> {
    let before = known(catalog, &place.subject())?;
    let news = news(&before, refusals, is_whole);
    if news.known == before {
        return Ok(Vec::new());
    }
    let messages = if news.new.is_empty() {
        Vec::new()
    } else {
        let what = What::AuditRefused {
            target: place.target.to_owned(),
            refused: news.new.clone(),
        };
        herald.messages(&Happening::of_pipeline(place.pipeline, unix, what))
    };
    let noted = Change::Noted {
        action: ACTION.to_owned(),
        subject: place.subject(),
        detail: json!({ "refused": news.known }).to_string(),
    };
    catalog.keep(&Batch {
        actor: actor.to_owned(),
        unix,
        run: None,
        changes: vec![noted],
        messages,
    })?;
    Ok(news.new)
}

/// What was refused the last time.
fn known(catalog: &dyn Catalog, subject: &str) -> Result<BTreeSet<String>, CatalogError> {
    let mut last = None;
    let mut after = 0;
    loop {
        let lines = catalog.audit(Some(subject), after, PAGE)?;
        let is_end = lines.len() < PAGE;
        if let Some(line) = lines.into_iter().rfind(|line| line.action == ACTION) {
            after = line.seq;
            last = Some(line.detail);
        }
        if is_end {
            break;
        }
    }
    let detail: Value = last
        .and_then(|detail| serde_json::from_str(&detail).ok())
        .unwrap_or_default();
    let refused = detail["refused"].as_array().into_iter().flatten();
    Ok(refused
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect())
}
