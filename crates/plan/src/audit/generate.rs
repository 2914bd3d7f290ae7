//! What has a cloud refuse images that are not approved, made from those that are: a file for each
//! control, as the request that sets it or as Terraform.
//!
//! | kind | what it does | bound |
//! |---|---|---|
//! | `allowed-amis` | EC2 hides and refuses other images, in an account and region; not those that the account owns | 500 names |
//! | `config-rule` | AWS Config reports machines on other images | 21 ids, else one tag |
//! | `scp` | an organization refuses to start images of other accounts | 5,120 characters |
//! | `iam` | whoever it is attached to can start these images only | 6,144 characters |

pub(super) mod allowed_amis;
pub(super) mod config_rule;
mod iam;
mod scp;
mod terraform;

use goldsmith_core::failure::{Class, Failure};
use serde_json::Value;

/// A control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The Allowed AMIs settings of EC2.
    AllowedAmis,
    /// A rule of AWS Config.
    ConfigRule,
    /// A service control policy of an organization.
    Scp,
    /// A policy of IAM.
    Iam,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::AllowedAmis, Self::ConfigRule, Self::Scp, Self::Iam];

    /// As it is asked for.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AllowedAmis => "allowed-amis",
            Self::ConfigRule => "config-rule",
            Self::Scp => "scp",
            Self::Iam => "iam",
        }
    }
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The request that sets it, or the policy: what `aws ... --cli-input-json` takes.
    Json,
    /// Resources of Terraform.
    Terraform,
}

/// What may run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Approved {
    /// The account that owns the images.
    pub owner: String,
    /// The images.
    pub images: Vec<ApprovedImage>,
    /// The most days that an image may have been made ago.
    pub max_age_days: Option<u64>,
    /// A tag that all of them have, and none of others.
    pub tag: Option<(String, String)>,
}

/// An image in a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApprovedImage {
    /// `eu-north-1`.
    pub region: String,
    /// `ami-0abc`.
    pub id: String,
    /// Its name there.
    pub name: String,
}

/// Why a control cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// Then nothing could be started any more.
    #[error("no image is approved, so that nothing could be started any more")]
    Nothing,
    /// The control has a bound.
    #[error("`{}` takes {most} {what}, and there are {count}", kind.word())]
    TooMany {
        /// Which.
        kind: Kind,
        /// `names`, `ids`, `characters`.
        what: &'static str,
        /// So many it takes.
        most: usize,
        /// So many there are.
        count: usize,
    },
    /// The control is of one region.
    #[error("`{}` is set in one region, and the images are in {}", kind.word(), regions.join(", "))]
    Regions {
        /// Which.
        kind: Kind,
        /// Where there are images.
        regions: Vec<String>,
    },
}

impl Failure for GenerateError {
    fn class(&self) -> Class {
        match self {
            Self::Nothing | Self::TooMany { .. } => Class::Policy,
            Self::Regions { .. } => Class::Usage,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Nothing => {
                vec!["`goldsmith images` shows how each image stands".to_owned()]
            }
            Self::TooMany {
                kind: Kind::ConfigRule,
                ..
            } => vec!["`--tag KEY=VALUE` has it look at a tag instead".to_owned()],
            Self::TooMany { .. } => vec![
                "`--channel` takes the image of a channel only; `scp` goes by the account"
                    .to_owned(),
            ],
            Self::Regions { .. } => vec!["`--region` says which".to_owned()],
        }
    }
}

/// Writes a control; the text ends with a line break. `region`: only what is there.
pub fn generate(
    kind: Kind,
    form: Form,
    approved: &Approved,
    region: Option<&str>,
) -> Result<String, GenerateError> {
    let approved = within(approved, region)?;
    match kind {
        Kind::AllowedAmis => allowed_amis::write(form, &approved),
        Kind::ConfigRule => config_rule::write(form, &approved),
        Kind::Scp => scp::write(form, &approved),
        Kind::Iam => iam::write(form, &approved),
    }
}

/// What may run in a region, or in all; in order, and not nothing.
pub(super) fn within(approved: &Approved, region: Option<&str>) -> Result<Approved, GenerateError> {
    let mut approved = approved.clone();
    approved
        .images
        .retain(|image| region.is_none_or(|region| image.region == region));
    approved.images.sort();
    approved.images.dedup();
    if approved.images.is_empty() {
        return Err(GenerateError::Nothing);
    }
    Ok(approved)
}

fn json(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("texts and numbers have a JSON form");
    format!("{text}\n")
}

/// A policy that refuses to start images under a condition; `Err` when it is too long.
fn refusing(
    kind: Kind,
    approved: &Approved,
    condition: &Value,
    most: usize,
) -> Result<Value, GenerateError> {
    let first = approved.images.first().map_or("", |image| &image.region);
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "OnlyGoldenImages",
            "Effect": "Deny",
            "Action": "ec2:RunInstances",
            "Resource": format!("arn:{}:ec2:*::image/*", partition(first)),
            "Condition": condition,
        }],
    });
    // Spaces between do not count, as both services take policies without them.
    let count = policy.to_string().len();
    if count > most {
        return Err(GenerateError::TooMany {
            kind,
            what: "characters",
            most,
            count,
        });
    }
    Ok(policy)
}

/// The part of AWS that a region is in.
fn partition(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 4] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("", "aws"),
    ];
    let found = PARTITIONS
        .iter()
        .find(|(start, _)| region.starts_with(start));
    found.map_or("aws", |(_, partition)| partition)
}
