//! The catalog's commands, on images that are folders with a record: nothing here looks at disks.

use std::fs;
use std::path::PathBuf;

use goldsmith_build::record::{Artifact, Image, Images, ParentRecord, Record};
use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Batch, Catalog as _, Change, CopyRow};
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};

use crate::env::{Ran, TestEnv};

/// An image as a build leaves it, of which nothing is in the catalog.
fn image(env: &TestEnv, name: &str, version: &str, parent: Option<&Image>) -> Image {
    let images = Images::new(&env.home());
    let fresh = env.root().join("fresh");
    fs::create_dir_all(&fresh).unwrap();
    fs::create_dir_all(env.home()).unwrap();
    let disk = format!("disk of {name} {version}");
    fs::write(fresh.join("disk.raw"), &disk).unwrap();
    let digest = Sha256::of(disk.as_bytes());
    let mut record = Record::new(name, Sha256::of(digest.as_bytes()));
    record.created_unix = 1_790_000_000;
    record.artifacts = vec![Artifact {
        file: "disk.raw".to_owned(),
        kind: "raw".to_owned(),
        size_bytes: disk.len() as u64,
        allocated_bytes: 4096,
        digest,
        sha256: None,
    }];
    record.parent = parent.map(|parent| ParentRecord {
        kind: "image".to_owned(),
        name: parent.title(),
        digest: parent.record.artifacts[0].digest,
    });
    images
        .publish(&fresh, version.parse().unwrap(), record)
        .unwrap()
}

fn id(text: &str) -> ImageId {
    text.parse().unwrap()
}

/// What a pipeline's run does to images.
fn keep(env: &TestEnv, changes: Vec<Change>) {
    let catalog = Sqlite::open(&env.home()).unwrap();
    let batch = Batch {
        actor: "ann@example.com".to_owned(),
        unix: 1_795_000_000,
        changes,
        ..Batch::default()
    };
    catalog.keep(&batch).unwrap();
}

fn states(image: &str, states: &[ImageState]) -> Vec<Change> {
    let to = |to: &ImageState| Change::State {
        image: id(image),
        to: *to,
        reason: format!("to be {}", to.name()),
    };
    states.iter().map(to).collect()
}

const APPROVED: [ImageState; 2] = [ImageState::Testing, ImageState::Approved];

fn names(listed: &Ran) -> Vec<String> {
    let images = listed.json()["images"].as_array().unwrap().clone();
    let name = |image: &serde_json::Value| {
        let text = |key: &str| image[key].as_str().unwrap().to_owned();
        format!("{} {}/{}", text("name"), text("version"), image["build"])
    };
    images.iter().map(name).collect()
}

#[test]
fn images_are_entered_when_they_are_met() {
    let env = TestEnv::new();
    let base = image(&env, "base", "1.0.0", None);
    image(&env, "web", "1.4.x", Some(&base));
    image(&env, "web", "1.4.x", Some(&base));
    let list = |arguments: &[&str]| {
        let all = [&["images", "--json"], arguments].concat();
        names(&env.run(&all).expect(0))
    };
    assert_eq!(list(&[]), ["web 1.4.1/1", "web 1.4.0/1", "base 1.0.0/1"]);
    keep(&env, states("web@1.4.0/1", &APPROVED));
    env.run(&["tag", "web@1.4.0", "team=platform", "draft=yes"])
        .expect(0);
    let tagged = env
        .run(&["tag", "web@1.4.0", "--remove", "draft"])
        .expect(0);
    assert_eq!(tagged.stdout, "web 1.4.0/1: team=platform\n");
    env.run(&["tag", "web@1.4.0", "team"]).expect(2);

    assert_eq!(list(&["web", "--state", "approved"]), ["web 1.4.0/1"]);
    assert_eq!(list(&["--tag", "team=platform"]), ["web 1.4.0/1"]);
    assert_eq!(
        list(&["--parent", "base", "--state", "built"]),
        ["web 1.4.1/1"]
    );
    assert_eq!(list(&["--since", "2027-01-01"]), [""; 0]);
    assert_eq!(list(&["--since", "2026-01-01T00:00:00Z"]).len(), 3);
    env.run(&["images", "--since", "yesterday"]).expect(2);
    let page = env.run(&["images", "--json", "--limit", "2"]).expect(0);
    assert_eq!(page.json()["next"], "web@1.4.0/1");
    assert_eq!(
        list(&["--limit", "2", "--after", "web@1.4.0/1"]),
        ["base 1.0.0/1"]
    );

    // A folder that somebody removed: told, and nothing takes its number.
    fs::remove_dir_all(env.home().join("images/web/1.4.1-1")).unwrap();
    let shown = env.run(&["images", "web"]).expect(0).stdout;
    let gone: Vec<&str> = shown
        .lines()
        .filter(|line| line.contains(" gone "))
        .collect();
    assert_eq!(gone.len(), 1, "{shown}");
    assert!(gone[0].contains("1.4.1/1"), "{shown}");
    let shown = env.run(&["show", "web@1.4.1"]).expect(0).stdout;
    for words in [
        "web 1.4.1/1",
        "1.4.1-1 is gone",
        "built since",
        "from base 1.0.0/1",
    ] {
        assert!(shown.contains(words), "{words} is missing in\n{shown}");
    }
    let shown = env.run(&["show", "base"]).expect(0).stdout;
    assert!(shown.contains("parent of web 1.4.0/1"), "{shown}");
    let shown = env.run(&["show", "web", "--json"]).expect(0).json();
    assert_eq!(shown["image"]["state"], "approved");
    assert_eq!(
        shown["catalog"]["parents"],
        serde_json::json!(["base 1.0.0/1"])
    );
    let whole = env.run(&["catalog", "check"]).expect(0).stdout;
    assert!(
        whole.starts_with("the catalog is whole: 3 images"),
        "{whole}"
    );
}

