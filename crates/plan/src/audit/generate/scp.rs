//! A service control policy: whoever is in the organization starts images of the account that
//! owns ours only. It goes by the account and not by images, so that it need not change with them.

use serde_json::json;

use super::terraform::{Block, encoded, value};
use super::{Approved, Form, GenerateError, Kind};

/// Longest policy, in characters.
const CHARS_MAX: usize = 5120;

pub(super) fn write(form: Form, approved: &Approved) -> Result<String, GenerateError> {
    let condition = json!({ "StringNotEquals": { "ec2:Owner": [approved.owner] } });
    let policy = super::refusing(Kind::Scp, approved, &condition, CHARS_MAX)?;
    Ok(match form {
        Form::Json => super::json(&policy),
        Form::Terraform => {
            let mut resource =
                Block::new("resource", &["aws_organizations_policy", "golden_images"]);
            resource.set("name", value(&json!("golden-images")));
            resource.set("type", value(&json!("SERVICE_CONTROL_POLICY")));
            resource.set("content", encoded(&policy));
            resource.to_string()
        }
    })
}
