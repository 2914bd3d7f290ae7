//! From a fresh project to an image, its record, and back out.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use crate::env::TestEnv;
use crate::fixture;

#[test]
fn an_image_from_a_locked_recipe() {
    let env = fixture::with_packages();
    let built = env.run(&["build", "web", "--json"]).expect(0).json();
    assert_eq!(built["image"]["version"], "1.0.0");
    assert_eq!(built["image"]["build"], 1);
    assert_eq!(built["up_to_date"], false);

    // Its software is listed beside it, as a scan of its disk lists it.
    let bill = env.home().join("images/web/1.0.0-1/sbom.cdx.json");
    let bill: serde_json::Value = serde_json::from_slice(&fs::read(bill).unwrap()).unwrap();
    let fixes = r#"{"schema":1,"release":"12","codename":"bookworm","archive_date":"2026-11-21",
        "sources":{"bash":{"fixes":{"CVE-2026-0001":{"fixed_version":"99"}}}}}"#;
    env.write("fixes.json", fixes);
    env.run(&["feed", "import", "fixes.json"]).expect(0);
    // What is on it is held against the feeds by its bill, before any scan of the disk.
    let by_bill = env
        .run(&["scan", "web", "--again", "--json"])
        .expect(0)
        .json();
    assert_eq!(by_bill["image"]["form"], "bill of materials");
    let vulnerable = |json: &serde_json::Value| {
        let of = json["findings"].as_array().unwrap().iter();
        let of = of.filter(|found| found["kind"] == "vulnerability").cloned();
        of.collect::<Vec<_>>()
    };
    let flaws = vulnerable(&by_bill);
    assert_eq!(flaws[0]["id"], "CVE-2026-0001");
    let by_disk = env.run(&["scan", "web", "--json"]).expect(0).json();
    assert_eq!(vulnerable(&by_disk), flaws);
    let by_scan = env
        .run(&["scan", "web", "--again", "--json"])
        .expect(0)
        .json();
    assert_eq!(by_scan["image"]["form"], "packages of the last scan");
    assert_eq!(vulnerable(&by_scan), flaws);
    let scanned = env.run(&["scan", "web", "--sbom", "cyclonedx"]).expect(0);
    let scanned: serde_json::Value = serde_json::from_str(&scanned.stdout).unwrap();
    assert!(bill["components"].as_array().unwrap().len() > 50);
    assert_eq!(bill["components"], scanned["components"]);
    assert_eq!(
        bill["metadata"]["timestamp"],
        scanned["metadata"]["timestamp"]
    );

    // Nothing changed: nothing to do, and it says why.
    let again = env.run(&["build", "web"]).expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    assert_eq!(
        env.run(&["build", "web", "--json"]).expect(0).json()["up_to_date"],
        true
    );

    provision(&env);
    // A parameter changed: a new version, explained before it is built.
    let plan = env
        .run(&["plan", "web", "--var", "greeting=Changed"])
        .expect(0)
        .stdout;
    assert!(plan.contains("greeting"), "{plan}");
    env.run(&["build", "web", "-var", "greeting=Changed"])
        .expect(0);
    let listed = env.run(&["images", "--json"]).expect(0).json();
    let versions: Vec<_> = listed["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["version"].as_str().unwrap())
        .collect();
    assert_eq!(versions, ["1.0.1", "1.0.0"], "newest first");

    let shown = env.run(&["show", "web@1.0.0"]).expect(0).stdout;
    for word in ["web 1.0.0/1", "disk digest", "configure", "Syntax"] {
        assert!(shown.contains(word), "{word} is missing in\n{shown}");
    }
    let shown = env.run(&["show", "web@1.0.1"]).expect(0).stdout;
    for word in ["file 2", "shell 1", "as somebody", "scripts/who.pl"] {
        assert!(shown.contains(word), "{word} is missing in\n{shown}");
    }
    exports(&env);
}

/// Steps without a document, which look at each other's work.
const PROVISIONERS: &str = r#"  provisioner "file" {
    source      = "files/"
    destination = "/opt/app"
  }

  provisioner "file" {
    content     = "port = 80\n"
    destination = "/etc/app.conf"
    mode        = "0600"
    owner       = "www-data"
  }

  provisioner "shell" {
    environment = { WORD = "golden {{ image }}" }
    inline = [
      "test \"$WORD\" = 'golden {{ image }}'",
      "test \"$(stat -c '%a %U' /etc/app.conf)\" = '600 www-data'",
      "/opt/app/bin/hello | grep -qx hello",
    ]
  }

  provisioner "shell" {
    name       = "as somebody"
    script     = "scripts/who.pl"
    execute_as = "www-data"
  }

"#;

fn provision(env: &TestEnv) {
    let recipe = env.read("web.gold.hcl");
    let recipe = recipe.replace("  disk {\n", &format!("{PROVISIONERS}  disk {{\n"));
    fs::remove_file(env.project().join("web.gold.hcl")).unwrap();
    env.write("web.gold.hcl", recipe);
    let missing = env.run(&["validate"]).expect(3).stderr;
    for path in ["files/", "scripts/who.pl"] {
        assert!(missing.contains(path), "{missing}");
    }
    env.write("files/bin/hello", "#!/bin/sh\necho hello\n");
    let hello = env.project().join("files/bin/hello");
    fs::set_permissions(&hello, fs::Permissions::from_mode(0o755)).unwrap();
    env.write(
        "scripts/who.pl",
        "#!/usr/bin/perl\nexit(getpwuid($<) eq 'www-data' ? 0 : 1);\n",
    );
    // What they put is an input: a lock from before does not fit.
    let stale = env.run(&["build", "web", "--offline"]).expect(4).stderr;
    assert!(stale.contains("scripts/who.pl"), "{stale}");
    env.run(&["lock", "--offline"]).expect(0);
}

