//! Key pairs: public keys that machines let in.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

use super::super::Aws;
use super::super::api::ec2::machine as api;
use super::super::call::{Answer, Request};
use super::super::form::Form;

/// The code of a name that a key has.
const TAKEN: &str = "InvalidKeyPair.Duplicate";

/// A key of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyPair {
    pub(crate) name: String,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Aws {
    /// Makes a public key known under a name that nobody else uses. May be repeated.
    pub(crate) fn import_key_pair(
        &self,
        cx: &Cx,
        name: &str,
        public_key: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), RemoteError> {
        let form = Form::default()
            .with("KeyName", name)
            .with("PublicKeyMaterial", STANDARD.encode(public_key.trim()))
            .tags("key-pair", tags);
        let request = Request::form(&api::IMPORT_KEY_PAIR, of_key(name), &form);
        // Taken by an earlier try whose answer was lost.
        let read = |answer: Answer| answer.text(cx).map(drop);
        self.call_or(cx, &request, &[TAKEN], read).map(drop)
    }

    /// Our keys that fit a filter.
    pub(crate) fn key_pairs(
        &self,
        cx: &Cx,
        filter: &str,
        value: &str,
    ) -> Result<Vec<KeyPair>, RemoteError> {
        let form = Form::default().filter(filter, &[value]);
        let subject = format!("the key pairs with `{filter}` `{value}`");
        let request = Request::form(&api::DESCRIBE_KEY_PAIRS, subject, &form);
        self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                let mut pairs = Vec::new();
                whole.each("keySet/item", |pair| {
                    pairs.extend(pair.text("keyName").map(|name| KeyPair {
                        name,
                        tags: pair.tags(),
                    }));
                });
                Some(pairs)
            })
        })
    }

    /// Forgets a key; one that is not there is forgotten.
    pub(crate) fn delete_key_pair(&self, cx: &Cx, name: &str) -> Result<(), RemoteError> {
        let form = Form::default().with("KeyName", name);
        let request = Request::form(&api::DELETE_KEY_PAIR, of_key(name), &form);
        match self.call(cx, &request, |answer| answer.text(cx).map(drop)) {
            Err(error) if request.is_missing(&error) => Ok(()),
            other => other,
        }
    }
}

fn of_key(name: &str) -> String {
    format!("the key pair `{name}`")
}
