use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use goldsmith_core::digest::Sha256;
use goldsmith_core::fetch::{Expected, Fetch, FetchError};
use goldsmith_provider::Offline;
use goldsmith_testing::mirror::Fault;

use crate::{Bench, FILE, exists};

impl Bench {
    fn download(&self) -> Result<u64, FetchError> {
        self.download_as(self.expected())
    }

    fn download_as(&self, expected: Expected) -> Result<u64, FetchError> {
        let bytes = AtomicU64::new(0);
        let url = self.mirror.url(FILE);
        let add = |n| {
            bytes.fetch_add(n, Ordering::SeqCst);
        };
        self.fetch
            .download(&self.cx, &url, expected, &self.target(), &add)
            .map(|()| bytes.into_inner())
    }

    /// The file came whole, and nothing is left beside it.
    fn assert_whole(&self) {
        assert_eq!(std::fs::read(self.target()).unwrap(), self.content);
        assert!(!exists(&self.part()));
    }

    fn assert_nothing(&self) {
        assert!(!exists(&self.target()));
    }
}

/// Each fault, how often, and how many requests it takes to get over it.
#[test]
fn gets_over_faults() {
    for (fault, times, requests) in [
        (Fault::Drop { after: 0 }, 4, 5),
        (Fault::Drop { after: 70_000 }, 3, 4),
        (Fault::Hang { after: 5000 }, 1, 2),
        (Fault::Hang { after: 0 }, 1, 2),
        (Fault::Resize { by: -10 }, 1, 2),
        (Fault::Resize { by: 10 }, 1, 2),
        (Fault::Corrupt { at: 100 }, 1, 2),
        (
            Fault::Status {
                code: 500,
                retry_after: None,
            },
            2,
            3,
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
        bench
            .download()
            .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        bench.assert_whole();
        assert_eq!(bench.mirror.requests().len(), requests, "{fault:?}");
    }
}

#[test]
fn resumes_where_it_stopped() {
    let bench = Bench::new();
    bench.mirror.fault(FILE, 1, Fault::Drop { after: 70_000 });
    assert_eq!(bench.download().unwrap(), 300_000, "no byte came twice");
    bench.assert_whole();
    assert_eq!(bench.ranges(), [None, Some("bytes=70000-".to_owned())]);
    assert!(bench.mirror.requests()[1].if_range.is_some());
    assert_eq!(bench.clock.slept(), Duration::from_millis(500));
}

#[test]
fn resumes_an_earlier_run() {
    let bench = Bench::new();
    std::fs::write(bench.part(), &bench.content[..1000]).unwrap();
    assert_eq!(bench.download().unwrap(), 299_000);
    bench.assert_whole();
    assert_eq!(bench.ranges(), [Some("bytes=1000-".to_owned())]);
}

#[test]
fn finishes_a_whole_part_without_asking() {
    let bench = Bench::new();
    std::fs::write(bench.part(), &bench.content).unwrap();
    assert_eq!(bench.download().unwrap(), 0);
    bench.assert_whole();
    assert_eq!(bench.ranges(), []);
}

#[test]
fn starts_anew_after_a_wrong_part() {
    for part in [vec![1; 1000], vec![1; 300_000], vec![1; 400_000]] {
        let bench = Bench::new();
        std::fs::write(bench.part(), part).unwrap();
        bench.download().unwrap();
        bench.assert_whole();
        let last = bench.mirror.requests().pop().unwrap();
        assert_eq!(last.range, None);
        assert_eq!(last.cache_control.as_deref(), Some("no-cache"));
    }
}

#[test]
fn starts_anew_where_ranges_are_unknown_or_wrong() {
    for fault in [Fault::IgnoreRange, Fault::WrongRange] {
        let bench = Bench::new();
        std::fs::write(bench.part(), &bench.content[..1000]).unwrap();
        bench.mirror.fault(FILE, 1, fault);
        bench.download().unwrap();
        bench.assert_whole();
    }
}

/// What stays wrong is refused, and nothing is kept that a later run would build on.
#[test]
fn refuses_what_stays_wrong() {
    for (fault, text) in [
        (Fault::Corrupt { at: 299_999 }, "expected SHA-256"),
        (
            Fault::Resize { by: 5 },
            "expected 300000 bytes, the server says 300005",
        ),
        (
            Fault::Resize { by: -5 },
            "expected 300000 bytes, the server says 299995",
        ),
    ] {
        let bench = Bench::new();
        bench.mirror.fault(FILE, 99, fault);
        let error = bench.download().unwrap_err();
        assert!(matches!(error, FetchError::Mismatch { .. }), "{error}");
        assert!(error.to_string().contains(text), "{error}");
        bench.assert_nothing();
        assert_eq!(std::fs::read(bench.part()).unwrap(), b"");
        assert_eq!(bench.mirror.requests().len(), 2, "one fresh try");
    }
}

#[test]
fn gives_up() {
    for (fault, requests, text) in [
        (
            Fault::Status {
                code: 503,
                retry_after: None,
            },
            5,
            "in 5 tries: the server answered 503",
        ),
        (
            Fault::Status {
                code: 403,
                retry_after: None,
            },
            1,
            "deb`: the server answered 403",
        ),
        (
            Fault::Status {
                code: 503,
                retry_after: Some(9999),
            },
            1,
            "deb`: the server answered 503",
        ),
        (Fault::Drop { after: 0 }, 5, "the connection broke"),
        (Fault::Hang { after: 0 }, 5, "nothing came for 0.3 s"),
    ] {
        let bench = Bench::new();
        bench.mirror.fault(FILE, 99, fault);
        let error = bench.download().unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(bench.mirror.requests().len(), requests, "{fault:?}");
        bench.assert_nothing();
    }
}

#[test]
fn not_there_is_said_at_once() {
    let bench = Bench::new();
    for (code, tries) in [(404, 1), (410, 2)] {
        bench.mirror.fault(
            FILE,
            1,
            Fault::Status {
                code,
                retry_after: None,
            },
        );
        assert!(matches!(bench.download(), Err(FetchError::NotFound { .. })));
        assert_eq!(bench.mirror.requests().len(), tries);
    }
}

#[test]
fn stops_when_asked() {
    let bench = Bench::new();
    bench.mirror.fault(FILE, 99, Fault::Hang { after: 5000 });
    let cancel = bench.cx.cancel.clone();
    let url = bench.mirror.url(FILE);
    let stop = |_| cancel.cancel();
    let error = bench
        .fetch
        .download(&bench.cx, &url, bench.expected(), &bench.target(), &stop)
        .unwrap_err();
    assert!(matches!(error, FetchError::Cancelled(_)), "{error}");
    assert_eq!(
        std::fs::metadata(bench.part()).unwrap().len(),
        5000,
        "kept for later"
    );
}

#[test]
fn two_at_once_share_the_work() {
    let bench = Bench::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| bench.download().unwrap());
        }
    });
    bench.assert_whole();
}

