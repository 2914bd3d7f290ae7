//! Keys of KMS: those that the test has made, and the one that each account has for EBS.

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::refusal::Refusal;
use super::world::Caller;

pub(super) const ACTIONS: Actions = &[("DescribeKey", describe)];

/// The end of the ARN of a key that an account has for EBS without having asked for one.
const DEFAULT: &str = ":key/00000000-0000-0000-0000-000000000000";

/// Whether a key is such a one: what it encrypts cannot be shared.
pub(super) fn is_default(arn: &str) -> bool {
    arn.ends_with(DEFAULT)
}

impl Caller<'_> {
    /// The ARN of a key: by ARN, identifier or alias, or the account's own for EBS.
    pub(super) fn key(&self, name: Option<&str>) -> Option<String> {
        let default = format!("arn:aws:kms:{}:{}{DEFAULT}", self.region, self.account);
        let Some(name) = name.filter(|name| *name != "alias/aws/ebs" && *name != default) else {
            return Some(default);
        };
        let places = self.world.places(&self.region);
        let mut keys = places.flat_map(|place| &place.keys);
        let found = keys.find(|(alias, arn)| {
            *arn == name || arn.ends_with(&format!("/{name}")) || *alias == name
        });
        found.map(|(_, arn)| arn.clone())
    }
}

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("KeyId");
    let arn = caller.key(Some(name)).ok_or_else(|| {
        let message = format!("{name} is not found.");
        Refusal::new("NotFoundException", message)
    })?;
    let id = arn.rsplit('/').next().unwrap_or_default();
    Ok(json!({ "KeyMetadata": {
        "KeyId": id,
        "Arn": arn,
        "Enabled": true,
        "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyManager": if is_default(&arn) { "AWS" } else { "CUSTOMER" },
    } }))
}