#[test]
fn channels_go_forward_and_back() {
    let env = TestEnv::new();
    let versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
    for version in versions {
        image(&env, "web", version, None);
    }
    env.run(&["images"]).expect(0);
    for version in &versions[..3] {
        keep(&env, states(&format!("web@{version}/1"), &APPROVED));
    }
    let promote = |image: &str| {
        env.run(&[
            "promote",
            image,
            "--channel",
            "production",
            "--reason",
            "looks good",
        ])
    };
    let refused = promote("web@1.3.0").expect(5).stderr;
    assert!(
        refused.contains("the channel `production` cannot name `web 1.3.0/1`, which is built"),
        "{refused}"
    );
    env.run(&["promote", "web", "--channel", "1.0", "--reason", "x"])
        .expect(2);
    env.run(&["promote", "web@1.0.0", "--channel", "production"])
        .expect(2);
    env.run(&["show", "web@production"]).expect(2);
    for version in &versions[..3] {
        promote(&format!("web@{version}")).expect(0);
    }
    let again = promote("web@1.2.0").expect(0).stdout;
    assert_eq!(
        again,
        "web@production is web 1.2.0/1 (as before: web 1.2.0/1)\n"
    );

    let rollback = || {
        env.run(&[
            "rollback",
            "web",
            "--channel",
            "production",
            "--reason",
            "no logins",
        ])
    };
    // What must not be used any more is passed over.
    keep(&env, states("web@1.1.0/1", &[ImageState::Revoked]));
    let back = rollback().expect(0).stdout;
    assert_eq!(
        back,
        "web@production is web 1.0.0/1 (before: web 1.2.0/1)\n"
    );
    let none = rollback().expect(5).stderr;
    assert!(
        none.contains("has named nothing before web 1.0.0/1"),
        "{none}"
    );
    assert!(
        none.contains("goldsmith history web --channel production"),
        "{none}"
    );

    let history = env
        .run(&["history", "web", "--channel", "production", "--json"])
        .expect(0)
        .json();
    let named: Vec<_> = history["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["image"].clone())
        .collect();
    assert_eq!(
        named,
        ["web 1.0.0/1", "web 1.2.0/1", "web 1.1.0/1", "web 1.0.0/1"]
    );
    let history = env.run(&["history", "web@production"]).expect(0).stdout;
    for words in [
        "testing -> approved: to be approved",
        "production: no logins",
        "ann@example.com",
    ] {
        assert!(history.contains(words), "{words} is missing in\n{history}");
    }
    let shown = env
        .run(&["show", "web@production", "--json"])
        .expect(0)
        .json();
    assert_eq!(shown["image"]["version"], "1.0.0");
    let listed = env
        .run(&["images", "--channel", "production", "--json"])
        .expect(0);
    assert_eq!(names(&listed), ["web 1.0.0/1"]);
}

#[test]
fn a_copy_is_resolved_for_terraform() {
    let env = TestEnv::new();
    image(&env, "web", "1.0.0", None);
    env.run(&["images"]).expect(0);
    let copy = |target: &str, format: &str, location: &str| {
        Change::Copy(CopyRow {
            image: id("web@1.0.0/1"),
            target: target.to_owned(),
            name: "web-debian-12-1.0.0".to_owned(),
            location: location.to_owned(),
            format: format.to_owned(),
            digest: Some(Sha256::of(b"copy")),
            unix: 1_795_000_000,
            is_there: location != "/gone",
        })
    };
    keep(
        &env,
        vec![
            copy("local/lab", "qcow2", "/images/web.qcow2"),
            copy("local/lab", "ova", "/images/web.ova"),
            copy("aws/eu/eu-north-1", "", "ami-0abc"),
            copy("local/old", "qcow2", "/gone"),
        ],
    );
    let resolve = |arguments: &[&str]| env.run(&[&["resolve"], arguments].concat());
    let early = resolve(&["web", "--target", "aws/eu"]).expect(5).stderr;
    assert!(
        early.contains("web 1.0.0/1 must not be used: it is built"),
        "{early}"
    );
    keep(&env, states("web@1.0.0/1", &APPROVED));
    env.run(&["promote", "web", "--channel", "production", "--reason", "x"])
        .expect(0);

    assert_eq!(
        resolve(&["web@production", "--target", "aws/eu"])
            .expect(0)
            .stdout,
        "ami-0abc\n"
    );
    let lab = ["web@production", "--target", "local/lab", "--format", "ova"];
    assert_eq!(resolve(&lab).expect(0).stdout, "/images/web.ova\n");
    let several = resolve(&["web@production", "--target", "local/lab"])
        .expect(2)
        .stderr;
    assert!(
        several.contains("2 copies") && several.contains("--format qcow2"),
        "{several}"
    );
    let none = resolve(&["web@production", "--target", "local/old"])
        .expect(2)
        .stderr;
    assert!(
        none.contains("there is `--target aws/eu/eu-north-1`"),
        "{none}"
    );
    resolve(&["web@production", "--target", "aws/e"]).expect(2);
    // Terraform's external data source takes one object of texts.
    let json = resolve(&[&lab[..], &["--json"]].concat()).expect(0).json();
    assert!(
        json.as_object()
            .unwrap()
            .values()
            .all(serde_json::Value::is_string),
        "{json}"
    );
    assert_eq!(json["location"], "/images/web.ova");
    assert_eq!(json["sha256"], Sha256::of(b"copy").to_string());

    keep(&env, states("web@1.0.0/1", &[ImageState::Quarantined]));
    let bad = resolve(&lab).expect(5).stderr;
    assert!(bad.contains("it is quarantined"), "{bad}");
}

#[test]
fn a_backup_and_a_log_that_tells() {
    let env = TestEnv::new();
    image(&env, "web", "1.0.0", None);
    let acting = |arguments: &[&str]| -> Ran {
        let mut command = env.command(arguments);
        command.env("GOLDSMITH_ACTOR", "bob@example.com");
        command.output().unwrap().into()
    };
    acting(&["tag", "web", "team=platform"]).expect(0);
    env.run(&["catalog", "backup", "kept.sqlite"]).expect(0);
    env.run(&["catalog", "backup", "kept.sqlite"]).expect(2);
    env.run(&["tag", "web", "team=ops"]).expect(0);
    let refused = env
        .run(&["catalog", "restore", "kept.sqlite"])
        .expect(2)
        .stderr;
    assert!(refused.contains("`--force` replaces it"), "{refused}");
    let log = env.run(&["audit-log", "web 1.0.0/1"]).expect(0).stdout;
    for words in ["bob@example.com", "team=platform", "team=ops", "head 3:"] {
        assert!(log.contains(words), "{words} is missing in\n{log}");
    }
    let head = env.run(&["audit-log", "--json"]).expect(0).json()["head"].clone();
    env.run(&["catalog", "restore", "kept.sqlite", "--force"])
        .expect(0);
    let log = env.run(&["audit-log"]).expect(0).stdout;
    assert!(!log.contains("team=ops"), "{log}");
    // Somebody noted what was there before.
    let told = env
        .run(&["catalog", "check", "--head", head.as_str().unwrap()])
        .expect(7)
        .stdout;
    assert!(
        told.contains("line 3 of the audit log: it was noted, and is not there"),
        "{told}"
    );

    fs::write(catalog_file(&env), "somebody's notes\n".repeat(1_000)).unwrap();
    let damaged = env.run(&["images"]).expect(7).stderr;
    assert!(damaged.contains("the catalog is damaged"), "{damaged}");
    assert!(damaged.contains("goldsmith catalog restore"), "{damaged}");
    env.run(&["catalog", "restore", "kept.sqlite", "--force"])
        .expect(0);
    env.run(&["catalog", "check"]).expect(0);
    assert_eq!(
        env.run(&["runs", "--json"]).expect(0).json()["runs"],
        serde_json::json!([])
    );
}

fn catalog_file(env: &TestEnv) -> PathBuf {
    env.home().join("catalog.sqlite")
}
