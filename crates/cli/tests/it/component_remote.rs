//! `component run --on`: documents on another machine, as a user has it done.

use std::fs;
use std::path::Path;

use goldsmith_testing::remote::Remote;

use crate::env::TestEnv;

const DOCUMENT: &str = "name: web\nschemaVersion: 1.0\nparameters:\n  - Token: {type: string}\nphases:\n  - name: build\n    steps:\n\
    \x20     - name: Say\n        action: ExecuteBash\n        inputs: {commands: ['echo here is {{ Token }} on $(uname -s)']}\n\
    \x20     - name: Boot\n        action: Reboot\n\
    \x20     - name: Nest\n        action: ExecuteDocument\n        inputs: {document: ./inner.yaml}\n\
    \x20 - name: validate\n    steps:\n      - {name: Fail, action: ExecuteBash, inputs: {commands: ['echo too bad; exit 7']}}\n";

#[test]
fn documents_on_a_machine_over_ssh() {
    let runner = Path::new(env!("CARGO_BIN_EXE_goldsmith")).with_file_name("goldsmith-runner");
    assert!(
        runner.exists(),
        "build the whole workspace: this test needs the runner"
    );
    let remote = Remote::start(&runner);
    let env = TestEnv::new();
    env.write("web.yaml", DOCUMENT);
    env.write(
        "inner.yaml",
        "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: In, action: CreateFile, inputs: [{path: /etc/inner, content: made}]}]}]\n",
    );
    let on = format!("ssh://root@{}", remote.host());
    let identity = remote.identity().to_string_lossy().into_owned();
    let options = remote.options();
    let mut arguments = vec![
        "component",
        "run",
        "web.yaml",
        "--on",
        &on,
        "--identity",
        &identity,
    ];
    for option in &options {
        arguments.extend(["--ssh-option", option.as_str()]);
    }
    arguments.extend([
        "--parameters",
        "Token=hunter2222",
        "--awstoe-logs=logs",
        "--json",
    ]);
    let mut build = arguments.clone();
    build.extend(["--phases", "build"]);
    let ran = env.run(&build).expect(0);
    let summary = ran.json();
    assert_eq!(summary["status"], "success", "{summary}");
    assert_eq!(summary["executedStepCount"], 3);
    assert_eq!(remote.boots(), 2);
    assert_eq!(
        fs::read_to_string(remote.root().join("etc/inner")).unwrap(),
        "made"
    );
    assert!(
        ran.stderr.contains("here is (secret) on Linux"),
        "{}",
        ran.stderr
    );
    let logs = env.project().join("logs");
    let folder = logs.read_dir().unwrap().next().unwrap().unwrap().path();
    let log = fs::read_to_string(folder.join("console.log")).unwrap();
    assert!(
        log.contains("on Linux") && !log.contains("hunter2222"),
        "{log}"
    );
    let left: Vec<_> = remote.root().join("var/lib").read_dir().unwrap().collect();
    assert!(left.is_empty(), "{left:?}");

    let mut validate = arguments.clone();
    validate.extend(["--phases", "validate"]);
    let failed = env.run(&validate).expect(6).json();
    assert_eq!(failed["status"], "failed");
    assert!(
        failed["failureMessage"].as_str().unwrap().contains("Fail"),
        "{failed}"
    );

    // What cannot be: a place that is none, two places, a machine that is not there.
    env.run(&["component", "run", "web.yaml", "--on", "-oProxyCommand=id"])
        .expect(2);
    env.run(&[
        "component",
        "run",
        "web.yaml",
        "--on",
        "web1",
        "--in",
        "debian:bookworm",
    ])
    .expect(2);
    let nobody = [
        "component",
        "run",
        "web.yaml",
        "--parameters",
        "Token=x",
        "--on",
        "root@127.0.0.1:1",
    ];
    let refused = env.run(&nobody).expect(8);
    assert!(
        refused.stderr.contains("cannot reach `root@127.0.0.1:1`"),
        "{}",
        refused.stderr
    );
}
