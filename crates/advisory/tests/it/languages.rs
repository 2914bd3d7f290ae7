//! Packages of languages by OSV: aliases, ranges, names, the standard library of Go.

use std::time::Duration;

use goldsmith_advisory::matching::{self, Moment};
use goldsmith_advisory::stock::Stock;
use goldsmith_core::finding::{Finding, Kind};
use goldsmith_core::inventory::{Ecosystem, Inventory, Package};

use crate::shared::{self, NOW, database, package};

fn found(documents: &[(String, Vec<u8>)], packages: Vec<Package>) -> Vec<Finding> {
    let inventory = Inventory {
        distribution: None,
        packages,
    };
    let moment = Moment {
        now: NOW,
        max_feed_age: Duration::from_hours(24 * 7),
    };
    let findings = matching::findings(&database(documents), &Stock::of(&inventory), moment);
    let is_wanted = |it: &Finding| matches!(it.kind, Kind::Vulnerability | Kind::Support);
    findings.into_iter().filter(is_wanted).collect()
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|it| it.id.as_str()).collect()
}

#[test]
fn python() {
    let Some(documents) = shared::read(&["pypa-osv.jsonl.zst"]) else {
        return;
    };
    let findings = found(
        &documents,
        vec![package(Ecosystem::Python, "Requests", "2.19.1")],
    );
    assert!(
        ids(&findings).contains(&"CVE-2018-18074"),
        "{:?}",
        ids(&findings)
    );
    let fix = findings
        .iter()
        .find(|it| it.id == "CVE-2018-18074")
        .unwrap();
    assert_eq!(fix.fix.as_deref(), Some("2.20.0"));
    assert_eq!(
        found(
            &documents,
            vec![package(Ecosystem::Python, "requests", "99.0")]
        ),
        []
    );
    // What a package of the system brought is that package's affair.
    let mut owned = package(Ecosystem::Python, "requests", "2.19.1");
    owned.owner = Some("python3-requests".to_owned());
    assert_eq!(found(&documents, vec![owned]), []);
}

#[test]
fn go() {
    let Some(documents) = shared::read(&["go-osv.jsonl.zst"]) else {
        return;
    };
    let stdlib = |version: &str| found(&documents, vec![package(Ecosystem::Go, "stdlib", version)]);
    let (old, new) = (stdlib("go1.19.1"), stdlib("go1.99.0"));
    assert!(old.len() > 20, "{}", old.len());
    assert_eq!(new, []);
    assert_eq!(ids(&old), ids(&stdlib("1.19.1")));
    let gin = found(
        &documents,
        vec![package(Ecosystem::Go, "github.com/gin-gonic/gin", "v1.5.0")],
    );
    assert!(ids(&gin).contains(&"CVE-2020-36567"), "{:?}", ids(&gin));
}

#[test]
fn rust() {
    let Some(documents) = shared::read(&["rustsec-osv.jsonl.zst"]) else {
        return;
    };
    let openssl = found(
        &documents,
        vec![package(Ecosystem::Cargo, "openssl", "0.8.3")],
    );
    assert!(
        ids(&openssl).contains(&"CVE-2016-10931"),
        "{:?}",
        ids(&openssl)
    );
    // Nobody looks after it any more: no vulnerability, but said.
    let unmaintained = found(
        &documents,
        vec![package(Ecosystem::Cargo, "ansi_term", "0.12.1")],
    );
    assert_eq!(
        unmaintained.iter().map(|it| it.kind).collect::<Vec<_>>(),
        [Kind::Support]
    );
}

/// One vulnerability under three names, in two feeds: one finding that knows them all.
#[test]
fn names_of_one_vulnerability() {
    let record = |id: &str, aliases: &str, fixed: &str| {
        format!(
            r#"{{"id":"{id}","modified":"2026-11-01T00:00:00Z","aliases":[{aliases}],"summary":"one","affected":[{{"package":{{"ecosystem":"PyPI","name":"a"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
        )
    };
    let text = [
        record("GHSA-aaaa-bbbb-cccc", r#""CVE-2026-0001""#, "2.0"),
        record(
            "PYSEC-2026-1",
            r#""GHSA-aaaa-bbbb-cccc","CVE-2026-0001""#,
            "2.0",
        ),
        record("PYSEC-2026-2", "", "2.0"),
        record("PYSEC-2026-3", "", "0.9"),
    ]
    .join("\n");
    let documents = [("all.jsonl".to_owned(), text.into_bytes())];
    let findings = found(&documents, vec![package(Ecosystem::Python, "a", "1.0")]);
    assert_eq!(ids(&findings), ["CVE-2026-0001", "PYSEC-2026-2"]);
    assert_eq!(
        findings[0].references,
        ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"]
    );
}
