use goldsmith_core::recipe::RuleSeverity;

use super::*;

fn finding(id: &str, severity: Severity, fix: Option<&str>) -> Finding {
    Finding {
        kind: Kind::Vulnerability,
        id: id.to_owned(),
        severity,
        place: Place::Package {
            purl: "pkg:deb/debian/openssl@3.0.15-1?arch=source&distro=debian-12".to_owned(),
            name: "openssl".to_owned(),
            version: "3.0.15-1".to_owned(),
        },
        title: String::new(),
        fix: fix.map(str::to_owned),
        references: vec!["GHSA-1".to_owned()],
        facts: Vec::new(),
    }
}

fn exploited() -> Finding {
    Finding {
        facts: vec![("known_exploited", "2026-01-01".to_owned())],
        ..finding("CVE-1", Severity::Low, None)
    }
}

fn accept(id: &str, expires: Option<&str>) -> Acceptance {
    Acceptance {
        id: id.to_owned(),
        package: None,
        path: None,
        reason: "not reachable".to_owned(),
        expires: expires.map(str::to_owned),
    }
}

const TODAY: &str = "2026-11-23";

fn check(finding: Finding, policy: &ScanSpec, decision: Decision, reason: &str) {
    let verdict = judge(vec![finding], policy, &[], TODAY);
    let judged = &verdict.judged[0];
    assert_eq!(
        (judged.decision, judged.reason.as_str()),
        (decision, reason)
    );
    assert_eq!(verdict.passes(), decision != Decision::Fails);
}

#[test]
fn rules_in_their_order() {
    use Decision::{Accepted, Fails, Passes};
    use Severity::{Critical, High, Low, Medium, Unknown};
    let plain = ScanSpec::default();
    let with = |accept: Acceptance| ScanSpec {
        accept: vec![accept],
        ..ScanSpec::default()
    };
    let high = || finding("CVE-1", High, None);
    check(high(), &plain, Fails, "high, and high fails");
    check(
        finding("CVE-1", Medium, None),
        &plain,
        Passes,
        "medium, below high",
    );
    check(
        finding("CVE-1", Unknown, None),
        &plain,
        Passes,
        "unrated, which counts as medium, below high",
    );
    check(
        exploited(),
        &plain,
        Fails,
        "known to be exploited since 2026-01-01",
    );
    let fixable = ScanSpec {
        only_fixable: true,
        ..ScanSpec::default()
    };
    check(high(), &fixable, Passes, "nothing mends it yet");
    check(
        finding("CVE-1", Critical, Some("2")),
        &fixable,
        Fails,
        "critical, and high fails",
    );
    check(
        exploited(),
        &fixable,
        Fails,
        "known to be exploited since 2026-01-01",
    );
    check(
        high(),
        &with(accept("CVE-1", None)),
        Accepted,
        "not reachable",
    );
    check(
        high(),
        &with(accept("GHSA-1", Some(TODAY))),
        Accepted,
        "not reachable, until 2026-11-23",
    );
    check(
        high(),
        &with(accept("CVE-1", Some("2026-11-22"))),
        Fails,
        "high, and high fails; its acceptance expired on 2026-11-22",
    );
    // What is under attack is accepted for a time only.
    check(
        exploited(),
        &with(accept("CVE-1", None)),
        Fails,
        "known to be exploited since 2026-01-01",
    );
    check(
        exploited(),
        &with(accept("CVE-1", Some("2026-12-01"))),
        Accepted,
        "not reachable, until 2026-12-01",
    );
    let elsewhere = Acceptance {
        package: Some("nginx".to_owned()),
        ..accept("CVE-1", None)
    };
    check(high(), &with(elsewhere), Fails, "high, and high fails");
    let leak = |path: &str| Finding {
        kind: Kind::Leak,
        id: "ssh-hostkeys".to_owned(),
        place: Place::File {
            path: path.to_owned(),
            line: None,
            entry: None,
        },
        ..high()
    };
    let here = |path: &str| {
        with(Acceptance {
            path: Some(path.to_owned()),
            ..accept("ssh-hostkeys", None)
        })
    };
    let (key, fails) = ("/etc/ssh/ssh_host_rsa_key", "high, and high fails");
    check(leak(key), &here(key), Accepted, "not reachable");
    check(leak(key), &here("/etc/ssh/*"), Accepted, "not reachable");
    check(leak(key), &here("/etc/ssh"), Fails, fails);
    check(high(), &here("/*"), Fails, fails);
    let lowered = ScanSpec {
        severity: vec![RuleSeverity {
            id: "CVE-*".to_owned(),
            level: Low,
        }],
        ..ScanSpec::default()
    };
    check(high(), &lowered, Passes, "low, below high");
    let undetermined = Finding {
        facts: vec![("state", "undetermined".to_owned())],
        ..high()
    };
    check(
        undetermined,
        &plain,
        Passes,
        "nobody knows whether it is affected",
    );
    let over = || Finding {
        kind: Kind::Support,
        id: "end-of-life-debian-9".to_owned(),
        ..high()
    };
    check(over(), &plain, Fails, "nobody looks after it");
    let allowed = ScanSpec {
        end_of_life: false,
        ..ScanSpec::default()
    };
    check(
        over(),
        &allowed,
        Passes,
        "the policy allows what nobody looks after",
    );
}

