//! Results that the tools themselves wrote.

use goldsmith_advisory::external;
use goldsmith_core::finding::{Finding, Place};

use crate::shared;

fn sample(name: &str) -> Option<external::Foreign> {
    let (name, bytes) = shared::read(&[name])?.pop()?;
    Some(external::read(&name, &bytes).expect("a result of the tool"))
}

fn shown(finding: &Finding) -> String {
    let Place::Package { name, version, .. } = &finding.place else {
        panic!("{finding:?}");
    };
    format!("{} {} {name} {version}", finding.id, finding.severity)
}

#[test]
fn trivy() {
    let Some(read) = sample("samples/trivy-report-debian10.json") else {
        return;
    };
    assert_eq!(read.tool, "trivy dev");
    let all: Vec<String> = read.findings.iter().map(shown).collect();
    assert_eq!(
        all,
        [
            "CVE-2019-18276 low bash 5.0-4",
            "CVE-2019-18224 critical libidn2-0 2.0.5-1",
        ]
    );
    assert_eq!(read.findings[1].fix.as_deref(), Some("2.0.5-1+deb10u1"));
}

#[test]
fn grype() {
    let Some(read) = sample("samples/grype-report.json") else {
        return;
    };
    assert!(read.tool.starts_with("grype 0."), "{}", read.tool);
    assert!(read.database.is_some());
    assert_eq!(
        shown(&read.findings[0]),
        "CVE-2020-12413 low nspr 4.34.0-17.el9_1"
    );
}

#[test]
fn osv_scanner() {
    let Some(read) = sample("samples/osv-scanner-results.json") else {
        return;
    };
    assert_eq!(
        shown(&read.findings[0]),
        "CVE-2024-1013 unknown unixodbc 2.3.11-2"
    );
    let remove = &read.findings[2];
    assert!(shown(remove).starts_with("GHSA-mc8h-8q98-g5hr unknown remove_dir_all "));
    assert_eq!(remove.references, ["RUSTSEC-2023-0018"]);
}
