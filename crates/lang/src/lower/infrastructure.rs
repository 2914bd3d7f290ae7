//! `infrastructure` blocks. What AWS would refuse only when a machine is wanted is said here.

pub(super) mod instance_type;
mod tags;
mod volume;

use std::net::Ipv4Addr;
use std::slice::from_ref;

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{AwsInfrastructure, Infrastructure, MachineReach};

use super::arn::{NO_ROLE, is_ec2_id, is_region, is_role};
use super::source::check_url;
use super::{check_words, list, refuse};
use crate::decode::Reader;
use crate::eval::Evaluator;
use crate::value::BlockName;
use crate::world::World;

/// Most types of machines that are tried one after the other.
const TYPES_MAX: usize = 20;
/// Longest text for cloud-init that EC2 takes, in bytes.
const USER_DATA_MAX: usize = 16 << 10;

pub(super) fn infrastructure(
    world: &World,
    evaluator: &Evaluator<'_>,
    block: &BlockName,
) -> Option<Infrastructure> {
    let reader = Reader::of(world, evaluator, block);
    aws(&reader, block.labels[1].clone()).map(Infrastructure::Aws)
}

fn aws(reader: &Reader<'_>, name: String) -> Option<AwsInfrastructure> {
    // Each is read before any is missed, so that all problems are seen.
    let message = "is not a region such as `eu-north-1`";
    let region = checked(reader, "region", is_region, message);
    let role = checked(reader, "role", is_role, NO_ROLE);
    let endpoint = reader.text("endpoint").optional();
    let url = endpoint.as_ref().and_then(Option::as_deref);
    check_url(reader, "endpoint", url, &["http://", "https://"]);
    let types = types(reader);
    let is_subnet: fn(&str) -> bool = |text| is_ec2_id(text, "subnet");
    let message = "is not a subnet such as `subnet-0123456789abcdef0`";
    let subnet = checked(reader, "subnet", is_subnet, message);
    let has_public_address = reader.flag("public_address").optional();
    let message = "is not the name of an instance profile: letters, digits and `+=,.@_-`";
    let profile = checked(reader, "profile", is_profile, message);
    let reach = reach(reader, profile.as_ref(), has_public_address);
    let is_spot = reader.flag("spot").or(false);
    let user_data = user_data(reader);
    let message = "is not the name of a user such as `admin`";
    let user = checked(reader, "user", is_user, message);
    let tags = tags::tags(reader);
    let of_region = region.as_ref().and_then(Option::as_deref);
    let volumes = volume::volumes(reader, of_region);
    Some(AwsInfrastructure {
        name,
        span: reader.definition.span(),
        region: region??,
        role: role?,
        endpoint: endpoint?,
        types: types?,
        subnet: subnet?,
        has_public_address: has_public_address?,
        reach: reach?,
        profile: profile?,
        is_spot: is_spot?,
        user_data: user_data?,
        user: user??,
        volumes: volumes?,
        tags: tags?,
    })
}

/// A text that is right, if one is written; what `message` says of a wrong one follows it.
fn checked(
    reader: &Reader<'_>,
    key: &'static str,
    is_right: fn(&str) -> bool,
    message: &str,
) -> Option<Option<String>> {
    let text = reader.text(key).optional()?;
    check_words(reader, key, text.as_ref().map(from_ref), is_right, message);
    let is_wrong = text.as_deref().is_some_and(|text| !is_right(text));
    (!is_wrong).then_some(text)
}

fn types(reader: &Reader<'_>) -> Option<Vec<String>> {
    let message = "is not a type of instances such as `m7i.large`";
    let types = list(reader, "types", instance_type::is_type, message, TYPES_MAX)?;
    if types.is_empty() {
        refuse(
            reader,
            "types",
            "an instance has a type",
            "the list is empty",
        );
        return None;
    }
    Some(types)
}

/// `profile` and `is_public` as they are written, when that is known.
fn reach(
    reader: &Reader<'_>,
    profile: Option<&Option<String>>,
    is_public: Option<Option<bool>>,
) -> Option<MachineReach> {
    let word = reader.choice("reach").or("ssh".to_owned());
    let private = reader.flag("private").optional();
    let from = reader
        .parsed::<Ipv4Addr>("allow_from", "an IPv4 address")
        .optional();
    let written = [
        ("private", !matches!(private, Some(None))),
        ("allow_from", !matches!(from, Some(None))),
    ];
    let word = word?;
    let mut is_right = true;
    let mut wrong = |key: &str, message: &str, label: &str, note: &str| {
        if let Some(attribute) = reader.body.attribute(key) {
            let problem = Diagnostic::error("L0112", message)
                .label(reader.span(&attribute.name.at), label)
                .note(note);
            reader.evaluator.report(problem);
            is_right = false;
        }
    };
    if word == "ssm" {
        for (key, is_written) in written {
            if is_written {
                let message = format!("`{key}` is for `reach = \"ssh\"`");
                wrong(key, &message, "no port is open to anybody", "remove it");
            }
        }
        if profile == Some(&None) {
            wrong(
                "reach",
                "`reach = \"ssm\"` needs a `profile`",
                "the agent on the instance may speak to Systems Manager only by one",
                "its role has the policy `AmazonSSMManagedInstanceCore`",
            );
        }
        return is_right.then_some(MachineReach::Ssm);
    }
    let (is_private, from) = (private?.unwrap_or(false), from?);
    if is_public == Some(Some(false)) && !is_private {
        wrong(
            "public_address",
            "an instance without a public address is reached by no other",
            "so nobody could log in",
            "`private = true` if this computer is in its network, else `reach = \"ssm\"`",
        );
    }
    if from.is_some_and(|from| from.is_unspecified()) {
        let label = "name the one that this computer is seen by";
        refuse(reader, "allow_from", "`0.0.0.0` is nobody's address", label);
        return None;
    }
    is_right.then_some(MachineReach::Ssh { is_private, from })
}

fn user_data(reader: &Reader<'_>) -> Option<Option<String>> {
    let text = reader.text("user_data").optional()?;
    if reader.is_secret("user_data") {
        let label = "whoever may look at the instance can read it: fetch it in a component";
        refuse(reader, "user_data", "`user_data` is sensitive", label);
        return None;
    }
    let length = text.as_ref().map_or(0, String::len);
    if length > USER_DATA_MAX {
        let message = format!("`user_data` has {USER_DATA_MAX} bytes at most");
        refuse(reader, "user_data", &message, &format!("this has {length}"));
        return None;
    }
    Some(text)
}

/// What IAM lets the name of an instance profile be.
fn is_profile(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c))
}

/// What `useradd` takes.
fn is_user(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c))
}