#[test]
fn says_which_acceptances_are_idle() {
    let policy = ScanSpec {
        accept: vec![accept("CVE-9", None), accept("CVE-1", Some("2026-01-01"))],
        ..ScanSpec::default()
    };
    let verdict = judge(
        vec![finding("CVE-1", Severity::High, None)],
        &policy,
        &[],
        TODAY,
    );
    assert_eq!(
        verdict.notes,
        [
            "CVE-9 is accepted, and was not found",
            "the acceptance of CVE-1 expired on 2026-01-01",
        ]
    );
}

fn document(statement: &str) -> String {
    format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"us","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{statement}]}}"#
    )
}

fn by_vex(statement: &str) -> Decision {
    let statements = vex::read("x", document(statement).as_bytes()).unwrap();
    let findings = vec![finding("CVE-1", Severity::High, None)];
    judge(findings, &ScanSpec::default(), &statements, TODAY).judged[0].decision
}

#[test]
fn vex_takes_away_what_it_names() {
    let of = |product: &str, status: &str| {
        let why = r#""justification":"vulnerable_code_not_in_execute_path""#;
        by_vex(&format!(
            r#"{{"vulnerability":{{"name":"CVE-1"}},"products":[{{"@id":"{product}"}}],"status":"{status}",{why}}}"#
        ))
    };
    for product in [
        "pkg:deb/debian/openssl",
        "pkg:deb/debian/openssl@3.0.15-1",
        "pkg:deb/debian/openssl?distro=debian-12",
    ] {
        assert_eq!(of(product, "not_affected"), Decision::Accepted, "{product}");
    }
    for product in [
        "pkg:deb/debian/openssl@3.0.16-1",
        "pkg:deb/debian/nginx",
        "pkg:deb/debian/openssl?distro=debian-13",
        "a name of ours",
    ] {
        assert_eq!(of(product, "not_affected"), Decision::Fails, "{product}");
    }
    assert_eq!(
        of("pkg:deb/debian/openssl", "under_investigation"),
        Decision::Fails
    );
    assert_eq!(of("pkg:deb/debian/openssl", "fixed"), Decision::Accepted);
    let part = r#"{"vulnerability":{"name":"CVE-9","aliases":["GHSA-1"]},"products":[{"@id":"pkg:oci/web","subcomponents":[{"@id":"pkg:deb/debian/openssl"}]}],"status":"not_affected","impact_statement":"no"}"#;
    assert_eq!(by_vex(part), Decision::Accepted);
}

#[test]
fn vex_that_breaks_the_rules() {
    for (statement, expected) in [
        (
            r#"{"vulnerability":{"name":"CVE-1"},"status":"not_affected"}"#,
            "`x` breaks the rules of OpenVEX: statement 1: `not_affected` without a justification",
        ),
        (
            r#"{"vulnerability":{"name":"CVE-1"},"status":"fine"}"#,
            "`x` breaks the rules of OpenVEX: statement 1: there is no status `fine`",
        ),
        (
            r#"{"vulnerability":{"name":"CVE-1"},"status":"not_affected","justification":"trust_me"}"#,
            "`x` breaks the rules of OpenVEX: statement 1: there is no justification `trust_me`",
        ),
        (r#"{"status":"fixed"}"#, "`x` is not an OpenVEX document"),
    ] {
        let error = vex::read("x", document(statement).as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

/// What is written reads back, and takes away the same.
#[test]
fn vex_of_our_own() {
    let policy = ScanSpec {
        accept: vec![accept("CVE-1", None)],
        ..ScanSpec::default()
    };
    let findings = || vec![finding("CVE-1", Severity::High, None)];
    let verdict = judge(findings(), &policy, &[], TODAY);
    let written = vex::write(&verdict, "urn:x", "us", "2026-11-23T00:00:00Z").to_string();
    let statements = vex::read("x", written.as_bytes()).unwrap();
    let again = judge(findings(), &ScanSpec::default(), &statements, TODAY);
    assert_eq!(again.count(Decision::Accepted), 1);
    assert_eq!(
        again.judged[0].reason,
        "not affected: not reachable (VEX of us)"
    );
}
