//! Webhooks and Slack, which is one.

use std::time::Duration;

use goldsmith_core::notify::{Notifier, NotifyError};
use goldsmith_provider::Proxies;
use goldsmith_provider::notify::{Slack, Webhook};
use goldsmith_testing::emulators;
use goldsmith_testing::front::{Act, Front, Seen};
use goldsmith_testing::mirror::FaultyMirror;

use super::{NOW, Settings, cx, later, message, never, secret, settings};

const SECRET: &str = "whsec_aHVudGVyMjItaHVudGVyMjItaHVudGVyMjI=";

fn hook(url: &str) -> Webhook {
    let url = secret(&format!("{url}/hook/hunter22hunter22"));
    Webhook::new("chat", url, Some(secret(SECRET)), settings())
}

/// Has the library of the Standard Webhooks check a request: `fine`, or why not.
fn checked(seen: &Seen, key: &str, age: i64) -> String {
    let script = "import sys, datetime, standardwebhooks.webhooks as w\n\
        key, at, body, *headers = sys.argv[1:]\n\
        class Then(datetime.datetime):\n    \
            now = classmethod(lambda cls, tz=None: datetime.datetime.fromtimestamp(int(at), tz))\n\
        w.datetime = Then\n\
        headers = dict(header.split('=', 1) for header in headers)\n\
        try:\n    \
            print('fine', w.Webhook(key).verify(body, headers)['id'])\n\
        except w.WebhookVerificationError as error:\n    \
            print(error)\n";
    #[expect(clippy::disallowed_methods, reason = "an oracle of tests")]
    let output = std::process::Command::new(emulators::program("python3"))
        .args(["-c", script, key, &(NOW + age).to_string()])
        .arg(String::from_utf8_lossy(&seen.body).as_ref())
        .args(
            seen.headers
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        )
        .env_clear()
        .output()
        .expect("python starts");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).trim().to_owned()
}

#[test]
fn events_that_others_can_check() {
    let front = Front::of(None);
    front.on("POST /hook", 2, Act::answer(202, "taken"));
    let hook = hook(&front.url());
    assert_eq!(hook.name(), "webhook/chat");
    hook.send(&cx(), &message()).unwrap();
    hook.send(&cx(), &message()).unwrap();
    let seen = front.seen();
    assert_eq!(seen[0], seen[1], "told twice it is the same");
    let mut one = seen[0].clone();
    assert_eq!(one.line, "POST /hook/hunter22hunter22");
    assert_eq!(one.body, message().event.into_bytes());
    let header = |name: &str| one.headers[name].clone();
    assert_eq!(
        header("content-type"),
        "application/cloudevents+json; charset=UTF-8"
    );
    assert_eq!(header("webhook-id"), "run-7-12");
    assert_eq!(header("webhook-timestamp"), NOW.to_string());
    assert_eq!(checked(&one, SECRET, 0), "fine run-7-12");
    assert_eq!(checked(&one, SECRET, 600), "Message timestamp too old");
    let no = "No matching signature found";
    assert_eq!(checked(&one, "whsec_b3RoZXI=", 0), no);
    one.body[20] ^= 1;
    assert_eq!(checked(&one, SECRET, 0), no);
}

#[test]
fn answers_and_what_they_mean() {
    let front = Front::of(None);
    let hook = hook(&front.url());
    let send = |act: Act| {
        front.on("POST /hook", 1, act);
        hook.send(&cx(), &message()).unwrap_err()
    };
    let busy = |status: u16, wait: &str| Act::Answer {
        status,
        headers: vec![("Retry-After".to_owned(), wait.to_owned())],
        body: String::new(),
    };
    // The other side, or a person who mends it, may come round.
    for (status, body, says) in [
        (
            500,
            "sorry, hunter22hunter22",
            "500 Internal Server Error: sorry, (secret)",
        ),
        (404, "<html>not here</html>", "404 Not Found"),
        (401, "who are you", "401 Unauthorized: who are you"),
        (302, "", "302 Found: name the address"),
    ] {
        let (text, asked) = later(&send(Act::answer(status, body)));
        assert!(text.contains(says), "{text}");
        assert!(text.starts_with("webhook/chat did not take it"), "{text}");
        assert_eq!(asked, None);
    }
    let (_, asked) = later(&send(busy(429, "120")));
    assert_eq!(asked, Some(Duration::from_mins(2)));
    let (_, asked) = later(&send(busy(503, "tomorrow")));
    assert_eq!(asked, None);
    later(&send(Act::Close));
    let (text, _) = later(&send(Act::Hang));
    assert!(text.contains("nothing came for 0.5 s"), "{text}");
    // It arrived, and nobody said so.
    let before = front.seen().len();
    later(&send(Act::LoseAnswer));
    assert_eq!(front.seen().len(), before + 1);
    for status in [400, 410, 413, 415, 422] {
        let text = never(&send(Act::answer(status, "no\n\nsense")));
        assert!(text.contains("no sense"), "{text}");
    }
}

