//! AWSTOE's summary and its folder of logs, of an execution that has everything in it.

use std::collections::BTreeMap;
use std::fs;

use goldsmith_component::awstoe::files::{FILES, Logs, chaining, detailed_output, folder_name};
use goldsmith_component::awstoe::summary::{LongSummary, Summary};
use goldsmith_component::execution::{Execution, ExecutionReport, Planned, Reboots, Stopped};
use goldsmith_component::machine::Tree;
use goldsmith_component::services::DocumentSource;
use goldsmith_component::{Parameters, Services};
use goldsmith_core::diagnostic::SourceFile;
use goldsmith_core::secret::Secret;
use serde_json::{Value, json};

use crate::execution::parsed;
use crate::sandbox::{Fixture, cx};

const OUTER: &str = r#"name: outer
description: everything
schemaVersion: 1.0
parameters:
  - Key: {type: string}
phases:
  - name: build
    steps:
      - name: Dir
        action: ExecuteBash
        timeoutSeconds: 30
        inputs:
          commands:
            - echo /opt/{{ Key }}
            - echo noise >&2
      - name: Tools
        action: ExecuteBash
        loop:
          name: Tool
          forEach: {list: "jq,tar", delimiter: ","}
        inputs: {commands: ["echo {{ Tool.value }}"]}
      - name: Numbers
        action: ExecuteBash
        loop: {for: {start: 1, end: 2, updateBy: 1}}
        inputs: {commands: ["echo {{ loop.value }} {{ build.Dir.outputs.stdout }}"]}
      - name: Nested
        action: ExecuteDocument
        inputs:
          document: ./inner.yaml
          parameters:
            - {name: Word, value: hello}
      - name: Quiet
        action: ExecuteBash
        disableLogging: true
        inputs: {commands: ["echo whispered"]}
      - name: Skipped
        action: ExecuteBash
        if: {stringEquals: a, value: b}
        inputs: {commands: ["echo never"]}
      - name: Ignored
        action: ExecuteBash
        onFailure: Ignore
        maxAttempts: 2
        inputs: {commands: ["exit 7"]}
  - name: validate
    steps:
      - name: Make
        action: CreateFolder
        inputs:
          - path: /opt/made
      - name: Bad
        action: ExecuteBash
        onFailure: Continue
        inputs: {commands: ["echo out; echo err >&2; exit 3"]}
"#;

const INNER: &str = "schemaVersion: 1.0\nparameters:\n  - Word: {type: string}\nphases:\n  - name: build\n    steps:\n      - name: Say\n        action: ExecuteBash\n        inputs: {commands: [\"echo {{ Word }}\"]}\n";

struct Inner;

impl DocumentSource for Inner {
    fn document(&self, name: &str) -> Result<SourceFile, String> {
        Ok(SourceFile::new(name, INNER))
    }
}

/// Runs it with logs; gives what came of it and the files by name.
fn logged() -> (ExecutionReport, Vec<Planned>, BTreeMap<String, String>) {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    cx.redactor.add(&Secret::new("hunter22".to_owned()));
    let planned = vec![Planned {
        parameters: Parameters::from([("Key".to_owned(), "hunter22".to_owned())]),
        ..parsed("./outer.yaml", OUTER)
    }];
    let services = Services {
        documents: Some(&Inner),
        context: [("executionId".to_owned(), "the-id".to_owned())].into(),
        ..Services::default()
    };
    let directory = fixture.dir.path().join("logs/deep");
    let mut execution = Execution::new(&cx, "the-id", &planned, &[]);
    let started = execution.started();
    let (logs, own) = Logs::open(&cx, &directory, started, "the-id", &planned).unwrap();
    let tree = Tree::new(&fixture.sandbox);
    let on_step = &mut |document: &str, step: &_| logs.step(document, step);
    let stopped = execution.run(&own, &tree, &services, Reboots::ByCaller, on_step);
    assert_eq!(stopped.unwrap(), Stopped::End);
    let report = execution.report(&cx, None);
    let folder = logs.path().to_owned();
    assert_eq!(folder, directory.join(folder_name(0, "the-id")));
    logs.finish(&report, &planned).unwrap();
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    });
    (report, planned, files.collect())
}

