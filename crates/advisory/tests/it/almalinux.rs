//! AlmaLinux by its OSV records: names of binaries, epochs, module streams.

use std::time::Duration;

use goldsmith_advisory::database::Database;
use goldsmith_advisory::matching::{self, Moment};
use goldsmith_advisory::stock::Stock;
use goldsmith_core::finding::{Finding, Kind, Severity};
use goldsmith_core::inventory::{Ecosystem, Inventory, Package, SourcePackage};

use crate::shared::{self, NOW, package};

fn feed() -> Option<Database> {
    let documents = shared::read(&["almalinux-osv.jsonl.zst"])?;
    Some(shared::database(&documents))
}

fn found(database: &Database, release: &str, packages: Vec<Package>) -> Vec<Finding> {
    let inventory = Inventory {
        distribution: Some(shared::distribution("almalinux", release)),
        packages,
    };
    let moment = Moment {
        now: NOW,
        max_feed_age: Duration::from_hours(24 * 365),
    };
    let mut findings = matching::findings(database, &Stock::of(&inventory), moment);
    findings.retain(|it| it.kind == Kind::Vulnerability);
    findings
}

fn rpm(name: &str, version: &str, source: &str) -> Package {
    Package {
        source: Some(SourcePackage {
            name: source.to_owned(),
            version: version.to_owned(),
        }),
        ..package(Ecosystem::Rpm, name, version)
    }
}

#[test]
fn binaries_of_one_source_are_one_finding() {
    let Some(database) = feed() else { return };
    let old = "1:3.0.1-41.el9_0";
    let findings = found(
        &database,
        "9.4",
        vec![
            rpm("openssl", old, "openssl"),
            rpm("openssl-libs", old, "openssl"),
        ],
    );
    assert!(!findings.is_empty());
    let mut ids: Vec<&str> = findings.iter().map(|it| it.id.as_str()).collect();
    ids.dedup();
    assert_eq!(ids.len(), findings.len());
    let first = &findings[0];
    assert!(
        first
            .facts
            .contains(&("binaries", "openssl openssl-libs".to_owned()))
    );
    assert!(first.severity > Severity::Unknown);
    assert!(first.references.iter().any(|it| it.starts_with("CVE-")));
    // Without its epoch it would be older than everything.
    let new = "1:9.9.9-1.el9";
    assert_eq!(
        found(&database, "9.4", vec![rpm("openssl", new, "openssl")]),
        []
    );
}

#[test]
fn advisories_are_of_one_release() {
    let Some(database) = feed() else { return };
    let old = || vec![rpm("bash", "4.0-1", "bash")];
    let (eight, nine) = (
        found(&database, "8.10", old()),
        found(&database, "9.4", old()),
    );
    assert_ne!(eight, nine);
    assert_eq!(found(&database, "7.9", old()), []);
}

#[test]
fn module_rows_are_of_their_stream() {
    let Some(database) = feed() else { return };
    let nodejs = |version: &str, module: Option<&str>| {
        let package = Package {
            module: module.map(str::to_owned),
            ..rpm("nodejs", version, "nodejs")
        };
        found(&database, "8.9", vec![package])
    };
    let build = "1:18.9.1-1.module_el8.7.0+3343+ea2b7901";
    let of_stream = nodejs(build, Some("nodejs:18"));
    assert!(!of_stream.is_empty());
    assert!(
        of_stream.iter().all(|it| it.title.contains("nodejs:18")),
        "{of_stream:?}"
    );
    // Outside of any module none of them counts.
    assert_eq!(nodejs("1:1.0.0-1.el8", None), []);
    // The newest of its stream is clean, though streams with higher numbers have fixes.
    assert_eq!(
        nodejs("1:18.99.0-1.module_el8.10.0+1+aaaa", Some("nodejs:18")),
        []
    );
}

#[test]
fn what_mends_no_vulnerability_is_left_out() {
    let Some(documents) = shared::read(&["almalinux-osv.jsonl.zst"]) else {
        return;
    };
    let made = shared::import(&documents).pop().unwrap();
    // 5,680 records, of which 978 + 222 are bug fixes and enhancements; three of those name CVEs.
    assert_eq!((made.header.records, made.header.left_out), (4483, 1197));
    assert_eq!(
        made.header.spaces,
        ["almalinux:10", "almalinux:8", "almalinux:9"]
    );
}
