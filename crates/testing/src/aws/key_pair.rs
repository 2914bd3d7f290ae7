//! Key pairs for SSH: of public keys that are brought, as ours are, and made here, as Packer wants.

use std::fs;

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::list::{self, Filter};
use super::refusal::Refusal;
use super::world::{Caller, Tags, tags_value};
use crate::remote::run;

pub(super) const ACTIONS: Actions = &[
    ("CreateKeyPair", create),
    ("DeleteKeyPair", delete),
    ("DescribeKeyPairs", describe),
    ("ImportKeyPair", import),
];

/// A key pair.
#[derive(Debug, Clone)]
pub(super) struct KeyPair {
    pub(super) id: String,
    pub(super) tags: Tags,
    kind: &'static str,
    /// As OpenSSH writes it.
    public: String,
    created: i64,
}

fn missing(name: &str) -> Refusal {
    Refusal::new(
        "InvalidKeyPair.NotFound",
        format!("The key pair '{name}' does not exist"),
    )
}

/// Makes a key of RSA, in the old form that SSH clients of all ages read.
fn create(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("KeyName");
    free(caller, name)?;
    let scratch = tempfile::tempdir().expect("a place for a key");
    let key = scratch.path().join("key");
    let path = key.to_string_lossy();
    let form = ["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""];
    run(
        "ssh-keygen",
        &[&form[..], &["-C", name, "-f", &path]].concat(),
    );
    let read = |path| fs::read_to_string(path).expect("ssh-keygen wrote it");
    let (secret, public) = (read(&key), read(&key.with_extension("pub")));
    let (id, tags) = put(caller, input, "rsa", public)?;
    Ok(json!({
        "KeyPairId": id,
        "KeyName": name,
        "KeyMaterial": secret,
        "Tags": tags_value(&tags),
    }))
}

fn import(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("KeyName");
    free(caller, name)?;
    let public = super::input::blob(input.required("PublicKeyMaterial"));
    let public = public
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    let kind = match public.split(' ').next() {
        Some("ssh-ed25519") => "ed25519",
        Some("ssh-rsa") => "rsa",
        _ => {
            return Err(Refusal::new(
                "InvalidKey.Format",
                "Key is not in valid OpenSSH public key format",
            ));
        }
    };
    let (id, tags) = put(caller, input, kind, public)?;
    Ok(json!({ "KeyPairId": id, "KeyName": name, "Tags": tags_value(&tags) }))
}

/// Refuses a name that is taken.
fn free(caller: &mut Caller<'_>, name: &str) -> Result<(), Refusal> {
    if !caller.place().key_pairs.contains_key(name) {
        return Ok(());
    }
    let message = format!("The keypair '{name}' already exists.");
    Err(Refusal::new("InvalidKeyPair.Duplicate", message))
}

/// Keeps a key pair; its id and tags.
fn put(
    caller: &mut Caller<'_>,
    input: Input<'_>,
    kind: &'static str,
    public: String,
) -> Result<(String, Tags), Refusal> {
    let tags = input.tags_for("key-pair", &["key-pair"])?;
    let id = caller.new_id("key");
    let pair = KeyPair {
        id: id.clone(),
        tags: tags.clone(),
        kind,
        public,
        created: caller.now(),
    };
    let name = input.required("KeyName").to_owned();
    caller.place().key_pairs.insert(name, pair);
    Ok((id, tags))
}

/// Says yes also where there is none.
fn delete(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let (name, id) = (input.text("KeyName"), input.text("KeyPairId"));
    if name.is_none() && id.is_none() {
        let message = "The request must contain the parameter keyName or keyPairId";
        return Err(Refusal::new("MissingParameter", message));
    }
    let pairs = &mut caller.place().key_pairs;
    pairs.retain(|of, pair| name != Some(of) && id != Some(&pair.id));
    Ok(json!({ "Return": true, "KeyPairId": id }))
}

const FILTERS: &[Filter] = &[("key-name", "KeyName"), ("key-pair-id", "KeyPairId")];

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let names = input.texts("KeyNames");
    let ids = input.texts("KeyPairIds");
    let pairs = &caller.place().key_pairs;
    if let Some(name) = names.iter().find(|name| !pairs.contains_key(**name)) {
        return Err(missing(name));
    }
    let wanted = pairs.iter().filter(|(name, pair)| {
        (names.is_empty() || names.contains(&name.as_str()))
            && (ids.is_empty() || ids.contains(&pair.id.as_str()))
    });
    let items = wanted.map(|(name, pair)| {
        json!({
            "KeyPairId": pair.id,
            "KeyName": name,
            "KeyType": pair.kind,
            "Tags": tags_value(&pair.tags),
            "CreateTime": pair.created,
            "PublicKey": input.is("IncludePublicKey").then_some(&pair.public),
        })
    });
    let items = list::filtered(items.collect(), input, FILTERS)?;
    Ok(json!({ "KeyPairs": items }))
}

/// Checks that there is a key pair of this name.
pub(super) fn check(caller: &mut Caller<'_>, name: &str) -> Result<(), Refusal> {
    let is_there = caller.place().key_pairs.contains_key(name);
    if is_there { Ok(()) } else { Err(missing(name)) }
}

/// The public key of a name.
pub(super) fn public(caller: &mut Caller<'_>, name: &str) -> Option<String> {
    let pair = caller.place().key_pairs.get(name)?;
    Some(pair.public.clone())
}
