//! Feeds, and images held against them.

use std::fs;

use goldsmith_testing::mirror::{Fault, FaultyMirror};

use crate::env::TestEnv;

/// Fixes of a release that no image has.
const FIXES: &str = r#"{"schema":1,"release":"12","codename":"bookworm","archive_date":"2026-11-21","sources":{
  "openssl":{"fixes":{"CVE-2026-0001":{"fixed_version":"3.0.16-1"},"CVE-2026-0002":{"fixed_version":"3.0.14-1"}}},
  "linux":{"fixes":{"CVE-2026-0003":{"fixed_version":"6.1.200-1"}}}}}"#;
const KEV: &str = r#"{"catalogVersion":"2026.11.20","vulnerabilities":[
  {"cveID":"CVE-2026-0003","dateAdded":"2026-11-01","vulnerabilityName":"A hole","knownRansomwareCampaignUse":"Known"}]}"#;

/// A root file system with three packages.
fn image(env: &TestEnv) {
    let package = |name: &str, version: &str, source: &str| {
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nSource: {source}\nVersion: {version}\nMaintainer: Debian <a@lists.debian.org>\nDescription: x\n\n"
        )
    };
    let status = [
        package("libssl3", "3.0.15-1", "openssl"),
        package(
            "linux-image-6.1.0-50-amd64",
            "6.1.176-1",
            "linux-signed-amd64 (6.1.176+1)",
        ),
        package("bash", "5.2.15-2", "bash"),
    ];
    env.write("root/var/lib/dpkg/status", status.concat());
    env.write(
        "root/etc/os-release",
        "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n",
    );
}

#[test]
fn imported_and_listed() {
    let env = TestEnv::new();
    assert!(
        env.run(&["feed", "status"])
            .expect(0)
            .stderr
            .contains("no feeds yet")
    );
    env.write("feeds/fixes.json", FIXES);
    env.write("feeds/kev.json", KEV);
    let said = env.run(&["feed", "import", "feeds"]).expect(0).stdout;
    assert_eq!(
        said,
        "debian-fixes-12: 3 entries, as of 2026-11-21 00:00 UTC\nkev: 1 entries, as of 2026-11-20 00:00 UTC\n"
    );
    let status = env.run(&["feed", "status", "--json"]).expect(0).json();
    assert_eq!(status["version"], 1);
    assert_eq!(status["feeds"][0]["name"], "debian-fixes-12");
    assert!(status["feeds"][0]["age_seconds"].is_number());
    let origin = status["feeds"][1]["origin"].as_str().unwrap();
    assert!(origin.ends_with("feeds/kev.json"), "{origin}");
    env.write("other.json", "{\"a\":1}");
    let refused = env.run(&["feed", "import", "other.json"]).expect(3).stderr;
    assert!(
        refused.contains("is no feed that Goldsmith knows"),
        "{refused}"
    );
    let names: Vec<_> = fs::read_dir(env.home().join("feeds"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".new"))
        .collect();
    assert_eq!(names, Vec::<String>::new());
}

#[test]
fn renewed_from_where_they_came() {
    let env = TestEnv::new();
    env.write("served/kev.json", KEV);
    let server = FaultyMirror::serve(env.project().join("served"));
    let url = server.url("kev.json");
    server.fault("kev.json", 1, Fault::Drop { after: 20 });
    let said = env.run(&["feed", "update", &url]).expect(0).stdout;
    assert!(said.starts_with("kev: 1 entries"), "{said}");
    // Asked again without a name: nothing new, nothing sent, and as good as new.
    let again = env.run(&["feed", "update", "--json"]).expect(0).json();
    assert_eq!(again["sources"][0]["result"], "unchanged");
    let last = server.requests().pop().unwrap();
    assert!(last.if_none_match.is_some());
    fs::remove_file(env.project().join("served/kev.json")).unwrap();
    let failed = env.run(&["feed", "update"]).expect(8).stderr;
    assert!(failed.contains("does not exist"), "{failed}");
    // What was there stays.
    let status = env.run(&["feed", "status", "--json"]).expect(0).json();
    assert_eq!(status["feeds"][0]["records"], 1);
    let unknown = env.run(&["feed", "update", "nothing"]).expect(2).stderr;
    assert!(unknown.contains("debian-tracker"), "{unknown}");
}

