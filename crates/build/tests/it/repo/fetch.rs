use std::sync::Mutex;

use goldsmith_core::event::{Event, EventSink};
use goldsmith_testing::mirror::Fault;

use super::*;

#[derive(Debug, Default)]
struct Seen(Mutex<Vec<Event>>);

impl EventSink for Seen {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// Nothing half-done is left in the store.
fn assert_clean(bench: &Bench) {
    let left: Vec<_> = std::fs::read_dir(bench.store.root().join("partial"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(left, [""; 0].map(PathBuf::from));
}

#[test]
fn every_package_once() {
    let mut bench = Bench::new();
    let seen = Arc::new(Seen::default());
    bench.cx = Cx::new(Arc::new(FakeClock::at(NOW)), Arc::clone(&seen) as Arc<_>);
    let section = bench.lock().unwrap();
    let bytes = section.all_packages().map(|p| p.size).sum();
    let first = bench.fetch(&section).unwrap();
    assert_eq!(
        first,
        Fetched {
            packages: 4,
            fetched: 4,
            bytes
        }
    );
    for package in packages() {
        let digest = goldsmith_core::digest::Sha256::of(&package.bytes);
        assert_eq!(
            std::fs::read(bench.store.blob_path(&digest)).unwrap(),
            package.bytes
        );
    }
    let events = seen.0.lock().unwrap();
    let progress = events.iter().filter_map(|event| match event {
        Event::Progress { done, .. } => Some(*done),
        _ => None,
    });
    assert_eq!(progress.max(), Some(bytes));
    drop(events);
    let second = bench.fetch(&section).unwrap();
    assert_eq!(
        second,
        Fetched {
            packages: 4,
            fetched: 0,
            bytes: 0
        }
    );
    assert_clean(&bench);
}

#[test]
fn a_mirror_that_drops_and_lies() {
    let bench = Bench::new();
    bench
        .mirror
        .fault("InRelease", 2, Fault::Drop { after: 100 });
    bench.mirror.fault("by-hash", 1, Fault::Corrupt { at: 20 });
    bench.mirror.fault("by-hash", 1, Fault::Drop { after: 20 });
    bench.mirror.fault("nginx", 2, Fault::Drop { after: 1000 });
    bench.mirror.fault("libc6", 1, Fault::Corrupt { at: 1000 });
    bench.mirror.fault(
        "base-files",
        2,
        Fault::Status {
            code: 503,
            retry_after: Some(1),
        },
    );
    bench.mirror.fault("grub", 1, Fault::Resize { by: 7 });
    let section = bench.lock().unwrap();
    assert_eq!(bench.fetch(&section).unwrap().fetched, 4);
    assert_clean(&bench);
}

#[test]
fn gone_from_the_mirror_but_in_the_store() {
    let bench = Bench::new();
    let section = bench.lock().unwrap();
    bench.fetch(&section).unwrap();
    std::fs::remove_dir_all(bench.root().join("pool")).unwrap();
    assert_eq!(bench.fetch(&section).unwrap().fetched, 0);
    assert_eq!(bench.fetch_offline(&section).unwrap().fetched, 0);
}

#[test]
fn gone_from_both() {
    let bench = Bench::new();
    let section = bench.lock().unwrap();
    std::fs::remove_file(bench.root().join(packages()[2].path())).unwrap();
    let error = bench.fetch(&section).unwrap_err();
    assert_eq!(
        words(&error),
        "package nginx 1.22.1-9 is gone from the mirror, and the store does not have it"
    );
    assert!(error.hints()[0].contains("`goldsmith lock --update`"));
}

#[test]
fn offline_without_it() {
    let bench = Bench::new();
    let section = bench.lock().unwrap();
    let error = bench.fetch_offline(&section).unwrap_err();
    assert!(
        words(&error).contains("and this run is offline"),
        "{}",
        words(&error)
    );
}

#[test]
fn wrong_bytes_or_size() {
    for (fault, detail) in [
        (Fault::Corrupt { at: 5 }, "expected SHA-256"),
        (Fault::Resize { by: 1 }, "the server says"),
        (Fault::Resize { by: -1 }, "the server says"),
    ] {
        let bench = Bench::new();
        let section = bench.lock().unwrap();
        bench.mirror.fault("pool/main/nginx", 99, fault);
        let error = bench.fetch(&section).unwrap_err();
        let text = words(&error);
        let start = "package nginx 1.22.1-9 at the mirror is not the locked one: ";
        assert!(text.starts_with(start) && text.contains(detail), "{text}");
        let nginx = section.packages.iter().find(|p| p.name == "nginx").unwrap();
        assert!(!bench.store.has_blob(&nginx.sha256));
        // A mirror that is well again is enough.
        let fresh = FaultyMirror::serve(bench.root());
        let bench = Bench {
            mirror: fresh,
            ..bench
        };
        bench.fetch(&section).unwrap();
        assert_clean(&bench);
    }
}

#[test]
fn stops_when_asked() {
    let bench = Bench::new();
    let section = bench.lock().unwrap();
    bench.mirror.fault("pool/", 99, Fault::Hang { after: 10 });
    let cancel = bench.cx.cancel.clone();
    let error = std::thread::scope(|scope| {
        let running = scope.spawn(|| bench.fetch(&section));
        while !bench.asked().iter().any(|path| path.starts_with("pool")) {
            std::thread::yield_now();
        }
        cancel.cancel();
        running.join().unwrap().unwrap_err()
    });
    assert!(matches!(error, RepoError::Cancelled(_)), "{error}");
}

/// What arrived before an interruption is not fetched again.
#[test]
fn an_interrupted_fetch_is_taken_up() {
    let bench = Bench::new();
    let section = bench.lock().unwrap();
    let gone = Fault::Status {
        code: 403,
        retry_after: None,
    };
    bench
        .mirror
        .fault("pool/main/nginx", 1, Fault::Drop { after: 1000 });
    bench.mirror.fault("pool/main/nginx", 1, gone);
    let text = words(&bench.fetch(&section).unwrap_err());
    assert!(
        text.starts_with("cannot fetch package nginx 1.22.1-9: "),
        "{text}"
    );
    bench.fetch(&section).unwrap();
    let ranges: Vec<_> = bench
        .mirror
        .requests()
        .into_iter()
        .filter(|request| request.path.starts_with("pool/main/nginx"))
        .map(|request| request.range)
        .collect();
    let resumed = Some("bytes=1000-".to_owned());
    assert_eq!(ranges, [None, resumed.clone(), resumed]);
    assert_clean(&bench);
}

#[test]
fn a_store_that_cannot_be_written() {
    let bench = Bench::new();
    let section = bench.lock().unwrap();
    // Root may write anywhere; nobody may write below a file.
    let partial = bench.store.root().join("partial");
    std::fs::remove_dir_all(&partial).unwrap();
    std::fs::write(&partial, "").unwrap();
    let error = bench.fetch(&section).unwrap_err();
    assert_eq!(error.class(), goldsmith_core::failure::Class::Environment);
    assert!(
        words(&error).contains("cannot write `"),
        "{}",
        words(&error)
    );
}
