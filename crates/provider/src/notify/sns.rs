//! A topic of Amazon SNS. People get a text, programs the `CloudEvent`:
//!
//! ```text
//! Subject            the title, as far as mails have letters for it
//! MessageStructure   json
//! Message            {"default": <the CloudEvent>, "email": <text>, "sms": <title>}
//! ```
//!
//! A subscription by SQS, Lambda or HTTP gets `default`. Told twice, the event has the same id.

use goldsmith_core::cx::Cx;
use goldsmith_core::notify::{Message, Notifier, NotifyError};
use serde_json::{Value, json};

use super::untaken;
use crate::aws::Aws;

/// Longest subject.
const SUBJECT_CHARS_MAX: usize = 99;

/// A topic.
#[derive(Debug)]
pub struct Sns {
    name: String,
    topic: String,
    aws: Aws,
}

impl Sns {
    /// The notifier `sns/<label>` of a topic, by its ARN, whose region is asked.
    pub fn new(label: &str, topic: &str, aws: &Aws) -> Self {
        Self {
            name: format!("sns/{label}"),
            topic: topic.to_owned(),
            aws: aws.at(super::region(topic), None),
        }
    }
}

impl Notifier for Sns {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, cx: &Cx, message: &Message) -> Result<(), NotifyError> {
        let published = self
            .aws
            .publish(cx, &self.topic, &subject(&message.title), &body(message));
        published.map_err(|error| untaken(&self.name, error))
    }
}

fn body(message: &Message) -> Value {
    json!({
        "default": message.event,
        "email": super::text(message),
        "sms": message.title,
    })
}

/// A line of ASCII that begins with a letter, a digit or a mark: what SNS takes.
fn subject(title: &str) -> String {
    let plain = title
        .chars()
        .map(|c| if matches!(c, ' '..='~') { c } else { '?' });
    let plain: String = plain.take(SUBJECT_CHARS_MAX).collect();
    let plain = plain.trim();
    if plain.is_empty() {
        "goldsmith".to_owned()
    } else {
        plain.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects() {
        for (title, expected) in [
            ("web: run 7 failed", "web: run 7 failed"),
            (" ü\nx", "??x"),
            ("", "goldsmith"),
        ] {
            assert_eq!(subject(title), expected);
        }
        assert_eq!(subject(&"a".repeat(200)).len(), SUBJECT_CHARS_MAX);
    }
}
