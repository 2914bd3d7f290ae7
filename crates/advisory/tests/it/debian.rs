//! Debian: the answer key of a server image, and the states of the tracker.

use std::collections::BTreeSet;
use std::time::Duration;

use goldsmith_advisory::matching::{self, Moment};
use goldsmith_advisory::stock::Stock;
use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use goldsmith_core::inventory::{Distribution, Ecosystem, Inventory};

use crate::shared::{self, NOW, database, deb, package};

fn bookworm() -> Distribution {
    Distribution {
        codename: Some("bookworm".to_owned()),
        point_release: Some("12.15".to_owned()),
        ..shared::distribution("debian", "12")
    }
}

fn moment() -> Moment {
    Moment {
        now: NOW,
        max_feed_age: Duration::from_hours(24 * 7),
    }
}

/// The packages of the server image.
fn inventory() -> Option<Inventory> {
    let rows = shared::lines("debian12-inventory-12.15.jsonl.zst")?;
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().expect(key).to_owned();
    let packages = rows.iter().map(|row| {
        let (source, source_version) = (text(row, "source"), text(row, "source_version"));
        deb(
            &text(row, "package"),
            &text(row, "version"),
            &source,
            &source_version,
        )
    });
    Some(Inventory {
        distribution: Some(bookworm()),
        packages: packages.collect(),
    })
}

fn fact<'a>(finding: &'a Finding, name: &str) -> Option<&'a str> {
    let found = finding.facts.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.as_str())
}

fn of_kind(findings: &[Finding], kind: Kind) -> Vec<&Finding> {
    findings.iter().filter(|it| it.kind == kind).collect()
}

