//! Schedules, with the real binary and a clock that is set.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use goldsmith_testing::front::{Act, Front};
use serde_json::Value;

use crate::env::{Ran, TestEnv};
use crate::small::{self, run_at};

fn pipeline(schedule: &str, more: &str) -> String {
    format!(
        r#"
pipeline "tiny" {{
  recipe = recipe.tiny

  schedule {{
    {schedule}
  }}
  test "boot" {{
    skip = true
  }}
  {more}
}}
"#
    )
}

const DAILY: &str = "rate = \"rate(1 day)\"\n    start_condition = \"always\"";

/// What a timer of the system does.
fn look(env: &TestEnv, moment: &str) -> Ran {
    let words = ["serve", "--scheduler", "--once", "--offline"];
    run_at(env, moment, &words).expect(0)
}

/// Runs, the oldest first: what started them, how they stand and when they were begun.
fn runs(env: &TestEnv) -> Vec<String> {
    let listed = env.run(&["runs", "--json"]).expect(0).json();
    let rows = listed["runs"].as_array().unwrap().iter().rev();
    let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.map(|row| format!("{} {}", word(row, "trigger"), word(row, "status")))
        .collect()
}

#[test]
fn what_was_missed_is_made_up_for_once() {
    let env = small::project(&pipeline(DAILY, ""));
    look(&env, "2026-02-02 06:00:00");
    look(&env, "2026-02-03 05:59:59");
    assert_eq!(runs(&env), Vec::<String>::new(), "nothing was due");
    // The machine was off over four starts.
    let made = look(&env, "2026-02-06 12:00:00");
    assert!(
        made.stderr.contains("`tiny` starts: it is time"),
        "{}",
        made.stderr
    );
    assert_eq!(runs(&env), ["schedule done"]);
    look(&env, "2026-02-06 12:00:00");
    look(&env, "2026-02-07 05:00:00");
    assert_eq!(runs(&env).len(), 1);
    // The rate goes on from where it counted.
    look(&env, "2026-02-07 06:00:00");
    assert_eq!(runs(&env), ["schedule done"; 2]);
    let run = env.run(&["runs", "2", "--json"]).expect(0).json()["run"].clone();
    assert_eq!(run["begun_unix"], 1_770_444_000);
    assert_eq!(run["units"][0]["unit"], "lock");
    assert_eq!(run["units"][0]["state"], "done");
    assert_eq!(run["units"][0]["changed_unix"], 1_770_444_000);
}

#[test]
fn only_when_the_lock_would_change() {
    let schedule = "cron = \"cron(0 6 * * ? *)\"\n    start_condition = \"dependency-updates\"";
    let env = small::project(&pipeline(schedule, ""));
    look(&env, "2026-02-02 05:00:00");
    let first = look(&env, "2026-02-02 06:00:00").stderr;
    assert!(first.contains("starts: the lock would change"), "{first}");
    let idle = look(&env, "2026-02-03 07:00:00").stderr;
    assert!(
        idle.contains("is due, and not started: the lock would not change"),
        "{idle}"
    );
    // What was left out is not decided again an hour later, when there is something new.
    small::recipe(&env, "3.0.16-1", &pipeline(schedule, ""));
    let between = look(&env, "2026-02-03 08:00:00").stderr;
    assert!(
        !between.contains("is due") && !between.contains("starts:"),
        "{between}"
    );
    look(&env, "2026-02-04 06:00:00");
    assert_eq!(runs(&env), ["schedule done"; 2]);
    let images = env.run(&["images", "--json"]).expect(0).json();
    assert_eq!(images["images"].as_array().unwrap().len(), 2);
}

