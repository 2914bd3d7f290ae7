use goldsmith_core::recipe::{Acceptance, ScanSpec};
use goldsmith_testing::emulators;
use serde_json::Value;

use super::*;
use crate::policy::judge;

fn finding(kind: Kind, id: &str, severity: Severity, place: Place) -> Finding {
    Finding {
        kind,
        id: id.to_owned(),
        severity,
        place,
        title: "a <b>title</b> & \u{1b}[31m".to_owned(),
        fix: None,
        references: vec!["https://example.com/1".to_owned()],
        facts: Vec::new(),
    }
}

fn of_package(id: &str, severity: Severity, name: &str, fix: Option<&str>) -> Finding {
    let place = Place::Package {
        purl: format!("pkg:deb/debian/{name}@1-1"),
        name: name.to_owned(),
        version: "1-1".to_owned(),
    };
    Finding {
        fix: fix.map(str::to_owned),
        ..finding(Kind::Vulnerability, id, severity, place)
    }
}

fn verdict() -> Verdict {
    let key = Place::File {
        path: "/etc/ssh/a key".to_owned(),
        line: Some(3),
        entry: Some("root".to_owned()),
    };
    let policy = ScanSpec {
        accept: vec![Acceptance {
            id: "CVE-4".to_owned(),
            package: None,
            path: None,
            reason: "not \"reachable\"".to_owned(),
            expires: None,
        }],
        ..ScanSpec::default()
    };
    let mut exploited = of_package("CVE-3", Severity::Low, "curl", Some("1-4"));
    exploited.facts = vec![("known_exploited", "2026-01-01".to_owned())];
    let findings = vec![
        of_package("CVE-1", Severity::High, "openssl", Some("1-9")),
        of_package("CVE-2", Severity::Low, "openssl", Some("1-10")),
        of_package("CVE-5", Severity::Medium, "openssl", None),
        exploited,
        of_package("CVE-4", Severity::High, "zlib", None),
        finding(Kind::Secret, "private-key", Severity::Critical, key),
        finding(
            Kind::Leak,
            "free-blocks",
            Severity::Low,
            Place::Disk { offset: 4096 },
        ),
        finding(
            Kind::Coverage,
            "no-feed-npm",
            Severity::Medium,
            Place::Image,
        ),
    ];
    judge(findings, &policy, &[], "2026-11-23")
}

fn report(verdict: &Verdict) -> Report<'_> {
    Report {
        image: "web@1.0.0/1",
        system: "Debian GNU/Linux 12",
        verdict,
        feeds: Vec::new(),
        today: "2026-11-23",
        version: "0.1.0",
    }
}

#[test]
fn groups_by_what_to_do() {
    let verdict = verdict();
    let groups = groups(&verdict, |it| it.decision != Decision::Accepted);
    let shown: Vec<String> = groups
        .iter()
        .map(|it| {
            format!(
                "{} {:?} {} {}",
                it.package,
                it.fix,
                it.severity(),
                it.judged.len()
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "curl Some(\"1-4\") low 1",
            "openssl Some(\"1-10\") high 2",
            "openssl None medium 1",
        ]
    );
}

#[test]
fn sarif_says_it_all() {
    let verdict = verdict();
    let sarif = sarif(&report(&verdict));
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 8);
    for result in results {
        let number = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &run["tool"]["driver"]["rules"][number];
        assert_eq!(rule["id"], result["ruleId"]);
    }
    let of = |id: &str| results.iter().find(|it| it["ruleId"] == id).unwrap();
    assert_eq!(of("CVE-1")["level"], "error");
    assert_eq!(of("CVE-5")["level"], "warning");
    assert_eq!(
        of("CVE-4")["suppressions"][0]["justification"],
        "not \"reachable\""
    );
    let key = &of("private-key")["locations"][0]["physicalLocation"];
    assert_eq!(key["artifactLocation"]["uri"], "etc/ssh/a%20key");
    assert_eq!(key["region"]["startLine"], 3);
    // A newer version of the same package does not make another finding of it.
    let print = |version: &str| {
        let mut one = of_package("CVE-1", Severity::High, "openssl", None);
        one.place = Place::Package {
            purl: format!("pkg:deb/debian/openssl@{version}?arch=source"),
            name: "openssl".to_owned(),
            version: version.to_owned(),
        };
        identity(&one)
    };
    assert_eq!(print("1"), print("2"));
}

/// What Python says of a document by the schema of OASIS, a line for each fault.
fn faults(document: &Value) -> String {
    const SCRIPT: &str = "import json, sys\n\
        from jsonschema import Draft7Validator, FormatChecker\n\
        schema, document = (json.load(open(path)) for path in sys.argv[1:])\n\
        Draft7Validator.check_schema(schema)\n\
        validator = Draft7Validator(schema, format_checker=FormatChecker())\n\
        for error in validator.iter_errors(document):\n    \
            print(error.json_path, error.message)\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan.sarif");
    std::fs::write(&path, document.to_string()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "an oracle of tests")]
    let output = std::process::Command::new(emulators::program("python3"))
        .args(["-c", SCRIPT])
        .arg(emulators::document("sarif-2.1.0.json"))
        .arg(&path)
        .env_clear()
        .output()
        .expect("python starts");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn sarif_by_its_schema() {
    let verdict = verdict();
    let mut document = sarif(&report(&verdict));
    assert_eq!(faults(&document), "");
    let none = judge(Vec::new(), &ScanSpec::default(), &[], "2026-11-23");
    assert_eq!(faults(&sarif(&report(&none))), "");
    document["runs"][0]["results"][0]["level"] = "bad".into();
    let told = faults(&document);
    assert!(told.contains("$.runs[0].results[0].level"), "{told}");
}

#[test]
fn junit_counts() {
    let verdict = verdict();
    let xml = junit(&report(&verdict));
    assert!(
        xml.contains("tests=\"8\" failures=\"3\" skipped=\"1\""),
        "{xml}"
    );
    assert!(xml.contains("message=\"not &quot;reachable&quot;\""));
    assert!(!xml.contains('\u{1b}'));
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut cases, mut failures) = (0, 0);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                cases += usize::from(tag.name().as_ref() == "testcase");
                failures += usize::from(tag.name().as_ref() == "failure");
            }
            _ => {}
        }
    }
    assert_eq!((cases, failures), (8, 3));
}

#[test]
fn the_page_shows_nothing_of_the_image_as_markup() {
    let verdict = verdict();
    let page = html(&report(&verdict));
    assert!(page.contains("does not pass"));
    assert!(page.contains("a &lt;b&gt;title&lt;/b&gt; &amp;"));
    assert!(!page.contains("<b>title"));
    assert!(
        !page.contains("src=") && !page.contains("href="),
        "it needs nothing else"
    );
}
