//! Goldsmith in AWSTOE's place: its command lines, its summary, its exit codes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::component_run::{everything, one, step};
use crate::env::{Ran, TestEnv};

mod s3;

/// A command line of AWSTOE, by its own name.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests start the binary as a user would, here by another name"
)]
fn command(env: &TestEnv, arguments: &[&str]) -> Command {
    let link = env.root().join("awstoe");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_goldsmith"), &link).unwrap();
    }
    let template = env.command(&[]);
    let mut command = Command::new(link);
    command
        .args(arguments)
        .current_dir(env.project())
        .env_clear();
    // No home: AWSTOE has none.
    let variables = template.get_envs().filter(|(name, _)| *name == "PATH");
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    command
}

fn awstoe(env: &TestEnv, arguments: &[&str]) -> Ran {
    command(env, arguments).output().unwrap().into()
}

/// The folders of logs in a directory of the project.
fn folders(env: &TestEnv, directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(env.project().join(directory)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_log = |path: &PathBuf| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("TOE_")
    };
    paths.filter(is_log).collect()
}

#[test]
fn the_appendix_by_its_other_name() {
    let env = TestEnv::new();
    env.write("kitchen.yaml", everything(&env));
    for (run, by_name) in [true, false].into_iter().enumerate() {
        let ran = if by_name {
            awstoe(&env, &["run", "--documents", "kitchen.yaml"])
        } else {
            env.run(&["awstoe", "run", "--documents", "kitchen.yaml"])
        };
        let json = ran.expect(0).json();
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "executionId",
                "status",
                "failedStepCount",
                "executedStepCount",
                "ignoredFailedStepCount",
                "failureMessage",
                "logUrl"
            ]
        );
        assert_eq!(json["status"], "success");
        assert_eq!(json["failedStepCount"], 0);
        assert_eq!(json["ignoredFailedStepCount"], 1);
        assert_eq!(json["executedStepCount"], [6, 5][run]);
        let folder = PathBuf::from(json["logUrl"].as_str().unwrap());
        assert_eq!(folder.parent().unwrap(), env.project());
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let id = json["executionId"].as_str().unwrap();
        assert!(
            name.starts_with("TOE_20") && name.ends_with(&format!("_UTC-0_{id}")),
            "{name}"
        );
        let text = fs::read_to_string(folder.join("detailedoutput.json")).unwrap();
        let detail: serde_json::Value = serde_json::from_str(&text).unwrap();
        let document = &detail["documents"][0];
        assert_eq!(document["status"], "successwithignoredfailure");
        assert_eq!(document["phases"][0]["status"], "successwithignoredfailure");
        let steps = &document["phases"][0]["steps"];
        assert_eq!(steps[3]["outputs"], r#"[{"stdout":"0=jq\n1=tar"}]"#);
        assert_eq!(steps[4]["status"], "ignoredfailure");
        assert_eq!(
            fs::read_to_string(folder.join("document.yaml")).unwrap(),
            everything(&env)
        );
    }
}

