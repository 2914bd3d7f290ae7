//! Notifiers against real servers that fail on purpose.

mod aws;
mod smtp;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::{SourceFile, Span};
use goldsmith_core::notify::{Message, NotifyError};
use goldsmith_core::recipe::{self, Channel};
use goldsmith_core::secret::Secret;
use goldsmith_provider::Settings;
use goldsmith_provider::aws::{self as cloud, Aws};
use goldsmith_testing::clock::FakeClock;

/// 2026-11-23 20:00:00 UTC.
const NOW: i64 = 1_795_464_000;

fn cx() -> Cx {
    Cx::silent(Arc::new(FakeClock::at(NOW)))
}

/// With little patience.
fn settings() -> Settings {
    Settings {
        connect_timeout: Duration::from_secs(5),
        stall_timeout: Duration::from_millis(500),
        ..Settings::default()
    }
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn message() -> Message {
    let event = r#"{"specversion":"1.0","id":"run-7-12","source":"urn:goldsmith:shop","type":"goldsmith.run.failed","time":"2026-11-23T20:00:00Z","datacontenttype":"application/json","data":{"title":"web: run 7 failed at `test` – ü"}}"#;
    Message {
        id: "run-7-12".to_owned(),
        kind: "goldsmith.run.failed".to_owned(),
        unix: NOW,
        title: "web: run 7 failed at `test` – ü".to_owned(),
        facts: vec![
            ("image".to_owned(), "web 1.4.0/3".to_owned()),
            ("error".to_owned(), "one\n.\ntwo".to_owned()),
        ],
        actions: vec!["goldsmith run web --from test".to_owned()],
        event: event.to_owned(),
    }
}

/// The notifier of a block is called as its messages say.
#[test]
fn of_blocks() {
    let url = || secret("https://chat.test/hook");
    let mail = |to: &[&str]| {
        Channel::Smtp(recipe::Smtp {
            server: "smtp://mail.test:25".to_owned(),
            from: "images@shop.test".to_owned(),
            to: to.iter().map(|to| (*to).to_owned()).collect(),
            user: None,
            password: None,
        })
    };
    let aws = Aws::new(cloud::Settings::default());
    let of = |channel| {
        let block = recipe::Notifier {
            name: "ops".to_owned(),
            span: Span::new(&SourceFile::new("web.gold.hcl", ""), 0..0),
            channel,
            events: Vec::new(),
            severity: None,
        };
        let made = goldsmith_provider::notify::of(&block, &settings(), &aws);
        made.map(|notifier| notifier.name().to_owned())
    };
    let webhook = Channel::Webhook {
        url: url(),
        secret: None,
    };
    assert_eq!(of(webhook).unwrap(), "webhook/ops");
    assert_eq!(of(Channel::Slack { url: url() }).unwrap(), "slack/ops");
    assert_eq!(of(mail(&["ops@shop.test"])).unwrap(), "smtp/ops");
    let topic = "arn:aws:sns:eu-north-1:111122223333:images".to_owned();
    assert_eq!(of(Channel::Sns { topic }).unwrap(), "sns/ops");
    let bus = "arn:aws:events:eu-north-1:111122223333:event-bus/default".to_owned();
    assert_eq!(of(Channel::EventBridge { bus }).unwrap(), "eventbridge/ops");
    assert!(of(mail(&[])).is_err());
}

/// That it may go another time, and what was said; nothing shows a secret.
fn later(error: &NotifyError) -> (String, Option<Duration>) {
    let text = goldsmith_core::failure::with_causes(error);
    assert!(!text.contains("hunter22"), "{text}");
    match error {
        NotifyError::Later { asked, .. } => (text, *asked),
        error => panic!("{error:?}"),
    }
}

/// That it never goes, and what was said.
fn never(error: &NotifyError) -> String {
    let text = goldsmith_core::failure::with_causes(error);
    assert!(!text.contains("hunter22"), "{text}");
    assert!(matches!(error, NotifyError::Never { .. }), "{error:?}");
    text
}
