//! Keys that AWS keeps (KMS).

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;
use serde_json::json;

use super::Aws;
use super::api::kms as api;
use super::call::{Request, Trouble};

impl Aws {
    /// The ARN of a key that may be given by its id or by another name: `alias/golden`. Of one
    /// that is an ARN of a key nobody is asked.
    pub(crate) fn key_arn(&self, cx: &Cx, key: &str) -> Result<String, RemoteError> {
        if key.starts_with("arn:") && key.contains(":key/") {
            return Ok(key.to_owned());
        }
        let subject = format!("the key `{key}`");
        let request = Request::json(&api::DESCRIBE_KEY, subject, &[("KeyId", json!(key))]);
        self.call(cx, &request, |answer| {
            let value = answer.json(cx)?;
            let arn = value["KeyMetadata"]["Arn"].as_str().map(str::to_owned);
            arn.ok_or_else(|| Trouble::Broken("the answer names no key".to_owned()))
        })
    }
}
