//! `source "aws-ami"`. What AWS would refuse only when it is asked is said here.

use std::collections::BTreeMap;
use std::slice::from_ref;

use goldsmith_core::diagnostic::{Diagnostic, nearest};
use goldsmith_core::recipe::{AmiSource, WhichAmi};

use crate::decode::{Found, Reader, member_place};
use crate::lower::arn::{is_account, is_ec2_id};
use crate::lower::{check_words, list, refuse};

/// Most owners, and most values of a filter, that EC2 takes.
const VALUES_MAX: usize = 200;
/// Longest value of a filter.
const VALUE_CHARS_MAX: usize = 255;
/// Longest name of a parameter.
const PARAMETER_CHARS_MAX: usize = 1011;
/// Filters of EC2's `DescribeImages`, less those of tags.
const FILTERS: [&str; 32] = [
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.encrypted",
    "block-device-mapping.snapshot-id",
    "block-device-mapping.volume-size",
    "block-device-mapping.volume-type",
    "creation-date",
    "description",
    "ena-support",
    "free-tier-eligible",
    "hypervisor",
    "image-allowed",
    "image-id",
    "image-type",
    "is-public",
    "kernel-id",
    "manifest-location",
    "name",
    "owner-alias",
    "owner-id",
    "platform",
    "platform-details",
    "product-code",
    "product-code.type",
    "ramdisk-id",
    "root-device-name",
    "root-device-type",
    "source-image-id",
    "source-image-region",
    "source-instance-id",
    "tag-key",
    "virtualization-type",
];

pub(super) fn ami(reader: &Reader<'_>, name: String) -> Option<AmiSource> {
    // Each is read before any is missed, so that all problems are seen.
    let arch = reader.choice("arch").or("amd64".to_owned());
    let which = which(reader);
    Some(AmiSource {
        name,
        span: reader.definition.span(),
        which: which?,
        arch: arch?,
    })
}

fn which(reader: &Reader<'_>) -> Option<WhichAmi> {
    let id = reader.text("id").optional();
    let parameter = reader.text("parameter").optional();
    let owners = reader.texts("owners");
    let written: Vec<&str> = [
        ("id", !matches!(id, Some(None))),
        ("owners", !matches!(owners, Found::Absent)),
        ("parameter", !matches!(parameter, Some(None))),
    ]
    .into_iter()
    .filter_map(|(name, is_written)| is_written.then_some(name))
    .collect();
    let given = id.as_ref().and_then(Option::as_ref).map(from_ref);
    let is_id: fn(&str) -> bool = |text| is_ec2_id(text, "ami");
    let message = "is not an image such as `ami-0123456789abcdef0`";
    check_words(reader, "id", given, is_id, message);
    let given = parameter.as_ref().and_then(Option::as_ref).map(from_ref);
    let message =
        "is not the name of a parameter such as `/aws/service/debian/release/12/latest/amd64`";
    check_words(reader, "parameter", given, is_parameter, message);
    let filters = filters(reader);
    let owners = list(
        reader,
        "owners",
        is_owner,
        "is no owner: an account has 12 digits, else `amazon`, `aws-marketplace` or `self`",
        VALUES_MAX,
    );
    match written[..] {
        ["id"] => {
            check_no_filters(reader, "an id is of one image");
            id?.map(WhichAmi::Id)
        }
        ["parameter"] => {
            check_no_filters(reader, "a parameter names one image");
            parameter?.map(WhichAmi::Parameter)
        }
        ["owners"] => newest(reader, owners?, filters?),
        [] if filters.as_ref().is_some_and(BTreeMap::is_empty) => {
            let problem = Diagnostic::error("L0113", one_of(reader));
            let problem = problem.label(reader.span(&reader.block.head), "none is written");
            reader.evaluator.report(problem);
            None
        }
        [] => {
            no_owner(reader, ["name", "filters"]);
            None
        }
        _ => {
            let places = written
                .iter()
                .filter_map(|name| reader.body.attribute(name));
            let problem = places.fold(
                Diagnostic::error("L0113", one_of(reader)),
                |problem, attribute| problem.label(reader.span(&attribute.name.at), "one of them"),
            );
            reader.evaluator.report(problem);
            None
        }
    }
}

fn one_of(reader: &Reader<'_>) -> String {
    format!(
        "`{}` has one of `id`, `owners` and `parameter`",
        reader.title()
    )
}

