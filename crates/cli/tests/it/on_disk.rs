//! Images on disks that others made: locked by digest, built with the boot set-up that the disk has.

use std::fs;
use std::path::Path;
use std::process::Command;

use goldsmith_core::digest::Sha256;
use goldsmith_testing::mirror::{Fault, FaultyMirror};

use crate::env::TestEnv;

fn recipe(name: &str, source: &str) -> String {
    format!(
        r#"source "disk" "{name}" {{
  {source}
}}

recipe "{name}" {{
  version = "1.0.x"
  source  = source.disk.{name}

  provisioner "file" {{
    content     = "changed\n"
    destination = "/srv/vendor"
  }}

  disk {{
    size = "3GiB"
    boot = ["uefi"]
  }}
}}
"#
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "the file of others is made by a tool of the host"
)]
fn run(program: &str, words: &[&str]) {
    let done = Command::new(program).args(words).output();
    let done = done.unwrap_or_else(|e| panic!("this test needs `{program}`: {e}"));
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program} {words:?}: {errors}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn sha256(path: &Path) -> String {
    Sha256::of(&fs::read(path).unwrap()).to_string()
}

/// Takes the disk of an image for one of others. `web` is that image.
pub(crate) fn on_the_disk_of(env: &TestEnv, web: &serde_json::Value) {
    let version = web["version"].as_str().unwrap();
    let disk = env.home().join(format!("images/web/{version}-1/disk.raw"));
    let foreign = env.project().join("vendor.qcow2");
    run(
        "qemu-img",
        &["convert", "-O", "qcow2", text(&disk), text(&foreign)],
    );
    let source = |sha256: &str| format!("file = \"vendor.qcow2\"\n  sha256 = \"{sha256}\"");
    env.write(
        "vendor.gold.hcl",
        recipe("vendor", &source(&"0".repeat(64))),
    );
    let refused = env.run(&["lock", "vendor"]).expect(3).stderr;
    assert!(refused.contains("has the SHA-256"), "{refused}");

    let digest = sha256(&foreign);
    env.write("vendor.gold.hcl", recipe("vendor", &source(&digest)));
    let words = ["build", "vendor", "--offline", "--json"];
    let built = env.run(&words).expect(0).json();
    let image = &built["image"];
    assert_eq!(image["parent"]["kind"], "disk");
    assert_eq!(image["parent"]["digest"], digest);
    assert_eq!(image["packages"], web["packages"]);
    let title = format!("web@{version}");
    let diff = env.run(&["diff", &title, "vendor", "--json"]);
    let diff = diff.expect(0).json();
    let files = |what: &str| diff["files"][what].as_array().unwrap().clone();
    let added: Vec<_> = files("added").iter().map(|f| f["path"].clone()).collect();
    assert_eq!(added, ["/srv/vendor"], "{diff}");
    assert_eq!(files("removed"), [""; 0], "{diff}");
    // The menu is the one it had, with the UUID that it looks for.
    assert_eq!(files("changed"), [""; 0], "{diff}");
    let old = fs::read(&disk).unwrap();
    let new = fs::read(env.home().join("images/vendor/1.0.0-1/disk.raw")).unwrap();
    assert_eq!(old[..440], new[..440], "the boot sector");
    assert_eq!(new.len(), 3 << 30);

    let again = env.run(&["build", "vendor", "--offline"]).expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    // A file that changed after it was locked is not built from.
    fs::write(&foreign, b"QFI\xfb").unwrap();
    let words = ["build", "vendor", "--offline", "--force"];
    let refused = env.run(&words).expect(3).stderr;
    assert!(refused.contains("has the SHA-256"), "{refused}");
}

