//! Downloads of what nobody pinned.

use goldsmith_core::fetch::FetchError;
use goldsmith_core::remote::{Download, Unpinned, Validators};
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::mirror::{Fault, FaultyMirror};

use crate::{Bench, FILE, exists};

const PLAIN: Unpinned = Unpinned {
    limit: 1 << 20,
    ignore_certificate_errors: false,
};

impl Bench {
    fn save(&self, url: &str) -> Result<(), FetchError> {
        self.save_as(url, PLAIN)
    }

    fn save_as(&self, url: &str, how: Unpinned) -> Result<(), FetchError> {
        let result = self.fetch.save(&self.cx, url, how, &self.target());
        assert!(!exists(&self.part()), "nothing is left beside the file");
        assert_eq!(exists(&self.target()), result.is_ok());
        result
    }

    fn saved(&self) -> Vec<u8> {
        std::fs::read(self.target()).unwrap()
    }
}

/// Each fault, how often, and how many requests it takes to get over it.
#[test]
fn gets_over_faults() {
    for (fault, times, requests) in [
        (Fault::Drop { after: 0 }, 4, 5),
        (Fault::Drop { after: 70_000 }, 3, 4),
        (Fault::Hang { after: 5000 }, 1, 2),
        (
            Fault::Status {
                code: 503,
                retry_after: None,
            },
            4,
            5,
        ),
        (
            Fault::Status {
                code: 429,
                retry_after: Some(7),
            },
            1,
            2,
        ),
    ] {
        let bench = Bench::new();
        bench.mirror.fault(FILE, times, fault);
        let saved = bench.save(&bench.mirror.url(FILE));
        saved.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(bench.saved(), bench.content, "{fault:?}");
        assert_eq!(bench.mirror.requests().len(), requests, "{fault:?}");
    }
}

#[test]
fn takes_up_what_broke_off() {
    let bench = Bench::new();
    bench.mirror.fault(FILE, 1, Fault::Drop { after: 70_000 });
    bench.save(&bench.mirror.url(FILE)).unwrap();
    assert_eq!(bench.saved(), bench.content);
    assert_eq!(bench.ranges(), [None, Some("bytes=70000-".to_owned())]);
    assert!(bench.mirror.requests()[1].if_range.is_some());
}

/// Where the server cannot say that the bytes are the same, or they are not, all come again.
#[test]
fn begins_anew_when_the_file_is_another() {
    for second in [
        Fault::Corrupt { at: 5 },
        Fault::IgnoreRange,
        Fault::WrongRange,
    ] {
        let bench = Bench::new();
        bench.mirror.fault(FILE, 1, Fault::Drop { after: 70_000 });
        bench.mirror.fault(FILE, 1, second);
        bench.save(&bench.mirror.url(FILE)).unwrap();
        let mut expected = bench.content.clone();
        if let Fault::Corrupt { at } = second {
            // Another file, and the whole of it.
            expected[usize::try_from(at).unwrap()] ^= 0x55;
        }
        assert!(bench.saved() == expected, "{second:?}");
    }
}

/// The file gets shorter between the tries.
#[test]
fn a_range_that_is_gone() {
    let bench = Bench::new();
    let (front, etag) = (Front::of(None), |tag: &str| {
        ("ETag".to_owned(), tag.to_owned())
    });
    let cut = Act::Answer {
        status: 200,
        headers: vec![etag("\"1\""), ("X".to_owned(), "y".to_owned())],
        body: "0123456789".to_owned(),
    };
    front.on("GET /file", 1, cut.clone());
    let behind = front.url().rsplit(':').next().unwrap().parse().unwrap();
    let cutting = Front::of(Some(behind));
    cutting.on("GET /file", 1, Act::Cut(4));
    front.on("GET /file", 1, Act::answer(416, ""));
    front.on("GET /file", 1, Act::answer(200, "0123"));
    bench.save(&format!("{}/file", cutting.url())).unwrap();
    assert_eq!(bench.saved(), b"0123");
    let ranges: Vec<_> = front
        .seen()
        .into_iter()
        .map(|seen| seen.headers.get("range").cloned())
        .collect();
    assert_eq!(ranges, [None, Some("bytes=4-".to_owned()), None]);
}

/// Only 200 is a file; what will not change is not tried again.
#[test]
fn statuses() {
    for (status, requests, text) in [
        (201, 1, "the server answered 201"),
        (204, 1, "the server answered 204"),
        (206, 5, "a part that was not asked for"),
        (304, 1, "the server answered 304"),
        (403, 1, "the server answered 403"),
        (404, 1, "does not exist"),
        (500, 5, "in 5 tries: the server answered 500"),
    ] {
        let bench = Bench::new();
        let front = Front::of(None);
        front.on("GET /x", 99, Act::answer(status, ""));
        let error = bench.save(&format!("{}/x", front.url())).unwrap_err();
        assert!(error.to_string().contains(text), "{status}: {error}");
        assert_eq!(front.seen().len(), requests, "{status}");
    }
}

