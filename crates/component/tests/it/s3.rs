//! `S3Download` and `S3Upload` against a server that speaks S3.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use goldsmith_component::machine::Tree;
use goldsmith_component::{Report, Services};
use goldsmith_core::cx::Cx;
use goldsmith_provider::aws::{Aws, Settings};
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::moto::Moto;

use crate::sandbox::Fixture;
use crate::step;

struct Bench {
    fixture: Fixture,
    moto: Moto,
    front: Front,
    aws: Aws,
    cx: Cx,
}

impl Bench {
    /// A bucket with what a script puts into it.
    fn new(script: &str) -> Self {
        let fixture = Fixture::new();
        std::fs::create_dir(fixture.dir.path().join("scratch")).unwrap();
        let moto = Moto::start(&[]);
        moto.boto(&format!(
            "put = lambda key, body: s3.put_object(Bucket='bucket', Key=key, Body=body.encode())\ns3.create_bucket(Bucket='bucket')\n{script}"
        ));
        let front = Front::of(Some(moto.port()));
        let variables = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
            ("AWS_ENDPOINT_URL_S3", &front.url()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings =
            Settings::from_env(&variables.into(), goldsmith_provider::Settings::default());
        Self {
            fixture,
            moto,
            front,
            aws: Aws::new(settings),
            cx: Cx::silent(Arc::new(FakeClock::at(1_700_000_000))),
        }
    }

    fn run(&self, action: &str, inputs: &str) -> Report {
        let tree = Tree::new(&self.fixture.sandbox);
        let scratch = self.fixture.dir.path().join("scratch");
        let services = Services {
            objects: Some(&self.aws),
            scratch: Some(scratch.clone()),
            ..Services::default()
        };
        let report = step::run(&self.cx, &tree, &services, action, inputs);
        assert_eq!(
            scratch.read_dir().unwrap().count(),
            0,
            "scratch files are gone"
        );
        report
    }

    fn download(&self, entry: &str) -> String {
        step::error(&self.run("S3Download", &format!("[{{{entry}}}]")))
    }

    fn upload(&self, entry: &str) -> String {
        step::error(&self.run("S3Upload", &format!("[{{{entry}}}]")))
    }

    fn file(&self, path: &str) -> PathBuf {
        self.fixture.sandbox.tree().join(path)
    }

    fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.file(path)).unwrap()
    }

    /// Every key with its text, as another client sees them.
    fn bucket(&self) -> String {
        let script = "for o in s3.list_objects_v2(Bucket='bucket').get('Contents', []): print(o['Key'], s3.get_object(Bucket='bucket', Key=o['Key'])['Body'].read().decode())";
        self.moto.boto(script)
    }
}

#[test]
fn one_object() {
    let bench = Bench::new("put('a/tool.zip', 'new'); put('tool.zip', 'top'); put('a/', '')");
    for (source, destination, path) in [
        ("s3://bucket/a/tool.zip", "/etc/tool", "etc/tool"),
        ("s3://bucket/tool.zip", "etc/", "etc/tool.zip"),
        ("s3://bucket/tool.zip", "/top", "top"),
    ] {
        let error = bench.download(&format!("source: '{source}', destination: {destination}"));
        assert_eq!(error, "", "{source} {destination}");
        let expected = if source.contains("/a/") { "new" } else { "top" };
        assert_eq!(bench.text(path), expected);
    }
    std::fs::write(bench.file("etc/old"), "old").unwrap();
    for (entry, why) in [
        (
            "source: 's3://bucket/tool.zip', destination: /etc/old, overwrite: false",
            "`/etc/old` exists and `overwrite` is false",
        ),
        (
            "source: 's3://bucket/tool.zip', destination: /no/where/x",
            "there is no directory `/no/where`: make it before, with `CreateFolder`",
        ),
        (
            "source: 's3://bucket/tool.zip', destination: /etc",
            "`/etc` is a directory: ",
        ),
        (
            "source: 's3://bucket/a/', destination: /etc/",
            "names no file",
        ),
        (
            "source: 's3://bucket/none', destination: /etc/old",
            "the object `s3://bucket/none` does not exist",
        ),
        (
            "source: 's3://bucket/', destination: /etc/old",
            "names no object",
        ),
        (
            "source: 's3://bucket', destination: /etc/old",
            "not `s3://bucket/key`",
        ),
        (
            "source: 's3://bucket/a*b', destination: /etc/ab",
            "the object `s3://bucket/a*b` does not exist",
        ),
        (
            "source: 's3://bucket/x', destination: /x, expectedBucketOwner: '12'",
            "not an account of 12 digits",
        ),
    ] {
        let error = bench.download(entry);
        assert!(error.contains(why), "{entry}: {error}");
    }
    assert_eq!(bench.text("etc/old"), "old");
    let entry =
        "source: 's3://bucket/tool.zip', destination: /etc/old, expectedBucketOwner: 012345678901";
    assert_eq!(bench.download(entry), "");
    let seen = bench.front.seen().pop().unwrap();
    assert_eq!(seen.headers["x-amz-expected-bucket-owner"], "012345678901");
}

