//! Runs over a real `sshd`, in a network of its own.

use std::time::Duration;

use goldsmith_component::run::StepStatus;
use goldsmith_core::failure::{Class, Failure as _};
use goldsmith_exec::ssh::Ssh;
use goldsmith_runner::drive::{self, DriveError, Limits};

use crate::job::{check_gone, cx, job, machine, program, run, ssh};

#[test]
fn documents_run_and_nothing_is_left() {
    let remote = machine();
    let (cx, events) = cx();
    let mut job = job(
        "web",
        "      - name: Say\n        action: ExecuteBash\n        inputs:\n          commands: ['echo hello; echo $GREETING; echo hunter22; id -u']\n\
         \x20     - name: Make\n        action: CreateFile\n        inputs: [{path: /etc/web.conf, content: '{{ build.Say.outputs.stdout }}', permissions: 0640}]\n\
         \x20     - name: Nest\n        action: ExecuteDocument\n        inputs: {document: ./inner.yaml}\n",
    );
    job.env.insert("GREETING".into(), "hi".into());
    job.secrets.push("hunter22".into());
    let inner = "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: In, action: ExecuteBash, inputs: {commands: [echo inner]}}]}]\n";
    job.aside.insert("./inner.yaml".into(), inner.into());
    // A line that is longer than any frame.
    let mut second = job.documents[0].clone();
    second.name = "long.yaml".into();
    second.text = "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: Long, action: ExecuteBash, inputs: {commands: ['printf %0200000d 7; echo; exit 3']}}]}]\n".into();
    let mut third = second.clone();
    third.name = "never.yaml".into();
    job.documents.extend([second, third]);
    let reports = run(&cx, &remote, &job).unwrap();
    assert_eq!(reports.len(), 2, "what comes after a failure is not begun");
    let statuses: Vec<StepStatus> = reports[0].steps.iter().map(|step| step.status).collect();
    assert_eq!(statuses, [StepStatus::Success; 3]);
    assert_eq!(reports[1].steps[0].exit_code, Some(3));
    let printed = events.printed();
    assert_eq!(&printed[..4], ["hello", "hi", "(secret)", "0"]);
    assert_eq!(printed[4], "inner");
    assert_eq!(printed[5..].concat().len(), 200_000);
    let made = std::fs::read_to_string(remote.root().join("etc/web.conf")).unwrap();
    assert_eq!(made, "hello\nhi\nhunter22\n0");
    check_gone(&remote);
}

