//! The document of the specification's first appendix, as it stands there, with the results
//! that stand beside it.

use goldsmith_component::machine::Tree;
use goldsmith_component::run::{RunStatus, StepStatus};
use goldsmith_component::{Parameters, Report, Services, load, run_document};
use goldsmith_core::diagnostic::SourceFile;

use crate::sandbox::{Fixture, cx};

fn status(report: &Report, name: &str) -> StepStatus {
    report
        .steps
        .iter()
        .find(|step| step.step == name)
        .unwrap()
        .status
}

#[test]
fn comes_to_the_stated_result_twice() {
    let text = include_str!("../corpus/run/appendix.yaml");
    let (document, problems) = load(&SourceFile::new("appendix.yaml", text));
    assert!(problems.is_empty(), "{problems:?}");
    let document = document.unwrap();
    let fixture = Fixture::new();
    let tree = Tree::new(&fixture.sandbox);
    let (cx, _) = cx();
    for conf in [StepStatus::Success, StepStatus::Skipped] {
        let report = run_document(
            &cx,
            &document,
            &Parameters::new(),
            &[],
            &tree,
            &Services::default(),
        )
        .unwrap();
        assert_eq!(report.status(), RunStatus::SuccessWithIgnoredFailure);
        assert!(report.clone().check().is_ok());
        assert_eq!(report.count(StepStatus::Failed), 0);
        assert_eq!(report.count(StepStatus::IgnoredFailure), 1);
        assert_eq!(status(&report, "Conf"), conf);
        assert_eq!(status(&report, "MayFail"), StepStatus::IgnoredFailure);
        assert_eq!(status(&report, "Check"), StepStatus::Success);
        let outputs = |name: &str| {
            let step = report.steps.iter().find(|step| step.step == name).unwrap();
            assert_eq!(step.outputs.len(), 1);
            step.outputs[0]["stdout"].clone()
        };
        assert_eq!(outputs("Dir"), "/opt/app-1.10");
        assert_eq!(outputs("Tools"), "0=jq\n1=tar");
        let tried = report.steps.iter().find(|step| step.step == "MayFail");
        assert_eq!(tried.unwrap().attempts, 2);
    }
    let folder = fixture.sandbox.tree().join("opt/app-1.10");
    let mode = std::os::unix::fs::PermissionsExt::mode(&folder.metadata().unwrap().permissions());
    assert_eq!(mode & 0o7777, 0o750);
    let conf = std::fs::read_to_string(folder.join("app.conf")).unwrap();
    assert_eq!(conf, "phase=build\n");
}