#[test]
fn all_below_a_prefix() {
    let bench = Bench::new(
        "for k in ['p/', 'p/a', 'p/d/b', 'p/d/e/c', 'pq', 'other']: put(k, k)\nfor n in range(1000): put(f'many/{n}', '')\nput('bad/x', ''); put('bad/y//z', '')",
    );
    let (from, to) = ("source: 's3://bucket/p/*'", "destination: /opt/to");
    let error = bench.download(&format!("{from}, {to}"));
    assert_eq!(
        error,
        "there is no directory `/opt/to`: make it before, with `CreateFolder`"
    );
    std::fs::create_dir_all(bench.file("opt/to")).unwrap();
    assert_eq!(bench.download(&format!("{from}, {to}")), "");
    for (path, text) in [("a", "p/a"), ("d/b", "p/d/b"), ("d/e/c", "p/d/e/c")] {
        assert_eq!(bench.text(&format!("opt/to/{path}")), text);
    }
    assert_eq!(bench.file("opt/to").read_dir().unwrap().count(), 2);
    let error = bench.download(&format!("{from}, {to}, overwrite: false"));
    assert_eq!(error, "`/opt/to/a` exists and `overwrite` is false");
    // The first of three arrives, the second fails: what is there stays.
    for name in ["a", "d/b"] {
        std::fs::remove_file(bench.file(&format!("opt/to/{name}"))).unwrap();
    }
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    bench
        .front
        .on("GET /bucket/p/d/b", 1, Act::answer(403, denied));
    let error = bench.download(&format!("{from}, {to}/"));
    assert!(error.contains("access denied"), "{error}");
    assert!(bench.file("opt/to/a").exists() && !bench.file("opt/to/d/b").exists());
    for (source, why) in [
        (
            "s3://bucket/none/*",
            "there is no object below `s3://bucket/none/`",
        ),
        ("s3://bucket/*/x*", "`*` may stand at the end only"),
        (
            "s3://bucket/bad/*",
            "`s3://bucket/bad/y//z` cannot be the name of a file",
        ),
        ("s3://no-bucket/*", "the bucket `no-bucket` does not exist"),
    ] {
        let error = bench.download(&format!("source: '{source}', {to}"));
        assert!(error.contains(why), "{error}");
    }
    bench
        .moto
        .boto("s3.put_object(Bucket='bucket', Key='many/last', Body=b'')");
    let error = bench.download(&format!("source: 's3://bucket/many/*', {to}"));
    assert_eq!(
        error,
        "there are more than 1000 objects below `s3://bucket/many/`"
    );
}

