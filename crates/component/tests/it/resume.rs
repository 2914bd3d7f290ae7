//! Runs that stop for a reboot and go on from what was written down, and documents in documents.

use std::collections::BTreeMap;

use goldsmith_component::machine::Tree;
use goldsmith_component::run::{Next, Run, RunError, State, StepStatus};
use goldsmith_component::services::DocumentSource;
use goldsmith_component::{Document, Parameters, Services, run_document};
use goldsmith_core::diagnostic::SourceFile;

use crate::sandbox::{Fixture, cx};

fn load(text: &str) -> Document {
    let (document, problems) = goldsmith_component::load(&SourceFile::new("doc.yaml", text));
    document.unwrap_or_else(|| panic!("{}", crate::documents::render(&problems)))
}

/// The state as it is after it was written and read.
fn stored(state: &State) -> State {
    serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
}

/// Runs to the end; after every reboot with a run made from what was written down.
fn through_reboots(document: &Document, services: &Services<'_>) -> (String, Vec<String>) {
    let fixture = Fixture::new();
    let tree = Tree::new(&fixture.sandbox);
    let (cx, _) = cx();
    let parameters = Parameters::new();
    let mut run = Run::new(document, &parameters, &[]).unwrap();
    let mut trace = Vec::new();
    loop {
        let place = run.peek().map(|place| place.step.to_owned());
        match run.next(&cx, &tree, services).unwrap() {
            Next::Step => trace.push(format!("step {}", place.unwrap())),
            Next::Reboot(delay) => {
                trace.push(format!("reboot {} after {delay:?}", place.unwrap()));
                run = Run::resume(document, &parameters, stored(&run.state())).unwrap();
            }
            Next::End => break,
        }
    }
    let report = run.into_report();
    for step in &report.steps {
        let error = step.error.as_deref().unwrap_or_default();
        trace.push(format!("{} {:?} {error}", step.step, step.status));
    }
    let seen = goldsmith_component::machine::Machine::read(&tree, &cx, "/tmp/seen");
    (String::from_utf8(seen.unwrap_or_default()).unwrap(), trace)
}

const HEAD: &str = "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n";

#[test]
fn exit_194_runs_the_same_step_again() {
    let document = load(&format!(
        "{HEAD}      - name: Before\n        action: ExecuteBash\n        inputs: {{commands: [echo before]}}\n      - name: Again\n        action: ExecuteBash\n        maxAttempts: 2\n        if: {{not: {{fileExists: /tmp/flag}}}}\n        inputs:\n          commands:\n            - echo '{{{{ build.Before.outputs.stdout }}}}' >> /tmp/seen\n            - if [ -e /tmp/flag ]; then exit 0; fi\n            - touch /tmp/flag\n            - exit 194\n"
    ));
    let (seen, trace) = through_reboots(&document, &Services::default());
    // The condition holds no more after the reboot, and is not looked at again.
    assert_eq!(seen, "before\nbefore\n");
    assert_eq!(
        trace,
        [
            "step Before",
            "reboot Again after 0ns",
            "step Again",
            "Before Success ",
            "Again Success "
        ]
    );
}

#[test]
fn a_loop_goes_on_in_its_iteration() {
    let document = load(&format!(
        "{HEAD}      - name: Each\n        action: ExecuteBash\n        loop: {{for: {{start: 1, end: 3, updateBy: 1}}}}\n        inputs:\n          commands:\n            - echo {{{{ loop.value }}}} >> /tmp/seen\n            - echo out{{{{ loop.value }}}}\n            - if [ {{{{ loop.value }}}} = 2 ] && [ ! -e /tmp/flag ]; then touch /tmp/flag; exit 194; fi\n      - name: After\n        action: ExecuteBash\n        inputs: {{commands: [\"echo '{{{{ build.Each.outputs.stdout }}}}' >> /tmp/seen\"]}}\n"
    ));
    let (seen, _) = through_reboots(&document, &Services::default());
    assert_eq!(seen, "1\n2\n2\n3\nout1\nout2\nout3\n");
}

#[test]
fn reboot_goes_on_with_the_next_step() {
    let document = load(&format!(
        "{HEAD}      - {{name: Reboot, action: Reboot, inputs: {{delaySeconds: 3}}}}\n      - name: After\n        action: ExecuteBash\n        inputs: {{commands: [echo after >> /tmp/seen]}}\n"
    ));
    let (seen, trace) = through_reboots(&document, &Services::default());
    assert_eq!(seen, "after\n");
    assert_eq!(trace[0], "reboot Reboot after 3s");
}