/// Where nobody is, or somebody else.
#[test]
fn places_that_cannot_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let tls = FaultyMirror::serve_tls(folder.path());
    let (text, _) = later(&hook(&tls.base()).send(&cx(), &message()).unwrap_err());
    assert!(text.contains("invalid peer certificate"), "{text}");
    assert!(tls.requests().is_empty());

    let gone = Front::of(None).url();
    let (text, _) = later(&hook(&gone).send(&cx(), &message()).unwrap_err());
    assert!(text.contains("cannot connect"), "{text}");

    for (url, says) in [
        ("", "nothing is set as its URL"),
        ("ftp://h/hunter22", "begins neither"),
        ("https://", "not a usable URL"),
    ] {
        let hook = Webhook::new("chat", secret(url), None, settings());
        let (text, _) = later(&hook.send(&cx(), &message()).unwrap_err());
        assert!(text.contains(says), "{text}");
    }
    let broken = Webhook::new("chat", secret(&gone), Some(secret("whsec_!")), settings());
    let (text, _) = later(&broken.send(&cx(), &message()).unwrap_err());
    assert!(text.contains("no base64"), "{text}");
}

#[test]
fn by_a_proxy() {
    let proxy = Front::of(None);
    proxy.on("POST http://chat.test/hook", 1, Act::answer(204, ""));
    let through = Settings {
        proxies: Proxies {
            http: Some(proxy.url()),
            ..Proxies::default()
        },
        ..settings()
    };
    let url = secret("http://chat.test/hook");
    let hook = Webhook::new("chat", url, None, through);
    hook.send(&cx(), &message()).unwrap();
    assert!(!proxy.seen()[0].headers.contains_key("webhook-signature"));
}

#[test]
fn stopped() {
    let front = Front::of(None);
    front.on("POST /hook", 1, Act::Hang);
    let (cx, hook) = (cx(), hook(&front.url()));
    let stopped = std::thread::scope(|scope| {
        scope.spawn(|| {
            while front.seen().is_empty() {
                std::thread::yield_now();
            }
            cx.cancel.cancel();
        });
        hook.send(&cx, &message())
    });
    assert!(
        matches!(stopped, Err(NotifyError::Cancelled(_))),
        "{stopped:?}"
    );
}

#[test]
fn slack() {
    let front = Front::of(None);
    let path = "/services/T00/B00/hunter22hunter22";
    let slack = Slack::new("ops", secret(&format!("{}{path}", front.url())), settings());
    assert_eq!(slack.name(), "slack/ops");
    front.on("POST /services", 1, Act::answer(200, "ok"));
    slack.send(&cx(), &message()).unwrap();
    let body = front.seen()[0].body.clone();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["text"], "web: run 7 failed at `test` – ü");
    assert_eq!(body["blocks"][0]["type"], "header");
    front.on("POST /services", 1, Act::answer(400, "invalid_blocks"));
    assert!(never(&slack.send(&cx(), &message()).unwrap_err()).contains("invalid_blocks"));
    front.on(
        "POST /services",
        1,
        Act::answer(404, &format!("no_service {path}")),
    );
    let (text, _) = later(&slack.send(&cx(), &message()).unwrap_err());
    assert!(text.contains("no_service"), "{text}");
    assert!(!format!("{slack:?}").contains("hunter22"));
}
