//! `env:`, `context:`, `aws:ssm:` and `aws:imds:`, and what a step's result depends on.

use std::sync::atomic::Ordering;

use goldsmith_component::machine::Tree;
use goldsmith_component::run::Run;
use goldsmith_component::{Document, Parameters, Services, run_document};
use goldsmith_core::diagnostic::SourceFile;

use crate::cloud::Cloud;
use crate::sandbox::{Fixture, cx};

fn document(steps: &str) -> Document {
    let text = format!(
        "schemaVersion: 1.0\nparameters:\n  - Where: {{type: string, default: /app/name}}\nphases:\n  - name: build\n    steps:\n{steps}"
    );
    let (document, problems) = goldsmith_component::load(&SourceFile::new("doc.yaml", text));
    document.unwrap_or_else(|| panic!("{}", crate::documents::render(&problems)))
}

fn echo(text: &str) -> String {
    format!(
        "      - name: Echo\n        action: ExecuteBash\n        inputs:\n          commands:\n            - echo \"{text}\"\n"
    )
}

/// Standard output of a step that says `text`, or its error.
fn said(text: &str, services: &Services<'_>) -> String {
    let fixture = Fixture::new();
    let (cx, events) = cx();
    let tree = Tree::new(&fixture.sandbox);
    let document = document(&echo(text));
    let report = run_document(&cx, &document, &Parameters::new(), &[], &tree, services).unwrap();
    let shown = format!("{:?} {report:?}", events.0.lock().unwrap());
    assert!(!shown.contains("hunter22"), "{shown}");
    let step = &report.steps[0];
    match &step.error {
        Some(error) => error.clone(),
        None => step.outputs[0]["stdout"].clone(),
    }
}

#[test]
fn every_namespace() {
    let cloud = Cloud::default();
    let services = Services {
        parameters: Some(&cloud),
        metadata: Some(&cloud),
        env: [("APP (x86)".to_owned(), "32".to_owned())].into(),
        context: [
            ("region".to_owned(), "eu-north-1".to_owned()),
            ("executionId".to_owned(), "i-1".to_owned()),
        ]
        .into(),
        ..Services::default()
    };
    for (text, expected) in [
        ("{{ aws:ssm:/app/name }}", "web"),
        ("{{ aws:ssm:resolve(Where) }}", "web"),
        ("{{ aws:ssm:resolve(aws:ssm:/app/pointer) }}", "web"),
        ("{{aws:ssm:/app/list}}", "a,b"),
        ("{{ aws:ssm:/app/key }}", "(secret)"),
        (
            "{{ aws:ssm:/app/none }}",
            "the parameter `/app/none` does not exist",
        ),
        (
            "{{ aws:ssm:/app/pem }}",
            "the secret `aws:ssm:/app/pem` has several lines, which cannot be kept out of logs",
        ),
        ("{{ aws:imds:placement/region }}", "<placement/region>"),
        ("{{ env:APP (x86) }}", "32"),
        ("{{ env:NONE }}", "the environment has no `NONE`"),
        ("{{ context:phase }}-{{ context:step }}", "build-Echo"),
        (
            "{{ context:region }} {{ context:executionId }}",
            "eu-north-1 i-1",
        ),
        (
            "{{ context:accountId }}",
            "`context:accountId` is not known here",
        ),
        ("{{ context:osPlatform }}", "linux"),
    ] {
        assert_eq!(said(text, &services), expected, "{text}");
    }
    let none = Services::default();
    assert_eq!(
        said("{{ aws:ssm:/a }}", &none),
        "`aws:ssm:/a` cannot be resolved: this run has no parameter store"
    );
    let day = said("{{ context:date }}T", &none);
    assert!(day.len() == 11 && day.matches('-').count() == 2, "{day}");
}

#[test]
fn a_list_is_all_its_items_and_asked_for_once() {
    let cloud = Cloud::default();
    let services = Services {
        parameters: Some(&cloud),
        ..Services::default()
    };
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let document = document(
        "      - name: Each\n        action: ExecuteBash\n        loop: {forEach: ['{{ aws:ssm:/app/list }}', c]}\n        inputs: {commands: ['echo {{ loop.value }} {{ aws:ssm:/app/name }}']}\n",
    );
    let tree = Tree::new(&fixture.sandbox);
    let report = run_document(&cx, &document, &Parameters::new(), &[], &tree, &services).unwrap();
    assert_eq!(report.steps[0].outputs[0]["stdout"], "a web\nb web\nc web");
    assert_eq!(report.steps[0].iterations, 3);
    assert_eq!(cloud.asked.load(Ordering::SeqCst), 2);
}

