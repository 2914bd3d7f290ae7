//! Who calls: keys and the sessions of roles. Accounts are those that roles are in, and those
//! whose keys the test has named.

#![expect(clippy::unnecessary_wraps, reason = "all handlers have one form")]

use serde_json::{Value, json};

use super::decode::Call;
use super::dispatch::Actions;
use super::input::Input;
use super::refusal::Refusal;
use super::world::{ACCOUNT, Caller, Session, World};

pub(super) const ACTIONS: Actions = &[("AssumeRole", assume), ("GetCallerIdentity", identity)];

/// The account of whoever has signed a call, and the ARN of a session.
pub(super) fn who(world: &World, call: &Call) -> Result<(String, Option<String>), Refusal> {
    let Some(key) = &call.signer else {
        return Ok((ACCOUNT.to_owned(), None));
    };
    if let Some(session) = world.sessions.get(key) {
        if call.session.as_deref() != Some(&session.token) {
            let message = "The security token included in the request is invalid.";
            return Err(Refusal::new("InvalidClientTokenId", message));
        }
        if session.ends <= world.now() {
            let message = "The security token included in the request is expired";
            return Err(Refusal::new("ExpiredToken", message));
        }
        return Ok((session.account.clone(), Some(session.arn.clone())));
    }
    let account = world.logins.get(key).map_or(ACCOUNT, String::as_str);
    Ok((account.to_owned(), None))
}

fn assume(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let role = input.required("RoleArn");
    // arn:aws:iam::ACCOUNT:role/PATH/NAME
    let mut parts = role.split(':').skip(4);
    let account = parts.next().filter(|account| account.len() == 12);
    let name = parts.next().and_then(|rest| rest.strip_prefix("role/"));
    let (Some(account), Some(name)) = (account, name) else {
        return Err(Refusal::new(
            "ValidationError",
            format!("{role} is invalid"),
        ));
    };
    let denied = || {
        let message =
            format!("User is not authorized to perform: sts:AssumeRole on resource: {role}");
        Refusal::new("AccessDenied", message)
    };
    // Where the test has named roles, there are no others.
    match caller.world.roles.get(role) {
        Some(Some(external)) if input.text("ExternalId") != Some(external) => return Err(denied()),
        None if !caller.world.roles.is_empty() => return Err(denied()),
        _ => {}
    }
    let name = name.rsplit('/').next().unwrap_or(name);
    let session = input.required("RoleSessionName");
    let key = format!("ASIA{:016X}", caller.lot());
    let token = format!("token-{:016x}", caller.lot());
    let ends = caller.now() + input.number("DurationSeconds").unwrap_or(3600);
    let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    let kept = Session {
        account: account.to_owned(),
        arn: arn.clone(),
        token: token.clone(),
        ends,
    };
    caller.world.sessions.insert(key.clone(), kept);
    Ok(json!({
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": format!("secret-{:016x}", caller.lot()),
            "SessionToken": token,
            "Expiration": ends,
        },
        "AssumedRoleUser": { "AssumedRoleId": format!("AROA0000000000000000:{session}"), "Arn": arn },
    }))
}

fn identity(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    let user = format!("arn:aws:iam::{}:user/test", caller.account);
    Ok(json!({
        "UserId": "AIDA0000000000000000",
        "Account": caller.account,
        "Arn": caller.arn.clone().unwrap_or(user),
    }))
}