#[test]
fn files_to_objects() {
    let bench = Bench::new("");
    for path in [
        "opt/a.log",
        "opt/b.log",
        "opt/c.txt",
        "opt/d/e.log",
        "opt/d/f/g.txt",
    ] {
        let file = bench.file(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, path).unwrap();
    }
    std::os::unix::fs::symlink("/opt/a.log", bench.file("opt/link.log")).unwrap();
    // A link to a directory is not followed: this one leads in a circle.
    std::os::unix::fs::symlink("..", bench.file("opt/d/up")).unwrap();
    let flat = ["a.log opt/a.log", "b.log opt/b.log", "link.log opt/a.log"];
    let logs = [
        "a.log opt/a.log",
        "b.log opt/b.log",
        "d/e.log opt/d/e.log",
        "link.log opt/a.log",
    ];
    let all = [
        "a.log opt/a.log",
        "b.log opt/b.log",
        "c.txt opt/c.txt",
        "d/e.log opt/d/e.log",
        "d/f/g.txt opt/d/f/g.txt",
        "link.log opt/a.log",
    ];
    let mut expected = String::new();
    for (number, (source, prefix, recurse, keys)) in [
        ("/opt/a.log", "/y", false, &["y opt/a.log"][..]),
        ("opt/a.log", "/x/", false, &["x/a.log opt/a.log"]),
        ("/opt/*.log", "", false, &flat),
        (
            "/opt/*",
            "",
            false,
            &[
                "a.log opt/a.log",
                "b.log opt/b.log",
                "c.txt opt/c.txt",
                "link.log opt/a.log",
            ],
        ),
        ("/opt/*.log", "/", true, &logs),
        ("/opt/*", "/", true, &all),
        ("/opt", "", true, &all),
        ("/opt/", "/", true, &all),
    ]
    .into_iter()
    .enumerate()
    {
        let to = format!("s3://bucket/{number}{prefix}");
        let error = bench.upload(&format!(
            "source: '{source}', destination: '{to}', recurse: {recurse}"
        ));
        assert_eq!(error, "", "{source} {prefix}");
        for key in keys {
            writeln!(expected, "{number}/{key}").unwrap();
        }
    }
    assert_eq!(bench.bucket(), expected);
    assert_eq!(
        bench.upload("source: /opt/a.log, destination: 's3://bucket/'"),
        ""
    );
    let top = bench.front.lines().pop().unwrap();
    assert_eq!(top, "PUT /bucket/a.log");
    for (entry, why) in [
        (
            "source: /opt/none, destination: 's3://bucket/'",
            "`/opt/none` does not exist",
        ),
        (
            "source: '/opt/*.none', destination: 's3://bucket/'",
            "no file fits `/opt/*.none`",
        ),
        (
            "source: /opt, destination: 's3://bucket/'",
            "for all below let `recurse` be true",
        ),
        (
            "source: '/o*t/*', destination: 's3://bucket/'",
            "`*` may stand after the last `/` only",
        ),
        (
            "source: /opt/a.log, destination: bucket/x",
            "`destination` is `bucket/x`, not `s3://bucket/key`",
        ),
    ] {
        let error = bench.upload(entry);
        assert!(error.contains(why), "{entry}: {error}");
    }
    let owner =
        "source: /opt/a.log, destination: 's3://bucket/x', expectedBucketOwner: '123456789012'";
    assert_eq!(bench.upload(owner), "");
    let seen = bench.front.seen().pop().unwrap();
    assert_eq!(seen.headers["x-amz-expected-bucket-owner"], "123456789012");
}

/// What goes up comes back: as a document would do it, and through a faulty line.
#[test]
fn there_and_back() {
    let bench = Bench::new("");
    let content: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(bench.file("etc/large"), &content).unwrap();
    bench.front.on("PUT /bucket/large", 2, Act::answer(503, ""));
    bench.front.on("GET /bucket/large", 1, Act::Cut(300_000));
    assert_eq!(
        bench.upload("source: /etc/large, destination: 's3://bucket/large'"),
        ""
    );
    assert_eq!(
        bench.download("source: 's3://bucket/large', destination: /etc/back"),
        ""
    );
    assert!(std::fs::read(bench.file("etc/back")).unwrap() == content);
}

#[test]
fn without_a_store() {
    let fixture = Fixture::new();
    let (cx, _) = crate::sandbox::cx();
    let tree = Tree::new(&fixture.sandbox);
    for (action, inputs) in [
        ("S3Download", "[{source: 's3://b/k', destination: /x}]"),
        (
            "S3Upload",
            "[{source: /etc/passwd, destination: 's3://b/k'}]",
        ),
    ] {
        let report = step::run(&cx, &tree, &Services::default(), action, inputs);
        let error = step::error(&report);
        let start = format!("`{action}` needs an object store, and this run has none: ");
        assert!(
            error.starts_with(&start) && error.contains("AWS_ENDPOINT_URL_S3"),
            "{error}"
        );
    }
}
