//! What is told through AWS: messages to a topic (SNS), events to a bus (EventBridge).

use goldsmith_core::cx::Cx;
use serde_json::{Value, json};

use super::Aws;
use super::api::{events, sns};
use super::call::{Request, Untaken};
use super::form::Form;
use super::node::Node;

/// An event for a bus.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) source: String,
    pub(crate) detail_type: String,
    pub(crate) detail: Value,
    pub(crate) resources: Vec<String>,
    /// Seconds since 1970-01-01 UTC.
    pub(crate) unix: i64,
}

impl Aws {
    /// Publishes to a topic: `message` has a text for each protocol by its name, and `default`.
    pub(crate) fn publish(
        &self,
        cx: &Cx,
        topic: &str,
        subject: &str,
        message: &Value,
    ) -> Result<(), Untaken> {
        let form = Form::default()
            .with("TopicArn", topic)
            .with("Subject", subject)
            .with("Message", message.to_string())
            .with("MessageStructure", "json");
        let request = Request::form(&sns::PUBLISH, format!("the topic `{topic}`"), &form);
        self.once(cx, &request, |answer| answer.text(cx).map(drop))
    }

    /// Puts an event on a bus.
    pub(crate) fn put_event(&self, cx: &Cx, bus: &str, entry: &Entry) -> Result<(), Untaken> {
        let inputs = json!([{
            "EventBusName": bus,
            "Source": entry.source,
            "DetailType": entry.detail_type,
            "Detail": entry.detail.to_string(),
            "Resources": entry.resources,
            "Time": entry.unix,
        }]);
        let subject = format!("the bus `{bus}`");
        let request = Request::json(&events::PUT_EVENTS, subject, &[("Entries", inputs)]);
        let result = |answer: Node<'_>| {
            let [id, code, message] = ["EventId", "ErrorCode", "ErrorMessage"]
                .map(|name| answer.text(&format!("Entries/{name}")));
            Some((id, code.unwrap_or_default(), message.unwrap_or_default()))
        };
        let (id, code, message) =
            self.once(cx, &request, |answer| answer.read(cx, &request, result))?;
        if id.is_some() {
            return Ok(());
        }
        let detail = if code.is_empty() {
            "the answer makes no sense".to_owned()
        } else {
            format!("{code}: {message}")
        };
        Err(Untaken::of(&code, cx.redactor.redact(&detail), None))
    }
}
