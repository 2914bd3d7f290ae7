//! How a run on this machine stops: for a reboot, by a signal; and what it must not leave behind.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use super::{HEAD, component_run, one, step};
use crate::env::{Ran, TestEnv};

#[test]
fn a_reboot_is_the_callers() {
    let env = TestEnv::new();
    let flag = env.root().join("flag");
    let command = format!(
        "if [ ! -e {0} ]; then touch {0}; exit 194; fi; echo again",
        flag.display()
    );
    env.write("a.yaml", one("First", "echo first"));
    env.write(
        "b.yaml",
        HEAD.to_owned()
            + &step("Ask", &command)
            + "      - {name: Boot, action: Reboot, inputs: {delaySeconds: 3}}\n"
            + &step("Last", "echo last"),
    );
    let arguments = ["a.yaml", "b.yaml", "--yes", "--state-directory", "state"];
    let state = env.project().join("state/goldsmith-execution.json");
    let first = component_run(&env, &arguments).expect(194);
    assert!(
        first
            .stdout
            .starts_with("reboot this machine, then give the same command again"),
        "{}",
        first.stdout
    );
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&state).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    // Others are told, and what waits is left alone.
    let other = component_run(&env, &["a.yaml", "--yes", "--state-directory", "state"]).expect(2);
    assert!(
        other.stderr.contains("it runs a.yaml, b.yaml") && other.stderr.contains("remove `"),
        "{}",
        other.stderr
    );
    let second = component_run(&env, &[&arguments[..], &["--json"]].concat()).expect(194);
    assert_eq!(second.json()["reboot"]["delaySeconds"], 3);
    let last = component_run(&env, &arguments).expect(0);
    for (step, count) in [("First", 1), ("Ask", 1), ("Boot", 1), ("Last", 1)] {
        assert_eq!(last.stdout.matches(step).count(), count, "{}", last.stdout);
    }
    assert!(
        last.stderr.contains("note: going on after a reboot"),
        "{}",
        last.stderr
    );
    assert!(!last.stderr.contains("build/First"), "{}", last.stderr);
    assert!(!state.exists());
    assert_eq!(fs::read_dir(state.parent().unwrap()).unwrap().count(), 0);

    // A state that is none.
    fs::write(&state, "{").unwrap();
    let damaged = component_run(&env, &arguments).expect(3);
    assert!(
        damaged.stderr.contains("remove it to begin anew"),
        "{}",
        damaged.stderr
    );
    // Without a directory it waits in the home.
    fs::remove_file(&flag).unwrap();
    component_run(&env, &["b.yaml", "--yes"]).expect(194);
    assert!(env.home().join("state/goldsmith-execution.json").exists());
}

#[test]
fn secrets_are_masked_everywhere() {
    let env = TestEnv::new();
    let text = "schemaVersion: 1.0\nparameters:\n  - apiToken: {type: string}\nphases:\n  - name: build\n    steps:\n";
    env.write(
        "a.yaml",
        text.to_owned()
            + &step(
                "Say",
                "echo {{ env:DB_PASSWORD }} {{ apiToken }}; printenv DB_PASSWORD >&2",
            )
            + &step("Again", "echo {{ build.Say.outputs.stdout }}; exit 1"),
    );
    let ran: Ran = env
        .command(&[
            "component",
            "run",
            "a.yaml",
            "--yes",
            "--awstoe-logs=logs",
            "--parameters",
            "apiToken=swordfish99",
        ])
        .env("DB_PASSWORD", "hunter2222")
        .output()
        .unwrap()
        .into();
    let ran = ran.expect(6);
    let folder = fs::read_dir(env.project().join("logs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    assert!(
        name.starts_with("TOE_") && name.contains("_UTC-0_"),
        "{name}"
    );
    assert!(
        ran.stderr.contains(&format!("logs: {}", folder.display())),
        "{}",
        ran.stderr
    );
    let mut texts = vec![ran.stdout, ran.stderr];
    for entry in fs::read_dir(folder).unwrap() {
        texts.push(fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    assert_eq!(texts.len(), 7);
    for text in texts {
        for secret in ["hunter2222", "swordfish99"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn an_interrupted_step_is_ended_with_all_it_started() {
    let env = TestEnv::new();
    let place = env.root().join("pid");
    env.write(
        "a.yaml",
        one(
            "Wait",
            &format!("sleep 1000 & echo $! > {}; wait", place.display()),
        ),
    );
    let mut child = env
        .command(&[
            "component",
            "run",
            "a.yaml",
            "--yes",
            "--json",
            "--awstoe-logs=logs",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = loop {
        let text = fs::read_to_string(&place).unwrap_or_default();
        if let Ok(pid) = text.trim().parse::<u32>() {
            break pid;
        }
        assert!(child.try_wait().unwrap().is_none(), "it waits");
        std::thread::sleep(Duration::from_millis(20));
    };
    let child_pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(child_pid, rustix::process::Signal::INT).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).expect(130);
    let json = ran.json();
    assert_eq!(json["failureMessage"], "interrupted");
    assert_eq!(json["status"], "failed");
    // It may take a moment to die, and whoever has it now another one to take notice.
    let is_gone = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    });
    assert!(is_gone, "the sleep of the step goes on");
    let folder = fs::read_dir(env.project().join("logs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let detail = fs::read_to_string(folder.join("detailedoutput.json")).unwrap();
    assert!(
        detail.contains(r#""failureMessage": "interrupted""#),
        "{detail}"
    );
}
