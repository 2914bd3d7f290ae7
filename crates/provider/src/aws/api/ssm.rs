//! Systems Manager: JSON.

use super::{Member, Operation, Place, Service, member};

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

/// Agents that are heard of.
pub static DESCRIBE_INSTANCE_INFORMATION: Operation = Operation {
    service: Service::Ssm,
    name: "DescribeInstanceInformation",
    method: "POST",
    uri: "/",
    inputs: &[
        member("Filters.Key", Place::Body),
        member("Filters.Values", Place::Body),
    ],
    outputs: &[member("InstanceInformationList.PingStatus", Place::Body)],
};

/// Begins a session with a machine.
pub static START_SESSION: Operation = Operation {
    service: Service::Ssm,
    name: "StartSession",
    method: "POST",
    uri: "/",
    inputs: &[
        member("Target", Place::Body),
        member("DocumentName", Place::Body),
        member("Reason", Place::Body),
        member("Parameters", Place::Body),
    ],
    outputs: &SESSION,
};

/// Goes on with a session whose connection broke.
pub static RESUME_SESSION: Operation = Operation {
    service: Service::Ssm,
    name: "ResumeSession",
    method: "POST",
    uri: "/",
    inputs: &[member("SessionId", Place::Body)],
    outputs: &SESSION,
};

/// Ends a session.
pub static TERMINATE_SESSION: Operation = Operation {
    service: Service::Ssm,
    name: "TerminateSession",
    method: "POST",
    uri: "/",
    inputs: &[member("SessionId", Place::Body)],
    outputs: &[],
};

const SESSION: [Member; 3] = [
    member("SessionId", Place::Body),
    member("TokenValue", Place::Body),
    member("StreamUrl", Place::Body),
];

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[
    &GET_PARAMETER,
    &PUT_PARAMETER,
    &DELETE_PARAMETER,
    &DESCRIBE_INSTANCE_INFORMATION,
    &START_SESSION,
    &RESUME_SESSION,
    &TERMINATE_SESSION,
];