#[test]
fn five_files_without_secrets() {
    let (report, planned, files) = logged();
    let mut expected = FILES.to_vec();
    expected.sort_unstable();
    assert_eq!(files.keys().collect::<Vec<_>>(), expected);
    for (name, text) in &files {
        assert!(!text.contains("hunter22"), "{name}: {text}");
        // The document itself says what it does not want logged.
        let is_silent = name == "document.yaml" || !text.contains("whispered");
        assert!(is_silent, "{name}: {text}");
    }
    let read = |name: &str| -> Value { serde_json::from_str(&files[name]).unwrap() };
    assert_eq!(read("detailedoutput.json"), detailed_output(&report));
    assert_eq!(read("chaining.json"), chaining(&report, &planned));
    assert_eq!(
        read("chaining.json"),
        json!({ "./outer.yaml": { "build.Dir.outputs[0].stdout": "/opt/(secret)" } })
    );
}

#[test]
fn a_folder_is_named_by_its_moment() {
    assert_eq!(
        folder_name(1_700_000_000, "an-id"),
        "TOE_2023-11-14_22-13-20_UTC-0_an-id"
    );
}

#[test]
fn the_logs_say_what_happened() {
    let (_, _, files) = logged();
    let console = &files["console.log"];
    assert!(
        console.starts_with("outer build/Dir: /opt/(secret)\nouter build/Dir: noise\nouter build/Tools: jq\nouter build/Tools: tar\n"),
        "{console}"
    );
    assert!(
        console.ends_with(
            "outer validate/Bad: out\nouter validate/Bad: err\nDocument: outer\nComponentArn:\nPhase: validate\nStep: Bad\nAction: ExecuteBash\nErrorMessage: exit code 3\nStderr:\n  err\n"
        ),
        "{console}"
    );
    let application = &files["application.log"];
    let mut lines: Vec<&str> = application.lines().collect();
    lines.retain(|line| !line.contains(" in "));
    assert_eq!(
        lines,
        [
            "1970-01-01T00:00:00+00:00 INFO execution the-id begins",
            "1970-01-01T00:00:00+00:00 INFO outer begins",
            "1970-01-01T00:00:00+00:00 INFO execution the-id failed",
        ],
        "{application}"
    );
    for line in [
        "INFO step outer build/Skipped (ExecuteBash) skipped in ",
        "INFO step outer build/Ignored (ExecuteBash) failed, ignored in ",
        ", 2 attempts: exit code 7\n",
    ] {
        assert!(application.contains(line), "{application}");
    }
}

