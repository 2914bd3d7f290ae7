//! Approvals that must be refused: the table of `docs/pipelines.md`, row by row, by the real binary.

use std::fs;

use goldsmith_pipeline::evidence::SigningKey;
use goldsmith_testing::front::{Act, Front};

use crate::env::{Ran, TestEnv, repository};
use crate::small::{self, run_at};

fn pipeline(front: &Front) -> String {
    format!(
        r#"
pipeline "tiny" {{
  recipe = recipe.tiny

  test "boot" {{
    skip = true
  }}
  approval {{
    required  = 2
    approvers = ["ann@example.com", "ben@example.com", "cat@example.com",
      "dev@example.com", "first@example.com", "wes@example.com"]
    expires   = "30d"
  }}
  notify "webhook" "chat" {{
    url    = "{}/chat"
    events = ["rejected", "run-failed", "approved"]
  }}
}}
"#,
        front.url()
    )
}

const MONDAY: &str = "2026-02-02 06:00:00";
const TUESDAY: &str = "2026-02-03 06:00:00";
const SPRING: &str = "2026-03-20 06:00:00";

fn run(env: &TestEnv, moment: &str, by: &str, more: &[&str]) -> Ran {
    let words = ["run", "tiny", "--offline", "--as", by];
    run_at(env, moment, &[&words[..], more].concat())
}

/// The first line of what was refused, without `error: `.
fn error(ran: &Ran) -> &str {
    let line = ran.stderr.lines().find_map(|l| l.strip_prefix("error: "));
    line.unwrap_or_else(|| panic!("no error in {}", ran.stderr))
}

/// What the unit `approve` of a run waits for.
fn waits(ran: &Ran) -> &str {
    let mut lines = ran.stdout.lines().map(str::trim);
    let line = lines.find(|line| line.starts_with("approve "));
    let line = line.unwrap_or_else(|| panic!("it does not wait: {}", ran.stdout));
    line.split_once("waits").unwrap().1.trim()
}

#[derive(Default)]
struct Table(String);

impl Table {
    fn row(&mut self, who: &str, said: &str, code: i32) {
        self.0 += &format!("| {who} | {said} | {code} |\n");
    }
}

/// Ann and Ben have keys of their own, which lie in the project; Eve's lies nowhere.
fn project(front: &Front) -> TestEnv {
    let env = small::project(&pipeline(front));
    for (seed, name) in [(1, "ann"), (2, "ben"), (3, "eve")] {
        let key = SigningKey::of_seed([seed; 32]);
        env.write(&format!("../{name}.pem"), key.to_pem().expose());
        if name != "eve" {
            let public = key.public().to_pem();
            env.write(&format!("keys/{name}@example.com.pub"), public);
        }
    }
    let git = "git init -q . && git add -A && git -c user.name=Wes -c user.email=wes@example.com commit -qm change";
    let done = env.shell(git).current_dir(env.project()).output().unwrap();
    assert!(done.status.success(), "this test needs `git`: {done:?}");
    env
}

