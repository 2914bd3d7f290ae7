//! The `scan` block of a pipeline.

use std::collections::BTreeMap;

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::finding::Severity;
use goldsmith_core::recipe::{Acceptance, RuleSeverity, ScanSpec};

use super::blocks;
use crate::decode::{Found, Reader};
use crate::syntax::ast::Block;

/// What the pipeline says of scanning; what it does not say is as by default.
pub(super) fn scan(pipeline: &Reader<'_>) -> Option<ScanSpec> {
    let default = ScanSpec::default();
    let Some(block) = blocks(pipeline, "scan").next() else {
        return Some(default);
    };
    let reader = pipeline.inner(block);
    let fail_on = severity(&reader, "fail_on", default.fail_on);
    let only_fixable = reader.flag("only_fixable").or(default.only_fixable);
    let unrated = severity(&reader, "unrated", default.unrated);
    let end_of_life = reader.choice("end_of_life").or("fail".to_owned());
    let max_feed_age = reader.time("max_feed_age").or(default.max_feed_age);
    let vex = reader.texts("vex").or(Vec::new());
    let profile = reader.choice("profile").optional();
    let accept = every(&reader, "accept", acceptance);
    let severity = every(&reader, "severity", rule);
    Some(ScanSpec {
        fail_on: fail_on?,
        only_fixable: only_fixable?,
        unrated: unrated?,
        end_of_life: end_of_life? == "fail",
        max_feed_age: max_feed_age?,
        accept: accept?,
        severity: severity?,
        vex: vex?,
        profile: profile?,
    })
}

fn severity(reader: &Reader<'_>, name: &str, default: Severity) -> Option<Severity> {
    let word = match reader.choice(name) {
        Found::Absent => return Some(default),
        found => found.required()?,
    };
    Severity::of_word(&word)
}

/// Every block of a kind; two that say something of the same are a problem.
fn every<T>(
    reader: &Reader<'_>,
    kind: &'static str,
    read: impl Fn(&Reader<'_>, &str) -> Option<(String, T)>,
) -> Option<Vec<T>> {
    let mut seen: BTreeMap<String, &Block> = BTreeMap::new();
    let mut all = Vec::new();
    for block in blocks(reader, kind) {
        let inner = reader.inner(block);
        let made = block
            .labels
            .first()
            .and_then(|label| read(&inner, &label.text));
        if let Some((key, _)) = &made
            && let Some(first) = seen.insert(key.clone(), block)
        {
            let problem = Diagnostic::error("L0113", format!("two `{kind}` blocks for the same"))
                .label(reader.span(&block.head), "this one")
                .label(reader.span(&first.head), "and this one");
            reader.evaluator.report(problem);
        }
        all.push(made.map(|(_, value)| value));
    }
    all.into_iter().collect()
}

fn acceptance(reader: &Reader<'_>, id: &str) -> Option<(String, Acceptance)> {
    let reason = reader.text("reason").required();
    let expires = reader.text("expires").optional();
    let package = reader.text("package").optional();
    let path = reader.text("path").optional();
    let mut is_right = true;
    let mut wrong = |name: &str, message: &str, label: &str| {
        if let Some(attribute) = reader.body.attribute(name) {
            reader.wrong(&attribute.value, message.to_owned(), label.to_owned());
        }
        is_right = false;
    };
    if reason.as_ref().is_some_and(|text| text.trim().is_empty()) {
        wrong("reason", "the reason is empty", "somebody will ask");
    }
    let date = expires.as_ref().and_then(Option::as_deref);
    if date.is_some_and(|date| date.parse::<jiff::civil::Date>().is_err()) {
        wrong(
            "expires",
            "`expires` must be a day",
            "write it as `2027-01-31`",
        );
    }
    if path
        .as_ref()
        .and_then(Option::as_deref)
        .is_some_and(|path| !path.starts_with('/'))
    {
        wrong("path", "`path` must be absolute", "write it as `/etc/motd`");
    }
    if !is_right {
        return None;
    }
    let (package, path) = (package?, path?);
    let place = [package.as_deref(), path.as_deref()].map(Option::unwrap_or_default);
    let key = format!("{id} {}", place.join(" "));
    let acceptance = Acceptance {
        id: id.to_owned(),
        package,
        path,
        reason: reason?,
        expires: expires?,
    };
    Some((key, acceptance))
}

fn rule(reader: &Reader<'_>, id: &str) -> Option<(String, RuleSeverity)> {
    let level = reader.choice("level").required()?;
    let level = Severity::of_word(&level)?;
    let id = id.to_owned();
    Some((id.clone(), RuleSeverity { id, level }))
}
