//! Pipelines from a start to a channel, with real images; killed on the way.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::env::{TestEnv, repository};
use crate::fixture;

const PIPELINE: &str = r#"
pipeline "web" {
  recipe = recipe.web

  lifecycle = lifecycle.short

  schedule {
    rate            = "rate(1 day)"
    start_condition = "always"
  }

  test "boot" {
    skip = true # boots are tested elsewhere
  }

  scan {
    fail_on = "critical"
  }

  step "command" "look" {
    after   = "build"
    command = ["sh", "-c", "echo ::output answer=$ANSWER"]
    environment = { ANSWER = "42" }
  }
  step "wait" "ask" {
    after   = "build"
    message = "shall it go on?"
    timeout = "1d"
  }
  step "command" "never" {
    after   = "build"
    if      = step.look.answer != 42
    command = ["false"]
  }

  approval {
    required  = 1
    approvers = ["ann@example.com", "dev@example.com"]
  }

  distribution = distribution.lab
}

distribution "lab" {
  tags = { team = "platform", environment = "staging", compliance = "none" }

  target "local" "lab" {
    directory = "images"
    formats   = ["qcow2", "raw.zst"]
  }
}

lifecycle "short" {
  keep_last = 1
}
"#;

fn project(pipeline: &str) -> TestEnv {
    let env = fixture::with_layers();
    let text = fs::read_to_string(repository("examples/nginx/web.gold.hcl")).unwrap();
    let recipe = text.split("pipeline \"web\"").next().unwrap();
    // The files of the project are links to the example's own.
    fs::remove_file(env.project().join("web.gold.hcl")).unwrap();
    env.write("web.gold.hcl", format!("{recipe}{pipeline}"));
    env
}

/// The pipeline without anybody who has to be asked.
fn alone() -> String {
    let mut text = PIPELINE.to_owned();
    for block in ["  step \"wait\"", "  approval {"] {
        let from = text.find(block).unwrap();
        let to = from + text[from..].find("\n  }\n").unwrap() + "\n  }\n".len();
        text.replace_range(from..to, "");
    }
    text
}

fn run(env: &TestEnv) -> Value {
    let ran = env.run(&[
        "run",
        "web",
        "--offline",
        "--as",
        "dev@example.com",
        "--json",
    ]);
    ran.expect(0).json()["run"].clone()
}

fn unit<'r>(run: &'r Value, name: &str) -> &'r Value {
    let units = run["units"].as_array().unwrap().iter();
    let mut units = units.filter(|unit| unit["unit"] == name);
    units
        .next()
        .unwrap_or_else(|| panic!("no `{name}` in {run:#}"))
}

