//! The components that ship: each in a tree, and a hardened server of many of them that boots.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use goldsmith_testing::mirror::FaultyMirror;
use serde_json::{Value, json};

use crate::crash::assert_nothing_left;
use crate::env::{TestEnv, repository};
use crate::fixture::copy;

/// Components that only test, or that only a machine can run.
const NOT_IN_A_TREE: &[&str] = &[
    "imds-v2-test",
    "package-repository-test",
    "reboot-linux",
    "reboot-test",
    "simple-boot-test",
    "single-ssh-key-test",
    "ssh-host-key-test",
    "time-sync-test",
    // Run by the others.
    "harden-sysctl",
    "install-packages",
    "vendor-package",
];

/// Packages of vendors, as their components name them, with the unit that each brings.
const VENDORS: [(&str, &str, &str); 4] = [
    (
        "amazon-cloudwatch-agent",
        "amazon-cloudwatch-agent",
        "amazon-cloudwatch-agent",
    ),
    ("amazon-ssm-agent", "amazon-ssm-agent", "amazon-ssm-agent"),
    (
        "aws-codedeploy-agent",
        "codedeploy-agent",
        "codedeploy-agent",
    ),
    ("fluent-bit", "fluent-bit", "fluent-bit"),
];

#[expect(
    clippy::disallowed_methods,
    reason = "what a vendor publishes is made with the tools that a vendor has"
)]
fn made(program: &str, arguments: &[&str], folder: &Path) -> String {
    let out = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|e| panic!("this test needs `{program}`: {e}"));
    assert!(
        out.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap()
}

/// A package with one program that says nothing and one unit, below `folder`.
fn vendor_package(folder: &Path, package: &str, unit: &str) {
    let tree = folder.join(package);
    for (path, text) in [
        (
            "DEBIAN/control".to_owned(),
            format!(
                "Package: {package}\nVersion: 1.2.3\nArchitecture: all\nMaintainer: Vendor <v@example.com>\nDescription: an agent\n"
            ),
        ),
        (
            format!("usr/lib/systemd/system/{unit}.service"),
            format!(
                "[Service]\nExecStart=/opt/{package}/bin/{package}\n[Install]\nWantedBy=multi-user.target\n"
            ),
        ),
        (
            format!("opt/{package}/bin/{package}"),
            "#!/bin/sh\nexit 0\n".to_owned(),
        ),
    ] {
        fs::create_dir_all(tree.join(&path).parent().unwrap()).unwrap();
        fs::write(tree.join(path), text).unwrap();
    }
    let program = format!("opt/{package}/bin/{package}");
    made("chmod", &["755", &program], &tree);
    made(
        "dpkg-deb",
        &["--root-owner-group", "--build", package],
        folder,
    );
}

