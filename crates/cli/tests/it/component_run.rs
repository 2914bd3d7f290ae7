//! `goldsmith component run`: on this machine, in directories of the test.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::env::{Ran, TestEnv};

mod endings;

/// Appendix A of the specification: most of the language in one document. `/opt` is a directory of
/// the test.
pub(crate) const EVERYTHING: &str = r#"name: kitchen-sink
description: test vector for the runner
schemaVersion: 1.0
constants:
  - BadExit:
      type: string
      value: 7            # int in YAML, used as the text "7"
parameters:
  - AppVersion:
      type: string
      default: 1.10       # must stay "1.10", not 1.1
      description: version to install
phases:
  - name: build
    steps:
      - name: Dir
        action: ExecuteBash
        inputs:
          commands:
            - echo "/opt/app-{{ AppVersion }}"
            - echo diagnostics >&2
      - name: Make
        action: CreateFolder
        inputs:
          - path: '{{ build.Dir.outputs.stdout }}'
            permissions: 0750
      - name: Conf
        action: CreateFile
        if:
          not:
            fileExists: '{{ build.Make.inputs[0].path }}/app.conf'
        inputs:
          - path: '{{ build.Make.inputs[0].path }}/app.conf'
            content: "phase={{ context:phase }}\n"
      - name: Tools
        action: ExecuteBash
        loop:
          name: Tool
          forEach:
            list: 'jq,tar'
            delimiter: ','
        inputs:
          commands:
            - echo "{{ Tool.index }}={{ loop.value }}"
      - name: MayFail
        action: ExecuteBash
        onFailure: Ignore
        maxAttempts: 2
        timeoutSeconds: 30
        inputs:
          commands:
            - exit {{ BadExit }}
  - name: validate
    steps:
      - name: Check
        action: Assert
        inputs:
          and:
            - folderExists: '{{ build.Dir.outputs.stdout }}'
            - stringEquals: '0=jq'
              value: '0=JQ'
"#;

const HEAD: &str = "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n";

/// A step of a document.
pub(crate) fn step(name: &str, command: &str) -> String {
    format!(
        "      - name: {name}\n        action: ExecuteBash\n        inputs: {{commands: ['{command}']}}\n"
    )
}

/// A document with one step.
pub(crate) fn one(name: &str, command: &str) -> String {
    HEAD.to_owned() + &step(name, command)
}

/// The document of the appendix, in a directory of the test.
pub(crate) fn everything(env: &TestEnv) -> String {
    let opt = env.root().join("opt");
    EVERYTHING.replace("/opt", &opt.to_string_lossy())
}

fn component_run(env: &TestEnv, more: &[&str]) -> Ran {
    env.run(&[&["component", "run"], more].concat())
}

#[test]
fn nothing_changes_this_machine_unasked() {
    let env = TestEnv::new();
    let seen = env.root().join("seen");
    env.write("a.yaml", one("Touch", &format!("touch {}", seen.display())));
    let refused = component_run(&env, &["a.yaml"]).expect(2);
    assert_eq!(
        refused.stderr,
        "error: this would change this machine, without a sandbox: 1 step of `a.yaml`\n\n\
         hint: `--dry-run` shows the steps, `--in debian:bookworm` runs them in a throw-away tree\n\
         hint: `--yes` runs them here\n"
    );
    assert!(!seen.exists());
    let ran = component_run(&env, &["a.yaml", "--yes"]).expect(0);
    assert!(seen.exists());
    assert!(
        ran.stderr
            .starts_with("warning: the steps change this machine"),
        "{}",
        ran.stderr
    );
    assert!(!env.home().exists(), "no home for what needs none");
}