fn exports(env: &TestEnv) {
    env.run(&["export", "web@1.0.0", "--output", "web.raw"])
        .expect(0);
    let disk = env.home().join("images/web/1.0.0-1/disk.raw");
    let copy = env.project().join("web.raw");
    assert!(
        fs::read(&disk).unwrap() == fs::read(&copy).unwrap(),
        "the copy differs"
    );
    let refused = env
        .run(&["export", "web@1.0.0", "--output", "web.raw"])
        .expect(2);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);

    // A disk that changed since it was made is not handed over.
    let mut file = fs::OpenOptions::new().write(true).open(&disk).unwrap();
    file.seek(SeekFrom::Start(40 << 20)).unwrap();
    file.write_all(b"tampered").unwrap();
    let refused = env
        .run(&["export", "web@1.0.0", "--output", "web.raw", "--force"])
        .expect(5);
    assert!(refused.stderr.contains("changed"), "{}", refused.stderr);
    let kept = fs::read(&copy).unwrap();
    assert!(
        kept != fs::read(&disk).unwrap(),
        "the changed disk was exported"
    );
}

/// The sums of the disk that a prepared build makes.
fn sums(mut build: std::process::Command) -> (String, String) {
    let built = crate::env::Ran::from(build.output().unwrap())
        .expect(0)
        .json();
    let disk = &built["image"]["artifacts"][0];
    (disk["sha256"].to_string(), disk["digest"].to_string())
}

/// Root builds in one place; an ordinary user in another, with another umask, time zone and
/// locale, in a namespace of users.
#[test]
fn the_same_lock_gives_the_same_bytes() {
    let env = fixture::with_packages();
    let by_root = sums(env.command(&["build", "web", "--offline", "--sha256", "--json"]));

    let other = TestEnv::new();
    let project = other.root().join("a/much/longer/place");
    fs::create_dir_all(&project).unwrap();
    for name in ["web.gold.hcl", "goldsmith.lock", "components"] {
        fixture::copy(&env.project().join(name), &project.join(name));
    }
    fs::set_permissions(other.root(), fs::Permissions::from_mode(0o755)).unwrap();
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let accounts = format!(
        "{accounts}builder:x:{USER}:{USER}::{}:/bin/sh\n",
        other.root().display()
    );
    other.write("passwd", accounts);
    other.write("ranges", "builder:200000:65536\n");
    // The files that give the user his numbers exist for this process only.
    let mut by_user = other.shell(&format!(
        "chown -R {USER}:{USER} \"$HOME\" && touch /etc/subuid /etc/subgid && exec unshare --mount sh -ec '\
         cd \"$HOME/project\"; mount --bind passwd /etc/passwd; mount --bind ranges /etc/subuid; mount --bind ranges /etc/subgid; umask 077; \
         exec setpriv --reuid {USER} --regid {USER} --clear-groups \"$GOLDSMITH\" -C {} build web --sha256 --json'",
        project.display()
    ));
    by_user
        .env("TZ", "Asia/Kathmandu")
        .env("LC_ALL", "de_DE.UTF-8");
    assert_eq!(by_root, sums(by_user));
    assert!(by_root.0.len() > 60, "no digest: {by_root:?}");
    // Everything is his, or of the users that are his.
    let layers = other.home().join("store/layers");
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(layers).unwrap());
    assert_eq!(owner, USER);
}

/// The number of a user whom no machine has.
const USER: u32 = 70_001;

/// Without numbers of his own a user is told what is missing.
#[test]
fn a_user_without_numbers_is_told_so() {
    let env = TestEnv::new();
    env.write("web.gold.hcl", "");
    fs::set_permissions(env.root(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut build = env.shell(&format!(
        "exec setpriv --reuid {USER} --regid {USER} --clear-groups \"$GOLDSMITH\" build"
    ));
    let refused = crate::env::Ran::from(build.output().unwrap()).expect(7);
    for words in [
        "`/etc/subuid` gives `70001` no range",
        "usermod --add-subuids",
        "as root",
    ] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    let mut doctor = env.shell(&format!(
        "exec setpriv --reuid {USER} --regid {USER} --clear-groups \"$GOLDSMITH\" doctor"
    ));
    let told = crate::env::Ran::from(doctor.output().unwrap()).expect(7);
    assert!(told.stdout.contains("no range"), "{}", told.stdout);
}

#[test]
fn a_stale_lock_stops_the_build() {
    let env = fixture::with_packages();
    let recipe = env
        .read("web.gold.hcl")
        .replace("\"nginx-light\", ", "\"nginx-light\", \"tree\", ");
    // Written anew: the copy of the fixture is a link.
    fs::remove_file(env.project().join("web.gold.hcl")).unwrap();
    env.write("web.gold.hcl", recipe);
    let refused = env.run(&["build", "web", "--offline"]).expect(4);
    assert!(
        refused.stderr.contains("goldsmith lock"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("tree"), "{}", refused.stderr);
}