#[test]
fn a_broken_connection_is_taken_up_again() {
    let remote = machine();
    let (cx, events) = cx();
    let steps = "      - name: Count\n        action: ExecuteBash\n        inputs:\n          commands: ['for n in $(seq 1 60); do echo line $n; sleep 0.1; done']\n";
    let reports = std::thread::scope(|scope| {
        scope.spawn(|| {
            for lines in [5, 20, 40] {
                for _ in 0..600 {
                    if events.printed().len() >= lines {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
                remote.end_logins();
            }
        });
        run(&cx, &remote, &job("count", steps)).unwrap()
    });
    assert_eq!(reports[0].steps[0].status, StepStatus::Success);
    // Every line, once, in order.
    let lines: Vec<String> = (1..=60).map(|n| format!("line {n}")).collect();
    assert_eq!(events.printed(), lines);
    let said = events.said();
    assert!(said.iter().any(|note| note.contains("is lost")), "{said:?}");
    check_gone(&remote);
}

#[test]
fn the_machine_is_rebooted_and_the_run_goes_on() {
    let remote = machine();
    let (cx, events) = cx();
    let steps = "      - name: Once\n        action: ExecuteBash\n        inputs:\n          commands: ['echo run; if [ -e /var/once ]; then echo again; else touch /var/once; exit 194; fi']\n\
        \x20     - name: Boot\n        action: Reboot\n        inputs: {delaySeconds: 1}\n\
        \x20     - name: After\n        action: ExecuteBash\n        inputs:\n          commands: ['echo \"after {{ build.Once.outputs.stdout }}\"; ls -d /var/lib/goldsmith-runner-*; ls /var/lib/goldsmith-runner-*']\n";
    let reports = run(&cx, &remote, &job("boots", steps)).unwrap();
    assert_eq!(remote.boots(), 3);
    let steps = &reports[0].steps;
    assert_eq!(steps.len(), 3);
    assert!(steps.iter().all(|step| step.status == StepStatus::Success));
    let printed = events.printed();
    assert_eq!(&printed[..5], ["run", "run", "again", "after run", "again"]);
    // The state is not there while a step runs: a process that is killed must not repeat it.
    assert!(
        !printed.iter().any(|line| line.contains("state.json")),
        "{printed:?}"
    );
    check_gone(&remote);
}

#[test]
fn what_cannot_be_done_is_said() {
    let remote = machine();
    let (cx, _) = cx();
    let limits = Limits::default();
    let program = || std::fs::read(program()).unwrap();
    let nothing = job(
        "no",
        "      - {name: No, action: ExecuteBash, inputs: {commands: ['true']}}\n",
    );
    let refused = |reach: &Ssh, program: &[u8]| {
        drive::run(&cx, reach, program, &nothing, limits, &mut |_, _| {}).unwrap_err()
    };
    // A user who is not root and has no sudo.
    let error = refused(&ssh(&remote, "app"), &program());
    assert!(
        matches!(
            &error,
            DriveError::Denied {
                action: "work as root",
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(error.class(), Class::Remote);
    assert!(
        error.hints()[0].contains("log in as root"),
        "{:?}",
        error.hints()
    );
    // A key that is not let in, a host that is not known.
    let stranger = ssh(&remote, "nobody-here");
    let error = refused(&stranger, &program());
    assert!(matches!(error, DriveError::NoWay { .. }), "{error}");
    assert!(
        error.hints()[0].contains("--identity"),
        "{:?}",
        error.hints()
    );
    let unknown = Ssh {
        options: vec![
            "UserKnownHostsFile=/dev/null".into(),
            "StrictHostKeyChecking=yes".into(),
        ],
        ..ssh(&remote, "root")
    };
    let error = refused(&unknown, &program());
    assert!(
        error.hints()[0].contains("log in once"),
        "{error:?} {:?}",
        error.hints()
    );
    // A program for another machine.
    let error = refused(&ssh(&remote, "root"), b"#!/bin/sh\n");
    assert!(matches!(error, DriveError::Kind { .. }), "{error}");
    // A document that asks for what it has not.
    let mut bad = nothing.clone();
    bad.documents[0].text = "schemaVersion: 1.0\nparameters: [{Port: {type: string}}]\nphases: [{name: build, steps: []}]\n".into();
    let error = run(&cx, &remote, &bad).unwrap_err();
    assert!(error.to_string().contains("parameter `Port`"), "{error}");
    check_gone(&remote);
}

#[test]
fn a_cancel_stops_the_work_there() {
    let remote = machine();
    let (cx, events) = cx();
    let steps = "      - name: Long\n        action: ExecuteBash\n        inputs:\n          commands: ['echo begun; sleep 600']\n";
    let error = std::thread::scope(|scope| {
        let cancel = cx.cancel.clone();
        let events = events.clone();
        scope.spawn(move || {
            for _ in 0..400 {
                if !events.printed().is_empty() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            cancel.cancel();
        });
        run(&cx, &remote, &job("long", steps)).unwrap_err()
    });
    assert_eq!(error.class(), Class::Cancelled, "{error}");
    check_gone(&remote);
}

#[test]
fn a_worker_that_is_killed_is_noticed() {
    let remote = machine();
    let (cx, events) = cx();
    let steps = "      - name: Long\n        action: ExecuteBash\n        inputs:\n          commands: ['echo here; sleep 60 & sleep 60']\n";
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..400 {
                if !events.printed().is_empty() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            remote.kill("goldsmith-runner", "goldsmith-runner work");
        });
        run(&cx, &remote, &job("killed", steps)).unwrap_err()
    });
    assert!(
        matches!(&error, DriveError::Gone { place, .. } if place == "killed build/Long"),
        "{error}"
    );
    check_gone(&remote);
}
