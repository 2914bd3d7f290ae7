//! Several documents as one execution: order, failure, reboots, what waits for one.

use goldsmith_component::execution::{
    Execution, ExecutionReport, ExecutionState, Planned, Reboots, Status, Stopped,
};
use goldsmith_component::machine::{Machine as _, Tree};
use goldsmith_component::run::{RunStatus, StepStatus};
use goldsmith_component::{Parameters, Services};
use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::SourceFile;
use goldsmith_core::remote::{ParameterStore, ParameterValue, RemoteError};
use goldsmith_core::secret::Secret;

use crate::sandbox::{Fixture, cx};

/// A document of steps, each of which is a name and a command.
fn planned(name: &str, phase: &str, steps: &[(&str, &str)]) -> Planned {
    let steps: String = steps
        .iter()
        .map(|(name, command)| {
            format!(
                "      - name: {name}\n        action: ExecuteBash\n        inputs: {{commands: ['{command}']}}\n"
            )
        })
        .collect();
    parsed(
        name,
        &format!("schemaVersion: 1.0\nphases:\n  - name: {phase}\n    steps:\n{steps}"),
    )
}

pub(crate) fn parsed(name: &str, text: &str) -> Planned {
    let (document, problems) = goldsmith_component::load(&SourceFile::new(name, text));
    Planned {
        document: document.unwrap_or_else(|| panic!("{}", crate::documents::render(&problems))),
        parameters: Parameters::new(),
    }
}

/// What came of every step: `a.yaml build/One Success`.
fn steps(report: &ExecutionReport) -> Vec<String> {
    let documents = report.documents.iter();
    let steps = documents.flat_map(|one| one.steps.iter().map(move |step| (one, step)));
    let line = |(one, step): (
        &goldsmith_component::Report,
        &goldsmith_component::run::StepReport,
    )| {
        format!(
            "{} {}/{} {:?}",
            one.document, step.phase, step.step, step.status
        )
    };
    steps.map(line).collect()
}

/// Runs to the end in a tree.
fn run(planned: &[Planned], phases: &[&str]) -> (ExecutionReport, Vec<String>) {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let phases: Vec<String> = phases.iter().map(|&phase| phase.to_owned()).collect();
    let mut execution = Execution::new(&cx, "id", planned, &phases);
    let mut heard = Vec::new();
    let tree = Tree::new(&fixture.sandbox);
    let services = Services::default();
    let stopped = execution.run(
        &cx,
        &tree,
        &services,
        Reboots::Impossible,
        &mut |document, step| heard.push(format!("{document} {}", step.step)),
    );
    assert_eq!(stopped.unwrap(), Stopped::End);
    (execution.report(&cx, None), heard)
}

#[test]
fn documents_run_one_after_the_other() {
    let documents = [
        planned("a.yaml", "build", &[("One", "true"), ("Two", "true")]),
        planned("b.yaml", "test", &[("Three", "true")]),
        planned("c.yaml", "build", &[("Four", "true")]),
    ];
    let (report, heard) = run(&documents, &[]);
    assert_eq!(report.status(), Status::Success);
    assert_eq!(
        heard,
        ["a.yaml One", "a.yaml Two", "b.yaml Three", "c.yaml Four"]
    );
    // A document without a phase that is asked for is passed over.
    let (report, heard) = run(&documents, &["build"]);
    assert_eq!(heard, ["a.yaml One", "a.yaml Two", "c.yaml Four"]);
    assert_eq!(report.documents.len(), 3);
    assert_eq!(report.documents[1].status(), RunStatus::Success);
    assert_eq!(report.failure_message(), "");
    // None of them is a success of nothing.
    let (report, heard) = run(&documents, &["none"]);
    assert_eq!((report.status(), heard.len()), (Status::Success, 0));
}

#[test]
fn a_document_that_fails_ends_it() {
    let documents = [
        planned("a.yaml", "build", &[("One", "true")]),
        planned("b.yaml", "build", &[("Bad", "exit 3"), ("Never", "true")]),
        planned("c.yaml", "build", &[("Never", "true")]),
    ];
    let (report, _) = run(&documents, &[]);
    assert_eq!(report.status(), Status::Failed);
    assert_eq!(
        steps(&report),
        ["a.yaml build/One Success", "b.yaml build/Bad Failed"]
    );
    assert_eq!(
        report.failure_message(),
        "Document b.yaml failed! build/Bad (ExecuteBash): exit code 3"
    );
    let interrupted = ExecutionReport {
        failure: Some("interrupted".to_owned()),
        ..report
    };
    assert_eq!(interrupted.failure_message(), "interrupted");
}

#[test]
fn a_failure_that_does_not_matter_ends_nothing() {
    let text = "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - name: May\n        action: ExecuteBash\n        onFailure: Ignore\n        inputs: {commands: [exit 1]}\n";
    let documents = [
        parsed("a.yaml", text),
        planned("b.yaml", "build", &[("One", "true")]),
    ];
    let (report, _) = run(&documents, &[]);
    assert_eq!(report.status(), Status::Success);
    assert_eq!(
        steps(&report),
        [
            "a.yaml build/May IgnoredFailure",
            "b.yaml build/One Success"
        ]
    );
}

struct Secrets;

