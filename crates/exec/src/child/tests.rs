use std::sync::Arc;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_core::failure::Failure as _;
use goldsmith_testing::clock::RealClock;

use super::{ChildError, Program, Status};

pub(crate) fn cx() -> Cx {
    Cx::silent(Arc::new(RealClock))
}

fn bash(script: &str) -> Program {
    Program::new("bash").args(["-c", script])
}

fn run(program: &Program) -> (Status, String, String) {
    let (mut out, mut err) = (String::new(), String::new());
    let exit = program
        .run(&cx(), &mut |stream, line| {
            let to = if stream == Stream::Stdout {
                &mut out
            } else {
                &mut err
            };
            to.push_str(line);
            to.push('|');
        })
        .unwrap();
    (exit.status, out, err)
}

#[test]
fn passes_lines_and_status() {
    let (status, out, err) = run(&bash("echo a; echo b >&2; printf c; exit 3"));
    assert_eq!(
        (status, out.as_str(), err.as_str()),
        (Status::Code(3), "a|c|", "b|")
    );
    assert_eq!(run(&bash("kill -9 $$")).0, Status::Signal(9));
}

#[test]
fn environment_directory_and_input_are_fixed() {
    let (_, out, _) = run(&bash("pwd; cat; export -p")
        .cwd("/usr")
        .stdin("in put\n")
        .env("X", "y"));
    assert!(out.starts_with("/usr|in put|"), "{out}");
    let names: Vec<&str> = out
        .split('|')
        .filter_map(|line| line.strip_prefix("declare -x ")?.split('=').next())
        .collect();
    assert_eq!(names, ["LC_ALL", "OLDPWD", "PATH", "PWD", "SHLVL", "X"]);
    assert_eq!(run(&bash("cat | wc -c")).1, "0|");
    let long = vec![b'x'; 1 << 20];
    assert_eq!(run(&bash("wc -c").stdin(long)).1, "1048576|");
}

#[test]
fn errors_name_program_and_last_lines() {
    let error = bash("for i in {1..30}; do echo line $i; done; echo why >&2; exit 9")
        .run_ok(&cx(), &mut |_, _| {})
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("`bash` failed with exit code 9\n"),
        "{text}"
    );
    assert!(
        text.contains("| line 30") && text.contains("| why"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 21);
    let error = Program::new("no-such-program")
        .run(&cx(), &mut |_, _| {})
        .unwrap_err();
    assert!(matches!(error, ChildError::Start { .. }), "{error}");
    assert_eq!(
        error.hints(),
        ["install the package that has `no-such-program`"]
    );
}

#[test]
fn timeout_and_cancel_take_the_group_along() {
    let script = "echo $$; sleep 600 & echo $!; trap '' TERM; wait; sleep 600";
    let mut pids = Vec::new();
    let timed = bash(script)
        .timeout(Duration::from_millis(300))
        .run(&cx(), &mut |_, line| {
            pids.push(line.to_owned());
        });
    assert!(
        matches!(timed, Err(ChildError::TimedOut { .. })),
        "{timed:?}"
    );
    let cx = cx();
    let cancelled = bash(script).run(&cx.clone(), &mut |_, line| {
        pids.push(line.to_owned());
        cx.cancel.cancel();
    });
    assert!(
        matches!(cancelled, Err(ChildError::Cancelled(_))),
        "{cancelled:?}"
    );
    assert!(pids.len() >= 3);
    for pid in pids {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }
}

#[test]
fn a_grandchild_that_keeps_the_pipe_does_not_hang_the_run() {
    let (status, out, _) = run(&bash("echo before; sleep 600 & echo after"));
    assert_eq!((status, out.as_str()), (Status::Code(0), "before|after|"));
}

#[test]
fn finds_programs() {
    assert!(super::find("bash").is_some());
    assert!(super::find("no-such-program").is_none());
}

#[test]
fn a_detached_program_has_a_session_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let output = std::fs::File::create(&path).unwrap();
    let script = "read line; echo \"<$line> $(ps -o sid= -p $$) $$\"; echo done >&2";
    let program = Program::new("sh").args(["-c", script]);
    let pid = program.detach(&output).unwrap();
    let text = loop {
        let text = std::fs::read_to_string(&path).unwrap();
        if text.contains("done") {
            break text;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    assert_eq!(words, ["<>", &pid.to_string(), &pid.to_string(), "done"]);
}