/// A tar of a root is a source as well; one without a kernel makes no disk.
#[test]
fn a_tar_without_a_kernel() {
    let env = TestEnv::new();
    let root = env.root().join("tree");
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::write(root.join("etc/os-release"), "NAME=Tiny\n").unwrap();
    let archive = env.project().join("root.tar.gz");
    run("tar", &["-C", text(&root), "-czf", text(&archive), "."]);
    let digest = sha256(&archive);
    let source = format!("file = \"root.tar.gz\"\n  sha256 = \"{digest}\"");
    env.write("tiny.gold.hcl", recipe("tiny", &source));
    env.run(&["lock"]).expect(0);
    env.run(&["lock", "--check"]).expect(0);
    let lock: serde_json::Value = serde_json::from_str(&env.read("goldsmith.lock")).unwrap();
    let section = &lock["recipes"]["tiny"];
    assert_eq!(section["parent"]["disk"]["sha256"], digest);
    let size = fs::metadata(&archive).unwrap().len();
    assert_eq!(section["parent"]["disk"]["size"], size);
    let refused = env.run(&["build", "--offline"]).expect(3).stderr;
    assert!(refused.contains("no kernel"), "{refused}");
    assert_eq!(
        fs::read_dir(env.home().join("store/scratch"))
            .unwrap()
            .count(),
        0
    );
}

/// A disk from a server that breaks off, serves other bytes, and is gone in the end.
#[test]
fn a_disk_from_a_server() {
    let env = TestEnv::new();
    let (root, served) = (env.root().join("tree"), env.root().join("served"));
    for folder in [&root.join("etc"), &served] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(root.join("etc/os-release"), "NAME=Tiny\n").unwrap();
    let archive = served.join("root.tar");
    fs::write(root.join("etc/filling"), vec![7; 300_000]).unwrap();
    run("tar", &["-C", text(&root), "-cf", text(&archive), "."]);
    let digest = sha256(&archive);
    let mirror = FaultyMirror::serve(&served);
    let source = |name: &str, digest: &str| {
        let url = mirror.url(name);
        let source = format!("url = \"{url}\"\n  sha256 = \"{digest}\"");
        env.write("tiny.gold.hcl", recipe("tiny", &source));
    };
    let kept = || {
        let folder = |name: &str| fs::read_dir(env.home().join("store").join(name)).unwrap();
        folder("partial").count() + folder("scratch").count() + folder("locks").count() - 2
    };
    let lock = |words: &[&str]| env.run(&[&["lock"], words].concat());

    source("gone.tar", &digest);
    let refused = lock(&[]).expect(8).stderr;
    assert!(refused.contains("does not exist"), "{refused}");
    source("root.tar", &"0".repeat(64));
    let refused = lock(&[]).expect(8).stderr;
    assert!(refused.contains(&digest), "{refused}");
    source("root.tar", &digest);
    mirror.fault("root.tar", 1, Fault::Corrupt { at: 200_000 });
    let refused = lock(&[]).expect(8).stderr;
    assert!(refused.contains(&digest), "{refused}");
    assert_eq!(kept(), 0, "what is of no use goes");

    mirror.fault("root.tar", 2, Fault::Drop { after: 100_000 });
    let before = mirror.requests().len();
    lock(&[]).expect(0);
    let parts: Vec<_> = mirror.requests()[before..]
        .iter()
        .map(|request| request.range.clone())
        .collect();
    let part = |from: u64| Some(format!("bytes={from}-"));
    assert_eq!(parts, [None, part(100_000), part(200_000)], "taken up");
    assert_eq!(kept(), 0);
    let locked: serde_json::Value = serde_json::from_str(&env.read("goldsmith.lock")).unwrap();
    let parent = &locked["recipes"]["tiny"]["parent"]["disk"];
    assert_eq!(parent["sha256"], digest);
    assert_eq!(parent["size"], fs::metadata(&archive).unwrap().len());

    // It is in the store: the server is not asked again.
    drop(mirror);
    lock(&["--check"]).expect(0);
    let refused = env.run(&["build", "--offline"]).expect(3).stderr;
    assert!(refused.contains("no kernel"), "{refused}");
    // The lock keeps it, and without it nothing can be built.
    env.run(&["gc", "--unused-for", "0s"]).expect(0);
    lock(&["--check", "--offline"]).expect(0);
    let blob = Path::new("store/blobs/sha256")
        .join(&digest[..2])
        .join(&digest);
    fs::remove_file(env.home().join(blob)).unwrap();
    let refused = env.run(&["build", "--offline"]).expect(7).stderr;
    assert!(refused.contains("offline"), "{refused}");
}