#[test]
fn all_that_must_be_refused() {
    let front = Front::of(None);
    front.on("POST /chat", 9, Act::answer(200, ""));
    let env = project(&front);
    // `first` has it built, `dev` starts the run that asks.
    run(&env, MONDAY, "first@example.com", &[]).expect(0);
    run(&env, MONDAY, "first@example.com", &["--cancel"]).expect(0);
    run(&env, MONDAY, "dev@example.com", &["--new"]).expect(0);

    let mut table = Table::default();
    let reason = ["--reason", "looked at it"];
    let decide = |verb: &str, by: &str, more: &[&str]| {
        let words = [verb, "tiny", "--as", by];
        run_at(&env, TUESDAY, &[&words[..], &reason, more].concat())
    };
    let approve = |by: &str, more: &[&str]| decide("approve", by, more);
    let mut refused = |who: &str, ran: Ran| table.row(who, error(&ran), ran.code);
    refused("somebody without an address", approve("ann", &[]));
    let silent = [
        "approve",
        "tiny",
        "--as",
        "ann@example.com",
        "--reason",
        " ",
    ];
    refused("no reason", run_at(&env, TUESDAY, &silent));
    let elsewhere = ["approve", "shop", "--as", "ann@example.com"];
    refused(
        "an image that is not there",
        run_at(&env, TUESDAY, &[&elsewhere[..], &reason].concat()),
    );
    let persons: [(&str, &str, &[&str]); 8] = [
        ("who is no approver", "eve@example.com", &[]),
        ("who started the run", "dev@example.com", &[]),
        ("who wrote the change, by Git", "wes@example.com", &[]),
        (
            "who had it built by an earlier run",
            "first@example.com",
            &[],
        ),
        (
            "Ann, who has a key of her own, with the project's",
            "ann@example.com",
            &[],
        ),
        (
            "Ann with Ben's key",
            "ann@example.com",
            &["--key", "../ben.pem"],
        ),
        (
            "Cat, who has no key of her own, with Ben's",
            "cat@example.com",
            &["--key", "../ben.pem"],
        ),
        (
            "Cat with a key that the project does not know",
            "cat@example.com",
            &["--key", "../eve.pem"],
        ),
    ];
    for (who, by, more) in persons {
        refused(who, approve(by, more));
    }
    let kept = run(&env, TUESDAY, "dev@example.com", &[]).expect(0);
    assert_eq!(waits(&kept), "0 of 2 approvals", "nothing of it was kept");

    let mut asked = |who: &str, ran: Ran| {
        let said = if ran.code == 0 {
            waits(&ran)
        } else {
            error(&ran)
        };
        table.row(who, said, ran.code);
    };
    let own = ["--key", "../ann.pem"];
    approve("ann@example.com", &own).expect(0);
    run_at(
        &env,
        "2026-02-03 07:00:00",
        &[
            &[
                "approve",
                "tiny",
                "--as",
                "ann@example.com",
                "--reason",
                "again",
            ][..],
            &own,
        ]
        .concat(),
    )
    .expect(0);
    let twice = run(&env, "2026-02-03 08:00:00", "dev@example.com", &[]);
    asked("Ann twice: `goldsmith run` waits", twice);
    let late = run(&env, SPRING, "dev@example.com", &[]);
    asked("Ann, whose approval is older than `expires`", late);
    let shared = approve("cat@example.com", &[]).expect(0);
    assert!(
        shared
            .stderr
            .contains("cat@example.com has no key of their own"),
        "{}",
        shared.stderr
    );
    decide("reject", "ben@example.com", &["--key", "../ben.pem"]).expect(0);
    let rejected = run(&env, "2026-02-03 08:00:00", "dev@example.com", &[]);
    asked("Ann and Cat, and Ben rejects", rejected);
    let told = front.seen().into_iter();
    let told: Vec<serde_json::Value> = told
        .map(|one| serde_json::from_slice(&one.body).unwrap())
        .collect();
    let types: Vec<&str> = told.iter().map(|it| it["type"].as_str().unwrap()).collect();
    let expected = [
        "goldsmith.run.cancelled",
        "goldsmith.image.rejected",
        "goldsmith.run.failed",
    ];
    assert_eq!(types, expected);
    assert_eq!(
        told[1]["data"]["facts"]["reason"],
        "rejected: ben@example.com"
    );
    small::recipe(&env, "3.0.16-1", &pipeline(&front));
    let other = run(
        &env,
        "2026-02-04 06:00:00",
        "dev@example.com",
        &["--update"],
    );
    asked("both, of the image before this one", other);

    let page = fs::read_to_string(repository("docs/pipelines.md")).unwrap();
    assert!(
        page.contains(&table.0),
        "docs/pipelines.md does not have:\n{}",
        table.0
    );

    // What was kept says who signed it.
    let stated = env.run(&["verify", "tiny@1.0.0", "--json"]).json();
    let said = stated["statements"].as_array().unwrap().iter();
    let said: Vec<String> = said
        .filter(|it| it["kind"] == "approval")
        .map(|it| {
            let word = |name: &str| it[name].as_str().unwrap().to_owned();
            format!(
                "{} {} {} {}",
                word("by"),
                word("verdict"),
                word("file"),
                it["own_key"]
            )
        })
        .collect();
    let expected = [
        "ann@example.com good keys/ann@example.com.pub true",
        "ann@example.com good keys/ann@example.com.pub true",
        "cat@example.com good goldsmith.pub false",
        "ben@example.com good keys/ben@example.com.pub true",
    ];
    assert_eq!(said, expected);
    let text = env.run(&["verify", "tiny@1.0.0"]).stdout;
    assert!(
        text.contains("cat@example.com approves, signed with goldsmith.pub")
            && text.contains("they, or whoever else has that key"),
        "{text}"
    );
}