impl ParameterStore for Secrets {
    fn parameter(&self, _: &Cx, _: &str) -> Result<ParameterValue, RemoteError> {
        Ok(ParameterValue::Secret(Secret::new("hunter22".to_owned())))
    }
}

/// A first step that has a secret, a second one that asks for a reboot before it says the secret,
/// a third one that is a reboot.
fn rebooting() -> Planned {
    parsed(
        "boot.yaml",
        "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n\
         \x20     - name: Ask\n        action: ExecuteBash\n        inputs: {commands: [\"echo {{ aws:ssm:/key }}\"]}\n\
         \x20     - name: Again\n        action: ExecuteBash\n        inputs:\n          commands:\n\
         \x20           - if [ ! -e /tmp/flag ]; then touch /tmp/flag; exit 194; fi\n\
         \x20           - echo {{ build.Ask.outputs.stdout }}\n\
         \x20     - {name: Boot, action: Reboot}\n\
         \x20     - name: Last\n        action: ExecuteBash\n        inputs: {commands: [echo last]}\n",
    )
}

#[test]
fn it_goes_on_after_reboots() {
    let documents = [
        planned("a.yaml", "build", &[("One", "echo one >> /tmp/seen")]),
        rebooting(),
        planned("c.yaml", "build", &[("Three", "echo three >> /tmp/seen")]),
    ];
    let fixture = Fixture::new();
    let tree = Tree::new(&fixture.sandbox);
    let services = Services {
        parameters: Some(&Secrets),
        ..Services::default()
    };
    let mut kept: Option<String> = None;
    let mut heard = Vec::new();
    let report = loop {
        // Whoever goes on knows nothing but what was written down.
        let (cx, events) = cx();
        let mut execution = match kept.take() {
            None => Execution::new(&cx, "id", &documents, &[]),
            Some(text) => {
                let state: ExecutionState = serde_json::from_str(&text).unwrap();
                Execution::resume(&cx, &documents, &[], state).unwrap()
            }
        };
        assert_eq!(execution.id(), "id");
        let stopped = execution.run(&cx, &tree, &services, Reboots::ByCaller, &mut |_, step| {
            heard.push(step.step.clone());
        });
        let shown = format!("{:?}", events.0.lock().unwrap());
        assert!(!shown.contains("hunter22"), "{shown}");
        match stopped.unwrap() {
            Stopped::Reboot(_) => {
                heard.push("reboot".to_owned());
                kept = Some(serde_json::to_string(&execution.state(&cx)).unwrap());
            }
            Stopped::End => break execution.report(&cx, None),
        }
    };
    assert_eq!(
        heard,
        [
            "One", "Ask", "reboot", "Again", "Boot", "reboot", "Last", "Three"
        ]
    );
    assert_eq!(report.documents.len(), 3);
    assert_eq!(report.documents[1].count(StepStatus::Success), 4);
    assert_eq!(
        report.documents[1].steps[1].outputs[0]["stdout"],
        "(secret)"
    );
    let (cx, _) = cx();
    assert_eq!(tree.read(&cx, "/tmp/seen").unwrap(), b"one\nthree\n");
}

#[test]
fn nobody_reboots_a_tree() {
    let (report, _) = run(&[rebooting()], &[]);
    // Without a parameter store the first step fails; without the first step the second one does.
    assert_eq!(steps(&report), ["boot.yaml build/Ask Failed"]);
    let boot = parsed(
        "b.yaml",
        "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - {name: Boot, action: Reboot}\n      - name: Again\n        action: ExecuteBash\n        inputs: {commands: [exit 194]}\n",
    );
    let (report, heard) = run(&[boot], &[]);
    assert_eq!(heard, ["b.yaml Boot", "b.yaml Again"]);
    assert_eq!(
        report.failure_message(),
        "Document b.yaml failed! build/Again (ExecuteBash): it asks for a reboot, which is not possible here"
    );
}

#[test]
fn what_waits_is_for_nobody_else() {
    let (cx, _) = cx();
    let one = [planned("a.yaml", "build", &[("One", "true")])];
    let state = Execution::new(&cx, "id", &one, &["build".to_owned()]).state(&cx);
    let check = |planned: &[Planned], phases: &[&str], expected: &str| {
        let phases: Vec<String> = phases.iter().map(|&phase| phase.to_owned()).collect();
        let refused = Execution::resume(&cx, planned, &phases, state.clone());
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!("an execution that waits for a reboot is another one: {expected}")
        );
    };
    let other = planned("b.yaml", "build", &[("Other", "true")]);
    check(std::slice::from_ref(&other), &["build"], "it runs a.yaml");
    check(&[one[0].clone(), other], &["build"], "it runs a.yaml");
    let changed = planned("a.yaml", "build", &[("One", "false")]);
    check(&[changed], &["build"], "`a.yaml` has changed since");
    check(&one, &[], "it runs the phases build");
    let parameters = Planned {
        parameters: [("Name".to_owned(), "value".to_owned())].into(),
        ..one[0].clone()
    };
    check(&[parameters], &["build"], "`a.yaml` had other parameters");
    let going_on = Execution::resume(&cx, &one, &["build".to_owned()], state.clone());
    assert_eq!(going_on.unwrap().id(), "id");
}
