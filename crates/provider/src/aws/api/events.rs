//! EventBridge: JSON.

use super::{Operation, Place, Service, member};

/// Puts events on a bus. Each is taken or refused by itself, with a status of success.
pub static PUT_EVENTS: Operation = Operation {
    service: Service::Events,
    name: "PutEvents",
    method: "POST",
    uri: "/",
    inputs: &[
        member("Entries.EventBusName", Place::Body),
        member("Entries.Source", Place::Body),
        member("Entries.DetailType", Place::Body),
        member("Entries.Detail", Place::Body),
        member("Entries.Resources", Place::Body),
        member("Entries.Time", Place::Body),
    ],
    outputs: &[
        member("Entries.EventId", Place::Body),
        member("Entries.ErrorCode", Place::Body),
        member("Entries.ErrorMessage", Place::Body),
    ],
};

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[&PUT_EVENTS];
