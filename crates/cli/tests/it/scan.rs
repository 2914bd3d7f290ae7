//! `scan` on folders and on images of the home: the wiring.

use std::fs;
use std::path::Path;

use goldsmith_build::record::{Artifact, Images, Record};
use goldsmith_core::digest::Sha256;
use goldsmith_testing::emulators;

use crate::crash::{start, wait_until_gone};
use crate::env::TestEnv;

const STATUS: &str = "Package: libcurl4\nStatus: install ok installed\nArchitecture: amd64\n\
    Source: curl\nVersion: 7.88.1-10+deb12u5\n";

fn tree(at: &Path) {
    let put = |path: &str, text: &str| {
        let path = at.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put(
        "etc/os-release",
        "ID=debian\nVERSION_ID=12\nPRETTY_NAME=\"Debian 12\"\n",
    );
    put("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    put("etc/ssh/ssh_host_rsa_key", "x\n");
    put("var/lib/dpkg/status", STATUS);
    put(
        "var/lib/dpkg/info/libcurl4:amd64.list",
        "/usr/lib/libcurl.so.4\n",
    );
}

/// Runs a tool of the host; what it prints.
#[expect(clippy::disallowed_methods, reason = "an oracle of tests")]
fn tool(name: &str, words: &[&str], paths: &[&Path]) -> String {
    let done = std::process::Command::new(name)
        .args(words)
        .args(paths)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap_or_else(|e| panic!("{name}: {e}"));
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{name} {words:?}: {errors}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[test]
fn a_folder() {
    let env = TestEnv::new();
    tree(&env.project().join("root"));
    let shown = env.run(&["scan", "root"]).expect(0).stdout;
    for part in [
        "root: folder, Debian 12",
        "1 deb packages",
        "/etc/ssh/ssh_host_rsa_key",
    ] {
        assert!(shown.contains(part), "{part} is missing in:\n{shown}");
    }
    let json = env.run(&["scan", "root", "--json"]).expect(0).json();
    assert_eq!(json["version"], 1);
    assert_eq!(
        json["packages"][0]["purl"],
        "pkg:deb/debian/libcurl4@7.88.1-10%2Bdeb12u5?arch=amd64&distro=debian-12&upstream=curl%407.88.1-10%2Bdeb12u5"
    );
    let mut findings = json["findings"].as_array().unwrap().iter();
    let key = findings
        .find(|found| found["id"] == "ssh-hostkeys")
        .unwrap();
    assert_eq!(key["place"]["path"], "/etc/ssh/ssh_host_rsa_key");
    assert_eq!(key["severity"], "high");
    env.run(&["scan", "absent"]).expect(2);
    env.run(&["scan", "root", "--output", "x"]).expect(2);
    fs::write(env.project().join("text"), "no disk").unwrap();
    let failed = env.run(&["scan", "text"]).expect(6);
    assert!(
        failed.stderr.contains("not a disk we can read"),
        "{}",
        failed.stderr
    );
}

/// Each engine says its part: secrets by place and without a value, hardening with a score.
#[test]
fn secrets_and_hardening() {
    let env = TestEnv::new();
    let root = env.project().join("root");
    tree(&root);
    let secret = format!("da{}{}", "pi", "3f9c1b7e".repeat(4));
    fs::create_dir_all(root.join("opt/app")).unwrap();
    fs::write(root.join("opt/app/a.conf"), format!("x\nkey = {secret}\n")).unwrap();
    let shown = env.run(&["scan", "root", "--profile", "cis-1"]).expect(0);
    assert!(
        shown.stdout.contains("/opt/app/a.conf:2"),
        "{}",
        shown.stdout
    );
    assert!(shown.stdout.contains("cis-1: "), "{}", shown.stdout);
    assert!(!shown.stdout.contains(&secret[..8]), "{}", shown.stdout);
    let report = "json=report.json";
    let arguments = [
        "scan",
        "root",
        "--profile",
        "stig-high",
        "--json",
        "--report",
        report,
    ];
    let json = env.run(&arguments).expect(0).json();
    let kept = fs::read(env.project().join("report.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(kept["hardening"], json["hardening"]);
    assert_eq!(json["hardening"]["profile"], "stig-high");
    let checks = json["hardening"]["checks"].as_array().unwrap();
    let aslr = checks.iter().find(|check| check["id"] == "aslr").unwrap();
    assert_eq!(aslr["result"], "fail");
    env.run(&["scan", "root", "--profile", "cis-3"]).expect(2);
}

#[test]
fn bills_of_materials() {
    let env = TestEnv::new();
    let root = env.project().join("root");
    tree(&root);
    let printed = env.run(&["scan", "root", "--sbom", "spdx"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(document["spdxVersion"], "SPDX-2.3");
    assert!(
        printed.stderr.contains("1 deb packages"),
        "{}",
        printed.stderr
    );
    // Of a bill nothing but packages is known.
    env.write("root.spdx.json", &printed.stdout);
    env.run(&["scan", "root.spdx.json"]).expect(0);
    let refused = env.run(&["scan", "root.spdx.json", "--profile", "cis-1"]);
    let said = refused.expect(2).stderr;
    assert!(said.contains("only the packages are known"), "{said}");
    // The same tree as an image of the home.
    let folder = env.home().join("images/fresh");
    fs::create_dir_all(&folder).unwrap();
    let disk = folder.join("disk.raw");
    fs::File::create(&disk).unwrap().set_len(16 << 20).unwrap();
    tool("mke2fs", &["-q", "-F", "-t", "ext4", "-d"], &[&root, &disk]);
    let sha256 = Sha256::of(&fs::read(&disk).unwrap());
    let mut record = Record::new("web", Sha256::of(b"key"));
    record.epoch_unix = 1_700_000_000;
    record.artifacts = vec![Artifact {
        file: "disk.raw".into(),
        kind: "raw".into(),
        size_bytes: 16 << 20,
        allocated_bytes: 16 << 20,
        digest: sha256,
        sha256: Some(sha256),
    }];
    let images = Images::new(&env.home());
    images
        .publish(&folder, "1.0.0".parse().unwrap(), record)
        .unwrap();
    let arguments = [
        "scan",
        "web",
        "--sbom",
        "cyclonedx",
        "--sbom-files",
        "--output",
        "web.cdx.json",
    ];
    let shown = env.run(&arguments).expect(0).stdout;
    assert!(
        shown.starts_with("web 1.0.0/1: raw disk, Debian 12"),
        "{shown}"
    );
    let text = fs::read_to_string(env.project().join("web.cdx.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
    let subject = &document["metadata"]["component"];
    assert_eq!(subject["version"], "1.0.0/1");
    assert_eq!(subject["hashes"][0]["content"], sha256.to_string());
    assert!(text.contains("/usr/lib/libcurl.so.4"));
}

/// A project whose policy holds its images to a profile.
const PROJECT: &str = r#"
source "debian" "server" {
  suite = "bookworm"
}
recipe "web" {
  version = "1.0.0"
  source  = source.debian.server
  disk {
    size = "512MiB"
  }
}
pipeline "web" {
  recipe = recipe.web
  scan {
    profile = "PROFILE"
    accept "ssh-hostkeys" {
      reason  = "a demonstration"
      path    = "/etc/ssh/*"
      expires = "EXPIRES"
    }
    accept "aslr" {
      reason  = "a debugger"
      expires = "EXPIRES"
    }
    accept "guest-aslr" {
      reason = "a debugger"
    }
  }
}
"#;

/// A leak and a hardening check that somebody accepted, in every report; not after the last day.
#[test]
fn leaks_and_checks_are_accepted_for_a_time() {
    let env = TestEnv::new();
    tree(&env.project().join("root"));
    let project = |profile: &str, expires: &str| {
        let text = PROJECT.replace("PROFILE", profile);
        let text = text.replace("EXPIRES", expires);
        fs::write(env.project().join("web.gold.hcl"), text).unwrap();
    };
    let scan = [
        "scan",
        "root",
        "--pipeline",
        "web",
        "--json",
        "--report",
        "html=a.html",
        "--report",
        "sarif=a.sarif",
        "--report",
        "junit=a.xml",
    ];
    let of = |json: &serde_json::Value, id: &str| {
        let mut findings = json["findings"].as_array().unwrap().iter();
        findings.find(|found| found["id"] == id).unwrap().clone()
    };
    project("cis-1", "2999-01-01");
    let json = env.run(&scan).expect(5).json();
    for id in ["ssh-hostkeys", "aslr"] {
        let found = of(&json, id);
        assert_eq!(found["decision"], "accepted", "{id}");
        let reason = found["reason"].as_str().unwrap();
        assert!(reason.ends_with(", until 2999-01-01"), "{reason}");
    }
    let notes = json["verdict"]["notes"].as_array().unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    let mut checks = json["hardening"]["checks"].as_array().unwrap().iter();
    let aslr = checks.find(|check| check["id"] == "aslr").unwrap();
    assert_eq!(aslr["result"], "waived");
    for file in ["a.html", "a.sarif", "a.xml"] {
        let text = fs::read_to_string(env.project().join(file)).unwrap();
        for reason in ["a demonstration, until", "a debugger, until"] {
            assert!(text.contains(reason), "{reason} is missing in {file}");
        }
    }
    project("cis-1", "2001-01-01");
    let json = env.run(&scan).expect(5).json();
    for id in ["ssh-hostkeys", "aslr"] {
        let found = of(&json, id);
        assert_eq!(found["decision"], "fails", "{id}");
        let reason = found["reason"].as_str().unwrap();
        assert!(reason.contains("expired on 2001-01-01"), "{reason}");
    }
    // The language and the checks know the same profiles.
    for profile in goldsmith_inspect::harden::Profile::ALL {
        project(profile.word(), "2999-01-01");
        env.run(&["validate"]).expect(0);
    }
}

/// The same for what no project is of.
#[test]
fn exceptions_of_the_command_line() {
    let env = TestEnv::new();
    let root = env.project().join("root");
    tree(&root);
    fs::write(
        env.project().join("exceptions"),
        "# ours\nssh-hostkeys in /etc/ssh/ssh_host_rsa_key: a demonstration\n",
    )
    .unwrap();
    let scan = |more: &[&str]| {
        let fixed = ["scan", "root", "--fail-on", "critical", "--json"];
        env.run(&[&fixed[..], more].concat())
    };
    let accept = [
        "--accept",
        "no-feed-debian:12 until 2999-01-01: no feeds here",
        "--accept-file",
        "exceptions",
    ];
    let json = scan(&accept).expect(0).json();
    assert_eq!(json["verdict"]["accepted"], 2);
    let failed = scan(&["--accept", "aslr"]).expect(3);
    assert!(
        failed.stderr.contains("gives no reason"),
        "{}",
        failed.stderr
    );
    fs::write(env.project().join("exceptions"), "aslr until soon: x\n").unwrap();
    let failed = scan(&["--accept-file", "exceptions"]).expect(3);
    assert!(
        failed.stderr.contains("line 1 of `exceptions`"),
        "{}",
        failed.stderr
    );
}

/// A root that only the kernel reads is shown by it, and nothing of that stays, whatever ends the
/// scan.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the moments of the kills are spread over the time of a scan"
)]
fn a_root_that_the_kernel_shows() {
    let env = TestEnv::new();
    let (root, disk) = (env.project().join("root"), env.project().join("disk.raw"));
    tree(&root);
    fs::File::create(&disk).unwrap().set_len(320 << 20).unwrap();
    tool("mkfs.btrfs", &["-q", "--rootdir"], &[&root, &disk]);
    let known = fs::read_to_string("/proc/filesystems").unwrap();
    if !known.lines().any(|line| line.trim() == "btrfs") {
        let failed = env.run(&["scan", "disk.raw"]).expect(7);
        let said = "this kernel has no support for btrfs";
        assert!(failed.stderr.contains(said), "{}", failed.stderr);
        return;
    }
    let devices = || {
        tool(
            "losetup",
            &["--list", "--noheadings", "--output", "BACK-FILE"],
            &[],
        )
    };
    let name = disk.to_str().unwrap();
    let began = std::time::Instant::now();
    let json = env.run(&["scan", "disk.raw", "--json"]).expect(0).json();
    let whole = began.elapsed();
    assert_eq!(json["packages"][0]["name"], "libcurl4");
    let mut found = json["findings"].as_array().unwrap().iter();
    assert!(found.any(|found| found["id"] == "ssh-hostkeys"));
    assert!(!devices().contains(name), "{}", devices());
    for round in 0..10 {
        let mut scan = start(&env, &["scan", "disk.raw"]);
        std::thread::sleep(whole * round / 10);
        scan.kill().unwrap();
        scan.wait().unwrap();
        assert!(wait_until_gone(&env.home()).is_empty());
        // The kernel lets go of a device a moment after its last user.
        let is_gone = || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            !devices().contains(name)
        };
        assert!((0..100).any(|_| is_gone()), "round {round}: {}", devices());
    }
}

/// OpenSCAP on a folder and on a disk: its findings beside ours, and where they differ.
#[test]
fn openscap_beside_ours() {
    let env = TestEnv::new();
    let (root, disk) = (env.project().join("root"), env.project().join("disk.raw"));
    tree(&root);
    fs::write(root.join("etc/debian_version"), "12.11\n").unwrap();
    fs::create_dir_all(root.join("usr/bin")).unwrap();
    fs::write(root.join("etc/shadow"), "root:*:20000::::::\n").unwrap();
    fs::File::create(&disk).unwrap().set_len(16 << 20).unwrap();
    tool("mke2fs", &["-q", "-F", "-t", "ext4", "-d"], &[&root, &disk]);
    let content = emulators::document("ssg-debian12-ds.xml");
    let fixed = ["--with", "openscap", "--scap-content"];
    let fixed = [&fixed[..], &[content.to_str().unwrap()]].concat();
    for image in ["root", "disk.raw"] {
        let scan = [&["scan", image, "--profile", "cis-1", "--json"], &fixed[..]].concat();
        let json = env.run(&scan).expect(0).json();
        let compared = &json["compared"];
        assert!(
            compared["tool"].as_str().unwrap().contains("openscap"),
            "{compared}"
        );
        // Both want `/tmp` to be a file system of its own.
        assert!(compared["both"].as_u64().unwrap() >= 1, "{compared}");
        let only = |side: &str, id: &str| {
            let list = compared[side].as_array().unwrap();
            list.iter().any(|it| it["id"] == id)
        };
        assert!(only("only_here", "aslr"), "{compared}");
        let findings = json["findings"].as_array().unwrap();
        let shadow = findings
            .iter()
            .find(|it| it["id"] == "file_permissions_etc_shadow");
        let ours = findings.iter().find(|it| it["id"] == "shadow-mode");
        assert!(shadow.is_none() || ours.is_none(), "told once");
    }
    let failed = env
        .run(&[&["scan", "root"], &fixed[..], &["--scap-profile", "none"]].concat())
        .expect(7);
    assert!(
        failed.stderr.contains("`oscap` failed"),
        "{}",
        failed.stderr
    );
    fs::write(
        root.join("etc/os-release"),
        "ID=debian\nVERSION_ID=99\nPRETTY_NAME=x\n",
    )
    .unwrap();
    let failed = env.run(&["scan", "root", "--with", "openscap"]).expect(7);
    let missing = "there are no rules of OpenSCAP for debian 99";
    assert!(failed.stderr.contains(missing), "{}", failed.stderr);
}
