//! Images on images: locked, built of the parent's layers and of its disk, brought to a new parent.

use std::fs;

use crate::env::TestEnv;
use crate::{fixture, on_disk};

const SHOP: &str = r#"source "image" "golden" {
  name     = "web"
  version  = "1.0"
  packages = ["jq"]
}

recipe "shop" {
  version = "1.0.x"
  source  = source.image.golden

  provisioner "shell" {
    inline = [
      "test -z \"$(ls /etc/ssh/ssh_host_* 2>/dev/null)\"",
      "grep -q LABEL=root /etc/fstab",
      "echo '{\"a\": 42}' | jq -e '.a == 42'",
      "dpkg --audit; test -z \"$(dpkg --audit)\"",
      "apt-mark showauto | grep -qx libonig5",
      "! apt-mark showauto | grep -qx jq",
      "echo open > /srv/shop",
    ]
  }

  disk {
    size = "2GiB"
  }
}
"#;

/// Sums of the disk of an image.
fn sums(image: &serde_json::Value) -> (String, String) {
    let disk = &image["artifacts"][0];
    (disk["sha256"].to_string(), disk["digest"].to_string())
}

/// Writes a file of the project anew: the copy of the fixture is a link.
fn edit(env: &TestEnv, name: &str, from: &str, to: &str) {
    let text = env.read(name);
    assert!(text.contains(from), "{text}");
    fs::remove_file(env.project().join(name)).unwrap();
    env.write(name, text.replace(from, to));
}

#[test]
fn an_image_on_an_image() {
    let env = fixture::with_layers();
    env.write("shop.gold.hcl", SHOP);
    let refused = env.run(&["lock", "shop"]).expect(3).stderr;
    assert!(refused.contains("there is no image `web` 1.0"), "{refused}");
    assert!(refused.contains("`goldsmith build web`"), "{refused}");

    // The parent comes first, whatever the order of names.
    let built = env.run(&["build", "--json"]).expect(0).json();
    let names = [0, 1].map(|at| built["images"][at]["image"]["name"].clone());
    assert_eq!(names, ["web", "shop"]);
    let [parent, child] = [0, 1].map(|at| built["images"][at]["image"].clone());
    let digest = parent["artifacts"][0]["digest"].clone();
    assert_eq!(child["parent"]["name"], "web 1.0.0/1");
    assert_eq!(child["parent"]["digest"], digest);
    let packages = |image: &serde_json::Value| image["packages"].as_u64().unwrap();
    assert_eq!(packages(&child), packages(&parent) + 3);
    let shown = env.run(&["show", "shop"]).expect(0).stdout;
    assert!(shown.contains("starts from  image web 1.0.0/1"), "{shown}");
    let diff = env.run(&["diff", "web", "shop", "--json"]).expect(0).json();
    let files = |what: &str| diff["files"][what].as_array().unwrap().clone();
    let added: Vec<_> = files("added").iter().map(|f| f["path"].clone()).collect();
    for path in ["/srv/shop", "/usr/bin/jq"] {
        assert!(added.contains(&path.into()), "{diff}");
    }
    assert_eq!(files("removed"), [""; 0], "{diff}");
    let added = diff["packages"]["added"].as_array().unwrap();
    let added: Vec<_> = added.iter().map(|p| p["name"].clone()).collect();
    assert_eq!(added, ["jq", "libjq1", "libonig5"], "{diff}");

    let again = env.run(&["build", "shop", "--offline"]).expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    new_parent(&env);
    of_its_disk(&env);
    on_disk::on_the_disk_of(&env, &parent);
}

/// Without any layer the parent is read back from its disk, and the bytes are the same.
fn of_its_disk(env: &TestEnv) {
    let before = env.run(&["show", "shop", "--json"]).expect(0).json()["image"].clone();
    for gone in ["layers", "chains", "again"] {
        fs::remove_dir_all(env.home().join("store").join(gone)).unwrap();
    }
    let words = [
        "build",
        "shop",
        "--offline",
        "--force",
        "--sha256",
        "--json",
    ];
    let built = env.run(&words).expect(0);
    assert!(built.stderr.contains("of its disk"), "{}", built.stderr);
    let image = built.json()["image"].clone();
    assert_eq!(sums(&image), sums(&before));
    assert!(sums(&image).0.len() > 60, "no digest: {image}");
}

/// A new version of the parent is an update of the lock, and is not taken without it.
fn new_parent(env: &TestEnv) {
    edit(
        env,
        "web.gold.hcl",
        "Hello from a golden image",
        "Hello again",
    );
    env.run(&["build", "web", "--offline"]).expect(0);
    let again = env.run(&["build", "shop", "--offline"]).expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    let check = env.run(&["lock", "shop", "--check"]).expect(4).stdout;
    let words = "starts from image web 1.0.1/1, before from image web 1.0.0/1";
    assert!(check.contains(words), "{check}");
    env.run(&["lock", "shop"]).expect(0);
    env.run(&["lock", "shop", "--check"]).expect(4);
    env.run(&["lock", "shop", "--update", "web"]).expect(0);
    env.run(&["lock", "shop", "--check"]).expect(0);
    let plan = env.run(&["plan", "shop", "--explain"]).expect(0).stdout;
    for words in [
        "start from image web 1.0.1/1",
        "changed: parent image",
        "parent disk",
    ] {
        assert!(plan.contains(words), "{words} is missing in\n{plan}");
    }
    // Of the layers that the lock names, whatever else goes.
    env.run(&["gc", "--unused-for", "0s"]).expect(0);
    let built = env
        .run(&["build", "shop", "--offline", "--sha256"])
        .expect(0);
    assert!(built.stderr.contains("of its layers"), "{}", built.stderr);
    assert!(built.stdout.contains("shop 1.0.1/1"), "{}", built.stdout);
}