#[test]
fn every_option_is_known_by_both_names() {
    let env = TestEnv::new();
    let text = "schemaVersion: 1.0\nparameters:\n  - Word: {type: string, default: none}\nphases:\n  - name: build\n    steps:\n";
    env.write(
        "a.yaml",
        text.to_owned() + &step("Say", "echo {{ Word }} {{ context:executionId }}"),
    );
    env.write("b.yaml", one("Other", "true"));
    let long = [
        "run",
        "--documents=a.yaml,b.yaml",
        "--document-s3-bucket-owner",
        "111122223333",
        "--phases",
        "build",
        "--parameters",
        "Word=said",
        "--execution-id",
        "my-id",
        "--log-directory",
        "long",
        "--state-directory",
        "state",
        "--cw-ignore-failures",
        "--cw-log-group",
        "g",
        "--cw-log-stream",
        "s",
        "--cw-log-region",
        "r",
        "--blocked-action-modules",
        "Reboot,UpdateOS",
        "--trace",
    ];
    let ran = awstoe(&env, &long).expect(0);
    assert_eq!(ran.json()["executionId"], "my-id");
    assert!(
        ran.stderr.contains("build/Say: said my-id"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("warning: `console.log` cannot be streamed to CloudWatch Logs"),
        "{}",
        ran.stderr
    );
    assert_eq!(folders(&env, "long").len(), 1);
    let short = [
        "run",
        "-d",
        "a.yaml,b.yaml",
        "-p",
        "build",
        "-i",
        "my-id",
        "-l",
        "short",
        "-s",
        "state",
        "-t",
    ];
    awstoe(&env, &short).expect(0);
    assert_eq!(folders(&env, "short").len(), 1);
    let help = awstoe(&env, &["run", "-h"]).expect(0);
    assert!(
        help.stdout.contains("--log-s3-key-prefix"),
        "{}",
        help.stdout
    );
    let version = awstoe(&env, &["-v"]).expect(0);
    assert!(version.stdout.starts_with("awstoe "), "{}", version.stdout);
    awstoe(&env, &["run", "--version"]).expect(0);
}

#[test]
fn a_configuration_is_read_as_awstoe_reads_it() {
    let env = TestEnv::new();
    let text = "schemaVersion: 1.0\nparameters:\n  - Word: {type: string, default: none}\nphases:\n  - name: build\n    steps:\n";
    for name in ["a.yaml", "b.yaml"] {
        env.write(name, text.to_owned() + &step("Say", "echo {{ Word }}"));
    }
    env.write(
        "config.json",
        r#"{ "documents": [ { "path": "a.yaml", "parameters": [ { "name": "Word", "value": "own" } ] }, { "path": "b.yaml" } ],
             "parameters": [ { "name": "Word", "value": "all" } ], "phases": "build,test",
             "executonId": "spelled-wrong", "logDirectory": "logs", "cwIgnoreFailures": true, "cwLogGroup": "g", "trace": true }"#,
    );
    let ran = awstoe(&env, &["run", "--config", "config.json"]).expect(0);
    assert_eq!(ran.json()["executionId"], "spelled-wrong");
    assert!(
        ran.stderr.contains("a.yaml build/Say: own\n"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("b.yaml build/Say: all\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(folders(&env, "logs").len(), 1);
    // The command line wins where both may say it.
    let ran = awstoe(
        &env,
        &["run", "-c", "config.json", "-i", "said", "-l", "other"],
    )
    .expect(0);
    assert_eq!(ran.json()["executionId"], "said");
    assert_eq!(folders(&env, "other").len(), 1);
    for arguments in [
        &["run", "-c", "config.json", "-d", "a.yaml"][..],
        &["run", "-c", "config.json", "--parameters", "Word=x"],
        &["run"],
        &["run", "-d", ""],
        &["run", "-d", "a.yaml", "--parameters", "Word="],
        &["run", "-d", "a.yaml", "--parameters", "Word=a,b"],
        &["run", "-d", "a.yaml", "-i", "../up"],
        &["run", "-d", "none.yaml"],
        &["run", "-c", "none.json"],
        &["run", "-d", "a.yaml", "--cw-log-group", "g"],
        &["run", "-d", "a.yaml", "--no-such-option"],
    ] {
        let refused = awstoe(&env, arguments).expect(1);
        assert!(
            refused.stderr.starts_with("error"),
            "{arguments:?}: {}",
            refused.stderr
        );
        assert!(
            !refused.stderr.contains("build/Say"),
            "{arguments:?}: {}",
            refused.stderr
        );
    }
}

#[test]
fn what_awstoe_lets_pass() {
    let env = TestEnv::new();
    let text = "schemaVersion: 1.0\nparameters:\n  - Word: {type: string}\nphases:\n  - name: build\n    steps:\n";
    env.write(
        "a.yaml",
        text.to_owned() + &step("Say", "echo \"<{{ Word }}>\""),
    );
    // A phase that nobody has: a success of nothing, but not in silence.
    let none = awstoe(&env, &["run", "-d", "a.yaml", "-p", "biuld"]).expect(0);
    assert_eq!(none.json()["executedStepCount"], 0);
    assert_eq!(none.json()["status"], "success");
    assert!(
        none.stderr
            .contains("warning: no document has a phase biuld"),
        "{}",
        none.stderr
    );
    // A parameter without a value, and a value without a parameter.
    let ran = awstoe(&env, &["run", "-d", "a.yaml", "--parameters", "Wrod=x"]).expect(0);
    assert!(ran.stderr.contains("build/Say: <>"), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("`Word` of `a.yaml` has no value: taken as the empty text"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("no document has a parameter `Wrod`: passed over"),
        "{}",
        ran.stderr
    );
    // Also in a document that a document runs.
    env.write(
        "outer.yaml",
        "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - name: Nest\n        action: ExecuteDocument\n        inputs: {document: a.yaml}\n",
    );
    let nested = awstoe(&env, &["run", "-d", "outer.yaml"]).expect(0);
    assert!(nested.stderr.contains("build/Say: <>"), "{}", nested.stderr);
    let strict = env
        .run(&["component", "run", "outer.yaml", "--yes"])
        .expect(6);
    assert!(
        strict
            .stderr
            .contains("needs a value for its parameter `Word`"),
        "{}",
        strict.stderr
    );
}

#[test]
fn failures_are_summed_up() {
    let env = TestEnv::new();
    env.write("bad.yaml", one("Bad", "echo out; echo err >&2; exit 3"));
    env.write(
        "wrong.yaml",
        one("A", "true").replace("ExecuteBash", "ExecuteBahs"),
    );
    env.write("boot.yaml", "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - {name: Boot, action: Reboot}\n");
    let failed = awstoe(&env, &["run", "-d", "bad.yaml,boot.yaml"]).expect(1);
    assert_eq!(failed.json()["status"], "failed");
    assert_eq!(failed.json()["failedStepCount"], 1);
    assert_eq!(
        failed.json()["failureMessage"],
        "Document bad.yaml failed! build/Bad (ExecuteBash): exit code 3"
    );
    let console = folders(&env, ".")[0].join("console.log");
    let console = fs::read_to_string(console).unwrap();
    assert!(
        console.ends_with("Document: bad.yaml\nComponentArn:\nPhase: build\nStep: Bad\nAction: ExecuteBash\nErrorMessage: exit code 3\nStderr:\n  err\n"),
        "{console}"
    );
    let wrong = awstoe(&env, &["run", "-d", "wrong.yaml"]).expect(1);
    assert_eq!(
        wrong.json()["failureMessage"],
        "wrong.yaml:6:17: the action `ExecuteBahs` does not exist"
    );
    let blocked = awstoe(
        &env,
        &[
            "run",
            "-d",
            "boot.yaml",
            "--blocked-action-modules",
            "Reboot",
        ],
    )
    .expect(1);
    assert_eq!(
        blocked.json()["failureMessage"],
        "boot.yaml:5:30: the action `Reboot` is blocked here"
    );
}

#[test]
fn a_reboot_is_asked_for_by_194() {
    let env = TestEnv::new();
    env.write(
        "boot.yaml",
        "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n".to_owned()
            + &step("First", "echo first")
            + "      - {name: Boot, action: Reboot}\n"
            + &step("Last", "echo {{ build.First.outputs.stdout }} last"),
    );
    let arguments = ["run", "-d", "boot.yaml", "-s", "state", "-l", "logs"];
    let first = awstoe(&env, &arguments).expect(194);
    assert_eq!(first.stdout, "");
    let last = awstoe(&env, &arguments).expect(0);
    assert_eq!(last.json()["executedStepCount"], 3);
    assert!(
        last.stderr.contains("build/Last: first last"),
        "{}",
        last.stderr
    );
    // One execution, one folder, and nothing that waits.
    let folders = folders(&env, "logs");
    assert_eq!(folders.len(), 1);
    let application = fs::read_to_string(folders[0].join("application.log")).unwrap();
    assert!(
        application.contains("a reboot is asked for"),
        "{application}"
    );
    assert_eq!(
        fs::read_dir(env.project().join("state")).unwrap().count(),
        0
    );
    // Without a directory for it, beside the logs.
    awstoe(&env, &["run", "-d", "boot.yaml", "-l", "logs"]).expect(194);
    assert!(env.project().join("logs/goldsmith-execution.json").exists());
}

#[test]
fn documents_are_validated_for_systems() {
    let env = TestEnv::new();
    env.write("a.yaml", one("A", "true"));
    env.write(
        "bad.yaml",
        one("A", "true").replace("ExecuteBash", "ExecuteBahs"),
    );
    let good = awstoe(
        &env,
        &[
            "validate",
            "--documents",
            "a.yaml",
            "--document-s3-bucket-owner",
            "1",
            "--trace",
        ],
    )
    .expect(0);
    assert_eq!(good.json()["validationStatus"], "success");
    awstoe(
        &env,
        &["validate", "-d", "a.yaml", "--os-platforms", "linux,darwin"],
    )
    .expect(0);
    let windows = awstoe(
        &env,
        &[
            "validate",
            "-d",
            "a.yaml",
            "--os-platforms",
            "linux,windows",
        ],
    )
    .expect(1);
    assert_eq!(windows.json()["validationStatus"], "failed");
    assert!(
        windows
            .stderr
            .contains("`ExecuteBash` does not exist on Windows"),
        "{}",
        windows.stderr
    );
    let both = awstoe(&env, &["validate", "-d", "bad.yaml,none.yaml"]).expect(1);
    assert!(
        both.stderr.contains("did you mean `ExecuteBash`?"),
        "{}",
        both.stderr
    );
    assert!(
        both.stderr.contains("cannot read `none.yaml`"),
        "{}",
        both.stderr
    );
    awstoe(&env, &["validate", "--documents", ""]).expect(0);
    awstoe(&env, &["validate"]).expect(1);
    awstoe(
        &env,
        &["validate", "-d", "a.yaml", "--os-platforms", "beos"],
    )
    .expect(1);
}