#[test]
fn redirects() {
    let bench = Bench::new();
    bench.mirror.redirect("a", &bench.mirror.url("b"));
    bench.mirror.redirect("b", &bench.mirror.url(FILE));
    bench.save(&bench.mirror.url("a")).unwrap();
    assert_eq!(bench.saved(), bench.content);
}

#[test]
fn limit() {
    for (limit, is_enough) in [(300_000, true), (299_999, false)] {
        let bench = Bench::new();
        let how = Unpinned { limit, ..PLAIN };
        let saved = bench.save_as(&bench.mirror.url(FILE), how);
        match saved {
            Ok(()) => assert!(is_enough),
            Err(error) => assert!(!is_enough && matches!(error, FetchError::TooLarge { .. })),
        }
    }
}

#[test]
fn certificates() {
    let bench = Bench::new();
    let mirror = FaultyMirror::serve_tls(bench.dir.path().join("root"));
    let error = bench.save(&mirror.url(FILE)).unwrap_err();
    assert!(
        error.to_string().contains("invalid peer certificate"),
        "{error}"
    );
    assert_eq!(mirror.requests().len(), 0);
    let any = Unpinned {
        ignore_certificate_errors: true,
        ..PLAIN
    };
    bench.save_as(&mirror.url(FILE), any).unwrap();
    assert_eq!(bench.saved(), bench.content);
    // Nobody else got careless by it.
    std::fs::remove_file(bench.target()).unwrap();
    assert!(bench.save(&mirror.url(FILE)).is_err());
}

#[test]
fn replaces_what_is_there_at_the_end_only() {
    let bench = Bench::new();
    std::fs::write(bench.target(), "old").unwrap();
    std::fs::write(bench.part(), "of another run").unwrap();
    bench.mirror.fault(FILE, 99, Fault::Drop { after: 0 });
    let url = bench.mirror.url(FILE);
    assert!(
        bench
            .fetch
            .save(&bench.cx, &url, PLAIN, &bench.target())
            .is_err()
    );
    assert_eq!(bench.saved(), b"old");
    bench.mirror.heal();
    bench.save(&url).unwrap();
    assert_eq!(bench.saved(), bench.content);
}

#[test]
fn only_web_addresses_and_no_password_in_errors() {
    let bench = Bench::new();
    let file = format!("file://{}/root/{FILE}", bench.dir.path().display());
    for url in [file.as_str(), "ftp://h/x", "nonsense", "http://"] {
        assert!(bench.save(url).is_err(), "{url}");
    }
    let url = bench
        .mirror
        .url("missing")
        .replace("://", "://me:hunter22@");
    let error = bench.save(&format!("{url}?sig=hunter23")).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn a_stop_leaves_nothing() {
    let bench = Bench::new();
    bench.mirror.fault(FILE, 1, Fault::Hang { after: 1000 });
    let cancel = bench.cx.cancel.clone();
    let stopped = std::thread::scope(|scope| {
        scope.spawn(|| {
            while bench.mirror.requests().is_empty() {
                std::thread::yield_now();
            }
            cancel.cancel();
        });
        bench.save(&bench.mirror.url(FILE))
    });
    assert!(
        matches!(stopped, Err(FetchError::Cancelled(_))),
        "{stopped:?}"
    );
}

#[test]
fn asks_whether_something_is_new() {
    let bench = Bench::new();
    let url = bench.mirror.url(FILE);
    let renew = |had: &Validators| {
        bench
            .fetch
            .renew(&bench.cx, &url, PLAIN, had, &bench.target())
    };
    let first = renew(&Validators::default()).unwrap().unwrap();
    assert!(first.etag.is_some());
    std::fs::remove_file(bench.target()).unwrap();
    assert_eq!(renew(&first).unwrap(), None);
    assert!(!exists(&bench.target()) && !exists(&bench.part()));
    std::fs::write(bench.dir.path().join("root").join(FILE), b"another").unwrap();
    // What breaks off is taken up, also of a file that was asked for with a condition.
    bench.mirror.fault(FILE, 1, Fault::Drop { after: 3 });
    let second = renew(&first).unwrap().unwrap();
    assert_ne!(first, second);
    assert_eq!(bench.saved(), b"another");
    assert_eq!(bench.ranges().last().unwrap().as_deref(), Some("bytes=3-"));
}