#[test]
fn answer_key() {
    let Some(inventory) = inventory() else { return };
    let documents = shared::read(&["debian12-fixes.json.zst"]).unwrap();
    let findings = matching::findings(&database(&documents), &Stock::of(&inventory), moment());
    let found: Vec<[String; 4]> = of_kind(&findings, Kind::Vulnerability)
        .into_iter()
        .map(|finding| {
            let Place::Package { name, version, .. } = &finding.place else {
                panic!("{finding:?}");
            };
            let fix = finding.fix.clone().unwrap();
            [name.clone(), version.clone(), finding.id.clone(), fix]
        })
        .collect();
    let expected = shared::lines("debian12-expected-12.15.jsonl.zst").unwrap();
    let expected: BTreeSet<[String; 4]> = expected
        .iter()
        .map(|row| {
            ["source", "installed", "cve", "fixed_version"]
                .map(|key| row[key].as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(found.len(), 3184);
    let found: BTreeSet<[String; 4]> = found.into_iter().collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    let wrong: Vec<_> = found.difference(&expected).collect();
    assert!(
        missing.is_empty() && wrong.is_empty(),
        "{missing:?} {wrong:?}"
    );
    let outside_kernel = found.iter().filter(|it| it[0] != "linux").count();
    assert_eq!(outside_kernel, 606);
}

#[test]
fn what_else_is_said_of_the_image() {
    let Some(inventory) = inventory() else { return };
    let documents = shared::read(&[
        "debian12-fixes.json.zst",
        "cisa-kev.json.zst",
        "cve-enrichment.json.zst",
        "os-eol.json.zst",
        "debian12-support-status.json.zst",
    ])
    .unwrap();
    let findings = matching::findings(&database(&documents), &Stock::of(&inventory), moment());
    let vulnerabilities = of_kind(&findings, Kind::Vulnerability);
    assert_eq!(vulnerabilities.len(), 3184);
    let exploited = vulnerabilities
        .iter()
        .filter(|it| fact(it, "known_exploited").is_some());
    let kev = shared::read(&["cisa-kev.json.zst"])
        .unwrap()
        .pop()
        .unwrap()
        .1;
    let kev: serde_json::Value =
        serde_json::from_slice(&zstd::decode_all(kev.as_slice()).unwrap()).unwrap();
    let is_known = |it: &&&Finding| kev["vulnerabilities"].get(&it.id).is_some();
    assert_eq!(
        exploited.clone().count(),
        vulnerabilities.iter().filter(is_known).count()
    );
    let rated = vulnerabilities
        .iter()
        .filter(|it| it.severity > Severity::Unknown);
    assert_eq!(rated.count(), 141);
    let kernel = vulnerabilities
        .iter()
        .find(|it| matches!(&it.place, Place::Package { name, .. } if name == "linux"))
        .unwrap();
    assert_eq!(
        fact(kernel, "binaries"),
        Some(
            "linux-image-6.1.0-50-amd64 linux-image-6.1.0-50-cloud-amd64 linux-image-amd64 linux-image-cloud-amd64 linux-libc-dev"
        )
    );
    let ids = |kind| -> Vec<&str> {
        of_kind(&findings, kind)
            .iter()
            .map(|it| it.id.as_str())
            .collect()
    };
    assert_eq!(
        ids(Kind::Coverage),
        ["fixes-only-debian:12", "stale-feed-kev"]
    );
    let support = ids(Kind::Support);
    assert!(support.contains(&"end-of-life-debian-12"), "{support:?}");
    assert!(support.contains(&"support-limited"), "{support:?}");
}

#[test]
fn foreign_and_absent_are_never_clean() {
    let mut nginx = package(Ecosystem::Deb, "nginx", "1.24.0-1~bookworm");
    nginx.maintainer = Some("NGINX Packaging <nginx-packaging@f5.com>".to_owned());
    let inventory = Inventory {
        distribution: Some(bookworm()),
        packages: vec![nginx, package(Ecosystem::Npm, "left-pad", "1.0.0")],
    };
    let findings = matching::findings(&database(&[]), &Stock::of(&inventory), moment());
    let said: Vec<String> = findings
        .iter()
        .map(|it| format!("{} {} {}", it.kind, it.id, it.severity))
        .collect();
    assert_eq!(
        said,
        [
            "coverage no-data medium",
            "coverage no-feed-kev low",
            "coverage no-feed-npm medium",
        ]
    );
    let nothing = matching::findings(&database(&[]), &Stock::default(), moment());
    assert_eq!(nothing[0].id, "no-packages");
}

fn tracker(releases: &str) -> Vec<(String, Vec<u8>)> {
    let text = format!(
        r#"{{"openssl":{{"CVE-2024-0001":{{"description":"It leaks.\nMore.","scope":"remote","releases":{{"bookworm":{releases}}}}}}}}}"#
    );
    vec![("data.json".to_owned(), text.into_bytes())]
}

/// What one installed openssl 3.0.15-1 has, by what the tracker says of bookworm.
fn check_state(release: &str, expected: Option<(&str, &str, Severity, Option<&str>)>) {
    let inventory = Inventory {
        distribution: Some(bookworm()),
        packages: vec![deb("libssl3", "3.0.15-1", "openssl", "3.0.15-1")],
    };
    let findings = matching::findings(
        &database(&tracker(release)),
        &Stock::of(&inventory),
        moment(),
    );
    let found = of_kind(&findings, Kind::Vulnerability);
    let found = found.first().map(|it| {
        let state = fact(it, "state").expect("it has one");
        let vendor = fact(it, "vendor_state").expect("it has one");
        (state, vendor, it.severity, it.fix.as_deref())
    });
    assert_eq!(found, expected, "{release}");
}

#[test]
fn states_of_the_tracker() {
    use Severity::{High, Medium, Negligible, Unknown};
    for (release, expected) in [
        (
            r#"{"status":"resolved","repositories":{"bookworm-security":"3.0.16-1"},"fixed_version":"3.0.16-1","urgency":"not yet assigned"}"#,
            Some(("fix-available", "resolved", Unknown, Some("3.0.16-1"))),
        ),
        (
            r#"{"status":"resolved","repositories":{"bookworm":"3.0.15-1"},"fixed_version":"3.0.16-1","urgency":"high"}"#,
            Some(("no-fix", "resolved", High, None)),
        ),
        (
            r#"{"status":"resolved","repositories":{"bookworm":"3.0.15-1"},"fixed_version":"3.0.15-1","urgency":"high"}"#,
            None,
        ),
        (
            r#"{"status":"resolved","repositories":{},"fixed_version":"0","urgency":"high"}"#,
            None,
        ),
        (
            r#"{"status":"open","repositories":{},"urgency":"medium**"}"#,
            Some(("no-fix", "open", Medium, None)),
        ),
        (
            r#"{"status":"open","repositories":{},"urgency":"unimportant"}"#,
            Some(("no-fix", "open", Negligible, None)),
        ),
        (
            r#"{"status":"open","repositories":{},"urgency":"low","nodsa":"Minor issue","nodsa_reason":""}"#,
            Some(("no-fix", "no-dsa", Severity::Low, None)),
        ),
        (
            r#"{"status":"open","repositories":{},"nodsa":"x","nodsa_reason":"ignored"}"#,
            Some(("will-not-fix", "ignored", Unknown, None)),
        ),
        (
            r#"{"status":"open","repositories":{},"nodsa":"x","nodsa_reason":"postponed"}"#,
            Some(("deferred", "postponed", Unknown, None)),
        ),
        (
            r#"{"status":"open","repositories":{},"urgency":"end-of-life"}"#,
            Some(("end-of-life", "end-of-life", Unknown, None)),
        ),
        (
            r#"{"status":"undetermined","repositories":{}}"#,
            Some(("undetermined", "undetermined", Unknown, None)),
        ),
    ] {
        check_state(release, expected);
    }
}

/// The tracker knows that bookworm's package is not affected; the changelog's fix does not count.
#[test]
fn the_vendor_is_believed_before_a_changelog() {
    let not_affected = r#"{"status":"resolved","repositories":{},"fixed_version":"0"}"#;
    let fixes = r#"{"schema":1,"release":"12","codename":"bookworm","sources":{"openssl":{"fixes":{
        "CVE-2024-0001":{"fixed_version":"3.0.16-1"},"CVE-2024-0002":{"fixed_version":"3.0.16-1"}}}}}"#;
    let mut documents = tracker(not_affected);
    documents.push(("fixes.json".to_owned(), fixes.as_bytes().to_vec()));
    let inventory = Inventory {
        distribution: Some(bookworm()),
        packages: vec![deb("libssl3", "3.0.15-1", "openssl", "3.0.15-1")],
    };
    let findings = matching::findings(&database(&documents), &Stock::of(&inventory), moment());
    let ids: Vec<&str> = of_kind(&findings, Kind::Vulnerability)
        .iter()
        .map(|it| it.id.as_str())
        .collect();
    assert_eq!(ids, ["CVE-2024-0002"]);
}

