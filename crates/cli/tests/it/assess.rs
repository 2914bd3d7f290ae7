//! Images that were good when they went out, and what becomes of them when they are not any more.

use goldsmith_testing::front::{Act, Front};
use serde_json::Value;

use crate::env::TestEnv;
use crate::small::{self, run_at};

fn pipeline(front: &Front) -> String {
    format!(
        r#"
pipeline "tiny" {{
  recipe = recipe.tiny

  test "boot" {{
    skip = true
  }}
  scan {{
    fail_on = "medium"
  }}
  distribution = distribution.lab

  notify "webhook" "chat" {{
    url    = "{}/chat"
    events = ["finding-new", "quarantined", "rejected", "run-failed", "promoted"]
  }}
}}

distribution "lab" {{
  tags = {{ team = "platform", environment = "staging", compliance = "none" }}

  target "local" "lab" {{
    directory = "images"
    formats   = ["raw.zst"]
  }}
}}
"#,
        front.url()
    )
}

/// A feed in which these vulnerabilities of `openssl` are mended by these versions.
fn feed(env: &TestEnv, moment: &str, fixes: &[(&str, &str)]) {
    let fixes = fixes.iter();
    let fixes: Vec<String> = fixes
        .map(|(id, version)| format!("\"{id}\":{{\"fixed_version\":\"{version}\"}}"))
        .collect();
    let text = format!(
        "{{\"schema\":1,\"release\":\"12\",\"codename\":\"bookworm\",\"archive_date\":\"{}\",\
         \"sources\":{{\"openssl\":{{\"fixes\":{{{}}}}}}}}}",
        &moment[..10],
        fixes.join(",")
    );
    env.write("fixes.json", text);
    run_at(env, moment, &["feed", "import", "fixes.json"]).expect(0);
}

/// Types of what was told since the first `known`, with the title.
fn told(front: &Front, known: usize) -> Vec<String> {
    let seen = front.seen().split_off(known);
    let line = |event: &Value| {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        format!("{} {}", word(&event["type"]), word(&event["data"]["title"]))
    };
    seen.iter()
        .map(|one| line(&serde_json::from_slice(&one.body).unwrap()))
        .collect()
}

fn states(env: &TestEnv) -> Vec<String> {
    let listed = env.run(&["images", "--json"]).expect(0).json();
    let rows = listed["images"].as_array().unwrap().iter();
    rows.map(|row| {
        format!(
            "{} {}",
            row["version"].as_str().unwrap(),
            row["state"].as_str().unwrap()
        )
    })
    .collect()
}

