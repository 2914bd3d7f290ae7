//! Client tokens: the same token with the same parameters gives the same answer again and makes
//! nothing; with other parameters it is an error.

use std::collections::BTreeMap;

use serde_json::Value;

use super::refusal::Refusal;
use super::world::Caller;

/// What was done by which token.
#[derive(Debug, Default)]
pub(super) struct Tokens(BTreeMap<[String; 4], (Value, Value)>);

/// The token of a call, as a key: who, where, what, and the token itself.
fn key(caller: &Caller<'_>, operation: &str, input: &Value) -> Option<[String; 4]> {
    let token = input["ClientToken"]
        .as_str()
        .filter(|token| !token.is_empty())?;
    let (account, region) = (caller.account.clone(), caller.region.clone());
    Some([account, region, operation.to_owned(), token.to_owned()])
}

/// The answer that was given before, if this call was made before.
pub(super) fn earlier(
    caller: &Caller<'_>,
    operation: &str,
    input: &Value,
) -> Result<Option<Value>, Refusal> {
    let Some(key) = key(caller, operation, input) else {
        return Ok(None);
    };
    let Some((asked, answer)) = caller.world.tokens.0.get(&key) else {
        return Ok(None);
    };
    if asked == input {
        return Ok(Some(answer.clone()));
    }
    let code = match operation {
        "StartSnapshot" => "ConflictException",
        _ => "IdempotentParameterMismatch",
    };
    let message = "The client token has been used before with other parameters";
    Err(Refusal::new(code, message))
}

/// Remembers an answer.
pub(super) fn keep(caller: &mut Caller<'_>, operation: &str, input: &Value, answer: &Value) {
    if let Some(key) = key(caller, operation, input) {
        let kept = (input.clone(), answer.clone());
        caller.world.tokens.0.insert(key, kept);
    }
}
