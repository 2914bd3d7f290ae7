//! `ExecuteDocument`: runs another document, on the same machine, with parameters of its own.
//!
//! A path that is not absolute is asked of the run (a recipe's project, the directory of the
//! document); an absolute one is a file of the machine.

use goldsmith_core::diagnostic::SourceFile;
use goldsmith_core::failure::with_causes;
use goldsmith_core::remote::ObjectPath;

use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, optional, required,
};
use crate::awstoe::summary::Summary;
use crate::run::stop::Reboot;
use crate::run::{Next, Parameters, Report, Run, RunError};

pub(super) static ACTION: Action = Action {
    name: "ExecuteDocument",
    summary: "runs another component document",
    platforms: EVERYWHERE,
    shape: Shape::Map,
    inputs: &[
        required("document", Kind::Text, "path or `s3://` of the document"),
        optional(
            "document-s3-bucket-owner",
            Kind::Text,
            "account that must own the bucket",
        ),
        optional("phases", Kind::Text, "separated by commas; default all"),
        optional("parameters", Kind::Pairs, "for the document"),
    ],
    outputs: &[
        "executedStepCount",
        "executionId",
        "failedStepCount",
        "failureMessage",
        "ignoredFailedStepCount",
        "logUrl",
        "status",
    ],
    check: None,
    run,
};

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let name = values.required("document")?;
    let file = find(call, name, values.text("document-s3-bucket-owner"))?;
    if let Some(why) = call.nest.refuses(name, file.text()) {
        return Err(ActionError::Refused(why));
    }
    let (document, problems) = crate::load(&file);
    let Some(document) = document else {
        let problem = problems
            .iter()
            .find(|problem| problem.severity == goldsmith_core::diagnostic::Severity::Error);
        let what = problem.map_or("", |problem| &problem.message);
        let message = format!("`{name}` is no component document: {what}");
        return Err(ActionError::Refused(message));
    };
    let mut parameters: Parameters = values
        .pairs("parameters")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if call.services.is_lenient {
        document.fill(&mut parameters);
    }
    let phases = values.text("phases").unwrap_or_default();
    let phases: Vec<&str> = phases
        .split(',')
        .map(str::trim)
        .filter(|phase| !phase.is_empty())
        .collect();
    let nest = call.nest.clone();
    let mut run = match call.resumed.take() {
        Some(state) => Run::resume_within(&document, &parameters, state, &nest),
        None => Run::within(&document, &parameters, &phases, &nest),
    }
    .map_err(failed)?;
    loop {
        match run
            .next(call.cx, call.machine, call.services)
            .map_err(failed)?
        {
            Next::Step => {}
            Next::Reboot(delay) => {
                return Err(ActionError::Reboot(Reboot {
                    again: true,
                    delay,
                    nested: Some(Box::new(run.state())),
                }));
            }
            Next::End => break,
        }
    }
    finish(call, run.into_report())
}

fn finish(call: &mut Call<'_>, report: Report) -> Result<Outputs, ActionError> {
    for step in &report.steps {
        call.usage.cpu += step.cpu;
        call.usage.max_rss_bytes = call.usage.max_rss_bytes.max(step.max_rss_bytes);
    }
    call.nested.push(report.clone());
    let id = call.services.context.get("executionId");
    let documents = std::slice::from_ref(&report);
    let summary = Summary::of_documents(id.map_or("", String::as_str), documents);
    report
        .check()
        .map_err(|failed| ActionError::Refused(failed.to_string()))?;
    Ok(Outputs::from([
        ("executedStepCount", summary.executed_step_count.to_string()),
        ("executionId", summary.execution_id),
        ("failedStepCount", summary.failed_step_count.to_string()),
        ("failureMessage", summary.failure_message),
        (
            "ignoredFailedStepCount",
            summary.ignored_failed_step_count.to_string(),
        ),
        ("logUrl", summary.log_url),
        ("status", summary.status.name().to_owned()),
    ]))
}

/// Only a stop of the whole run goes through as what it is.
fn failed(error: RunError) -> ActionError {
    match error {
        RunError::Cancelled(cancelled) => ActionError::Machine(cancelled.into()),
        RunError::Machine { source, .. } => ActionError::Machine(source),
        error => ActionError::Refused(error.to_string()),
    }
}

fn find(call: &Call<'_>, name: &str, owner: Option<&str>) -> Result<SourceFile, ActionError> {
    let refused = |text: String| ActionError::Refused(text);
    let bytes = if let Some(object) = ObjectPath::parse(name) {
        let Some(objects) = call.services.objects else {
            return Err(refused(format!("`{name}`: this run has no object store")));
        };
        let file = call.scratch_file()?;
        objects
            .get(call.cx, &object, owner, file.path())
            .map_err(|error| refused(with_causes(&error)))?;
        std::fs::read(file.path()).map_err(|error| refused(format!("`{name}`: {error}")))?
    } else if name.starts_with("arn:") {
        return Err(refused(format!(
            "`{name}`: documents are not fetched from Image Builder; name a file or `s3://`"
        )));
    } else if let Some(documents) = call.services.documents.filter(|_| !name.starts_with('/')) {
        return documents
            .document(name)
            .map_err(|why| refused(format!("`{name}`: {why}")));
    } else {
        call.machine.read(call.cx, &super::files::absolute(name)?)?
    };
    let text = String::from_utf8(bytes).map_err(|_| refused(format!("`{name}` is not UTF-8")))?;
    Ok(SourceFile::new(name, text))
}
