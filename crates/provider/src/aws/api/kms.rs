//! Key Management Service: JSON.

use super::{Operation, Place, Service, member};

/// What is known of a key, by its id or one of its other names.
pub static DESCRIBE_KEY: Operation = Operation {
    service: Service::Kms,
    name: "DescribeKey",
    method: "POST",
    uri: "/",
    inputs: &[member("KeyId", Place::Body)],
    outputs: &[member("KeyMetadata.Arn", Place::Body)],
};

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[&DESCRIBE_KEY];