#[test]
fn file_urls() {
    let bench = Bench::new();
    let url = format!("file://{}/root/{FILE}", bench.dir.path().display());
    let get = |expected| {
        bench
            .fetch
            .download(&bench.cx, &url, expected, &bench.target(), &|_| ())
    };
    let wrong = Expected {
        sha256: Sha256::of(b"x"),
        ..bench.expected()
    };
    assert!(matches!(get(wrong), Err(FetchError::Mismatch { .. })));
    let short = Expected {
        size: 10,
        ..bench.expected()
    };
    assert!(matches!(get(short), Err(FetchError::Mismatch { .. })));
    bench.assert_nothing();
    get(bench.expected()).unwrap();
    bench.assert_whole();
}

#[test]
fn a_place_that_cannot_be_written() {
    let bench = Bench::new();
    let target = bench.dir.path().join("no/such/dir/x");
    let url = bench.mirror.url(FILE);
    let error = bench
        .fetch
        .download(&bench.cx, &url, bench.expected(), &target, &|_| ())
        .unwrap_err();
    assert!(matches!(error, FetchError::Write { .. }), "{error}");
}

#[test]
fn offline_refuses() {
    let bench = Bench::new();
    let url = "http://me:hunter2@mirror.test/x";
    let error = Offline
        .download(&bench.cx, url, bench.expected(), &bench.target(), &|_| ())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`http://(secret)@mirror.test/x` is not in the store, and this run is offline"
    );
    assert!(Offline.get(&bench.cx, url, 1).is_err());
}
