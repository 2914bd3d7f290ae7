use goldsmith_core::catalog::RunId;
use goldsmith_core::diagnostic::{SourceFile, Span};
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::recipe::Channel;
use goldsmith_core::secret::Secret;

use super::event::Event;
use super::*;
use crate::happening::What;

fn image() -> ImageId {
    "web@1.4.0/3".parse().unwrap()
}

fn failed() -> Happening {
    Happening {
        run: RunId(7),
        seq: 12,
        pipeline: "web".to_owned(),
        image: Some(image()),
        unix: 1_795_464_000,
        what: What::RunFailed {
            unit: "test/smoke".to_owned(),
            error: "the token hunter22 was refused".to_owned(),
        },
    }
}

fn finding(severity: Severity) -> Happening {
    let what = What::Finding {
        id: "CVE-2026-1 openssl".to_owned(),
        severity,
        title: "a hole".to_owned(),
    };
    Happening::of_image("web", image(), 1_795_464_000, what)
}

fn rule(events: &[NotifyEvent], pipelines: &[&str], severity: Option<Severity>) -> Rule {
    Rule {
        notifier: "webhook/chat".to_owned(),
        events: events.iter().copied().collect(),
        pipelines: pipelines.iter().map(|name| (*name).to_owned()).collect(),
        severity,
    }
}

#[test]
fn who_is_told_what() {
    let high = Some(Severity::High);
    for (rule, happening, is_told) in [
        (rule(&[], &[], None), failed(), true),
        (
            rule(&[NotifyEvent::RunFailed], &["web"], None),
            failed(),
            true,
        ),
        (
            rule(&[NotifyEvent::RunFailed], &["db"], None),
            failed(),
            false,
        ),
        (rule(&[NotifyEvent::Approved], &[], None), failed(), false),
        // What is no finding has no severity to fall short of.
        (rule(&[], &[], high), failed(), true),
        (rule(&[], &[], high), finding(Severity::Medium), false),
        (rule(&[], &[], high), finding(Severity::High), true),
        (
            rule(&[NotifyEvent::FindingNew], &[], high),
            finding(Severity::Critical),
            true,
        ),
    ] {
        assert_eq!(rule.wants(&happening), is_told, "{rule:?} {happening:?}");
    }
    let done = |unit: &str| Happening {
        what: What::UnitDone {
            unit: unit.to_owned(),
        },
        ..failed()
    };
    assert!(!rule(&[], &[], None).wants(&done("build")));
    assert!(rule(&[NotifyEvent::Approved], &[], None).wants(&done("approve")));
}

#[test]
fn what_a_block_asks_for() {
    let block = Notifier {
        name: "chat".to_owned(),
        span: Span::new(&SourceFile::new("web.gold.hcl", ""), 0..0),
        channel: Channel::Webhook {
            url: Secret::new(String::new()),
            secret: None,
        },
        events: vec![NotifyEvent::RunFailed],
        severity: Some(Severity::High),
    };
    let expected = rule(&[NotifyEvent::RunFailed], &["web"], Some(Severity::High));
    assert_eq!(Rule::of("web", &block), expected);
}

#[test]
fn one_message_for_each_notifier_without_secrets() {
    let redactor = Redactor::default();
    redactor.add(&Secret::new("hunter22".to_owned()));
    let mut mail = rule(&[NotifyEvent::RunFailed], &[], None);
    mail.notifier = "smtp/ops".to_owned();
    let rules = vec![
        rule(&[], &[], None),
        rule(&[NotifyEvent::RunFailed], &[], None),
        mail,
    ];
    let rules = Rules::new("urn:goldsmith:shop", rules, redactor);
    let messages = rules.messages(&failed());
    let notifiers: Vec<&str> = messages.iter().map(|message| &*message.notifier).collect();
    assert_eq!(notifiers, ["smtp/ops", "webhook/chat"]);
    assert_eq!(messages[0].body, messages[1].body);
    assert_eq!(
        messages,
        rules.messages(&failed()),
        "told again it is the same"
    );
    let expected = r#"{"specversion":"1.0","id":"run-7-12","source":"urn:goldsmith:shop","type":"goldsmith.run.failed","subject":"web 1.4.0/3","time":"2026-11-23T20:00:00Z","datacontenttype":"application/json","data":{"event":"run-failed","pipeline":"web","run":7,"image":"web@1.4.0/3","title":"web: run 7 failed at `test/smoke`","facts":{"pipeline":"web","image":"web 1.4.0/3","run":"7","error":"the token (secret) was refused"},"actions":["goldsmith run web --from test"]}}"#;
    assert_eq!(messages[0].body, expected);
}

#[test]
fn read_back_for_a_notifier() {
    let redactor = Redactor::default();
    let text = Event::of("urn:goldsmith:shop", &failed(), &redactor).to_text();
    let message = Event::parse(&text).unwrap().message().unwrap();
    assert_eq!(message.event, text);
    assert_eq!(
        (message.id.as_str(), message.unix),
        ("run-7-12", 1_795_464_000)
    );
    assert_eq!(
        message.facts[1],
        ("image".to_owned(), "web 1.4.0/3".to_owned())
    );
    for wrong in ["", "{}", &text.replace("\"1.0\"", "\"0.3\"")] {
        assert!(Event::parse(wrong).is_err(), "{wrong}");
    }
}

/// In no run, what is known by what it says is another when it says something else.
#[test]
fn identities_outside_of_runs() {
    let redactor = Redactor::default();
    let id = |happening: &Happening| {
        let event = Event::of("urn:goldsmith:shop", happening, &redactor);
        event.message().unwrap().id
    };
    let (high, low) = (finding(Severity::High), finding(Severity::Low));
    assert_eq!(id(&high), id(&high.clone()));
    assert_ne!(id(&high), id(&low));
    let later = Happening {
        unix: high.unix + 1,
        ..high.clone()
    };
    assert_ne!(id(&high), id(&later));
}

/// Every state an image may get into has a name of its own and a title.
#[test]
fn every_happening_has_a_text() {
    let reason = || "so".to_owned();
    let mut all: Vec<What> = ImageState::ALL
        .into_iter()
        .map(|to| What::State {
            to,
            reason: reason(),
        })
        .collect();
    all.extend([
        What::RunBegun,
        What::RunDone,
        What::RunCancelled,
        What::Waiting {
            unit: "approve".to_owned(),
            for_what: "2 approvals".to_owned(),
        },
        What::Retiring {
            to: ImageState::Disabled,
            at_unix: 1_795_464_000,
            reason: reason(),
        },
        What::Promoted {
            channel: "production".to_owned(),
            reason: reason(),
        },
        What::ScheduleOff {
            failures: 3,
            error: "x".repeat(5_000),
        },
        What::AuditRefused {
            target: "aws/eu".to_owned(),
            refused: vec!["instance i-0abc".to_owned()],
        },
    ]);
    let mut kinds = BTreeSet::new();
    for what in all {
        let happening = Happening { what, ..failed() };
        let event = Event::of("urn:goldsmith:shop", &happening, &Redactor::default());
        let message = event.message().unwrap();
        assert!(message.title.contains("web"), "{message:?}");
        assert!(message.event.len() < 3_000, "{message:?}");
        assert!(kinds.insert(message.kind));
    }
}
