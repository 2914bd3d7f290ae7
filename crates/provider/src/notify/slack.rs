//! Slack, by an incoming webhook: its URL is all that it takes to speak, and a secret.
//!
//! ```text
//! {"text": "<title>",                                     what a notification shows
//!  "blocks": [{"type":"header", ...title},
//!             {"type":"section","fields":[*name*\nvalue ...]},
//!             {"type":"section", ...commands},
//!             {"type":"context", ...kind and id}]}
//! ```
//!
//! Slack knows no id to tell one of two by: told twice, it shows twice, with the same id below.

use bytes::Bytes;
use goldsmith_core::cx::Cx;
use goldsmith_core::notify::{Message, Notifier, NotifyError};
use goldsmith_core::secret::Secret;
use serde_json::{Value, json};

use super::post::Post;
use crate::http::Settings;

/// Bounds of Slack's blocks, in characters.
const HEADER_CHARS_MAX: usize = 150;
const LONG_CHARS_MAX: usize = 2_800;
/// Fields of a section.
const FIELDS_MAX: usize = 10;
/// A fact that is longer has a section for itself.
const SHORT_CHARS_MAX: usize = 60;

/// A channel of Slack.
#[derive(Debug)]
pub struct Slack(Post);

impl Slack {
    /// The notifier `slack/<label>`.
    pub fn new(label: &str, url: Secret<String>, settings: Settings) -> Self {
        Self(Post::new(format!("slack/{label}"), url, settings))
    }
}

impl Notifier for Slack {
    fn name(&self) -> &str {
        &self.0.notifier
    }

    fn send(&self, cx: &Cx, message: &Message) -> Result<(), NotifyError> {
        let headers = [("content-type", "application/json; charset=utf-8".to_owned())];
        let body = Bytes::from(body(message).to_string());
        self.0.send(cx, &headers, body)
    }
}

fn body(message: &Message) -> Value {
    let header = cut(&message.title, HEADER_CHARS_MAX);
    let mut blocks =
        vec![json!({ "type": "header", "text": { "type": "plain_text", "text": header } })];
    let (short, long): (Vec<_>, Vec<_>) = message
        .facts
        .iter()
        .partition(|(_, value)| value.chars().count() <= SHORT_CHARS_MAX && !value.contains('\n'));
    let fields: Vec<Value> = short
        .into_iter()
        .take(FIELDS_MAX)
        .map(|(name, value)| marked(&format!("*{}*\n{}", escaped(name), escaped(value))))
        .collect();
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    for (name, value) in long {
        let value = escaped_within(value, LONG_CHARS_MAX);
        let text = format!("*{}*\n```{value}```", escaped(name));
        blocks.push(json!({ "type": "section", "text": marked(&text) }));
    }
    if !message.actions.is_empty() {
        let commands: Vec<String> = message.actions.iter().map(|line| escaped(line)).collect();
        let text = format!("```{}```", commands.join("\n"));
        blocks.push(json!({ "type": "section", "text": marked(&text) }));
    }
    let below = format!("{} · {}", escaped(&message.kind), escaped(&message.id));
    blocks.push(json!({ "type": "context", "elements": [marked(&below)] }));
    json!({ "text": escaped(&message.title), "blocks": blocks })
}

fn marked(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text })
}

/// Slack's three letters with a meaning: else a text could call everyone.
fn escaped(text: &str) -> String {
    escaped_within(text, usize::MAX)
}

/// As much of it as is no longer than so many characters then.
fn escaped_within(text: &str, most: usize) -> String {
    let (mut out, mut length) = (String::new(), 0);
    for c in text.chars() {
        let letter = c.to_string();
        let piece = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => &letter,
        };
        length += piece.chars().count();
        if length > most {
            break;
        }
        out.push_str(piece);
    }
    out
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let message = Message {
            id: "run-7-12".to_owned(),
            kind: "goldsmith.run.failed".to_owned(),
            unix: 0,
            title: "web: <!channel> failed".to_owned(),
            facts: vec![
                ("image".to_owned(), "web 1.4.0/3".to_owned()),
                ("error".to_owned(), "a & b\nc".to_owned()),
            ],
            actions: vec!["goldsmith run web --from test".to_owned()],
            event: String::new(),
        };
        let expected = json!({
            "text": "web: &lt;!channel&gt; failed",
            "blocks": [
                { "type": "header", "text": { "type": "plain_text", "text": "web: <!channel> failed" } },
                { "type": "section", "fields": [{ "type": "mrkdwn", "text": "*image*\nweb 1.4.0/3" }] },
                { "type": "section", "text": { "type": "mrkdwn", "text": "*error*\n```a &amp; b\nc```" } },
                { "type": "section", "text": { "type": "mrkdwn", "text": "```goldsmith run web --from test```" } },
                { "type": "context", "elements": [{ "type": "mrkdwn", "text": "goldsmith.run.failed · run-7-12" }] },
            ],
        });
        assert_eq!(body(&message), expected);
    }

    /// What is long keeps within what Slack takes.
    #[test]
    fn bounds() {
        let facts = (0..30).map(|number| (format!("fact {number}"), "x".to_owned()));
        let mut facts: Vec<_> = facts.collect();
        facts.push(("log".to_owned(), "&".repeat(5_000)));
        let message = Message {
            id: "a".to_owned(),
            kind: "b".to_owned(),
            unix: 0,
            title: "t".repeat(500),
            facts,
            actions: Vec::new(),
            event: String::new(),
        };
        let body = body(&message);
        let blocks = body["blocks"].as_array().unwrap();
        assert_eq!(blocks[0]["text"]["text"].as_str().unwrap().len(), 150);
        assert_eq!(blocks[1]["fields"].as_array().unwrap().len(), 10);
        assert!(blocks[2]["text"]["text"].as_str().unwrap().len() <= 3_000);
        assert_eq!(blocks.len(), 4);
    }
}
