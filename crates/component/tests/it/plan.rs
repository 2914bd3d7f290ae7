//! What a document would do, as far as that is known.

use goldsmith_component::plan::plan;
use goldsmith_component::{Parameters, Services};
use goldsmith_core::secret::Secret;
use serde_json::json;

use crate::execution::parsed;
use crate::sandbox::cx;

const TEXT: &str = r#"name: one
schemaVersion: 1.0
constants:
  - Root: {type: string, value: /opt}
parameters:
  - Name: {type: string}
  - Names: {type: string, default: "a b"}
phases:
  - name: build
    steps:
      - name: Dir
        action: ExecuteBash
        inputs: {commands: ["echo {{ Root }}/{{ Name }} {{ env:KEY }} {{ env:NONE }} {{ aws:ssm:/x }}"]}
      - name: Each
        action: CreateFolder
        if: {not: {folderExists: "{{ Root }}"}}
        loop: {name: Word, forEach: {list: "{{ Names }}", delimiter: " "}}
        inputs:
          - path: "{{ build.Dir.outputs.stdout }}/{{ Word.index }}-{{ loop.value }}"
      - name: Unknown
        action: ExecuteBash
        maxAttempts: 3
        onFailure: Ignore
        timeoutSeconds: -1
        loop: {forEach: ["x", "{{ build.Dir.outputs.stdout }}"]}
        inputs: {commands: ["echo {{ loop.value }} in {{ context:phase }}/{{ context:step }}"]}
  - name: validate
    steps:
      - name: Check
        action: Assert
        inputs: {stringEquals: "{{ Name }}", value: web}
"#;

#[test]
fn what_is_known_is_put_in() {
    let (cx, _) = cx();
    cx.redactor.add(&Secret::new("hunter22".to_owned()));
    let document = parsed("one.yaml", TEXT).document;
    let parameters = Parameters::from([("Name".to_owned(), "web".to_owned())]);
    let services = Services {
        names: [("KEY".to_owned(), "hunter22".to_owned())].into(),
        ..Services::default()
    };
    let planned = plan(&cx, &document, &parameters, &[], &services).unwrap();
    let planned = serde_json::to_value(planned).unwrap();
    let run =
        |value: Option<&str>, inputs| json!({ "value": value, "inputs": inputs, "asserts": null });
    assert_eq!(
        planned,
        json!({ "document": "one", "file": "one.yaml", "description": "", "phases": [
            { "name": "build", "steps": [
                { "name": "Dir", "action": "ExecuteBash", "timeoutSeconds": 7200, "onFailure": "Abort",
                  "maxAttempts": 1, "if": null, "loop": null,
                  "runs": [run(None, json!([{ "commands": ["echo /opt/web (secret) {{ env:NONE }} {{ aws:ssm:/x }}"] }]))] },
                { "name": "Each", "action": "CreateFolder", "timeoutSeconds": 7200, "onFailure": "Abort",
                  "maxAttempts": 1,
                  "if": { "test": "not(folderExists(\"/opt\"))", "then": "Execute", "else": "Skip" },
                  "loop": { "name": "Word", "forEach": { "list": "{{ Names }}", "delimiter": " " } },
                  "runs": [
                      run(Some("a"), json!([{ "path": "{{ build.Dir.outputs.stdout }}/0-a" }])),
                      run(Some("b"), json!([{ "path": "{{ build.Dir.outputs.stdout }}/1-b" }])) ] },
                { "name": "Unknown", "action": "ExecuteBash", "timeoutSeconds": -1, "onFailure": "Ignore",
                  "maxAttempts": 3, "if": null,
                  "loop": { "forEach": ["x", "{{ build.Dir.outputs.stdout }}"] },
                  "runs": [run(None, json!([{ "commands": ["echo {{ loop.value }} in build/Unknown"] }]))] } ] },
            { "name": "validate", "steps": [
                { "name": "Check", "action": "Assert", "timeoutSeconds": 7200, "onFailure": "Abort",
                  "maxAttempts": 1, "if": null, "loop": null,
                  "runs": [{ "value": null, "inputs": [], "asserts": "stringEquals(\"web\", \"web\")" }] } ] } ] })
    );
    let some = plan(
        &cx,
        &document,
        &parameters,
        &["validate".to_owned()],
        &services,
    )
    .unwrap();
    assert_eq!(some.phases.len(), 1);
    let missing = plan(&cx, &document, &Parameters::new(), &[], &services).unwrap_err();
    assert!(missing.to_string().contains("`Name`"), "{missing}");
}

#[test]
fn what_is_blocked_is_found_before_and_in_documents_that_are_run() {
    let document = parsed("one.yaml", TEXT).document;
    let blocked = ["Assert".to_owned()];
    let found = goldsmith_component::check_blocked(&document, &[], &blocked);
    assert_eq!(
        crate::documents::render(&found),
        "error[C0307]: the action `Assert` is blocked here\n  one.yaml:30:17: `Assert` \n"
    );
    let build = ["build".to_owned()];
    assert!(goldsmith_component::check_blocked(&document, &build, &blocked).is_empty());
    let fixture = crate::sandbox::Fixture::new();
    let tree = goldsmith_component::machine::Tree::new(&fixture.sandbox);
    let services = Services {
        blocked: &blocked,
        ..Services::default()
    };
    let (cx, _) = cx();
    let report = crate::step::run(&cx, &tree, &services, "Assert", "{stringIsEmpty: ''}");
    assert_eq!(
        crate::step::error(&report),
        "the action `Assert` is blocked here"
    );
}
