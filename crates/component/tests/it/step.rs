//! One step on a tree, with services.

use std::fmt::Write as _;

use goldsmith_component::machine::Machine;
use goldsmith_component::{Parameters, Report, Services, run_document};
use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::SourceFile;

/// Runs one step whose inputs are YAML (a flow mapping or list).
pub(crate) fn run(
    cx: &Cx,
    machine: &dyn Machine,
    services: &Services<'_>,
    action: &str,
    inputs: &str,
) -> Report {
    run_with(cx, machine, services, action, inputs, "")
}

/// The same with further lines of the step.
pub(crate) fn run_with(
    cx: &Cx,
    machine: &dyn Machine,
    services: &Services<'_>,
    action: &str,
    inputs: &str,
    more: &str,
) -> Report {
    let mut text = "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n".to_owned();
    write!(text, "      - name: Step\n        action: {action}\n{more}").unwrap();
    if !inputs.is_empty() {
        writeln!(text, "        inputs: {inputs}").unwrap();
    }
    let (document, problems) = goldsmith_component::load(&SourceFile::new("doc.yaml", text));
    let document = document.unwrap_or_else(|| panic!("{}", crate::documents::render(&problems)));
    run_document(cx, &document, &Parameters::new(), &[], machine, services).unwrap()
}

/// Why the step failed; empty when it did not.
pub(crate) fn error(report: &Report) -> String {
    report.steps[0].error.clone().unwrap_or_default()
}
