//! What running documents does: reports, events, changes of the tree.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use goldsmith_component::machine::Tree;
use goldsmith_component::run::RunError;
use goldsmith_component::services::DocumentSource;
use goldsmith_component::{Parameters, Platform, Report, Rules, Services, run_document, validate};
use goldsmith_core::diagnostic::SourceFile;
use goldsmith_core::event::Event;
use goldsmith_core::failure::Failure as _;
use goldsmith_core::secret::Secret;

use crate::cloud::Cloud;
use crate::sandbox::{Fixture, cx};
use crate::snapshot;

fn load(name: &str, text: &str) -> goldsmith_component::Document {
    let (document, problems) = goldsmith_component::load(&SourceFile::new(name, text));
    document.unwrap_or_else(|| panic!("{}", crate::documents::render(&problems)))
}

fn describe(report: &Report) -> String {
    let mut out = format!("{:?}\n", report.status());
    for step in &report.steps {
        write!(
            out,
            "{}/{} {}: {:?}",
            step.phase, step.step, step.action, step.status
        )
        .unwrap();
        if step.attempts > 1 {
            write!(out, " after {} attempts", step.attempts).unwrap();
        }
        out.push('\n');
        for (index, entry) in step.outputs.iter().enumerate() {
            for (name, value) in entry {
                writeln!(out, "  outputs[{index}].{name} = {value:?}").unwrap();
            }
        }
        if let Some(error) = &step.error {
            writeln!(out, "  {error}").unwrap();
            step.tail
                .iter()
                .for_each(|line| writeln!(out, "  | {line}").unwrap());
        }
    }
    out
}

/// Documents of the corpus that others run.
struct Corpus;

impl DocumentSource for Corpus {
    fn document(&self, name: &str) -> Result<SourceFile, String> {
        let path = snapshot::directory("run").join(name);
        let text = std::fs::read_to_string(path).map_err(|_| "there is none".to_owned())?;
        Ok(SourceFile::new(name, text))
    }
}

/// What documents of the corpus find around them.
fn services(cloud: &Cloud) -> Services<'_> {
    let texts = |pairs: &[(&str, &str)]| {
        let owned = pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        owned.collect()
    };
    Services {
        parameters: Some(cloud),
        metadata: Some(cloud),
        documents: Some(&Corpus),
        env: texts(&[("GREETING", "hello")]),
        names: texts(&[("Odd.Name (x86)", "odd")]),
        context: texts(&[
            ("executionId", "run-1"),
            ("region", "eu-north-1"),
            ("uuid", "a8098c1a-f86e-41da-bd1a-00112444be1e"),
        ]),
        ..Services::default()
    }
}

/// A document is one feature; beside it stands what its steps came to and every change.
#[test]
fn documents_do_what_they_say() {
    let paths = snapshot::documents("run");
    assert!(paths.len() >= 60, "{}", paths.len());
    let run = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let document = load(&path.file_name().unwrap().to_string_lossy(), &text);
        let fixture = Fixture::new();
        let (cx, _) = cx();
        let report = run_document(
            &cx,
            &document,
            &Parameters::new(),
            &[],
            &Tree::new(&fixture.sandbox),
            &services(&Cloud::default()),
        )
        .unwrap();
        format!("{}{}", describe(&report), fixture.changes())
    };
    // Most of the time goes into making trees.
    let mut wrong = Vec::new();
    std::thread::scope(|scope| {
        let chunks = paths.chunks(paths.len().div_ceil(4));
        let workers: Vec<_> = chunks
            .map(|some| scope.spawn(move || some.iter().map(run).collect::<Vec<_>>()))
            .collect();
        let results = workers.into_iter().flat_map(|w| w.join().unwrap());
        for (path, actual) in paths.iter().zip(results) {
            snapshot::check(path, &actual, &mut wrong);
        }
    });
    snapshot::finish(&wrong);
}

const FAILS: &str = "name: web\nschemaVersion: 1.0\nparameters:\n  - Token: {type: string}\nphases:\n  - name: build\n    steps:\n      - name: Install\n        action: ExecuteBash\n        inputs:\n          commands:\n            - echo 'using {{ Token }}'\n            - echo why >&2\n            - exit 3\n      - name: Never\n        action: ExecuteBash\n        inputs: {commands: [echo never]}\n  - name: test\n    steps:\n      - name: T\n        action: ExecuteBash\n        inputs: {commands: ['true']}\n";

