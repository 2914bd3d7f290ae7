//! `distribution` blocks: where images go, and what they are called there.

mod aws;

use std::collections::BTreeMap;

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{
    Distribution, KNOWN_TAGS, LocalTarget, NamePattern, Placeholder, REQUIRED_TAGS, S3Target,
    Target, TargetKind,
};

use super::source::check_url;
use super::{blocks, check_distinct, check_words};
use crate::decode::Reader;
use crate::syntax::ast::Block;

/// Longest value of a tag: what AWS takes.
const TAG_MAX: usize = 256;

pub(super) fn distribution(reader: &Reader<'_>) -> Option<Distribution> {
    let naming = reader
        .parsed::<NamePattern>("name", "a pattern of names")
        .or(NamePattern::default());
    let tags = tags(reader, naming.as_ref());
    let named = blocks(reader, "target").filter_map(|block| {
        let [kind, name] = &block.labels[..] else {
            return None;
        };
        Some((format!("{}.{}", kind.text, name.text), block))
    });
    check_distinct(reader, "target", named);
    let targets: Vec<Option<Target>> = blocks(reader, "target")
        .map(|block| target(reader, block))
        .collect();
    if targets.is_empty() {
        let problem = Diagnostic::error("L0103", "a `distribution` has at least one `target`");
        let label = "write `target \"local\" \"lab\" { directory = \"images\" }`";
        reader
            .evaluator
            .report(problem.label(reader.definition.span(), label));
        return None;
    }
    Some(Distribution {
        name: reader.name?.labels[0].clone(),
        span: reader.definition.span(),
        naming: naming?,
        tags: tags?,
        targets: targets.into_iter().collect::<Option<_>>()?,
    })
}

/// Whether a text may stand in the name of a copy.
pub(super) fn is_in_names(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn tags(reader: &Reader<'_>, naming: Option<&NamePattern>) -> Option<BTreeMap<String, String>> {
    let given = reader.parameters("tags").required()?;
    let attribute = reader.body.attribute("tags")?;
    let missing: Vec<String> = REQUIRED_TAGS
        .iter()
        .filter(|name| !KNOWN_TAGS.contains(name) && !given.contains_key(**name))
        .map(|name| format!("`{name}`"))
        .collect();
    let is_right = missing.is_empty();
    if !is_right {
        let message = format!("`tags` lacks {}", missing.join(", "));
        let label = "every copy says who it belongs to and what it is good for";
        let place = reader.span(&attribute.value.at);
        reader
            .evaluator
            .report(Diagnostic::error("L0103", message).label(place, label));
    }
    let in_names = |key: &str| {
        let asked = Placeholder::ALL.into_iter().find(|one| one.word() == key);
        asked.is_some_and(|asked| naming.is_some_and(|naming| naming.asks(asked)))
    };
    let tags = super::tags(reader, given, |key, value| {
        if KNOWN_TAGS.contains(&key) {
            Some("this one is filled in")
        } else if value.trim().is_empty() {
            Some("it is empty")
        } else if value.chars().count() > TAG_MAX || key.chars().count() > TAG_MAX / 2 {
            Some("a key has 128 characters at most, a value 256")
        } else if in_names(key) && !is_in_names(value) {
            Some("it becomes part of names: letters, digits, `-`, `_` and `.`")
        } else {
            None
        }
    });
    tags.filter(|_| is_right)
}

fn target(distribution: &Reader<'_>, block: &Block) -> Option<Target> {
    let reader = distribution.inner(block);
    let kind = match reader.spec.name {
        "local" => local(&reader).map(TargetKind::Local),
        "s3" => s3(&reader).map(TargetKind::S3),
        "aws" => aws::aws(&reader).map(TargetKind::Aws),
        // There is no such kind, which was said.
        _ => return None,
    };
    Some(Target {
        name: block.labels.get(1)?.text.clone(),
        span: reader.span(&block.head),
        kind: kind?,
    })
}

/// What files the disk becomes.
fn formats(reader: &Reader<'_>) -> Option<Vec<String>> {
    let formats = reader.choices("formats").or(vec!["qcow2"])?;
    Some(formats.into_iter().map(str::to_owned).collect())
}

fn local(reader: &Reader<'_>) -> Option<LocalTarget> {
    let directory = reader.text("directory").required();
    let formats = formats(reader);
    check_words(
        reader,
        "directory",
        directory.as_ref().map(std::slice::from_ref),
        |text| !text.trim().is_empty(),
        "is not the path of a folder",
    );
    Some(LocalTarget {
        directory: directory?,
        formats: formats?,
    })
}

fn s3(reader: &Reader<'_>) -> Option<S3Target> {
    let bucket = reader.text("bucket").required();
    let prefix = reader.text("prefix").or(String::new());
    let region = reader.text("region").or("us-east-1".to_owned());
    let endpoint = reader.text("endpoint").optional();
    let formats = formats(reader);
    let url = endpoint.as_ref().and_then(Option::as_deref);
    check_url(reader, "endpoint", url, &["http://", "https://"]);
    let check = |key, text: Option<&String>, is_right, message| {
        check_words(
            reader,
            key,
            text.map(std::slice::from_ref),
            is_right,
            message,
        );
    };
    check(
        "bucket",
        bucket.as_ref(),
        is_bucket,
        "is not the name of a bucket",
    );
    let is_prefix: fn(&str) -> bool =
        |text| !text.split('/').any(|part| part == ".." || part == ".");
    check(
        "prefix",
        prefix.as_ref(),
        is_prefix,
        "has a `.` or `..` in it, which names of objects must not",
    );
    Some(S3Target {
        bucket: bucket?,
        prefix: prefix?.trim_matches('/').to_owned(),
        region: region?,
        endpoint: endpoint?,
        formats: formats?,
    })
}

/// S3's rules for new buckets.
fn is_bucket(text: &str) -> bool {
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (3..=63).contains(&text.len())
        && is_end(text.chars().next())
        && is_end(text.chars().last())
        && !text.contains("..")
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
}
