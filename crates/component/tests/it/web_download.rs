//! `WebDownload` from a server that fails on purpose.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use goldsmith_component::machine::Tree;
use goldsmith_component::{Report, Services};
use goldsmith_core::cx::Cx;
use goldsmith_core::event::Event;
use goldsmith_provider::{HttpFetch, Settings};
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::mirror::{Fault, FaultyMirror};

use crate::sandbox::{Events, Fixture};
use crate::step;

struct Bench {
    fixture: Fixture,
    mirror: FaultyMirror,
    fetch: HttpFetch,
    cx: Cx,
    events: Arc<Events>,
}

const FILE: &str = "dir/tool 1.zip";
const CONTENT: &str = "some bytes of a tool";
/// Of the content.
const MD5: &str = "2ff85d2ebd0d8e1eb8f2d1b8d5ff54c4";

impl Bench {
    fn new() -> Self {
        let fixture = Fixture::new();
        let root = fixture.dir.path().join("web");
        std::fs::create_dir_all(root.join("dir")).unwrap();
        std::fs::create_dir(fixture.dir.path().join("scratch")).unwrap();
        std::fs::write(root.join(FILE), CONTENT).unwrap();
        let events = Arc::new(Events::default());
        let clock = Arc::new(FakeClock::at(0));
        Self {
            mirror: FaultyMirror::serve(root),
            fixture,
            fetch: HttpFetch::new(Settings {
                stall_timeout: Duration::from_millis(300),
                ..Settings::default()
            }),
            cx: Cx::new(clock, events.clone()),
            events,
        }
    }

    /// The URL of the file, as a document would write it.
    fn url(&self) -> String {
        self.mirror.base() + "/dir/tool%201.zip"
    }

    fn run(&self, inputs: &str) -> Report {
        self.run_with(inputs, "")
    }

    fn run_with(&self, inputs: &str, more: &str) -> Report {
        let tree = Tree::new(&self.fixture.sandbox);
        let scratch = self.fixture.dir.path().join("scratch");
        let services = Services {
            download: Some(&self.fetch),
            scratch: Some(scratch.clone()),
            ..Services::default()
        };
        let report = step::run_with(&self.cx, &tree, &services, "WebDownload", inputs, more);
        assert_eq!(
            scratch.read_dir().unwrap().count(),
            0,
            "scratch files are gone"
        );
        report
    }

    fn error(&self, inputs: &str) -> String {
        step::error(&self.run(inputs))
    }

    fn file(&self, path: &str) -> PathBuf {
        self.fixture.sandbox.tree().join(path)
    }

    fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.file(path)).unwrap()
    }

    fn requests(&self) -> usize {
        self.mirror.requests().len()
    }
}

impl Bench {
    /// Serves the file under the name that its URL has.
    fn served() -> Self {
        let bench = Self::new();
        let root = bench.fixture.dir.path().join("web");
        std::fs::rename(root.join(FILE), root.join("dir/tool%201.zip")).unwrap();
        bench
    }
}

/// Where the file goes, by what the destination looks like; directories are made.
#[test]
fn destinations() {
    for (destination, path) in [
        ("/opt/a/b/tool.zip", "/opt/a/b/tool.zip"),
        ("/opt/a/b/", "/opt/a/b/tool 1.zip"),
        ("opt/", "/opt/tool 1.zip"),
        ("opt", "/opt"),
        ("'/opt\\'", "/opt/tool 1.zip"),
    ] {
        let bench = Bench::served();
        let report = bench.run(&format!(
            "[{{source: '{}', destination: {destination}}}]",
            bench.url()
        ));
        assert_eq!(step::error(&report), "", "{destination}");
        assert_eq!(report.steps[0].outputs[0]["destination"], path);
        assert_eq!(bench.text(&path[1..]), CONTENT);
        let mode =
            std::os::unix::fs::MetadataExt::mode(&bench.file(&path[1..]).metadata().unwrap());
        assert_eq!(mode & 0o7777, 0o644);
    }
}

/// Of several entries the output is one text, a line each.
#[test]
fn several_are_one_output() {
    let bench = Bench::served();
    let url = bench.url();
    let report = bench.run(&format!(
        "[{{source: '{url}', destination: /a}}, {{source: '{url}', destination: /b/}}]"
    ));
    let outputs = &report.steps[0].outputs;
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0]["destination"], "/a\n/b/tool 1.zip");
}

#[test]
fn overwrite_and_what_cannot_be() {
    let bench = Bench::served();
    let url = bench.url();
    let entry = |destination: &str, more: &str| {
        format!("[{{source: '{url}', destination: '{destination}'{more}}}]")
    };
    std::fs::write(bench.file("etc/old"), "old").unwrap();
    let error = bench.error(&entry("/etc/old", ", overwrite: false"));
    assert_eq!(error, "`/etc/old` exists and `overwrite` is false");
    assert_eq!(
        (bench.text("etc/old").as_str(), bench.requests()),
        ("old", 0)
    );
    assert_eq!(bench.error(&entry("/etc/new", ", overwrite: false")), "");
    assert_eq!(bench.error(&entry("/etc/old", "")), "");
    assert_eq!(bench.text("etc/old"), CONTENT);
    let error = bench.error(&entry("/etc", ""));
    assert!(error.starts_with("`/etc` is a directory: "), "{error}");
    let error = bench.error(&entry("/etc/old/below/file", ""));
    assert!(
        error.contains("`/etc/old` is there and is no directory"),
        "{error}"
    );
    let error = bench.error(&format!(
        "[{{source: '{}/', destination: /x/}}]",
        bench.mirror.base()
    ));
    assert!(error.contains("names no file"), "{error}");
    let error = bench.error("[{source: 'file:///etc/passwd', destination: /x}]");
    assert!(error.contains("only `http` and `https`"), "{error}");
}