/// Files below a folder, links with what they lead to.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        if path.is_symlink() {
            found.push(format!(
                "{name} -> {}",
                fs::read_link(&path).unwrap().display()
            ));
        } else if path.is_dir() {
            found.extend(
                files(&path)
                    .into_iter()
                    .map(|below| format!("{name}/{below}")),
            );
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

fn approve(env: &TestEnv, by: &str, code: i32) {
    let ran = env.run(&["approve", "web", "--as", by, "--reason", "looked at it"]);
    ran.expect(code);
}

#[test]
fn from_a_start_to_a_channel() {
    let env = project(PIPELINE);
    let asked = run(&env);
    assert_eq!(
        unit(&asked, "build/after/ask")["status"],
        "waits",
        "{asked:#}"
    );
    let answer = |run: &str, step: &str| {
        let by = ["--go-on", "--reason", "yes", "--as", "ann@example.com"];
        env.run(&[&["answer", run, step][..], &by].concat())
    };
    answer("1", "other").expect(2);
    answer("1", "ask").expect(0);
    let first = run(&env);
    assert_eq!(
        (&first["status"], &first["id"]),
        (&"waiting".into(), &1.into()),
        "{first:#}"
    );
    assert_eq!(unit(&first, "build/after/look")["output"]["answer"], "42");
    assert_eq!(unit(&first, "build/after/never")["status"], "skipped");
    assert_eq!(unit(&first, "test/boot")["status"], "skipped");
    assert!(files(&env.project().join("images")).is_empty());
    // Who started it, and who is nobody, may not; `approvals` has all that may not be.
    approve(&env, "dev@example.com", 5);
    approve(&env, "eve@example.com", 5);
    let still = run(&env);
    assert_eq!(unit(&still, "approve")["summary"], "0 of 1 approvals");
    approve(&env, "ann@example.com", 0);
    let done = run(&env);
    assert_eq!(
        (&done["status"], &done["id"]),
        (&"done".into(), &1.into()),
        "{done:#}"
    );
    assert_eq!(
        unit(&done, "build")["attempts"],
        1,
        "what was done was not done again"
    );
    let there = files(&env.project().join("images"));
    assert_eq!(there.len(), 5, "{there:?}");
    assert!(
        there[0].starts_with("channels/web/latest -> ../../web-debian-12-1.0.0-"),
        "{there:?}"
    );
    let folder = env.project().join("images/channels/web/latest");
    let sums = env
        .shell("cd images/channels/web/latest && sha256sum --check SHA256SUMS")
        .current_dir(env.project())
        .output()
        .unwrap();
    assert!(
        sums.status.success(),
        "{}",
        String::from_utf8_lossy(&sums.stdout)
    );
    assert!(folder.join("manifest.dsse.json").is_file());
    env.run(&["verify", "web"]).expect(5);

    // Another run of the same inputs has nothing to build, and brings nothing twice. The one
    // before it is stopped while it waits.
    run(&env);
    env.run(&["run", "web", "--cancel", "--as", "dev@example.com"])
        .expect(0);
    env.run(&["run", "web", "--cancel"]).expect(2);
    run(&env);
    answer("3", "ask").expect(0);
    let again = run(&env);
    assert_eq!(
        (&again["status"], &again["id"]),
        (&"done".into(), &3.into()),
        "{again:#}"
    );
    assert_eq!(again["image"], done["image"]);
    assert_eq!(files(&env.project().join("images")), there);

    // A channel, here and at the target; what somebody gives to have the image.
    env.run(&[
        "promote",
        "web",
        "--channel",
        "production",
        "--reason",
        "tried",
    ])
    .expect(0);
    assert!(
        env.project()
            .join("images/channels/web/production/SHA256SUMS")
            .is_file()
    );
    let place = env
        .run(&[
            "resolve",
            "web@production",
            "--target",
            "local/lab",
            "--format",
            "qcow2",
        ])
        .expect(0);
    assert!(Path::new(place.stdout.trim()).is_file(), "{}", place.stdout);

    // What goes on by itself: nothing is due, nothing is old, nothing is new.
    let next = env
        .run(&["schedule", "next", "web", "--count", "3", "--json"])
        .expect(0)
        .json();
    assert_eq!(next["next_unix"].as_array().unwrap().len(), 3);
    env.run(&["schedule", "list"]).expect(0);
    env.run(&["serve", "--scheduler", "--once", "--offline"])
        .expect(0);
    let plan = env
        .run(&["lifecycle", "plan", "web", "--json"])
        .expect(0)
        .json();
    assert_eq!(plan["decisions"][0]["step"], "keep", "{plan:#}");
    let digest = plan["plan"].as_str().unwrap();
    env.run(&["lifecycle", "apply", "web", "--plan", digest])
        .expect(0);
    let other = "0".repeat(64);
    env.run(&["lifecycle", "apply", "web", "--plan", &other])
        .expect(4);
    let assessed = env.run(&["assess", "web", "--json"]).expect(0).json();
    assert_eq!(assessed["images"][0]["new"], serde_json::json!([]));

    // The evidence: the boot test was left out, and `verify` says so; a byte that
    // changes afterwards makes all of it worthless.
    let stated = env.run(&["verify", "web", "--json"]).expect(5).json();
    let verdicts = |stated: &Value| -> Vec<String> {
        let list = stated["statements"].as_array().unwrap().iter();
        let mut words: Vec<String> = list
            .map(|it| {
                format!(
                    "{} {}",
                    it["kind"].as_str().unwrap(),
                    it["verdict"].as_str().unwrap()
                )
            })
            .collect();
        words.sort();
        words.dedup();
        words
    };
    let expected = [
        "approval good",
        "provenance good",
        "sbom good",
        "test MISSING",
        "vulnerabilities good",
    ];
    assert_eq!(verdicts(&stated), expected);
    let disk = env.home().join("images/web/1.0.0-1/disk.raw");
    let mut bytes = fs::read(&disk).unwrap();
    bytes[40 << 20] ^= 1;
    fs::write(&disk, bytes).unwrap();
    let stated = env
        .run(&["verify", disk.to_str().unwrap(), "--json"])
        .expect(5)
        .json();
    assert!(
        !verdicts(&stated).contains(&"provenance good".to_owned()),
        "{stated:#}"
    );
}

#[test]
fn killed_again_and_again() {
    let env = project(&alone());
    let mut kills = 0;
    for ms in [
        100, 300, 900, 2000, 4000, 8000, 16000, 32000, 64000, 128_000,
    ] {
        let mut child = env
            .command(&["run", "web", "--offline", "--as", "dev@example.com"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(ms));
        if child
            .try_wait()
            .unwrap()
            .is_some_and(|status| status.success())
        {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills > 2, "{kills}");
    let done = run(&env);
    assert_eq!(done["status"], "done", "{done:#}");
    let there = files(&env.project().join("images"));
    assert_eq!(there.len(), 5, "{there:?}");
    let images = fs::read_dir(env.home().join("images/web")).unwrap().count();
    assert_eq!(images, 1, "one image, however often it was begun");
    crate::crash::assert_nothing_left(&env);
}

#[test]
fn what_cannot_run() {
    let env = project(PIPELINE);
    let none = env.run(&["run", "shop"]).expect(2);
    assert!(none.stderr.contains("it has web"), "{}", none.stderr);
    let early = env.run(&["run", "web", "--from", "test"]).expect(2);
    assert!(early.stderr.contains("was never run"), "{}", early.stderr);
    let nobody = env
        .run(&["approve", "web", "--as", "ann", "--reason", "x"])
        .expect(2);
    assert!(nobody.stderr.contains("is no address"), "{}", nobody.stderr);
    let failing =
        project(&PIPELINE.replace("echo ::output answer=$ANSWER", "echo the reason; exit 3"));
    let failed = failing.run(&["run", "web", "--offline"]).expect(6);
    assert!(
        failed
            .stderr
            .contains("run 1: build/after/look: it ended with exit code 3: the reason"),
        "{}",
        failed.stderr
    );
    // The image is there all the same.
    failing.run(&["show", "web"]).expect(0);
    // Tried again it is the same run, with another image a new one.
    let again = failing.run(&["run", "web", "--offline"]).expect(6);
    assert!(
        again.stderr.contains("run 1: build/after/look"),
        "{}",
        again.stderr
    );
    let changed = failing
        .run(&["run", "web", "--offline", "-var", "greeting=other"])
        .expect(6);
    assert!(
        changed.stderr.contains("run 2: build/after/look"),
        "{}",
        changed.stderr
    );
}