/// Says that nobody is named whose the images are, where the first of `keys` stands.
fn no_owner(reader: &Reader<'_>, keys: [&str; 2]) {
    let place = keys.into_iter().find_map(|key| reader.body.attribute(key));
    let Some(attribute) = place else { return };
    let problem = Diagnostic::error("L0113", "no owner is named of the images to choose from")
        .label(
            reader.span(&attribute.name.at),
            "anybody may give an image the name of another",
        )
        .note("say whose it is: `owners = [\"136693071363\"]` is Debian");
    reader.evaluator.report(problem);
}

fn newest(
    reader: &Reader<'_>,
    owners: Vec<String>,
    filters: BTreeMap<String, Vec<String>>,
) -> Option<WhichAmi> {
    if owners.is_empty() {
        no_owner(reader, ["owners", "name"]);
        return None;
    }
    if filters.is_empty() {
        let label = "the newest of all that they have could be anything: add `name` or `filters`";
        refuse(reader, "owners", "nothing says which image it is", label);
        return None;
    }
    Some(WhichAmi::Newest { owners, filters })
}

/// `name` and `filters` choose among the images of owners.
fn check_no_filters(reader: &Reader<'_>, why: &str) {
    for key in ["name", "filters"] {
        if let Some(attribute) = reader.body.attribute(key) {
            let problem = Diagnostic::error("L0112", format!("`{key}` is for `owners`"));
            let problem = problem.label(reader.span(&attribute.name.at), why);
            reader.evaluator.report(problem);
        }
    }
}

/// `filters`, and `name` as one of them.
fn filters(reader: &Reader<'_>) -> Option<BTreeMap<String, Vec<String>>> {
    let name = reader.text("name").optional();
    let filters = reader.lists("filters").or(BTreeMap::new());
    let given = name.as_ref().and_then(Option::as_ref).map(from_ref);
    let message = "is not the name of an image: it has 1 to 255 characters";
    check_words(reader, "name", given, is_value, message);
    let mut filters = filters?;
    let mut is_right = true;
    for (key, values) in &filters {
        let wrong = if key == "architecture" {
            Some("`arch` says it".to_owned())
        } else if key == "state" {
            Some("one that is not available is never taken".to_owned())
        } else if !FILTERS.contains(&key.as_str()) && !key.starts_with("tag:") {
            Some(nearest(key, FILTERS).map_or_else(
                || "EC2 has no such filter; those of tags are `tag:<key>`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            ))
        } else if values.is_empty() || values.len() > VALUES_MAX {
            Some(format!("it has 1 to {VALUES_MAX} values"))
        } else if !values.iter().all(|value| is_value(value)) {
            Some(format!("a value has 1 to {VALUE_CHARS_MAX} characters"))
        } else {
            None
        };
        if let (Some(label), Some(attribute)) = (wrong, reader.body.attribute("filters")) {
            let place = member_place(&attribute.value, key);
            reader.wrong(place, format!("the filter `{key}` cannot be used"), label);
            is_right = false;
        }
    }
    if let Some(name) = name? {
        if filters.contains_key("name") {
            let label = "`filters` says it as well";
            refuse(reader, "name", "the name is said twice", label);
            is_right = false;
        }
        filters.insert("name".to_owned(), vec![name]);
    }
    is_right.then_some(filters)
}

fn is_value(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= VALUE_CHARS_MAX
}

fn is_owner(text: &str) -> bool {
    is_account(text) || ["amazon", "aws-marketplace", "self"].contains(&text)
}

/// `/aws/service/debian/release/12/latest/amd64`, `golden`, `golden:3`.
fn is_parameter(text: &str) -> bool {
    let (name, version) = match text.split_once(':') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    let path = name.strip_prefix('/');
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    let is_name = match path {
        Some(path) => path.split('/').all(is_part),
        None => is_part(name),
    };
    is_name && text.len() <= PARAMETER_CHARS_MAX && version.is_none_or(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parameters() {
        for right in [
            "/aws/service/debian/release/12/latest/amd64",
            "/golden/base",
            "golden",
            "/golden/base:3",
            "golden:production",
        ] {
            assert!(is_parameter(right), "{right}");
        }
        for wrong in [
            "",
            "/",
            "golden/base",
            "/golden/",
            "//a",
            "/a b",
            "/a:",
            "/a:1:2",
            "/a:b/c",
        ] {
            assert!(!is_parameter(wrong), "{wrong}");
        }
    }
}
