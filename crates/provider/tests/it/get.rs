use goldsmith_core::fetch::{Fetch, FetchError};
use goldsmith_provider::{HttpFetch, Proxies, Settings};
use goldsmith_testing::mirror::Fault;

use crate::{Bench, FILE};

impl Bench {
    fn get(&self, url: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        self.fetch.get(&self.cx, url, limit)
    }
}

#[test]
fn gets_over_faults() {
    for fault in [
        Fault::Drop { after: 1000 },
        Fault::Hang { after: 1000 },
        Fault::Status {
            code: 502,
            retry_after: None,
        },
    ] {
        let bench = Bench::new();
        bench.mirror.fault(FILE, 2, fault);
        let bytes = bench.get(&bench.mirror.url(FILE), 1 << 20).unwrap();
        assert_eq!(bytes, bench.content, "{fault:?}");
        assert_eq!(bench.mirror.requests().len(), 3, "{fault:?}");
    }
}

#[test]
fn says_who_asks() {
    let bench = Bench::new();
    bench.get(&bench.mirror.url(FILE), 1 << 20).unwrap();
    let agent = bench.mirror.requests()[0].user_agent.clone().unwrap();
    assert!(agent.starts_with("goldsmith/"), "{agent}");
}

#[test]
fn limit() {
    let bench = Bench::new();
    let file = format!("file://{}/root/{FILE}", bench.dir.path().display());
    for url in [bench.mirror.url(FILE), file] {
        assert_eq!(bench.get(&url, 300_000).unwrap().len(), 300_000);
        let error = bench.get(&url, 299_999).unwrap_err();
        assert!(
            matches!(error, FetchError::TooLarge { limit: 299_999, .. }),
            "{error}"
        );
    }
}

#[test]
fn follows_redirects_but_not_for_ever() {
    let bench = Bench::new();
    bench.mirror.redirect("a", &bench.mirror.url(FILE));
    bench.mirror.redirect("loop", &bench.mirror.url("loop"));
    assert_eq!(
        bench.get(&bench.mirror.url("a"), 1 << 20).unwrap(),
        bench.content
    );
    let error = bench.get(&bench.mirror.url("loop"), 1 << 20).unwrap_err();
    assert!(error.to_string().contains("too many redirects"), "{error}");
    assert_eq!(bench.mirror.requests().len(), 2 + 11, "not tried again");
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let bench = Bench::new();
    let url = |path| bench.mirror.url(path).replace("://", "://me:hunter2@");
    bench.get(&url(FILE), 1 << 20).unwrap();
    assert!(bench.mirror.requests()[0].authorization.is_some());
    bench.mirror.fault(
        FILE,
        99,
        Fault::Status {
            code: 503,
            retry_after: None,
        },
    );
    for path in [FILE, "missing"] {
        let error = bench.get(&url(path), 1 << 20).unwrap_err();
        assert!(error.to_string().contains("(secret)@"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    assert_eq!(bench.cx.redactor.redact("hunter2"), "(secret)");
    drop(bench.get("http://me:p%40ssw%3Ard@127.0.0.1:1/", 1));
    for text in ["p%40ssw%3Ard", "p@ssw:rd"] {
        assert_eq!(bench.cx.redactor.redact(text), "(secret)");
    }
}

#[test]
fn nobody_there() {
    let bench = Bench::new();
    // A port that was free a moment ago and has no listener now.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = bench
        .get(&format!("http://127.0.0.1:{port}/x"), 10)
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("in 5 tries: cannot connect: "), "{text}");
}

#[test]
fn not_a_url() {
    let bench = Bench::new();
    for url in [
        "nonsense",
        "ftp://mirror.test/x",
        "http://",
        "file://elsewhere/x",
    ] {
        let error = bench.get(url, 10).unwrap_err();
        assert!(
            matches!(error, FetchError::Failed { tries: 1, .. }),
            "{url}: {error}"
        );
    }
}

/// The mirror plays the proxy: a request for another host reaches it all the same.
#[test]
fn proxy() {
    let bench = Bench::new();
    let proxied = |none: Option<&str>| {
        HttpFetch::new(Settings {
            proxies: Proxies {
                http: Some(bench.mirror.base().replace("://", "://me:hunter2@")),
                https: None,
                none: none.map(str::to_owned),
            },
            ..Settings::default()
        })
    };
    let url = format!("http://mirror.invalid/{FILE}");
    let bytes = proxied(None).get(&bench.cx, &url, 1 << 20).unwrap();
    assert_eq!(bytes, bench.content);
    assert!(bench.mirror.requests()[0].authorization.is_some());
    let error = proxied(Some("localhost,mirror.invalid")).get(&bench.cx, &url, 1 << 20);
    assert!(
        matches!(error, Err(FetchError::Failed { .. })),
        "asked directly"
    );
    assert_eq!(bench.mirror.requests().len(), 1);
}

#[test]
fn bad_proxy_is_named_without_its_value() {
    let bench = Bench::new();
    let fetch = HttpFetch::new(Settings {
        proxies: Proxies {
            http: Some("::me:hunter2@".to_owned()),
            ..Proxies::default()
        },
        ..Settings::default()
    });
    let error = fetch
        .get(&bench.cx, "http://mirror.invalid/", 10)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`http_proxy`") && !error.contains("hunter2"),
        "{error}"
    );
}
