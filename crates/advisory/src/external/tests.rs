use super::*;

#[test]
fn inspector() {
    let text = r#"{"findings":[
        {"type":"PACKAGE_VULNERABILITY","severity":"HIGH","title":"CVE-1 - openssl","packageVulnerabilityDetails":{
            "vulnerabilityId":"CVE-1","relatedVulnerabilities":[],"vulnerablePackages":[
                {"name":"openssl","epoch":1,"version":"3.0.1","release":"41.el9","arch":"X86_64","fixedInVersion":"1:3.0.7-2.el9"},
                {"name":"curl","version":"7.88.1-10","fixedInVersion":"NotAvailable"}]}},
        {"type":"NETWORK_REACHABILITY","severity":"LOW","title":"port 22"}]}"#;
    let read = read("inspector.json", text.as_bytes()).unwrap();
    let shown: Vec<String> = read
        .findings
        .iter()
        .map(|it| format!("{} {} {} {:?}", it.id, it.severity, it.place, it.fix))
        .collect();
    assert_eq!(
        shown,
        [
            "CVE-1 high openssl 1:3.0.1-41.el9 Some(\"1:3.0.7-2.el9\")",
            "CVE-1 high curl 7.88.1-10 None",
        ]
    );
}

#[test]
fn xccdf() {
    let text = r#"<?xml version="1.0"?>
<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2">
  <Rule id="r1"><result>fail</result></Rule>
  <TestResult id="t" test-system="cpe:/a:redhat:openscap:1.3.7">
    <rule-result idref="sshd_no_root" severity="high"><result>fail</result></rule-result>
    <rule-result idref="fine" severity="high"><result>pass</result></rule-result>
    <rule-result idref="odd" severity="medium"><result>error</result></rule-result>
    <rule-result idref="skipped" severity="low"><result>notapplicable</result></rule-result>
  </TestResult>
</Benchmark>"#;
    let read = read("results.xml", text.as_bytes()).unwrap();
    assert_eq!(read.tool, "cpe:/a:redhat:openscap:1.3.7");
    let shown: Vec<String> = read
        .findings
        .iter()
        .map(|it| format!("{} {} {}", it.kind, it.id, it.severity))
        .collect();
    assert_eq!(
        shown,
        ["hardening sshd_no_root high", "coverage odd medium"]
    );
}

#[test]
fn hardening_by_the_name_of_our_check() {
    let text = r#"<TestResult xmlns="http://checklists.nist.gov/xccdf/1.2">
        <rule-result idref="xccdf_org.ssgproject.content_rule_partition_for_tmp" severity="low"><result>fail</result></rule-result>
        <rule-result idref="xccdf_org.ssgproject.content_rule_sshd_disable_root_login" severity="medium"><result>fail</result></rule-result>
        <rule-result idref="xccdf_org.ssgproject.content_rule_package_ntpdate_removed" severity="low"><result>fail</result></rule-result>
        <rule-result idref="xccdf_org.ssgproject.content_rule_file_owner_etc_shadow" severity="low"><result>pass</result></rule-result>
    </TestResult>"#;
    let other = read("results.xml", text.as_bytes()).unwrap();
    let own = |id: &str| Finding {
        kind: Kind::Hardening,
        id: id.to_owned(),
        severity: Severity::Low,
        place: Place::Image,
        title: String::new(),
        fix: None,
        references: Vec::new(),
        facts: Vec::new(),
    };
    let mut ours = vec![own("mount-tmp"), own("shadow-mode"), own("aslr")];
    let check = |ours: &[Finding]| {
        let found = difference(ours, &other);
        let ids = |list: &[Explained]| -> Vec<(String, String)> {
            let rows = list.iter().map(|it| (it.id.clone(), it.why.clone()));
            rows.map(|(id, why)| (id, why[..20].to_owned())).collect()
        };
        assert_eq!(found.both, 1);
        let row = |id: &str, why: &str| (id.to_owned(), why.to_owned());
        assert_eq!(
            ids(&found.ours),
            [
                row("aslr", "the other has no rul"),
                row("shadow-mode", "the other's rule is "),
            ]
        );
        assert_eq!(
            ids(&found.theirs),
            [
                row("package_ntpdate_removed", "no check of ours ask"),
                row("sshd_disable_root_login", "our check is met by "),
            ]
        );
    };
    check(&ours);
    let beyond = other.beyond(&ours);
    assert_eq!(beyond.len(), 2);
    ours.extend(beyond);
    check(&ours);
}

#[test]
fn refused() {
    for text in ["", "{}", "[1]", "<html></html>", "hello"] {
        assert!(read("x", text.as_bytes()).is_err(), "{text}");
    }
    let error = read(
        "x",
        br#"{"SchemaVersion":2,"Results":[{"Vulnerabilities":[{}]}]}"#,
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "`x` is not in the form of trivy");
}

#[test]
fn differences_say_why() {
    let told = |id: &str, name: &str, fix: &str| {
        let told = Told {
            id,
            severity: "high",
            name,
            version: "1",
            purl: "pkg:deb/debian/x",
            title: "",
            fix,
            state: "",
        };
        told.finding(
            vec!["GHSA-9".to_owned()]
                .into_iter()
                .filter(|_| id == "CVE-9")
                .collect(),
        )
    };
    let ours = [
        told("CVE-1", "linux", "2"),
        told("CVE-2", "curl", "2"),
        told("CVE-9", "curl", "2"),
    ];
    let theirs = [
        told("CVE-2", "libcurl4", "2"),
        told("GHSA-9", "curl", ""),
        told("CVE-3", "zlib", "2"),
    ];
    let theirs = Foreign {
        tool: "a tool".to_owned(),
        database: None,
        kind: Kind::Vulnerability,
        findings: theirs.into(),
        met: Vec::new(),
    };
    let found = difference(&ours, &theirs);
    assert_eq!(found.both, 2);
    assert!(found.ours[0].why.starts_with("Debian's kernel"));
    assert_eq!(found.theirs[0].id, "CVE-3");
    assert_eq!((found.ours.len(), found.theirs.len()), (1, 1));
}
