//! A policy of IAM: whoever it is attached to can start these images and no others. It allows
//! nothing by itself.

use std::collections::BTreeSet;

use serde_json::json;

use super::terraform::{Block, encoded, value};
use super::{Approved, Form, GenerateError, Kind};

/// Longest managed policy, in characters without spaces.
const CHARS_MAX: usize = 6144;

pub(super) fn write(form: Form, approved: &Approved) -> Result<String, GenerateError> {
    let ids: BTreeSet<&str> = approved.images.iter().map(|it| it.id.as_str()).collect();
    let condition = json!({ "StringNotEquals": { "ec2:ImageID": ids } });
    let policy = super::refusing(Kind::Iam, approved, &condition, CHARS_MAX)?;
    Ok(match form {
        Form::Json => super::json(&policy),
        Form::Terraform => {
            let mut resource = Block::new("resource", &["aws_iam_policy", "golden_images"]);
            resource.set("name", value(&json!("golden-images")));
            resource.set("policy", encoded(&policy));
            resource.to_string()
        }
    })
}
