//! Systems Manager: JSON.

use super::{Operation, Place, Service, member};

/// A parameter by name.
pub static GET_PARAMETER: Operation = Operation {
    service: Service::Ssm,
    name: "GetParameter",
    method: "POST",
    uri: "/",
    inputs: &[
        member("Name", Place::Body),
        member("WithDecryption", Place::Body),
    ],
    outputs: &[
        member("Parameter.Type", Place::Body),
        member("Parameter.Value", Place::Body),
    ],
};

/// Gives a parameter a value.
pub static PUT_PARAMETER: Operation = Operation {
    service: Service::Ssm,
    name: "PutParameter",
    method: "POST",
    uri: "/",
    inputs: &[
        member("Name", Place::Body),
        member("Value", Place::Body),
        member("Type", Place::Body),
        member("DataType", Place::Body),
        member("Overwrite", Place::Body),
    ],
    outputs: &[],
};

/// Takes a parameter away.
pub static DELETE_PARAMETER: Operation = Operation {
    service: Service::Ssm,
    name: "DeleteParameter",
    method: "POST",
    uri: "/",
    inputs: &[member("Name", Place::Body)],
    outputs: &[],
};

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[&GET_PARAMETER, &PUT_PARAMETER, &DELETE_PARAMETER];