#[test]
fn a_step_that_always_asks_is_ended() {
    let document = load(&format!(
        "{HEAD}      - name: Ever\n        action: ExecuteBash\n        inputs: {{commands: [exit 194]}}\n"
    ));
    let (_, trace) = through_reboots(&document, &Services::default());
    let last = trace.last().unwrap();
    assert_eq!(last, "Ever Failed it asked for a reboot 21 times");
}

#[test]
fn a_tree_cannot_be_rebooted() {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let document = load(&format!(
        "{HEAD}      - {{name: Reboot, action: Reboot}}\n      - name: Ask\n        action: ExecuteBash\n        inputs: {{commands: [exit 194]}}\n"
    ));
    let tree = Tree::new(&fixture.sandbox);
    let services = Services::default();
    let report = run_document(&cx, &document, &Parameters::new(), &[], &tree, &services).unwrap();
    assert_eq!(report.steps[0].status, StepStatus::Success);
    let error = report.steps[1].error.as_deref();
    assert_eq!(
        error,
        Some("it asks for a reboot, which is not possible here")
    );
}

#[test]
fn a_state_of_something_else_is_refused() {
    let one = load(&format!("{HEAD}      - {{name: A, action: Reboot}}\n"));
    let other = load(&format!("{HEAD}      - {{name: B, action: Reboot}}\n"));
    let state = Run::new(&one, &Parameters::new(), &[]).unwrap().state();
    let refused = Run::resume(&other, &Parameters::new(), state).unwrap_err();
    assert!(matches!(refused, RunError::State { .. }), "{refused}");
    assert!(
        refused
            .to_string()
            .ends_with("the document has changed since")
    );
}

struct Documents(BTreeMap<&'static str, String>);

impl DocumentSource for Documents {
    fn document(&self, name: &str) -> Result<SourceFile, String> {
        let text = self.0.get(name).ok_or("it does not exist")?;
        Ok(SourceFile::new(name, text.clone()))
    }
}

fn nesting(target: &str) -> String {
    format!(
        "{HEAD}      - name: Nest\n        action: ExecuteDocument\n        inputs: {{document: {target}}}\n"
    )
}

#[test]
fn documents_in_documents() {
    let inner = "schemaVersion: 1.0\nparameters:\n  - Word: {type: string}\nphases:\n  - name: build\n    steps:\n      - name: Ask\n        action: ExecuteBash\n        inputs:\n          commands:\n            - echo {{ Word }} >> /tmp/seen\n            - if [ ! -e /tmp/flag ]; then touch /tmp/flag; exit 194; fi\n  - name: test\n    steps:\n      - name: Not\n        action: ExecuteBash\n        inputs: {commands: [echo never >> /tmp/seen]}\n";
    let documents = Documents(
        [
            ("./inner.yaml", inner.to_owned()),
            ("./a.yaml", nesting("./b.yaml")),
            ("./b.yaml", nesting("./a.yaml")),
            ("./1.yaml", nesting("./2.yaml")),
            ("./2.yaml", nesting("./3.yaml") + "    # 2\n"),
            ("./3.yaml", nesting("./4.yaml")),
            ("./4.yaml", nesting("./inner.yaml") + "    # 4\n"),
        ]
        .into(),
    );
    let services = Services {
        documents: Some(&documents),
        ..Services::default()
    };
    let outer = load(&format!(
        "{HEAD}      - name: Nest\n        action: ExecuteDocument\n        inputs:\n          document: ./inner.yaml\n          phases: build\n          parameters:\n            - {{name: Word, value: hello}}\n      - name: Say\n        action: ExecuteBash\n        inputs: {{commands: ['echo {{{{ build.Nest.outputs.executedStepCount }}}} {{{{ build.Nest.outputs.status }}}} >> /tmp/seen']}}\n"
    ));
    // The nested document is the one that goes on after the reboot.
    let (seen, trace) = through_reboots(&outer, &services);
    assert_eq!(seen, "hello\nhello\n1 success\n", "{trace:?}");

    for (target, why) in [
        (
            "./a.yaml",
            "`./b.yaml` would run itself: doc.yaml -> ./a.yaml -> ./b.yaml",
        ),
        ("./1.yaml", "is nested too deep"),
        ("./none.yaml", "`./none.yaml`: it does not exist"),
        ("arn:aws:imagebuilder:x", "not fetched from Image Builder"),
        ("s3://b/k", "this run has no object store"),
    ] {
        let (_, trace) = through_reboots(&load(&nesting(target)), &services);
        assert!(trace.last().unwrap().contains(why), "{target}: {trace:?}");
    }
}