#[test]
fn a_pipeline_judges() {
    let env = TestEnv::new();
    image(&env);
    env.write("fixes.json", FIXES);
    env.write("kev.json", KEV);
    env.run(&["feed", "import", "fixes.json", "kev.json"])
        .expect(0);
    // Without a policy it tells and decides nothing.
    let told = env.run(&["scan", "root"]).expect(0).stdout;
    assert!(
        told.contains("CVE-2026-0003!") && told.contains("no policy"),
        "{told}"
    );
    let project = |scan: &str| {
        env.write(
            "web.gold.hcl",
            format!(
                r#"source "debian" "base" {{
  suite = "bookworm"
}}
recipe "web" {{
  version = "1.0.x"
  source  = source.debian.base
  disk {{
    size = "1GiB"
  }}
}}
pipeline "web" {{
  recipe = recipe.web
  scan {{
    max_feed_age = "36500d"
    {scan}
  }}
}}
"#
            ),
        );
    };
    let scan = ["scan", "root", "--pipeline", "web", "--json"];
    project("fail_on = \"critical\"");
    let json = env.run(&scan).expect(5).json();
    assert_eq!(json["verdict"]["failing"], 1);
    let first = &json["findings"][0];
    assert_eq!(first["id"], "CVE-2026-0003");
    assert_eq!(first["reason"], "known to be exploited since 2026-11-01");
    assert_eq!(first["place"]["name"], "linux");
    project(
        r#"accept "CVE-2026-0003" {
      reason  = "no local users"
      expires = "9999-01-01"
    }
    severity "CVE-2026-0001" {
      level = "high"
    }"#,
    );
    let json = env.run(&scan).expect(5).json();
    assert_eq!(json["findings"][0]["id"], "CVE-2026-0001");
    assert_eq!(json["verdict"]["accepted"], 1);
    project(
        r#"accept "CVE-2026-0003" {
      reason  = "no local users"
      expires = "9999-01-01"
    }"#,
    );
    let reports = [
        "--report=html=r.html",
        "--report=sarif=r.sarif",
        "--report=junit=r.xml",
        "--report=openvex=vex.json",
    ];
    env.run(&[&scan[..], &reports[..]].concat()).expect(0);
    assert!(env.read("r.html").contains("passes"));
    assert!(env.read("r.sarif").contains("\"suppressions\""));
    assert!(
        env.read("r.xml")
            .contains("<skipped message=\"no local users")
    );
    // The statements of the first house hold in the next.
    let by_vex = [
        "scan",
        "root",
        "--fail-on",
        "high",
        "--vex",
        "vex.json",
        "--json",
    ];
    let json = env.run(&by_vex).json();
    assert_eq!(json["verdict"]["accepted"], 1);
    project("accept \"CVE-1\" {\n      reason  = \"x\"\n      expires = \"soon\"\n    }");
    let wrong = env.run(&scan).expect(3).stdout;
    assert!(wrong.contains("`expires` must be a day"), "{wrong}");
    let none = env
        .run(&["scan", "root", "--report", "pdf=x"])
        .expect(2)
        .stderr;
    assert!(none.contains("there is no form of report `pdf`"), "{none}");
}

#[test]
fn another_scanner_differs() {
    let env = TestEnv::new();
    image(&env);
    env.write("fixes.json", FIXES);
    env.run(&["feed", "import", "fixes.json"]).expect(0);
    env.write(
        "trivy.json",
        r#"{"SchemaVersion":2,"Trivy":{"Version":"0.60"},"Results":[{"Vulnerabilities":[
          {"VulnerabilityID":"CVE-2026-0001","PkgName":"libssl3","InstalledVersion":"3.0.15-1","FixedVersion":"3.0.16-1","Severity":"HIGH"},
          {"VulnerabilityID":"CVE-2026-0009","PkgName":"bash","InstalledVersion":"5.2.15-2","Status":"affected","Severity":"LOW"}]}]}"#,
    );
    let said = env
        .run(&["scan", "root", "--compare", "trivy.json"])
        .expect(0)
        .stdout;
    assert!(
        said.contains("against trivy 0.60: 1 in both, 1 only here, 1 only there"),
        "{said}"
    );
    assert!(said.contains("`linux-signed-*`"), "{said}");
    assert!(said.contains("our feeds know only what is fixed"), "{said}");
}