/// What documents are given, by component.
fn parameters(component: &str, mirror: &FaultyMirror, served: &Path) -> Vec<(String, String)> {
    let digest = |program: &str, file: &str| -> String {
        let line = made(program, &[file], served);
        line.split(' ').next().unwrap().to_owned()
    };
    let pairs: Vec<(&str, String)> = match component {
        "cis-linux" => vec![("Level", "2".to_owned())],
        "stig-linux" => vec![("Level", "high".to_owned())],
        "rsyslog-forward" => vec![("Host", "logs.example.com".to_owned())],
        "tls-certificates" => {
            let certificate = made(
                "openssl",
                &[
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                    "-nodes",
                    "-keyout",
                    "key.pem",
                    "-days",
                    "3650",
                    "-subj",
                    "/CN=Test",
                    "-addext",
                    "basicConstraints=critical,CA:TRUE",
                ],
                served,
            );
            vec![("Certificates", certificate)]
        }
        "dotnet-runtime" => vec![
            ("Url", mirror.url("dotnet.tar.gz")),
            ("Sha512", digest("sha512sum", "dotnet.tar.gz")),
        ],
        _ => match VENDORS.iter().find(|(name, ..)| *name == component) {
            Some((_, package, _)) => {
                let file = format!("{package}.deb");
                vec![
                    ("Url", mirror.url(&file)),
                    ("Sha256", digest("sha256sum", &file)),
                ]
            }
            None => Vec::new(),
        },
    };
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn document(component: &str, parameters: Vec<(String, String)>) -> Value {
    let parameters: Vec<Value> = parameters
        .into_iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({ "path": component, "parameters": parameters })
}

#[test]
fn every_component_builds_and_validates_in_a_tree() {
    let env = TestEnv::new();
    let served = env.root().join("served");
    fs::create_dir_all(served.join("dotnet/shared/Microsoft.NETCore.App")).unwrap();
    fs::write(
        served.join("dotnet/dotnet"),
        "#!/bin/sh\necho Microsoft.NETCore.App 8.0.0\n",
    )
    .unwrap();
    made("chmod", &["755", "dotnet/dotnet"], &served);
    made(
        "tar",
        &["-czf", "dotnet.tar.gz", "-C", "dotnet", "."],
        &served,
    );
    for (_, package, unit) in VENDORS {
        vendor_package(&served, package, unit);
    }
    let mirror = FaultyMirror::serve(&served);

    let list = env.run(&["component", "list", "--json"]).expect(0).json();
    let names: BTreeSet<String> = list["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect();
    for name in NOT_IN_A_TREE {
        assert!(names.contains(*name), "{name} is no component");
    }
    // In an order in which a recipe has them: the benchmarks last.
    let late = |name: &str| ["cis-linux", "stig-linux"].contains(&name);
    let tried = names
        .iter()
        .filter(|name| !NOT_IN_A_TREE.contains(&name.as_str()));
    let (last, first): (Vec<_>, Vec<_>) = tried.partition(|name| late(name));
    let documents: Vec<Value> = first
        .into_iter()
        .chain(last)
        .map(|name| document(name, parameters(name, &mirror, &served)))
        .collect();
    let count = documents.len();
    assert!(count >= 30, "only {count}");
    let config = json!({ "documents": documents, "phases": "build,validate" });
    env.write("all.json", config.to_string());
    let ran = env.run(&[
        "component",
        "run",
        "--config",
        "all.json",
        "--in",
        "debian:bookworm",
    ]);
    let said = format!("{}\n{}", ran.stdout, ran.stderr);
    ran.expect(0);
    assert!(
        said.contains("every AppArmor profile enforced\tdone"),
        "{said}"
    );
    assert_nothing_left(&env);

    // What is not what was asked for is not installed.
    let wrong = json!({ "documents": [document("amazon-ssm-agent", vec![
        ("Url".to_owned(), mirror.url("fluent-bit.deb")),
        ("Sha256".to_owned(), made("sha256sum", &["fluent-bit.deb"], &served)[..64].to_owned()),
    ])], "phases": "build" });
    env.write("wrong.json", wrong.to_string());
    let refused = env
        .run(&[
            "component",
            "run",
            "--config",
            "wrong.json",
            "--in",
            "debian:bookworm",
        ])
        .expect(6);
    assert!(
        refused
            .stderr
            .contains("the file is of package fluent-bit, not amazon-ssm-agent"),
        "{}",
        refused.stderr
    );
}

/// The benchmark at level 2 with everything that belongs to it: built, started, its tests passed.
#[test]
fn a_hardened_server_boots_and_passes_its_tests() {
    let env = TestEnv::new();
    copy(&repository("examples/hardened"), &env.project());
    env.run(&["lock"]).expect(0);
    let lock = env.read("goldsmith.lock");
    for package in ["nftables", "auditd", "chrony", "cracklib-runtime"] {
        assert!(
            lock.contains(&format!("\"{package}\"")),
            "{package}, which a component needs, is not in the lock"
        );
    }
    env.run(&["build", "server"]).expect(0);
    let tested = env.run(&["test", "server", "--json"]).expect(0);
    let text = tested.stdout.clone();
    assert_eq!(tested.json()["report"]["is_passed"], true, "{text}");
    for step in [
        "test/KeepsOut",
        "test/WritesDown",
        "cis-linux test/Pam",
        "test/TokenIsWanted",
        "hardening guest-firewall",
        "hardening guest-audit-rules",
    ] {
        assert!(text.contains(step), "{step} did not run");
    }
}
