//! `target "aws"`. What AWS would only refuse when an image is on its way is said here.

mod encryption;

use std::slice::from_ref;

use goldsmith_core::recipe::{AwsTarget, LaunchTemplate};

use crate::decode::Reader;
use crate::lower::arn::{NO_ROLE, is_account, is_arn, is_ec2_id, is_region, is_role};
use crate::lower::source::check_url;
use crate::lower::{blocks, check_words, list, refuse};

/// Most accounts that an image is shared with, and most organizations or units.
const ACCOUNTS_MAX: usize = 1536;
const ORGANIZATIONS_MAX: usize = 25;
/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;
/// Longest name of a parameter, with the family and the channel that follow.
const PARAMETERS_CHARS_MAX: usize = 512;

pub(super) fn aws(reader: &Reader<'_>) -> Option<AwsTarget> {
    let regions = list(
        reader,
        "regions",
        is_region,
        "is not a region such as `eu-north-1`",
        100,
    );
    let regions = if regions.as_ref().is_some_and(Vec::is_empty) {
        refuse(
            reader,
            "regions",
            "an image of AWS is in a region",
            "the list is empty",
        );
        None
    } else {
        regions
    };
    let accounts = list(
        reader,
        "accounts",
        is_account,
        "is not an account: it has 12 digits",
        ACCOUNTS_MAX,
    );
    let organizations = list(
        reader,
        "organizations",
        |text| is_arn(text, "organizations", false, is_organization),
        "is not an organization such as `arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5`",
        ORGANIZATIONS_MAX,
    );
    let organizational_units = list(
        reader,
        "organizational_units",
        |text| is_arn(text, "organizations", false, is_unit),
        "is not an organizational unit such as `arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-34cd56ef`",
        ORGANIZATIONS_MAX,
    );
    let role = reader.text("role").optional();
    let given = role.as_ref().and_then(Option::as_ref).map(from_ref);
    check_words(reader, "role", given, is_role, NO_ROLE);
    let deprecate_after = reader.time("deprecate_after").optional();
    if let (Some(Some(time)), Some(attribute)) =
        (&deprecate_after, reader.body.attribute("deprecate_after"))
        && time.as_secs() < DAY
    {
        let label = "it is counted in days".to_owned();
        reader.wrong(
            &attribute.value,
            "`deprecate_after` is shorter than a day".to_owned(),
            label,
        );
    }
    let parameters = reader.text("parameters").optional();
    let given = parameters.as_ref().and_then(Option::as_ref).map(from_ref);
    check_words(
        reader,
        "parameters",
        given,
        is_parameter_path,
        "is not a path of parameters such as `/golden`: letters, digits, `-`, `_`, `.` and `/`, and it does not begin with `/aws` or `/ssm`",
    );
    let endpoint = reader.text("endpoint").optional();
    let url = endpoint.as_ref().and_then(Option::as_deref);
    check_url(reader, "endpoint", url, &["http://", "https://"]);
    let known = regions.as_deref().unwrap_or_default();
    let encrypt = blocks(reader, "encrypt")
        .next()
        .map(|block| encryption::encryption(&reader.inner(block), known));
    let templates: Vec<_> = blocks(reader, "launch_template")
        .map(|block| launch_template(&reader.inner(block), known))
        .collect();
    let zones = blocks(reader, "fast_restore")
        .next()
        .map_or(Some(Vec::new()), |block| zones(&reader.inner(block), known));
    let is_public = reader.flag("public").or(false);
    let watermark = reader.text("watermark").optional();
    let given = watermark.as_ref().and_then(Option::as_ref).map(from_ref);
    check_words(
        reader,
        "watermark",
        given,
        is_watermark,
        "is no name of a watermark: 3 to 128 letters, digits and ()[] ./-'@_",
    );
    if is_public == Some(true) {
        check_public(reader);
    }
    let target = AwsTarget {
        regions: regions?,
        accounts: accounts?,
        organizations: organizations?,
        organizational_units: organizational_units?,
        is_public: is_public?,
        fast_restore_zones: zones?,
        watermark: watermark?,
        encrypt: match encrypt {
            None => None,
            Some(encrypt) => Some(encrypt?),
        },
        role: role?,
        deprecate_after: deprecate_after?,
        launch_templates: templates.into_iter().collect::<Option<_>>()?,
        parameters: parameters?.map(|path| path.trim_end_matches('/').to_owned()),
        endpoint: endpoint?,
    };
    encryption::check_shared(reader, &target);
    Some(target)
}