#[test]
fn the_appendix_comes_to_what_it_says() {
    let env = TestEnv::new();
    env.write("kitchen.yaml", everything(&env));
    for (executed, conf) in [(6, "success"), (5, "skipped")] {
        let ran = component_run(&env, &["kitchen.yaml", "--yes", "--json"]).expect(0);
        let json = ran.json();
        assert_eq!(json["version"], 1);
        assert_eq!(json["status"], "success");
        assert_eq!(json["failedStepCount"], 0);
        assert_eq!(json["ignoredFailedStepCount"], 1);
        assert_eq!(json["executedStepCount"], executed);
        let document = &json["documents"][0];
        assert_eq!(document["status"], "success-with-ignored-failure");
        let steps = &document["phases"][0]["steps"];
        assert_eq!(steps[2]["status"], conf);
        assert_eq!(steps[4]["status"], "ignored-failure");
        assert_eq!(steps[4]["attempts"], 2);
        // The events of a document are those of any other phase.
        assert!(
            ran.stderr
                .contains(r#""event":"phase-started","phase":"kitchen-sink","total":6"#)
        );
    }
    let conf = env.root().join("opt/app-1.10/app.conf");
    assert_eq!(fs::read_to_string(conf).unwrap(), "phase=build\n");
}

#[test]
fn a_dry_run_shows_everything_and_does_nothing() {
    let env = TestEnv::new();
    env.write("kitchen.yaml", EVERYTHING);
    let arguments = ["kitchen.yaml", "--dry-run", "--parameters", "AppVersion=2"];
    let ran = component_run(&env, &arguments).expect(0);
    for line in [
        "kitchen-sink: test vector for the runner\n  build\n    Dir ExecuteBash\n",
        "      commands     echo \"/opt/app-2\"\n                   echo diagnostics >&2\n",
        "      if           not(fileExists(\"{{ build.Make.inputs[0].path }}/app.conf\")): Execute, else Skip\n",
        "      loop         Tool: \"jq,tar\" at ',' (2 times)\n      with jq\n      commands     echo \"0=jq\"\n",
        "      attempts     2\n      timeout      30.0 s\n      failure      ignored\n      commands     exit 7\n",
        "nothing was run; without `--dry-run` this runs on this machine\n",
    ] {
        assert!(ran.stdout.contains(line), "{line}\n{}", ran.stdout);
    }
    assert_eq!(ran.stderr, "");
    let arguments = [
        "kitchen.yaml",
        "--dry-run",
        "--json",
        "--phases",
        "validate",
        "--in",
        "debian:bookworm",
    ];
    let json = component_run(&env, &arguments).expect(0).json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["where"], "a throw-away tree of debian:bookworm");
    let phases = json["documents"][0]["phases"].as_array().unwrap();
    assert_eq!(phases.len(), 1);
    assert_eq!(phases[0]["steps"][0]["action"], "Assert");
    assert!(!env.home().exists());
}

