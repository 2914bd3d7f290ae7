//! Simple Notification Service: forms, XML.

use super::{Operation, Service, field};

/// Publishes to a topic.
pub static PUBLISH: Operation = Operation {
    service: Service::Sns,
    name: "Publish",
    method: "POST",
    uri: "/",
    inputs: &[
        field("TopicArn"),
        field("Subject"),
        field("Message"),
        field("MessageStructure"),
    ],
    outputs: &[],
};

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[&PUBLISH];
