//! The `notify` blocks of a pipeline.

use goldsmith_core::finding::Severity;
use goldsmith_core::recipe::{Channel, Notifier, NotifyEvent, Smtp, is_address};
use goldsmith_core::secret::Secret;

use super::arn::is_arn;
use super::{blocks, check_distinct, check_words};
use crate::decode::{Found, Reader};
use crate::syntax::ast::Block;

pub(super) fn notifiers(pipeline: &Reader<'_>) -> Option<Vec<Notifier>> {
    let named = blocks(pipeline, "notify").filter_map(|block| Some((name(block)?, block)));
    check_distinct(pipeline, "notify", named);
    let all: Vec<Option<Notifier>> = blocks(pipeline, "notify")
        .map(|block| notifier(pipeline, block))
        .collect();
    all.into_iter().collect()
}

/// Its own name, or that of its type.
fn name(block: &Block) -> Option<String> {
    block.labels.last().map(|label| label.text.clone())
}

fn notifier(pipeline: &Reader<'_>, block: &Block) -> Option<Notifier> {
    let reader = pipeline.inner(block);
    let channel = match reader.spec.name {
        "webhook" => webhook(&reader),
        "slack" => url(&reader).map(|url| Channel::Slack { url }),
        "smtp" => smtp(&reader).map(Channel::Smtp),
        "sns" => sns(&reader),
        "eventbridge" => event_bridge(&reader),
        // There is no such way, which was said.
        _ => return None,
    };
    let events = reader.choices("events").or(Vec::new());
    let severity = match reader.choice("severity") {
        Found::Absent => Some(None),
        found => found.required().map(|word| Severity::of_word(&word)),
    };
    let events = events?.into_iter().map(NotifyEvent::of_word);
    Some(Notifier {
        name: name(block)?,
        span: reader.span(&block.head),
        channel: channel?,
        events: events.collect::<Option<_>>()?,
        severity: severity?,
    })
}

fn webhook(reader: &Reader<'_>) -> Option<Channel> {
    let url = url(reader);
    let secret = reader.hidden("secret").optional();
    Some(Channel::Webhook {
        url: url?,
        secret: secret?,
    })
}

/// An address that must not be shown. An environment that has none is no problem of the project:
/// it is empty then.
pub(super) fn url(reader: &Reader<'_>) -> Option<Secret<String>> {
    let url = reader.hidden("url").required()?;
    let text = url.expose();
    let is_url = text.is_empty()
        || ["http://", "https://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
    if let (false, Some(attribute)) = (is_url, reader.body.attribute("url")) {
        let label = "it begins with http:// or https://".to_owned();
        reader.wrong(&attribute.value, "`url` must be a URL".to_owned(), label);
        return None;
    }
    Some(url)
}

fn smtp(reader: &Reader<'_>) -> Option<Smtp> {
    let server = reader.text("server").required();
    let from = reader.text("from").required();
    let to = reader.texts("to").required();
    let user = reader.text("user").optional();
    let password = reader.hidden("password").optional();
    check_words(
        reader,
        "server",
        server.as_ref().map(std::slice::from_ref),
        |text| {
            let scheme = ["smtp://", "smtps://"];
            let host = scheme.iter().find_map(|scheme| text.strip_prefix(scheme));
            host.is_some_and(|host| !host.is_empty() && !host.contains(['@', '/']))
        },
        "is not a mail server such as `smtp://mail.example.com:25`",
    );
    let message = "is not an address such as `ops@example.com`";
    let from_words = from.as_ref().map(std::slice::from_ref);
    check_words(reader, "from", from_words, is_address, message);
    check_words(reader, "to", to.as_deref(), is_address, message);
    if let (Some([]), Some(attribute)) = (to.as_deref(), reader.body.attribute("to")) {
        let label = "the list is empty".to_owned();
        reader.wrong(
            &attribute.value,
            "a mail goes to somebody".to_owned(),
            label,
        );
        return None;
    }
    Some(Smtp {
        server: server?,
        from: from?,
        to: to?,
        user: user?,
        password: password?,
    })
}

fn sns(reader: &Reader<'_>) -> Option<Channel> {
    let is_topic: fn(&str) -> bool = |text| is_arn(text, "sns", true, is_name);
    let message = "is not a topic such as `arn:aws:sns:eu-north-1:111122223333:images`";
    arn(reader, "topic", is_topic, message).map(|topic| Channel::Sns { topic })
}

fn event_bridge(reader: &Reader<'_>) -> Option<Channel> {
    let is_bus: fn(&str) -> bool = |text| {
        let is_name = |resource: &str| resource.strip_prefix("event-bus/").is_some_and(is_name);
        is_arn(text, "events", true, is_name)
    };
    let message = "is not a bus such as `arn:aws:events:eu-north-1:111122223333:event-bus/default`";
    arn(reader, "bus", is_bus, message).map(|bus| Channel::EventBridge { bus })
}

fn arn(
    reader: &Reader<'_>,
    key: &str,
    is_right: fn(&str) -> bool,
    message: &str,
) -> Option<String> {
    let text = reader.text(key).required()?;
    check_words(
        reader,
        key,
        Some(std::slice::from_ref(&text)),
        is_right,
        message,
    );
    is_right(&text).then_some(text)
}

/// Letters that names of topics and buses have.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}
