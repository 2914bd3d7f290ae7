//! `step "webhook"`: somebody else is asked over HTTP, and can tell who asks.

use std::fs;
use std::path::Path;
use std::process::Command;

use goldsmith_testing::emulators;
use goldsmith_testing::front::{Act, Front, Seen};
use serde_json::Value;

use crate::env::{TestEnv, repository};
use crate::small;

const SECRET: &str = "whsec_aHVudGVyMjItaHVudGVyMjItaHVudGVyMjI=";
const PATH: &str = "/hook/hunter22hunter22";

fn project(url: &str) -> TestEnv {
    let env = small::project(&format!(
        r#"
pipeline "tiny" {{
  recipe = recipe.tiny

  test "boot" {{
    skip = true
  }}
  step "webhook" "ask" {{
    after   = "build"
    url     = "{url}{PATH}"
    secret  = "{SECRET}"
    payload = {{ ticket = "T-17" }}
    timeout = "20s"
  }}
  step "command" "told" {{
    after   = "build"
    if      = step.ask.code == 201
    command = ["./size.sh", "2000000000"]
  }}
}}
"#
    ));
    let script = repository("examples/pipeline/checks/size.sh");
    fs::copy(script, env.project().join("size.sh")).unwrap();
    env
}

/// What the library of the Standard Webhooks says of a request: its body, or why not.
fn verified(seen: &Seen) -> String {
    let script = "import sys, standardwebhooks.webhooks as w\n\
        key, body, *headers = sys.argv[1:]\n\
        headers = dict(header.split('=', 1) for header in headers)\n\
        try:\n    \
            print('fine', w.Webhook(key).verify(body, headers)['payload']['ticket'])\n\
        except w.WebhookVerificationError as error:\n    \
            print(error)\n";
    #[expect(clippy::disallowed_methods, reason = "an oracle of tests")]
    let output = Command::new(emulators::program("python3"))
        .args(["-c", script, SECRET])
        .arg(String::from_utf8_lossy(&seen.body).as_ref())
        .args(
            seen.headers
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        )
        .env_clear()
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).trim().to_owned()
}

fn run(env: &TestEnv) -> crate::env::Ran {
    env.run(&["run", "tiny", "--offline", "--json", "-vv"])
}

/// Every file below a folder that holds one of these texts.
fn holders(folder: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(holders(&path, texts));
        } else if let Ok(bytes) = fs::read(&path) {
            let has = |text: &&str| {
                bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes())
            };
            // The disk is large, and holds what the archive does.
            if path.extension().is_none_or(|e| e != "raw") && texts.iter().any(has) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn asked_again_when_the_other_side_fails() {
    let front = Front::of(None);
    let env = project(&front.url());
    let line = format!("POST {PATH}");
    // It says what it was given: that must not be repeated.
    front.on(&line, 1, Act::answer(500, &format!("sorry: {SECRET}")));
    front.on(&line, 1, Act::answer(503, "busy"));
    front.on(&line, 1, Act::answer(201, &format!("made for {SECRET}")));
    let ran = run(&env).expect(0);
    let json = ran.json()["run"].clone();
    let units: Vec<&Value> = json["units"].as_array().unwrap().iter().collect();
    let unit = |name: &str| *units.iter().find(|unit| unit["unit"] == name).unwrap();
    assert_eq!(unit("build/after/ask")["output"]["code"], 201);
    assert_eq!(
        unit("build/after/ask")["output"]["body"],
        "made for (secret)"
    );
    assert_eq!(unit("build/after/told")["status"], "done");
    let bytes = unit("build/after/told")["output"]["bytes"]
        .as_str()
        .unwrap();
    assert!(bytes.parse::<u64>().unwrap() > 1 << 16, "{bytes}");

    let seen = front.seen();
    assert_eq!(seen.len(), 3, "{:?}", front.lines());
    for one in &seen {
        assert_eq!(verified(one), "fine T-17");
        assert_eq!(
            one.headers["webhook-id"], "run-1-step-ask",
            "the same question"
        );
        assert_eq!(one.headers["content-type"], "application/json");
        let body: Value = serde_json::from_slice(&one.body).unwrap();
        let expected = serde_json::json!({ "run": 1, "step": "ask", "attempt": 1,
            "image": "tiny 1.0.0/1", "payload": { "ticket": "T-17" } });
        assert_eq!(body, expected);
    }
    let mut forged = seen[2].clone();
    forged.body = String::from_utf8(forged.body)
        .unwrap()
        .replace("T-17", "T-18")
        .into_bytes();
    assert_eq!(verified(&forged), "No matching signature found");

    for text in [&ran.stdout, &ran.stderr] {
        assert!(
            !text.contains("hunter22") && !text.contains(SECRET),
            "{text}"
        );
    }
    let kept = holders(&env.home(), &["hunter22", SECRET, "aHVudGVyMjI"]);
    assert_eq!(kept, Vec::<String>::new());
}

#[test]
fn refused_and_asked_by_the_next_run() {
    let front = Front::of(None);
    let env = project(&front.url());
    let line = format!("POST {PATH}");
    front.on(&line, 1, Act::answer(400, "no such ticket"));
    let ran = run(&env).expect(8);
    assert!(
        ran.stdout
            .contains("it was answered with status 400: no such ticket"),
        "{}",
        ran.stdout
    );
    assert_eq!(front.seen().len(), 1, "what is refused is not asked again");
    front.on(&line, 1, Act::answer(200, ""));
    run(&env).expect(0);
    let seen = front.seen();
    assert_eq!(seen[0].headers["webhook-id"], seen[1].headers["webhook-id"]);
    let body: Value = serde_json::from_slice(&seen[1].body).unwrap();
    assert_eq!(body["attempt"], 2);
}