#[test]
fn found_told_quarantined_and_rebuilt() {
    let front = Front::of(None);
    front.on("POST /chat", 99, Act::answer(200, ""));
    let env = small::project(&pipeline(&front));
    let by = ["--as", "dev@example.com"];
    let run = ["run", "tiny", "--offline", "--as", "dev@example.com"];
    let old = ("CVE-2026-0001", "3.0.14-1");
    feed(&env, "2026-02-02 06:00:00", &[old]);
    run_at(&env, "2026-02-02 06:00:00", &run).expect(0);
    let fine = run_at(&env, "2026-02-02 07:00:00", &["assess", "tiny"]);
    fine.expect(0);
    assert_eq!(told(&front, 0), Vec::<String>::new());

    // Something is found in what is in use.
    let bad = ("CVE-2026-0002", "3.0.16-1");
    feed(&env, "2026-02-03 06:00:00", &[old, bad]);
    let assess = |moment: &str, more: &[&str]| {
        let words = [&["assess", "tiny", "--json"][..], &by, more].concat();
        run_at(&env, moment, &words)
    };
    let found = assess("2026-02-03 07:00:00", &[]).expect(5).json();
    assert_eq!(found["images"][0]["image"], "tiny 1.0.0/1");
    assert_eq!(found["images"][0]["new"][0]["id"], "CVE-2026-0002");
    let finding = "goldsmith.image.finding tiny 1.0.0/1 has a new finding: CVE-2026-0002 (unknown)";
    assert_eq!(told(&front, 0), [finding]);
    let tagged = [
        "images",
        "--tag",
        "goldsmith:new-findings=CVE-2026-0002",
        "--json",
    ];
    let tagged = env.run(&tagged).expect(0).json();
    assert_eq!(tagged["images"].as_array().unwrap().len(), 1, "{tagged:#}");
    // Nobody is told twice, and nothing is built for what is known.
    let again = assess("2026-02-03 08:00:00", &["--rebuild", "--offline"]);
    assert_eq!(again.expect(5).json()["run"], Value::Null);
    assert_eq!(front.seen().len(), 1);

    // More is found, and what mends both is there.
    small::recipe(&env, "3.0.16-2", &pipeline(&front));
    feed(
        &env,
        "2026-02-04 06:00:00",
        &[old, bad, ("CVE-2026-0003", "3.0.16-2")],
    );
    let policy = ["--quarantine", "--rebuild", "--offline"];
    let done = assess("2026-02-04 07:00:00", &policy).expect(5).json();
    assert_eq!(done["run"], 2);
    assert_eq!(states(&env), ["1.0.1 available", "1.0.0 quarantined"]);
    let mut expected = [
        "goldsmith.image.finding tiny 1.0.0/1 has a new finding: CVE-2026-0003 (unknown)",
        "goldsmith.image.quarantined tiny 1.0.0/1 is quarantined",
    ];
    let mut events = told(&front, 1);
    events.sort();
    expected.sort_unstable();
    assert_eq!(events, expected);
    let run = env.run(&["runs", "2", "--json"]).expect(0).json()["run"].clone();
    assert_eq!(
        (&run["trigger"], &run["status"]),
        (&"assessment".into(), &"done".into())
    );
    // What is in quarantine is not handed out; what took its place is.
    let resolve = |image: &str| env.run(&["resolve", image, "--target", "local/lab"]);
    let refused = resolve("tiny@1.0.0").expect(5).stderr;
    assert!(refused.contains("it is quarantined"), "{refused}");
    let place = resolve("tiny@latest").expect(0).stdout;
    assert!(place.contains("tiny-debian-12-1.0.1"), "{place}");
    // Nothing that is in use has anything new.
    assess("2026-02-04 08:00:00", &policy).expect(0);

    let known = front.seen().len();
    let promote = [
        "promote",
        "tiny",
        "--channel",
        "production",
        "--reason",
        "mended",
    ];
    for _ in 0..2 {
        run_at(&env, "2026-02-04 09:00:00", &promote).expect(0);
    }
    let promoted = "goldsmith.image.promoted `production` names tiny 1.0.1/1 now";
    assert_eq!(told(&front, known), [promoted], "told once");
}

/// What nothing mends: the run that was started fails, and the image is rejected, which is told.
#[test]
fn rebuilt_in_vain() {
    let front = Front::of(None);
    front.on("POST /chat", 99, Act::answer(200, ""));
    let env = small::project(&pipeline(&front));
    feed(
        &env,
        "2026-02-02 06:00:00",
        &[("CVE-2026-0001", "3.0.14-1")],
    );
    let run = ["run", "tiny", "--offline", "--as", "dev@example.com"];
    run_at(&env, "2026-02-02 06:00:00", &run).expect(0);
    small::recipe(&env, "3.0.15-2", &pipeline(&front));
    feed(
        &env,
        "2026-02-03 06:00:00",
        &[("CVE-2026-0001", "3.0.16-1")],
    );
    let words = ["assess", "--quarantine", "--rebuild", "--offline"];
    let failed = run_at(&env, "2026-02-03 07:00:00", &words).expect(5);
    assert!(
        failed.stdout.contains("run 2 of tiny: FAILED"),
        "{}",
        failed.stdout
    );
    assert_eq!(states(&env), ["1.0.1 rejected", "1.0.0 quarantined"]);
    let mut events = told(&front, 0);
    events.sort();
    let types: Vec<&str> = events
        .iter()
        .map(|it| it.split(' ').next().unwrap())
        .collect();
    let expected = [
        "goldsmith.image.finding",
        "goldsmith.image.quarantined",
        "goldsmith.image.rejected",
        "goldsmith.run.failed",
    ];
    assert_eq!(types, expected);
    let shown = env.run(&["runs", "2"]).expect(0).stdout;
    assert!(
        shown.starts_with("run 2 of tiny, tiny 1.0.1/1: failed: scan: the policy refuses")
            && shown.contains("begun 2026-02-03 07:00 UTC by"),
        "{shown}"
    );
    let scan = shown.lines().find(|line| line.starts_with("scan")).unwrap();
    assert!(
        scan.contains("FAILED") && scan.contains("2026-02-03 07:00 UTC"),
        "{scan}"
    );
    env.run(&["runs", "9"]).expect(2);
}
