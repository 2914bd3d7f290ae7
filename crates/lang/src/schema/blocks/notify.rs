//! Who is told what: a table for each way.

use goldsmith_core::recipe::NotifyEvent;

use super::scan::SEVERITIES;
use super::{AttributeSpec, BlockSpec, Form, optional, required};

const EVENTS: AttributeSpec = optional(
    "events",
    Form::Choices(&NotifyEvent::WORDS),
    "all",
    "Of what",
);
const SEVERITY: AttributeSpec = optional(
    "severity",
    Form::Choice(SEVERITIES),
    "any",
    "Findings below this are not told of",
);
const URL: AttributeSpec = required(
    "url",
    Form::Text,
    "Where to: `https://...`; never stored or shown",
);

pub(super) static NOTIFY: BlockSpec = BlockSpec {
    name: "notify",
    labels: &["type", "name"],
    optional_labels: 1,
    summary: "Who is told of what happens. The name may be left out where there is one of its type.",
    attributes: &[],
    blocks: &[],
    is_repeated: true,
    types: &[&WEBHOOK, &SLACK, &SMTP, &SNS, &EVENTBRIDGE],
};

static WEBHOOK: BlockSpec = BlockSpec {
    name: "webhook",
    labels: &["name"],
    optional_labels: 1,
    summary: "Sends a CloudEvent (1.0) to an address.",
    attributes: &[
        URL,
        optional(
            "secret",
            Form::Text,
            "",
            "What the request is signed with (HMAC-SHA-256)",
        ),
        EVENTS,
        SEVERITY,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static SLACK: BlockSpec = BlockSpec {
    name: "slack",
    labels: &["name"],
    optional_labels: 1,
    summary: "Sends a message to Slack, by an incoming webhook.",
    attributes: &[URL, EVENTS, SEVERITY],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static SMTP: BlockSpec = BlockSpec {
    name: "smtp",
    labels: &["name"],
    optional_labels: 1,
    summary: "Sends a mail.",
    attributes: &[
        required(
            "server",
            Form::Text,
            "`smtp://host:25`, or `smtps://host:465` for TLS from the start",
        ),
        required("from", Form::Text, "Address of the sender"),
        required("to", Form::Texts, "Addresses of those who get it"),
        optional("user", Form::Text, "", "Name to log in with"),
        optional("password", Form::Text, "", "Password of that name"),
        EVENTS,
        SEVERITY,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static SNS: BlockSpec = BlockSpec {
    name: "sns",
    labels: &["name"],
    optional_labels: 1,
    summary: "Publishes to a topic of Amazon SNS: text for people, the CloudEvent for programs. Keys come from where AWS's own tools find them.",
    attributes: &[
        required(
            "topic",
            Form::Text,
            "ARN of a standard topic: `arn:aws:sns:eu-north-1:111122223333:images`",
        ),
        EVENTS,
        SEVERITY,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static EVENTBRIDGE: BlockSpec = BlockSpec {
    name: "eventbridge",
    labels: &["name"],
    optional_labels: 1,
    summary: "Puts events on a bus of Amazon EventBridge, in the shapes of EC2 Image Builder where it has one (`docs/aws.md`).",
    attributes: &[
        required(
            "bus",
            Form::Text,
            "ARN of a bus: `arn:aws:events:eu-north-1:111122223333:event-bus/default`",
        ),
        EVENTS,
        SEVERITY,
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};