#[test]
fn checksums() {
    let sums = [
        ("MD5", "md5sum"),
        ("SHA1", "sha1sum"),
        ("sha256", "sha256sum"),
        ("SHA-512", "sha512sum"),
    ];
    let bench = Bench::served();
    for (algorithm, program) in sums {
        let (cx, _) = crate::sandbox::cx();
        let file = bench.fixture.dir.path().join("web/dir/tool%201.zip");
        let sum = goldsmith_exec::child::Program::new(program).arg(file);
        let sum = sum.lines(&cx).unwrap()[0]
            .split(' ')
            .next()
            .unwrap()
            .to_uppercase();
        let entry = |sum: &str| {
            let url = bench.url();
            format!(
                "[{{source: '{url}', destination: /x, checksum: '{sum}', algorithm: {algorithm}}}]"
            )
        };
        std::fs::write(bench.file("x"), "old").unwrap();
        let before = bench.requests();
        assert_eq!(bench.error(&entry(&sum)), "", "{algorithm}");
        assert_eq!(bench.text("x"), CONTENT);
        // What is there is right: nothing is fetched.
        assert_eq!(bench.error(&entry(&sum)), "");
        assert_eq!(bench.requests() - before, 1);
        // Once it is wrong on the way: fetched anew.
        std::fs::write(bench.file("x"), "old").unwrap();
        bench.mirror.fault("dir", 1, Fault::Corrupt { at: 3 });
        assert_eq!(bench.error(&entry(&sum)), "");
        assert_eq!(bench.text("x"), CONTENT);
        // It stays wrong: what was there stays.
        std::fs::write(bench.file("x"), "old").unwrap();
        let other = sum.replace(['A', '1'], "0");
        let error = bench.error(&entry(&other));
        assert!(
            error.contains(&format!("not {}", other.to_lowercase())),
            "{error}"
        );
        assert_eq!(bench.text("x"), "old");
    }
    for (more, why) in [
        (format!("checksum: {MD5}"), "no `algorithm`"),
        ("algorithm: MD5".to_owned(), "no `checksum`"),
        (
            format!("checksum: {MD5}, algorithm: CRC32"),
            "not MD5, SHA1",
        ),
        (
            format!("checksum: {MD5}, algorithm: SHA1"),
            "not 40 hexadecimal digits",
        ),
    ] {
        let before = bench.requests();
        let error = bench.error(&format!(
            "[{{source: '{}', destination: /x, {more}}}]",
            bench.url()
        ));
        assert!(error.contains(why), "{error}");
        assert_eq!(bench.requests(), before);
    }
}

/// It gets over faults by itself, without another attempt of the step.
#[test]
fn faults() {
    for fault in [
        Fault::Drop { after: 3 },
        Fault::Hang { after: 3 },
        Fault::Status {
            code: 503,
            retry_after: None,
        },
    ] {
        let bench = Bench::served();
        let url = bench.url();
        bench.mirror.fault("dir", 4, fault);
        let report = bench.run(&format!("[{{source: '{url}', destination: /x}}]"));
        assert_eq!(step::error(&report), "", "{fault:?}");
        assert_eq!(report.steps[0].attempts, 1);
        assert_eq!(bench.text("x"), CONTENT);
    }
    let bench = Bench::served();
    let url = bench.url();
    bench.mirror.redirect("moved", &url);
    let moved = bench.mirror.url("moved");
    assert_eq!(
        bench.error(&format!("[{{source: '{moved}', destination: /m/}}]")),
        ""
    );
    assert_eq!(bench.text("m/moved"), CONTENT);
    bench.mirror.fault(
        "dir",
        99,
        Fault::Status {
            code: 500,
            retry_after: None,
        },
    );
    let error = bench.error(&format!("[{{source: '{url}', destination: /x}}]"));
    assert!(
        error.contains("in 5 tries: the server answered 500"),
        "{error}"
    );
    let error = bench.error(&format!(
        "[{{source: '{}', destination: /x}}]",
        bench.mirror.url("none")
    ));
    assert!(error.contains("does not exist"), "{error}");
}

#[test]
fn certificates() {
    let bench = Bench::served();
    let tls = FaultyMirror::serve_tls(bench.fixture.dir.path().join("web"));
    let entry = |more: &str| {
        let url = format!("{}/dir/tool%201.zip", tls.base());
        format!("[{{source: '{url}', destination: /x{more}}}]")
    };
    let error = bench.error(&entry(""));
    assert!(error.contains("invalid peer certificate"), "{error}");
    assert_eq!(bench.error(&entry(", ignoreCertificateErrors: true")), "");
    assert_eq!(bench.text("x"), CONTENT);
}

#[test]
fn without_a_network_and_without_time() {
    let bench = Bench::served();
    let tree = Tree::new(&bench.fixture.sandbox);
    let inputs = format!("[{{source: '{}', destination: /x}}]", bench.url());
    let report = step::run(
        &bench.cx,
        &tree,
        &Services::default(),
        "WebDownload",
        &inputs,
    );
    assert!(step::error(&report).contains("run it without `--offline`"));
    // Longer than the step may take: the limit of the step ends it.
    bench.mirror.fault("dir", 99, Fault::Hang { after: 0 });
    let slow = HttpFetch::new(Settings::default());
    let services = Services {
        download: Some(&slow),
        ..Services::default()
    };
    let more = "        timeoutSeconds: 1\n";
    let report = step::run_with(&bench.cx, &tree, &services, "WebDownload", &inputs, more);
    assert_eq!(step::error(&report), "took longer than 1.00 s");
    assert!(!bench.file("x").exists());
    let events = bench.events.0.lock().unwrap();
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, Event::Warning { .. }))
    );
}
