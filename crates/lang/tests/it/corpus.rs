//! Every file under `tests/corpus` against what stands beside it as `.expected`: the project it
//! makes, or the problems it has. `UPDATE_EXPECTED=1` writes them anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{Pipeline, Work};
use goldsmith_lang::{Options, Outcome};

use crate::evaluate;

fn files(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|e| e != "expected"));
    files.sort();
    assert!(!files.is_empty());
    files
}

/// A problem with the text it underlines.
fn show(problem: &Diagnostic) -> String {
    let mut out = format!(
        "{:?}[{}] {}\n",
        problem.severity, problem.code, problem.message
    );
    for label in &problem.labels {
        let text = label
            .span
            .file
            .text()
            .get(label.span.range.clone())
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "  {} `{}` {}",
            label.span.place(),
            text.lines().next().unwrap_or_default(),
            label.text
        );
    }
    for note in &problem.notes {
        let _ = writeln!(out, "  = {note}");
    }
    out
}

fn shown(outcome: &Outcome) -> String {
    let mut out: String = outcome.problems.iter().map(show).collect();
    for recipe in &outcome.project.recipes {
        let _ = writeln!(
            out,
            "recipe {} {} {:?}",
            recipe.name, recipe.version, recipe.purpose
        );
        // Places are shown by problems; here they would only make noise.
        let source = format!("{:?}", recipe.source);
        let _ = writeln!(out, "  source {}", without_spans(&source));
        if let Some(place) = &recipe.infrastructure {
            let place = format!("{place:?}");
            let _ = writeln!(out, "  infrastructure {}", without_spans(&place));
        }
        for work in &recipe.work {
            let _ = match work {
                Work::Component(component) => writeln!(
                    out,
                    "  component {} {:?}",
                    component.document, component.parameters
                ),
                Work::Provisioner(provisioner) => writeln!(
                    out,
                    "  provisioner {:?} {:?}",
                    provisioner.name, provisioner.what
                ),
            };
        }
        let _ = writeln!(out, "  disk {:?}", recipe.disk);
    }
    for pipeline in &outcome.project.pipelines {
        show_pipeline(&mut out, pipeline);
    }
    if !outcome.incomplete.is_empty() && outcome.problems.is_empty() {
        let _ = writeln!(out, "incomplete {:?}", outcome.incomplete);
    }
    out
}

fn show_pipeline(out: &mut String, pipeline: &Pipeline) {
    let _ = writeln!(
        out,
        "pipeline {} of {}: {:?}",
        pipeline.name, pipeline.recipe, pipeline.test
    );
    if let Some(schedule) = &pipeline.schedule {
        let _ = writeln!(out, "  {} {schedule:?}", schedule.cadence);
    }
    for test in &pipeline.tests {
        let components = test.components.iter();
        let components: Vec<_> = components
            .map(|one| (&one.document, &one.parameters))
            .collect();
        let _ = writeln!(
            out,
            "  test {} {:?} {components:?} {:?} {:?} skip={}",
            test.name, test.spec, test.parallel_group, test.on_failure, test.skip
        );
    }
    if let Some(scan) = &pipeline.scan {
        let _ = writeln!(out, "  {scan:?}");
    }
    for step in &pipeline.steps {
        let _ = writeln!(
            out,
            "  step {} {:?} {:?} {:?} {:?}",
            step.name, step.position, step.timeout, step.on_failure, step.action
        );
        if let Some(condition) = &step.condition {
            let _ = writeln!(out, "    if {condition}");
        }
    }
    if let Some(approval) = &pipeline.approval {
        let _ = writeln!(out, "  {approval:?}");
    }
    if let Some(distribution) = &pipeline.distribution {
        let (naming, tags) = (&distribution.naming, &distribution.tags);
        let _ = writeln!(
            out,
            "  distribution {} {naming} {tags:?}",
            distribution.name
        );
        for target in &distribution.targets {
            let _ = writeln!(out, "    {} {:?}", target.id(), target.kind);
        }
    }
    if let Some(audit) = &pipeline.audit {
        let _ = writeln!(out, "  {} {audit:?}", audit.schedule.cadence);
    }
    if let Some(lifecycle) = &pipeline.lifecycle {
        let text = format!("{lifecycle:?}");
        let rules = text.find("keep_last: ").map_or("", |at| &text[at..]);
        let _ = writeln!(out, "  lifecycle {} {rules}", lifecycle.name);
    }
    for notify in &pipeline.notify {
        let (channel, events) = (&notify.channel, &notify.events);
        let _ = writeln!(
            out,
            "  notify {} {channel:?} {events:?} {:?}",
            notify.name, notify.severity
        );
    }
}