#[test]
fn every_step_is_in_the_detailed_output() {
    let (report, ..) = logged();
    let output = detailed_output(&report);
    let epoch = "1970-01-01T00:00:00+00:00";
    let message = "Document ./outer.yaml failed! validate/Bad (ExecuteBash): exit code 3";
    let head = |value: &Value| {
        let mut value = value.clone();
        let object = value.as_object_mut().unwrap();
        object.retain(|_, value| !value.is_array());
        value
    };
    assert_eq!(
        head(&output),
        json!({ "executionId": "the-id", "status": "failed", "startTime": epoch, "endTime": epoch,
            "failureMessage": message })
    );
    let document = &output["documents"][0];
    assert_eq!(
        head(document),
        json!({ "name": "outer", "filePath": "./outer.yaml", "status": "failed",
            "description": "everything", "startTime": epoch, "endTime": epoch,
            "failureMessage": message })
    );
    let phases = document["phases"].as_array().unwrap();
    let heads: Vec<Value> = phases.iter().map(head).collect();
    assert_eq!(
        heads,
        [
            json!({ "name": "build", "status": "successwithignoredfailure", "startTime": epoch,
                "endTime": epoch, "failureMessage": "" }),
            json!({ "name": "validate", "status": "failed", "startTime": epoch, "endTime": epoch,
                "failureMessage": "exit code 3" }),
        ]
    );
    let steps = phases
        .iter()
        .flat_map(|phase| phase["steps"].as_array().unwrap());
    let step = |name: &str| steps.clone().find(|step| step["name"] == name).unwrap();
    assert_eq!(
        *step("Dir"),
        json!({ "name": "Dir", "status": "success", "failureMessage": "", "timeoutSeconds": 30,
            "onFailure": "Abort", "maxAttempts": 1, "action": "ExecuteBash", "startTime": epoch,
            "endTime": epoch,
            "inputs": r#"[{"commands":["echo /opt/(secret)","echo noise >&2"]}]"#,
            "outputs": r#"[{"stdout":"/opt/(secret)"}]"#, "loop": null, "detailedOutput": null })
    );
    assert_eq!(
        step("Tools")["loop"],
        json!({ "name": "Tool", "forEach": { "list": "jq,tar", "delimiter": "," } })
    );
    assert_eq!(step("Tools")["outputs"], r#"[{"stdout":"jq\ntar"}]"#);
    assert_eq!(
        step("Numbers")["loop"],
        json!({ "for": { "start": 1, "end": 2, "updateBy": 1 } })
    );
    assert_eq!(step("Quiet")["inputs"], "[]");
    assert_eq!(step("Quiet")["outputs"], "[]");
    assert_eq!(step("Skipped")["status"], "success");
    assert_eq!(step("Ignored")["status"], "ignoredfailure");
    assert_eq!(step("Ignored")["failureMessage"], "exit code 7");
    assert_eq!(step("Make")["inputs"], r#"[{"path":"/opt/made"}]"#);
    assert_eq!(step("Make")["outputs"], "[]");
    assert_eq!(step("Bad")["onFailure"], "Continue");

    let nested = step("Nested");
    assert_eq!(nested["timeoutSeconds"], -1);
    assert_eq!(
        nested["inputs"],
        r#"[{"document":"./inner.yaml","parameters":[{"name":"Word","value":"hello"}]}]"#
    );
    let outputs: Value = serde_json::from_str(nested["outputs"].as_str().unwrap()).unwrap();
    assert_eq!(outputs[0]["executionId"], "the-id");
    assert_eq!(outputs[0]["executedStepCount"], "1");
    let inner = &nested["detailedOutput"][0];
    assert_eq!(inner["status"], "success");
    assert_eq!(inner["documents"][0]["name"], "");
    assert_eq!(inner["documents"][0]["filePath"], "./inner.yaml");
    let say = &inner["documents"][0]["phases"][0]["steps"][0];
    assert_eq!(say["outputs"], r#"[{"stdout":"hello"}]"#);
}

#[test]
fn the_summary_counts() {
    let (report, ..) = logged();
    let summary = Summary::of(&report, "/logs");
    assert_eq!(
        serde_json::to_string(&summary).unwrap(),
        "{\"executionId\":\"the-id\",\"status\":\"failed\",\"failedStepCount\":1,\"executedStepCount\":8,\
         \"ignoredFailedStepCount\":1,\"failureMessage\":\"Document ./outer.yaml failed! validate/Bad (ExecuteBash): exit code 3\",\
         \"logUrl\":\"/logs\"}"
    );
    let long = serde_json::to_value(LongSummary::of(&report, "", "a tree")).unwrap();
    assert_eq!(long["version"], 1);
    assert_eq!(long["where"], "a tree");
    assert_eq!(long["executedStepCount"], 8);
    let phase = &long["documents"][0]["phases"][0];
    assert_eq!(phase["status"], "success-with-ignored-failure");
    assert_eq!(phase["steps"][1]["iterations"], 2);
    assert_eq!(phase["steps"][5]["status"], "skipped");
    assert_eq!(phase["steps"][6]["exitCode"], 7);
}