#[test]
fn what_a_result_depends_on() {
    let cloud = Cloud::default();
    let services = Services {
        parameters: Some(&cloud),
        env: [("A".to_owned(), "1".to_owned())].into(),
        ..Services::default()
    };
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let document = document(
        "      - name: Step\n        action: CreateFile\n        onFailure: Ignore\n        if: {not: {fileExists: '{{ Where }}'}}\n        loop: {forEach: [x, y]}\n        inputs:\n          - path: /tmp/{{ loop.value }}\n            content: '{{ aws:ssm:/app/key }}'\n",
    );
    let tree = Tree::new(&fixture.sandbox);
    let mut run = Run::new(&document, &Parameters::new(), &[]).unwrap();
    let inputs = run.next_inputs(&cx, &tree, &services).unwrap();
    let parts: Vec<String> = inputs
        .parts
        .iter()
        .map(|(name, value)| format!("{name} = {}", value.escape_debug()))
        .collect();
    assert_eq!(
        parts,
        [
            "action = CreateFile",
            "onFailure = Ignore",
            "environment = A=1",
            "if = not(fileExists(\\\"/app/name\\\")): Execute, else Skip",
            "loop = x\\ny",
            "loop[0].inputs[0].content = (secret)",
            "loop[0].inputs[0].path = /tmp/x",
            "loop[1].inputs[0].content = (secret)",
            "loop[1].inputs[0].path = /tmp/y",
        ]
    );
    assert_eq!(inputs.invalidated_by()[0], "the tree before it");
    assert_eq!(inputs.unnoticed, Vec::<String>::new());
}

/// What files are changed by is the tree before the step and what the step says of itself.
#[test]
fn file_actions_depend_on_the_tree_and_their_inputs() {
    let steps = [
        ("CreateFolder", "{path: /srv/a}", "path"),
        (
            "CopyFolder",
            "{source: /etc, destination: /srv/b}",
            "destination source",
        ),
        ("CreateSymlink", "{path: /srv/l, target: a}", "path target"),
        ("ListFiles", "{path: /etc}", "path"),
        (
            "MoveFile",
            "{source: /srv/b/group, destination: /srv/g}",
            "destination source",
        ),
        (
            "MoveFolder",
            "{source: /srv/b, destination: /srv/c}",
            "destination source",
        ),
        (
            "SetFileEncoding",
            "{path: /srv/g, encoding: utf16}",
            "encoding path",
        ),
        ("SetFileOwner", "{path: /srv/g, owner: app}", "owner path"),
        (
            "SetFilePermissions",
            "{path: /srv/g, permissions: 0600}",
            "path permissions",
        ),
        ("SetFolderOwner", "{path: /srv/c, owner: app}", "owner path"),
        (
            "SetFolderPermissions",
            "{path: /srv/c, permissions: 0700}",
            "path permissions",
        ),
        ("DeleteFolder", "{path: /srv/c, force: true}", "force path"),
    ];
    let mut text = String::new();
    for (number, (action, entry, _)) in steps.iter().enumerate() {
        let step = format!("      - {{name: S{number}, action: {action}, inputs: [{entry}]}}\n");
        text.push_str(&step);
    }
    let document = document(&text);
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let tree = Tree::new(&fixture.sandbox);
    let services = Services::default();
    let mut run = Run::new(&document, &Parameters::new(), &[]).unwrap();
    for (action, _, names) in steps {
        let inputs = run.next_inputs(&cx, &tree, &services).unwrap();
        let mut expected = vec!["the tree before it".to_owned(), "action".to_owned()];
        expected.extend(names.split(' ').map(|name| format!("inputs[0].{name}")));
        assert_eq!(inputs.invalidated_by(), expected, "{action}");
        assert_eq!(inputs.unnoticed, Vec::<String>::new(), "{action}");
        run.next(&cx, &tree, &services).unwrap();
    }
    run.into_report().check().unwrap();
}