#[test]
fn switched_off_after_failures() {
    let front = Front::of(None);
    front.on("POST /chat", 9, Act::answer(200, ""));
    let failing = |command: &str| {
        let more = format!(
            "step \"command\" \"look\" {{\n    after = \"build\"\n    command = [\"{command}\"]\n  }}\n  \
             notify \"webhook\" \"chat\" {{\n    url = \"{}/chat\"\n    events = [\"schedule-disabled\"]\n  }}",
            front.url()
        );
        pipeline(&format!("{DAILY}\n    auto_disable = 2"), &more)
    };
    let env = small::project(&failing("false"));
    look(&env, "2026-02-02 06:00:00");
    look(&env, "2026-02-03 06:00:00");
    assert!(front.seen().is_empty());
    let last = look(&env, "2026-02-04 06:00:00").stderr;
    assert!(last.contains("is off after 2 failures in a row"), "{last}");
    let told: Value = serde_json::from_slice(&front.seen()[0].body).unwrap();
    assert_eq!(told["type"], "goldsmith.schedule.off");
    assert_eq!(
        told["data"]["title"],
        "tiny: its schedule is off after 2 failures in a row"
    );
    let off = look(&env, "2026-02-05 06:00:00").stderr;
    assert!(off.contains("not started: it is switched off"), "{off}");
    let listed = env.run(&["schedule", "list"]).expect(0).stdout;
    assert!(listed.contains("OFF after 2 failures"), "{listed}");
    assert_eq!(front.seen().len(), 1, "told once");
    // A person mends it, and a run of theirs switches it on again.
    small::recipe(&env, "3.0.15-1", &failing("true"));
    let words = ["run", "tiny", "--offline", "--as", "dev@example.com"];
    run_at(&env, "2026-02-05 07:00:00", &words).expect(0);
    look(&env, "2026-02-06 06:00:00");
    let ended = ["schedule failed", "schedule done", "schedule done"];
    assert_eq!(runs(&env), ended, "the second was gone on with by a person");
}

/// Waits until something is so; the test fails when it never is.
fn until(what: &str, is_so: &dyn Fn() -> bool) {
    for _ in 0..1200 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("never: {what}");
}

#[test]
fn one_run_at_a_time() {
    let more = "step \"command\" \"hold\" {\n    after = \"build\"\n    \
        command = [\"sh\", \"-c\", \"touch held; while ! test -e go; do sleep 0.05; done\"]\n  }";
    let env = small::project(&pipeline(DAILY, more));
    look(&env, "2026-02-02 06:00:00");
    let begin = |words: &[&str]| {
        small::at(env.command(words), "2026-02-03 06:00:00")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let person = begin(&["run", "tiny", "--offline", "--as", "dev@example.com"]);
    until("the first run holds", &|| {
        env.project().join("held").exists()
    });
    let log = env.root().join("log");
    let mut scheduler = small::at(
        env.command(&["serve", "--scheduler", "--once", "--offline"]),
        "2026-02-03 06:00:00",
    );
    let mut scheduler = scheduler
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    until("the second run waits", &|| {
        fs::read_to_string(&log)
            .unwrap()
            .contains("`tiny` waits for the run that is under way")
    });
    assert_eq!(runs(&env), ["person running"]);
    fs::write(env.project().join("go"), "").unwrap();
    let person: Ran = person.wait_with_output().unwrap().into();
    person.expect(0);
    assert!(scheduler.wait().unwrap().success());
    assert_eq!(runs(&env), ["person done", "schedule done"]);
}

/// The process that stays, on a clock that goes on under it.
#[test]
fn serves_until_it_is_stopped() {
    let env = small::project(&pipeline(DAILY, ""));
    let (clock, log) = (env.root().join("clock"), env.root().join("log"));
    let set = |moment: &str| {
        let fresh = env.root().join("clock.new");
        fs::write(&fresh, moment).unwrap();
        fs::rename(&fresh, &clock).unwrap();
    };
    set("2026-02-02 06:00:00");
    let mut serving = small::by(env.command(&["serve", "--scheduler", "--offline"]), &clock);
    let mut serving = serving
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let says = |words: &str| fs::read_to_string(&log).unwrap().contains(words);
    until("it watches", &|| {
        says("starts next at 2026-02-03 06:00 UTC")
    });
    set("2026-02-03 06:00:01");
    until("it has run", &|| runs(&env) == ["schedule done"]);
    let stop = rustix::process::Signal::TERM;
    rustix::process::kill_process(rustix::process::Pid::from_child(&serving), stop).unwrap();
    assert!(serving.wait().unwrap().success());
    assert_eq!(runs(&env).len(), 1);
}
