//! Version comparison against dpkg's own.

use std::cmp::Ordering;

use goldsmith_core::debversion::{check, compare};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn dpkg(a: &str, operator: &str, b: &str) -> bool {
    #[expect(clippy::disallowed_methods, reason = "dpkg is the oracle")]
    let status = std::process::Command::new("dpkg")
        .args(["--compare-versions", a, operator, b])
        .status()
        .expect("this test needs `dpkg`");
    status.success()
}

fn agrees(a: &str, b: &str) {
    let expected = if dpkg(a, "lt", b) {
        Ordering::Less
    } else if dpkg(a, "gt", b) {
        Ordering::Greater
    } else {
        Ordering::Equal
    };
    assert_eq!(compare(a, b), expected, "{a} {b}");
}

#[test]
fn orders_as_dpkg_does() {
    for (a, b) in [
        ("1.0~rc1-1", "1.0-1"),
        ("1:0", "2"),
        ("1.0-1+b1", "1.0-1"),
        ("1.0-1", "1.0-1.1"),
        ("1.0", "1.0-0"),
        ("0.0.9", "0.0.10"),
        ("1.a", "1.+"),
        ("2.36-9+deb12u10", "2.36-9+deb12u9"),
        ("1.2.3-a-1", "1.2.3-b-1"),
        ("1~~", "1~"),
        ("09", "9"),
    ] {
        agrees(a, b);
    }
    let part = || "[0-9][0-9a-zA-Z.+~-]{0,5}";
    let version = (
        proptest::option::of(0..3u8),
        part(),
        proptest::option::of("[0-9a-z+.~]{1,3}"),
    )
        .prop_map(|(epoch, upstream, revision)| {
            let epoch = epoch.map_or_else(String::new, |epoch| format!("{epoch}:"));
            let revision = revision.map_or_else(String::new, |revision| format!("-{revision}"));
            format!("{epoch}{upstream}{revision}")
        })
        .prop_filter("dpkg takes it", |version| check(version).is_ok());
    let mut runner = TestRunner::new(Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&(version.clone(), version), |(a, b)| {
            agrees(&a, &b);
            Ok(())
        })
        .expect("as dpkg");
}