/// `less 590-2.1~deb12u1` carries the fix of 590-2.1 and sorts before it.
#[test]
fn a_rebuild_sorts_before_what_it_rebuilds() {
    let Some(documents) = shared::read(&["debian12-fixes.json.zst"]) else {
        return;
    };
    let less = |version: &str| Inventory {
        distribution: Some(bookworm()),
        packages: vec![deb("less", version, "less", version)],
    };
    let database = database(&documents);
    let count = |inventory: &Inventory| {
        let findings = matching::findings(&database, &Stock::of(inventory), moment());
        of_kind(&findings, Kind::Vulnerability).len()
    };
    let old = count(&less("590-2"));
    assert!(old > 0);
    assert!(count(&less("590-2.1~deb12u1")) < old);
    assert_eq!(count(&less("9999-1")), 0);
}

#[test]
fn sample_of_the_tracker() {
    let Some(documents) = shared::read(&["samples/debian-tracker-data.json"]) else {
        return;
    };
    let made = shared::import(&documents).pop().unwrap();
    assert_eq!(made.header.name, "debian-tracker");
    assert!(made.header.spaces.contains(&"debian:12".to_owned()));
    let inventory = |version: &str| Inventory {
        distribution: Some(bookworm()),
        packages: vec![package(Ecosystem::Deb, "sope", version)],
    };
    let ids = |inventory: &Inventory| -> Vec<String> {
        let database = database(&documents);
        let findings = matching::findings(&database, &Stock::of(inventory), moment());
        let found = of_kind(&findings, Kind::Vulnerability);
        found.iter().map(|it| it.id.clone()).collect()
    };
    assert_eq!(ids(&inventory("5.8.0-1")), ["CVE-2025-53603"]);
    assert_eq!(ids(&inventory("5.8.0-1+deb12u1")), Vec::<String>::new());
}

/// Reports and gates lean on it: the same input, the same findings in the same order.
#[test]
fn the_order_of_packages_changes_nothing() {
    let Some(mut inventory) = inventory() else {
        return;
    };
    let documents = shared::read(&["debian12-fixes.json.zst", "cisa-kev.json.zst"]).unwrap();
    let database = database(&documents);
    let one = matching::findings(&database, &Stock::of(&inventory), moment());
    inventory.packages.reverse();
    let other = matching::findings(&database, &Stock::of(&inventory), moment());
    assert_eq!(one, other);
    let stock = Stock::of(&inventory);
    let mut count = 0;
    matching::hits(&database, &stock, &mut |_, _| count += 1);
    assert_eq!(count, 3184);
}
