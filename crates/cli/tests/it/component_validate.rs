//! `goldsmith component validate`: what it finds, what it passes over, how it ends.

use std::io::Write as _;
use std::process::Stdio;

use crate::env::{Ran, TestEnv};

const GOOD: &str = "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - {name: A, action: ExecuteBash, inputs: {commands: [hostname]}}\n";

fn good() -> TestEnv {
    let env = TestEnv::new();
    env.write("components/a.yaml", GOOD);
    env.write("components/deep/b.yml", GOOD);
    env.write("components/deep/c.json", r#"{"schemaVersion": "1.0", "phases": [{"name": "test", "steps": [{"name": "A", "action": "Reboot"}]}]}"#);
    env.write("components/values.yaml", "replicas: 3\n");
    env.write("components/broken.yaml", "a: [\n");
    env.write("components/readme.md", "schemaVersion: none\n");
    env.write(
        "components/.hidden/d.yaml",
        "schemaVersion: 1.0\nphases: []\n",
    );
    env
}

#[test]
fn folders_are_searched() {
    let env = good();
    let ran = env.run(&["component", "validate", "components"]).expect(0);
    assert_eq!(ran.stdout, "ok 3 documents; 2 other files passed over\n");
    assert_eq!(ran.stderr, "");
    let json = env
        .run(&["component", "validate", ".", "--json"])
        .expect(0)
        .json();
    let files: Vec<&str> = json["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|document| document["file"].as_str().unwrap())
        .collect();
    assert_eq!(
        files,
        [
            "components/a.yaml",
            "components/deep/b.yml",
            "components/deep/c.json"
        ]
    );
    assert_eq!(
        json["skipped"],
        serde_json::json!(["components/broken.yaml", "components/values.yaml"])
    );
}

#[test]
fn patterns_and_files_are_meant() {
    let env = good();
    let pattern = env
        .run(&["component", "validate", "components/**/*.y*ml"])
        .expect(3);
    assert!(
        pattern.stderr.contains(
            "error[C0004]: this is no component document\n --> components/values.yaml:1:1"
        ),
        "{}",
        pattern.stderr
    );
    assert!(
        pattern.stderr.contains("error[C0001]"),
        "{}",
        pattern.stderr
    );
    assert!(
        pattern.stderr.ends_with("4 documents, 2 errors\n"),
        "{}",
        pattern.stderr
    );
    // A file that is named twice is one.
    let ran = env
        .run(&[
            "component",
            "validate",
            "components/a.yaml",
            "./components/a.yaml",
            "components/deep",
        ])
        .expect(0);
    assert_eq!(ran.stdout, "ok 3 documents\n");
    let missing = env
        .run(&["component", "validate", "none.yaml", "*.none"])
        .expect(3);
    assert!(
        missing
            .stderr
            .contains("cannot read `none.yaml`: No such file"),
        "{}",
        missing.stderr
    );
    assert!(
        missing.stderr.contains("no file fits `*.none`"),
        "{}",
        missing.stderr
    );
}

#[test]
fn nothing_to_validate_is_said() {
    let env = TestEnv::new();
    let none = env.run(&["component", "validate"]).expect(2);
    assert!(
        none.stderr.contains("there is nothing to validate"),
        "{}",
        none.stderr
    );
    env.write("empty/x.txt", "");
    let empty = env.run(&["component", "validate", "empty"]).expect(3);
    assert!(
        empty.stderr.contains("there are no documents"),
        "{}",
        empty.stderr
    );
    env.write("empty/x.yaml", "a: b\n");
    let other = env
        .run(&["component", "validate", "empty", "--json"])
        .expect(3);
    assert_eq!(
        other.json()["error"]["message"],
        "there are no component documents; 1 other file was passed over"
    );
}

#[test]
fn standard_input_is_a_document() {
    let env = TestEnv::new();
    let mut child = env
        .command(&["component", "validate", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = GOOD.replace("ExecuteBash", "ExecuteBahs");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).expect(3);
    assert_eq!(
        ran.stderr,
        "error[C0301]: the action `ExecuteBahs` does not exist\n --> (standard input):5:27\n  |\n\
         5 |       - {name: A, action: ExecuteBahs, inputs: {commands: [hostname]}}\n  |                           ^^^^^^^^^^^ did you mean `ExecuteBash`?\n\n1 document, 1 error\n"
    );
}

#[test]
fn warnings_fail_when_asked_to() {
    let env = TestEnv::new();
    env.write("a.yaml", "schemaVersion: 1.0\nphases:\n  - name: verify\n    steps:\n      - {name: A, action: ExecuteBash, inputs: {commands: [first, second]}}\n");
    let run = |more: &[&str]| env.run(&[&["component", "validate", "a.yaml"], more].concat());
    let ran = run(&[]).expect(0);
    assert!(
        ran.stderr.contains("warning[C0203]") && ran.stderr.contains("warning[C1001]"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stdout, "ok 1 document, 2 warnings\n");
    assert_eq!(run(&["--quiet"]).expect(0).stderr, "");
    let strict = run(&["--strict"]).expect(3);
    assert!(
        strict.stderr.contains("error[C0203]") && strict.stderr.contains("warning[C1001]"),
        "{}",
        strict.stderr
    );
    let denied = run(&["--deny", "no-errexit"]).expect(3);
    assert!(
        denied.stderr.contains("warning[C0203]") && denied.stderr.contains("error[C1001]"),
        "{}",
        denied.stderr
    );
    run(&["--deny", "C1002"]).expect(0);
    run(&["--deny", "warnings"]).expect(3);
    run(&["--deny", "C9999"]).expect(2);
    run(&["--platform", "darwin"]).expect(0);
    let windows = run(&["--platform", "windows"]).expect(3);
    assert!(
        windows
            .stderr
            .contains("`ExecuteBash` does not exist on Windows"),
        "{}",
        windows.stderr
    );
}

#[test]
fn shellcheck_is_asked_and_missed_quietly() {
    let env = TestEnv::new();
    env.write("a.yaml", GOOD.replace("hostname", "echo $1"));
    let asked = env.run(&["component", "validate", "a.yaml"]).expect(0);
    assert!(
        asked.stderr.contains("SC2086"),
        "this test needs `shellcheck`: {}",
        asked.stderr
    );
    // What it said is kept, and said again.
    let kept = env.home().join("shellcheck.json");
    assert!(kept.exists());
    let again = env.run(&["component", "validate", "a.yaml"]).expect(0);
    assert_eq!(again.stderr, asked.stderr);
    std::fs::write(&kept, "damaged").unwrap();
    let anew = env.run(&["component", "validate", "a.yaml"]).expect(0);
    assert_eq!(anew.stderr, asked.stderr);
    let not_asked = env
        .run(&[
            "component",
            "validate",
            "a.yaml",
            "--no-shellcheck",
            "--json",
        ])
        .expect(0);
    assert_eq!(not_asked.json()["notes"], serde_json::json!([]));
    assert_eq!(
        not_asked.json()["documents"][0]["problems"],
        serde_json::json!([])
    );
}

#[test]
fn bytes_that_are_no_text() {
    let env = TestEnv::new();
    env.write("latin.yaml", b"schemaVersion: 1.0\nname: gr\xfc\xdfe\n");
    env.write("folder/latin.yaml", b"\xff");
    env.write("folder/a.yaml", GOOD);
    let ran = env.run(&["component", "validate", "latin.yaml"]).expect(3);
    assert!(
        ran.stderr
            .contains("`latin.yaml` is no UTF-8\n --> latin.yaml:2:9"),
        "{}",
        ran.stderr
    );
    env.run(&["component", "validate", "folder"]).expect(0);
}
