//! A mirror that drops connections and lies: the real archive's files, signed as they are, served
//! by a server that fails on purpose.

use std::fs;
use std::path::Path;

use goldsmith_testing::mirror::{Fault, FaultyMirror};

use crate::env::TestEnv;
use crate::fixture;

/// The blob of a digest in the store of a home.
fn blob(home: &Path, sha256: &str) -> std::path::PathBuf {
    home.join("store/blobs/sha256")
        .join(&sha256[..2])
        .join(sha256)
}

fn link(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    if !to.exists() {
        fs::hard_link(from, to)
            .or_else(|_| fs::copy(from, to).map(drop))
            .unwrap();
    }
}

/// Lays out what a lock was made of as an archive: heads and indices with their signatures, and
/// the pool. Everything a first build fetches is in the store afterwards.
fn archive(env: &TestEnv, root: &Path) {
    let lock: serde_json::Value = serde_json::from_str(&env.read("goldsmith.lock")).unwrap();
    let section = &lock["recipes"]["web"];
    for release in section["releases"].as_array().unwrap() {
        let suite = release["suite"].as_str().unwrap();
        let head = blob(&env.home(), release["sha256"].as_str().unwrap());
        let text = fs::read_to_string(&head).unwrap();
        link(&head, &root.join(format!("dists/{suite}/InRelease")));
        for line in text
            .lines()
            .filter(|line| line.ends_with(" main/binary-amd64/Packages.xz"))
        {
            let digest = line.split_whitespace().next().unwrap();
            if digest.len() == 64 {
                let place = root.join(format!("dists/{suite}/main/binary-amd64"));
                link(&blob(&env.home(), digest), &place.join("Packages.xz"));
                link(
                    &blob(&env.home(), digest),
                    &place.join("by-hash/SHA256").join(digest),
                );
            }
        }
    }
    for list in ["packages", "boot"] {
        for package in section[list].as_array().unwrap() {
            let file = blob(&env.home(), package["sha256"].as_str().unwrap());
            link(&file, &root.join(package["path"].as_str().unwrap()));
        }
    }
}

#[test]
fn a_mirror_that_lies_and_drops() {
    let env = fixture::with_packages();
    let root = env.root().join("archive");
    archive(&env, &root);
    let mirror = FaultyMirror::serve(&root);
    let recipe = env.read("web.gold.hcl").replace(
        "  suite    = var.suite\n",
        &format!("  suite    = var.suite\n  mirror = \"{0}\"\n  security_mirror = \"{0}\"\n  check_valid_until = false\n", mirror.base()),
    );
    let recipe = recipe.replace("  suite = var.suite\n", &format!("  suite = var.suite\n  mirror = \"{0}\"\n  security_mirror = \"{0}\"\n  check_valid_until = false\n", mirror.base()));
    assert!(
        recipe.contains("security_mirror"),
        "the example has changed"
    );
    fs::remove_file(env.project().join("web.gold.hcl")).unwrap();
    fs::remove_file(env.project().join("goldsmith.lock")).unwrap();
    env.write("web.gold.hcl", recipe);

    let home = env.root().join("lied-to");
    // A package with one wrong byte, however often it is asked for.
    mirror.fault("/nginx-light_", 100, Fault::Corrupt { at: 2000 });
    let lied = env.run_at(&home, &["build", "web"]).expect(8);
    assert!(lied.stderr.contains("nginx-light"), "{}", lied.stderr);
    assert!(!home.join("images/web").exists());
    assert_eq!(fs::read_dir(home.join("store/scratch")).unwrap().count(), 0);
    mirror.heal();

    let home = env.root().join("dropped");
    // Connections that break and a server that is busy: tried again, taken up where they broke.
    mirror.fault("/linux-image-6", 2, Fault::Drop { after: 1_000_000 });
    mirror.fault(
        "/s/systemd/systemd_",
        2,
        Fault::Status {
            code: 503,
            retry_after: Some(0),
        },
    );
    mirror.fault("/nginx-light_", 1, Fault::Resize { by: -10 });
    let before = mirror.requests().len();
    env.run_at(&home, &["build", "web"]).expect(0);
    assert!(home.join("images/web/1.0.0-1/disk.raw").exists());
    let asked = |part: &str| {
        let since = &mirror.requests()[before..];
        since.iter().filter(|one| one.path.contains(part)).count()
    };
    for (part, times) in [
        ("/linux-image-6", 3),
        ("/s/systemd/systemd_", 3),
        ("/nginx-light_", 2),
    ] {
        assert!(asked(part) >= times, "{part} asked {} times", asked(part));
    }
}
