//! Mails to a real server.

use std::time::Duration;

use goldsmith_core::notify::{Notifier, NotifyError};
use goldsmith_provider::notify::{Smtp, SmtpError, SmtpSettings};
use goldsmith_testing::front::Front;
use goldsmith_testing::smtp::{Mail, Setup, SmtpSink, Wrapping};

use super::{cx, later, message, never, secret};

fn given(server: &str) -> SmtpSettings {
    SmtpSettings {
        server: server.to_owned(),
        from: "Goldsmith <images@shop.test>".to_owned(),
        to: vec!["ops@shop.test".to_owned(), "Ü <boss@shop.test>".to_owned()],
        login: None,
        authorities: Vec::new(),
        timeout: Duration::from_secs(5),
    }
}

fn login(password: &str) -> (String, goldsmith_core::secret::Secret<String>) {
    ("me".to_owned(), secret(password))
}

fn at(sink: &SmtpSink, scheme: &str) -> SmtpSettings {
    given(&format!("{scheme}://127.0.0.1:{}", sink.port()))
}

/// A sink that asks for a login, over TLS.
fn guarded(wrapping: Wrapping) -> SmtpSink {
    SmtpSink::start(&Setup {
        wrapping,
        login: Some(("me", "hunter22")),
        faults: Vec::new(),
    })
}

fn send(settings: &SmtpSettings) -> Result<(), NotifyError> {
    Smtp::new("ops", settings).unwrap().send(&cx(), &message())
}

#[test]
fn a_mail_to_act_on() {
    let sink = SmtpSink::start(&Setup::default());
    send(&at(&sink, "smtp")).unwrap();
    let mail = sink.mail();
    assert_eq!(mail.from, "images@shop.test");
    assert_eq!(mail.to, "ops@shop.test,boss@shop.test");
    assert!(!mail.is_over_tls);
    for line in [
        "From: Goldsmith <images@shop.test>",
        "Message-ID: <run-7-12@shop.test>",
        "Date: Mon, 23 Nov 2026 20:00:00 +0000",
        "Auto-Submitted: auto-generated",
        "X-Goldsmith-Event: goldsmith.run.failed",
        "Content-Type: text/plain; charset=utf-8",
        "  goldsmith run web --from test",
        "image: web 1.4.0/3",
        ".",
    ] {
        assert!(
            mail.text.lines().any(|found| found == line),
            "{line}\n{}",
            mail.text
        );
    }
    assert!(
        mail.text
            .contains("\r\nSubject: web: run 7 failed at `test` "),
        "{}",
        mail.text
    );
    // The same id and date again.
    send(&at(&sink, "smtp")).unwrap();
    assert_eq!(sink.mail(), mail);
}

#[test]
fn over_tls_with_a_login() {
    for (wrapping, scheme) in [(Wrapping::StartTls, "smtp"), (Wrapping::Tls, "smtps")] {
        let sink = guarded(wrapping);
        let settings = SmtpSettings {
            login: Some(login("hunter22")),
            authorities: vec![sink.certificate().to_owned()],
            ..at(&sink, scheme)
        };
        send(&settings).unwrap();
        let Mail {
            is_over_tls, user, ..
        } = sink.mail();
        assert_eq!((is_over_tls, user.as_str()), (true, "me"));

        // A server that is another one is told nothing, least of all the password.
        let stranger = SmtpSettings {
            authorities: Vec::new(),
            ..settings.clone()
        };
        let (text, _) = later(&send(&stranger).unwrap_err());
        assert!(text.contains("certificate"), "{text}");

        let refused = SmtpSettings {
            login: Some(login("hunter22-no")),
            ..settings
        };
        let (text, _) = later(&send(&refused).unwrap_err());
        assert!(text.contains("535"), "{text}");
        assert!(!sink.has_more());
    }
}

/// A login goes over TLS or not at all, whatever a server offers.
#[test]
fn no_login_in_the_open() {
    let sink = SmtpSink::start(&Setup {
        login: Some(("me", "hunter22")),
        ..Setup::default()
    });
    let settings = SmtpSettings {
        login: Some(login("hunter22")),
        ..at(&sink, "smtp")
    };
    later(&send(&settings).unwrap_err());
    assert!(!sink.has_more());
    let open = SmtpSettings {
        server: format!("smtp://127.0.0.1:{}?tls=none", sink.port()),
        ..settings
    };
    assert!(matches!(Smtp::new("ops", &open), Err(SmtpError::OpenLogin)));
}

#[test]
fn answers_and_what_they_mean() {
    let sink = SmtpSink::start(&Setup {
        faults: vec!["451 4.3.0 busy", "552 5.3.4 too large", "drop", "lose", ""],
        ..Setup::default()
    });
    let settings = at(&sink, "smtp");
    let (text, _) = later(&send(&settings).unwrap_err());
    assert!(text.contains("busy"), "{text}");
    assert!(never(&send(&settings).unwrap_err()).contains("too large"));
    later(&send(&settings).unwrap_err());
    // It arrived, and nobody said so: it comes again under the same id.
    later(&send(&settings).unwrap_err());
    send(&settings).unwrap();
    assert_eq!(sink.mail().text, sink.mail().text);
    assert!(!sink.has_more());
}

#[test]
fn nobody_there_or_nobody_who_speaks() {
    let sink = SmtpSink::start(&Setup::default());
    let settings = at(&sink, "smtp");
    drop(sink);
    let (text, _) = later(&send(&settings).unwrap_err());
    assert!(text.contains("onnect"), "{text}");

    // It waits for a request, as the client does for a greeting.
    let front = Front::of(None);
    let silent = SmtpSettings {
        timeout: Duration::from_millis(300),
        ..given(&front.url().replace("http", "smtp"))
    };
    let (text, _) = later(&send(&silent).unwrap_err());
    assert!(text.contains("not done in 0.3 s"), "{text}");

    let patient = SmtpSettings {
        timeout: Duration::from_mins(5),
        ..silent
    };
    let (cx, smtp) = (cx(), Smtp::new("ops", &patient).unwrap());
    cx.cancel.cancel();
    assert!(matches!(
        smtp.send(&cx, &message()),
        Err(NotifyError::Cancelled(_))
    ));
    let cx = super::cx();
    let stopped = std::thread::scope(|scope| {
        let sending = scope.spawn(|| smtp.send(&cx, &message()));
        // It waits for a greeting that never comes.
        std::thread::yield_now();
        cx.cancel.cancel();
        sending.join().unwrap()
    });
    assert!(
        matches!(stopped, Err(NotifyError::Cancelled(_))),
        "{stopped:?}"
    );
}

#[test]
fn settings_that_cannot_be_used() {
    let good = given("smtp://127.0.0.1:25");
    let wrong = [
        SmtpSettings {
            server: "mail".to_owned(),
            ..good.clone()
        },
        SmtpSettings {
            from: "nobody".to_owned(),
            ..good.clone()
        },
        SmtpSettings {
            to: vec!["a@b\r\nBcc: c@d".to_owned()],
            ..good.clone()
        },
        SmtpSettings {
            to: Vec::new(),
            ..good.clone()
        },
        SmtpSettings {
            authorities: vec!["junk".to_owned()],
            server: "smtps://h".to_owned(),
            ..good.clone()
        },
    ];
    for settings in wrong {
        assert!(Smtp::new("ops", &settings).is_err(), "{settings:?}");
    }
    assert!(Smtp::new("ops", &good).is_ok());
}