fn without_spans(text: &str) -> String {
    let next = [", mirror:", ", image:", ", which:", ", region:", ", from:"]
        .into_iter()
        .find_map(|field| text.find(field));
    match (text.find("span: Span"), next) {
        (Some(from), Some(to)) => format!("{}{}", &text[..from], &text[to + 2..]),
        _ => text.to_owned(),
    }
}

fn check(path: &Path) -> Outcome {
    let name = path.file_name().unwrap().to_str().unwrap();
    let outcome = evaluate(name, fs::read(path).unwrap(), &Options::default());
    let found = shown(&outcome);
    let expected_path = path.with_extension(format!(
        "{}.expected",
        path.extension().unwrap().to_str().unwrap()
    ));
    #[expect(clippy::disallowed_methods, reason = "asked for by a person at a desk")]
    let is_update = std::env::var("UPDATE_EXPECTED").is_ok();
    if is_update {
        fs::write(&expected_path, &found).unwrap();
    }
    let expected = fs::read_to_string(&expected_path).unwrap_or_default();
    assert_eq!(found, expected, "{name}");
    outcome
}

#[test]
fn good_files() {
    for path in files("ok") {
        assert!(!check(&path).has_errors(), "{path:?} has errors");
    }
}

#[test]
fn bad_files() {
    let mut codes = BTreeSet::new();
    for path in files("err") {
        let outcome = check(&path);
        assert!(outcome.has_errors(), "{path:?} has no errors");
        codes.extend(outcome.problems.iter().map(|problem| problem.code));
    }
    // Those of single files, of evaluation limits and of given values have tests of their own.
    let elsewhere = ["L0003", "L0004", "L0021", "L0022", "L0031", "L0037"];
    let all = [
        "L0001", "L0002", "L0005", "L0006", "L0010", "L0011", "L0012", "L0013", "L0014", "L0015",
        "L0016", "L0017", "L0018", "L0019", "L0020", "L0022", "L0023", "L0024", "L0025", "L0030",
        "L0032", "L0033", "L0034", "L0035", "L0036", "L0100", "L0101", "L0102", "L0103", "L0104",
        "L0105", "L0106", "L0107", "L0108", "L0110", "L0111", "L0112", "L0113", "L0116",
    ];
    let missing: Vec<_> = all
        .iter()
        .filter(|code| !codes.contains(*code) && !elsewhere.contains(code))
        .collect();
    assert!(missing.is_empty(), "no bad file shows {missing:?}");
}

/// Whatever a pipeline keeps from eyes is known to the redactor, and stands in no value that is
/// shown.
#[test]
fn secrets_of_pipelines() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/ok/pipeline.gold.hcl");
    let outcome = evaluate("x.gold.hcl", fs::read(path).unwrap(), &Options::default());
    let secrets: BTreeSet<&str> = outcome
        .secrets
        .iter()
        .map(|one| one.expose().as_str())
        .collect();
    for secret in [
        "hunter2-hunter2",
        "https://ticket.example.com/hunter2-hunter2",
        "https://hooks.slack.example.com/services/T0/B0/abcdef",
    ] {
        assert!(secrets.contains(secret), "{secret}");
    }
    let [_, web] = &outcome.project.pipelines[..] else {
        panic!("two pipelines");
    };
    for notifier in &web.notify {
        let channel = format!("{:?}", notifier.channel);
        assert!(
            !channel.contains("hunter2") && !channel.contains("hooks.slack"),
            "{channel}"
        );
    }
}

/// The examples are what people start from.
#[test]
fn examples_are_good_and_formatted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut count = 0;
    for folder in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.to_string_lossy().ends_with(".gold.hcl") {
                let text = fs::read(&path).unwrap();
                let outcome = evaluate("example.gold.hcl", &text, &Options::default());
                assert_eq!(outcome.problems, [], "{path:?}");
                assert_eq!(
                    goldsmith_lang::format("x", &text).unwrap().as_bytes(),
                    text,
                    "{path:?} is not formatted"
                );
                count += 1;
            }
        }
    }
    assert!(count > 0);
}
