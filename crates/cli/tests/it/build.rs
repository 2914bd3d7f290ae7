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
    assert_eq!(versions, ["1.0.0", "1.0.1"]);

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

#[test]
fn the_same_lock_gives_the_same_bytes() {
    let digests: Vec<(String, String)> = [
        ("a", "022", "UTC", "C"),
        (
            "a/much/longer/place",
            "077",
            "Asia/Kathmandu",
            "de_DE.UTF-8",
        ),
    ]
    .map(|(place, umask, zone, locale)| {
        let env = fixture::with_packages();
        let project = env.root().join(place);
        fs::create_dir_all(project.parent().unwrap()).unwrap();
        fs::rename(env.project(), &project).unwrap();
        let mut command = env.shell(&format!(
            "umask {umask}; exec \"$GOLDSMITH\" build web --offline --json"
        ));
        let built = command
            .current_dir(&project)
            .env("TZ", zone)
            .env("LC_ALL", locale)
            .output()
            .unwrap();
        let built = crate::env::Ran::from(built).expect(0).json();
        let disk = &built["image"]["artifacts"][0];
        (disk["sha256"].to_string(), disk["digest"].to_string())
    })
    .into();
    assert_eq!(digests[0], digests[1]);
    assert!(digests[0].0.len() > 60, "no digest: {digests:?}");
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
