//! Security Token Service: forms, XML.

use super::{Operation, Service, field, xml};

/// Keys of a role.
pub static ASSUME_ROLE: Operation = Operation {
    service: Service::Sts,
    name: "AssumeRole",
    method: "POST",
    uri: "/",
    inputs: &[
        field("RoleArn"),
        field("RoleSessionName"),
        field("DurationSeconds"),
    ],
    outputs: &[
        xml(
            "Credentials.AccessKeyId",
            "AssumeRoleResult/Credentials/AccessKeyId",
        ),
        xml(
            "Credentials.SecretAccessKey",
            "AssumeRoleResult/Credentials/SecretAccessKey",
        ),
        xml(
            "Credentials.SessionToken",
            "AssumeRoleResult/Credentials/SessionToken",
        ),
        xml(
            "Credentials.Expiration",
            "AssumeRoleResult/Credentials/Expiration",
        ),
    ],
};

/// Who asks.
pub static GET_CALLER_IDENTITY: Operation = Operation {
    service: Service::Sts,
    name: "GetCallerIdentity",
    method: "POST",
    uri: "/",
    inputs: &[],
    outputs: &[xml("Account", "GetCallerIdentityResult/Account")],
};

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[&ASSUME_ROLE, &GET_CALLER_IDENTITY];