#[test]
fn slips_are_told_before_anything_runs() {
    let env = TestEnv::new();
    env.write("kitchen.yaml", everything(&env));
    env.write(
        "ask.yaml",
        "schemaVersion: 1.0\nparameters:\n  - Word: {type: string}\nphases:\n  - name: build\n    steps: []\n",
    );
    env.write(
        "bad.yaml",
        one("A", "true").replace("ExecuteBash", "ExecuteBahs"),
    );
    env.write("folder/a.yaml", one("A", "true"));
    for (arguments, code, expected) in [
        (&[][..], 2, "there is nothing to run"),
        (
            &["none.yaml"],
            2,
            "cannot read `none.yaml`: there is no such file",
        ),
        (&["timezon"], 2, "did you mean `timezone`?"),
        (&["folder"], 2, "`folder` is a folder"),
        (
            &["kitchen.yaml", "--phases", "biuld"],
            2,
            "`kitchen-sink` has no phase `biuld`\n\nhint: did you mean `build`?\nhint: there are: build, validate",
        ),
        (
            &["kitchen.yaml", "--parameters", "AppVersoin=2"],
            3,
            "did you mean `AppVersion`?",
        ),
        (
            &["kitchen.yaml", "--parameters", "AppVersion"],
            2,
            "`AppVersion` is no parameter: it has no `=`",
        ),
        (
            &["kitchen.yaml", "--parameters", "AppVersion="],
            2,
            "needs a name and a value",
        ),
        (
            &["ask.yaml"],
            3,
            "component `ask.yaml` needs a value for its parameter `Word`",
        ),
        (&["bad.yaml"], 3, "did you mean `ExecuteBash`?"),
        (
            &["kitchen.yaml", "--in", "debain:bookworm"],
            2,
            "did you mean `debian:`?",
        ),
        (
            &["kitchen.yaml", "--in", "image:none"],
            2,
            "there is no image `none`",
        ),
        (
            &["kitchen.yaml", "--in", "image:x", "--package", "jq"],
            2,
            "`--package` adds to the tree of a suite only",
        ),
        (
            &["kitchen.yaml", "--package", "jq"],
            2,
            "`--package` adds to the tree of a suite only",
        ),
        (
            &["kitchen.yaml", "--network"],
            2,
            "this machine has its network anyway",
        ),
        (
            &["arn:aws:imagebuilder:x"],
            2,
            "not fetched from Image Builder",
        ),
        (
            &["s3://bucket/key", "--offline"],
            2,
            "cannot be fetched offline",
        ),
    ] {
        let yes = if arguments.contains(&"--in") {
            &[][..]
        } else {
            &["--yes"]
        };
        let ran = component_run(&env, &[arguments, yes].concat()).expect(code);
        assert!(
            ran.stderr.contains(expected),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
    assert!(!env.root().join("opt").exists(), "nothing was run");
    // What AWSTOE takes.
    component_run(&env, &["ask.yaml", "--yes", "--awstoe-compat"]).expect(0);
}

#[test]
fn the_first_document_that_fails_ends_it() {
    let env = TestEnv::new();
    let bad = step("Bad", "echo out; echo err >&2; exit 3");
    env.write("a.yaml", one("Good", "echo good"));
    env.write("b.yaml", HEAD.to_owned() + &bad + &step("Never", "true"));
    env.write("c.yaml", one("Never", "true"));
    let ran = component_run(&env, &["a.yaml", "b.yaml", "c.yaml", "--yes"]).expect(6);
    let table: Vec<Vec<&str>> = ran
        .stdout
        .lines()
        .map(|line| {
            line.split("  ")
                .filter(|cell| !cell.is_empty())
                .map(str::trim)
                .collect()
        })
        .collect();
    let statuses: Vec<[&str; 3]> = table.iter().map(|row| [row[0], row[2], row[3]]).collect();
    assert_eq!(
        statuses,
        [
            ["DOCUMENT", "STEP", "STATUS"],
            ["a.yaml", "Good", "ok"],
            ["b.yaml", "Bad", "failed"],
            ["b.yaml", "Never", "not run"],
            ["c.yaml", "Never", "not run"],
        ]
    );
    assert!(
        ran.stderr.ends_with(
            "\nerror: component `b.yaml` failed in build/Bad (ExecuteBash): exit code 3\n  | out\n  | err\n"
        ),
        "{}",
        ran.stderr
    );
    // One that has none of the phases is passed over, when another one has them.
    env.write(
        "t.yaml",
        one("Test", "true").replace("name: build", "name: test"),
    );
    let ran = component_run(&env, &["a.yaml", "t.yaml", "--yes", "--phases", "test"]).expect(0);
    assert!(
        ran.stdout.contains("ok 1 step on this machine"),
        "{}",
        ran.stdout
    );
}

#[test]
fn documents_come_from_everywhere() {
    let env = TestEnv::new();
    let mut child = env
        .command(&["component", "run", "-", "--yes"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = one("Say", "echo from standard input");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).expect(0);
    assert!(
        ran.stderr.contains("build/Say: from standard input"),
        "{}",
        ran.stderr
    );

    let library = component_run(&env, &["timezone", "--dry-run"]).expect(0);
    assert!(
        library.stdout.starts_with("timezone: "),
        "{}",
        library.stdout
    );
    // A file of the name wins.
    env.write("timezone", one("Mine", "true"));
    let file = component_run(&env, &["timezone", "--dry-run"]).expect(0);
    assert!(file.stdout.contains("Mine ExecuteBash"), "{}", file.stdout);

    // A document finds another one beside the command, then in the library.
    env.write("inner/say.yaml", one("Say", "echo inner"));
    for (target, said) in [("./inner/say.yaml", "inner"), ("inner/say.yaml", "inner")] {
        env.write(
            "outer.yaml",
            format!("{HEAD}      - name: Nest\n        action: ExecuteDocument\n        inputs: {{document: {target}}}\n"),
        );
        let ran = component_run(&env, &["outer.yaml", "--yes"]).expect(0);
        assert!(
            ran.stderr.contains(&format!("build/Say: {said}")),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_configuration_has_parameters_for_each_document() {
    let env = TestEnv::new();
    let text = "schemaVersion: 1.0\nparameters:\n  - Word: {type: string, default: none}\n  - All: {type: string}\nphases:\n  - name: build\n    steps:\n";
    for name in ["a.yaml", "b.yaml"] {
        env.write(
            name,
            text.to_owned() + &step("Say", "echo {{ Word }} {{ All }}"),
        );
    }
    env.write(
        "config.json",
        r#"{"documents": [{"path": "a.yaml", "parameters": [{"name": "Word", "value": "one"}]}, {"path": "b.yaml"}],
            "parameters": [{"name": "All", "value": "both"}], "phases": "build", "phase": "test"}"#,
    );
    let ran = component_run(&env, &["--config", "config.json", "--yes"]).expect(0);
    assert!(
        ran.stderr.contains("a.yaml build/Say: one both\n"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("b.yaml build/Say: none both\n"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("did you mean `phases`?"),
        "{}",
        ran.stderr
    );
    // Which of the two would count is for nobody to guess.
    component_run(&env, &["a.yaml", "--config", "config.json", "--yes"]).expect(2);
    let commas = [
        "a.yaml",
        "--yes",
        "--parameters",
        "Word=a,b,All=c",
        "--phases",
        "build",
    ];
    let ran = component_run(&env, &commas).expect(0);
    assert!(ran.stderr.contains("build/Say: a,b c\n"), "{}", ran.stderr);
}

#[test]
fn a_document_knows_where_it_runs() {
    let env = TestEnv::new();
    let say = "echo {{ env:OWN }} {{ context:region }} {{ env:IMAGE_PHASE }} $OWN $IMAGE_PHASE {{ context:osPlatform }}";
    env.write("a.yaml", one("Say", say));
    let run = |phase: &str, more: &[&str]| -> Ran {
        env.write(
            "a.yaml",
            one("Say", say).replace("name: build", &format!("name: {phase}")),
        );
        let arguments = [&["component", "run", "a.yaml", "--yes"], more].concat();
        let mut command = env.command(&arguments);
        command.env("OWN", "mine").env("AWS_REGION", "eu-north-1");
        command.output().unwrap().into()
    };
    let build = run("build", &[]).expect(0);
    let said = "build/Say: mine eu-north-1 BUILDING mine BUILDING linux\n";
    assert!(build.stderr.contains(said), "{}", build.stderr);
    let test = run("test", &["--phases", "test"]).expect(0);
    assert!(
        test.stderr.contains("TESTING mine TESTING"),
        "{}",
        test.stderr
    );
}