#[test]
fn a_failure_shows_where_and_why_and_no_secret() {
    let fixture = Fixture::new();
    let (cx, events) = cx();
    cx.redactor.add(&Secret::new("hunter22".to_owned()));
    let parameters = [("Token".to_owned(), "hunter22".to_owned())].into();
    let tree = Tree::new(&fixture.sandbox);
    let document = load("web.yaml", FAILS);
    let report = run_document(
        &cx,
        &document,
        &parameters,
        &["build", "validate"],
        &tree,
        &Services::default(),
    )
    .unwrap();
    let failed = report.check().unwrap_err();
    assert_eq!(
        failed.to_string(),
        "component `web` failed in build/Install (ExecuteBash): exit code 3\n  | using (secret)\n  | why"
    );
    assert_eq!(failed.step().exit_code, Some(3));
    let sources: Vec<String> = events
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|event| match event {
            Event::Output {
                source,
                stream,
                text,
            } => format!("{source} {stream:?} {text}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        sources,
        [
            "web build/Install Stdout using (secret)",
            "web build/Install Stderr why"
        ]
    );
}

#[test]
fn phases_and_parameters_are_asked_for() {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let tree = Tree::new(&fixture.sandbox);
    let document = load("web.yaml", FAILS);
    assert_eq!(document.step_count(&["build", "validate"]), 2);
    let parameters: Parameters = [("Token".to_owned(), "x".to_owned())].into();
    let report = run_document(
        &cx,
        &document,
        &parameters,
        &["test"],
        &tree,
        &Services::default(),
    )
    .unwrap();
    assert_eq!(report.steps.len(), 1);
    let none = run_document(
        &cx,
        &document,
        &parameters,
        &["tset"],
        &tree,
        &Services::default(),
    )
    .unwrap_err();
    assert_eq!(none.to_string(), "component `web` has no phase `tset`");
    assert_eq!(none.hints(), ["its phases: build, test"]);
    let missing = run_document(
        &cx,
        &document,
        &Parameters::new(),
        &[],
        &tree,
        &Services::default(),
    )
    .unwrap_err();
    assert!(matches!(missing, RunError::NoValue { .. }), "{missing}");
}

/// Checked for Windows, run elsewhere.
#[test]
fn what_needs_windows_says_so() {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let rules = Rules {
        platform: Platform::Windows,
        ..Rules::default()
    };
    let path = snapshot::directory("ok").join("windows.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    // Each is to be tried.
    let text = text.replace("action:", "onFailure: Continue, action:");
    let text = text.replace(
        "        onFailure: Continue, action:",
        "        onFailure: Continue\n        action:",
    );
    let validation = validate(&SourceFile::new("windows.yaml", text), rules);
    let (document, problems) = validation.into_parts();
    assert!(problems.is_empty(), "{problems:?}");
    let report = run_document(
        &cx,
        &document.unwrap(),
        &Parameters::new(),
        &[],
        &Tree::new(&fixture.sandbox),
        &Services::default(),
    )
    .unwrap();
    let errors = report.steps.iter().map(|step| {
        let error = step.error.clone().unwrap_or_default();
        format!("{} {error}", step.action)
    });
    let errors: Vec<String> = errors.take(5).collect();
    let why = "this action needs Windows, and this machine has another system";
    let expected = [
        "ExecutePowerShell",
        "ExecutePowerShell",
        "InstallMSI",
        "UninstallMSI",
        "SetRegistry",
    ];
    assert_eq!(errors, expected.map(|action| format!("{action} {why}")));
    assert_eq!(fixture.changes(), "");
}

#[test]
fn a_cancel_ends_the_run() {
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let document = load(
        "x.yaml",
        "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - name: Long\n        action: ExecuteBash\n        maxAttempts: 5\n        inputs: {commands: [sleep 600]}\n",
    );
    let cancelled = std::thread::scope(|scope| {
        let cancel = cx.cancel.clone();
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            cancel.cancel();
        });
        run_document(
            &cx,
            &document,
            &Parameters::new(),
            &[],
            &Tree::new(&fixture.sandbox),
            &Services::default(),
        )
    });
    assert!(
        matches!(cancelled, Err(RunError::Cancelled(_))),
        "{cancelled:?}"
    );
}

#[test]
fn steps_cost_little() {
    let mut steps = String::new();
    for n in 0..200 {
        let inputs = format!("[{{path: /tmp/f{n}, content: '{n}'}}]");
        writeln!(
            steps,
            "      - {{name: s{n}, action: CreateFile, inputs: {inputs}}}"
        )
        .unwrap();
    }
    let text = format!("schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n{steps}");
    let fixture = Fixture::new();
    let (cx, _) = cx();
    let document = load("many.yaml", &text);
    let started = cx.clock().monotonic();
    let report = run_document(
        &cx,
        &document,
        &Parameters::new(),
        &[],
        &Tree::new(&fixture.sandbox),
        &Services::default(),
    )
    .unwrap();
    let each = cx.clock().monotonic().saturating_sub(started) / 200;
    assert_eq!(report.steps.len(), 200);
    println!("one step takes {each:?}");
    assert!(each < Duration::from_millis(5), "{each:?}");
}