/// What AWS does not do for images that everybody may start.
fn check_public(reader: &Reader<'_>) {
    let message = if blocks(reader, "encrypt").next().is_some() {
        "an image for everybody cannot be encrypted"
    } else if reader.body.attribute("watermark").is_some() {
        "an image for everybody cannot have a watermark"
    } else {
        return;
    };
    refuse(reader, "public", message, "leave out one of them");
}

/// The zones of a `fast_restore` block of a target with these regions; none: they are not known.
fn zones(reader: &Reader<'_>, regions: &[String]) -> Option<Vec<String>> {
    let zones = list(
        reader,
        "zones",
        |zone| zone_region(zone).is_some(),
        "is not a zone such as `eu-north-1a`",
        100,
    )?;
    if zones.is_empty() {
        refuse(
            reader,
            "zones",
            "`fast_restore` has no zone",
            "the list is empty",
        );
        return None;
    }
    let is_elsewhere = |zone: &&String| {
        let region = zone_region(zone).unwrap_or_default();
        !regions.is_empty() && !regions.iter().any(|known| known == region)
    };
    if let Some(zone) = zones.iter().find(is_elsewhere) {
        let message = format!("`{zone}` is in none of the target's regions");
        let label = format!("there is {}", regions.join(", "));
        refuse(reader, "zones", &message, &label);
        return None;
    }
    Some(zones)
}

/// The region of a zone: `eu-north-1` of `eu-north-1a`.
fn zone_region(zone: &str) -> Option<&str> {
    let region = zone.strip_suffix(|letter: char| letter.is_ascii_lowercase())?;
    is_region(region).then_some(region)
}

fn is_watermark(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    (3..=128).contains(&text.len()) && text.chars().all(is_plain)
}

fn launch_template(reader: &Reader<'_>, regions: &[String]) -> Option<LaunchTemplate> {
    let id = reader.text("id").required();
    let first = regions.first().cloned();
    let region = match reader.text("region").optional() {
        Some(None) => first,
        Some(given) => given,
        None => None,
    };
    let is_default = reader.flag("default").or(true);
    let is_id: fn(&str) -> bool = |text| is_ec2_id(text, "lt");
    check_words(
        reader,
        "id",
        id.as_ref().map(from_ref),
        is_id,
        "is not a launch template such as `lt-0123456789abcdef0`",
    );
    let (id, region) = (id?, region?);
    if !regions.is_empty() && !regions.contains(&region) {
        let label = format!("there is {}", regions.join(", "));
        refuse(
            reader,
            "region",
            &format!("`{region}` is none of the target's regions"),
            &label,
        );
        return None;
    }
    is_id(&id).then_some(LaunchTemplate {
        id,
        region,
        is_default: is_default?,
    })
}

fn is_organization(resource: &str) -> bool {
    resource
        .strip_prefix("organization/")
        .is_some_and(is_organization_id)
}

fn is_unit(resource: &str) -> bool {
    let Some((organization, unit)) = resource
        .strip_prefix("ou/")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let parts: Vec<&str> = unit.split('-').collect();
    let is_part = |part: &&str| !part.is_empty() && is_lower(part);
    is_organization_id(organization)
        && parts.len() == 3
        && parts[0] == "ou"
        && parts[1..].iter().all(is_part)
}

fn is_organization_id(text: &str) -> bool {
    text.strip_prefix("o-")
        .is_some_and(|id| (10..=32).contains(&id.len()) && is_lower(id))
}

fn is_lower(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn is_parameter_path(text: &str) -> bool {
    let parts = text
        .strip_prefix('/')
        .map(|rest| rest.trim_end_matches('/').split('/'));
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    let lower = text.to_ascii_lowercase();
    let is_reserved = lower.starts_with("/aws") || lower.starts_with("/ssm");
    text.len() <= PARAMETERS_CHARS_MAX
        && !is_reserved
        && parts.is_some_and(|mut parts| parts.all(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_parameters() {
        for right in ["/golden", "/a/b.c/d_e", "/golden/"] {
            assert!(is_parameter_path(right), "{right}");
        }
        for wrong in ["", "/", "golden", "//a", "/a b", "/aws/x", "/SSM"] {
            assert!(!is_parameter_path(wrong), "{wrong}");
        }
    }
}
