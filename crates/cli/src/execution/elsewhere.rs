//! An execution on another machine.

use std::collections::BTreeMap;
use std::path::Path;

use goldsmith_component::awstoe::files::Logs;
use goldsmith_component::execution::{ExecutionReport, Planned};
use goldsmith_component::run::StepReport;
use goldsmith_component::{Document, Report, Services};
use goldsmith_core::cx::Cx;
use goldsmith_runner::drive::{self, Limits, Reach};
use goldsmith_runner::format::{Job, JobDocument, VERSION};

use super::Ran;
use crate::report::CmdError;

/// What is to be run there.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) id: &'a str,
    pub(crate) planned: &'a [Planned],
    pub(crate) phases: &'a [String],
    /// Variables and documents beside them; what they reach is reached from there.
    pub(crate) services: &'a Services<'a>,
}

/// Runs it to its end, reboots included. Logs go to a folder in `logs`, here.
pub(crate) fn run(
    cx: &Cx,
    reach: &dyn Reach,
    program: &[u8],
    order: Order<'_>,
    logs: Option<&Path>,
) -> Result<Ran, CmdError> {
    let job = job(cx, order)?;
    let started = cx.clock().unix_seconds();
    let opened = logs.map(|logs| Logs::open(cx, logs, started, order.id, order.planned));
    let (logs, own) = opened.transpose()?.unzip();
    let cx = own.as_ref().unwrap_or(cx);
    let mut heard: Vec<(String, StepReport)> = Vec::new();
    let ran = drive::run(
        cx,
        reach,
        program,
        &job,
        Limits::default(),
        &mut |document, step| {
            if let Some(logs) = &logs {
                logs.step(document, step);
            }
            heard.push((document.to_owned(), step.clone()));
        },
    );
    let (report, error) = match ran {
        Ok(report) => (report, None),
        Err(error) => {
            let error = CmdError::from(error);
            let report = ExecutionReport {
                id: order.id.to_owned(),
                started,
                ended: cx.clock().unix_seconds(),
                failure: Some(cx.redactor.redact(&error.message())),
                documents: so_far(order.planned, heard),
            };
            (report, Some(error))
        }
    };
    let path = logs.as_ref().map(|logs| logs.path().to_owned());
    if let Some(logs) = logs {
        // What it came to is known, whatever becomes of the files about it.
        let done = logs.finish(&report, order.planned).map_err(CmdError::from);
        done.unwrap_or_else(|error| cx.warn(error.message()));
    }
    Ok(Ran::Over {
        report,
        logs: path,
        error,
    })
}

/// What is known of an execution whose own report never came.
fn so_far(planned: &[Planned], heard: Vec<(String, StepReport)>) -> Vec<Report> {
    let mut reports: Vec<Report> = Vec::new();
    for (name, step) in heard {
        if reports.last().is_none_or(|report| report.document != name) {
            let document = planned.iter().map(|one| &one.document);
            let mut document = document.skip(reports.len());
            reports.extend(document.find(|one| one.name() == name).map(Report::new));
        }
        if let Some(report) = reports.last_mut() {
            report.steps.push(step);
        }
    }
    reports
}

/// What is sent there.
pub(crate) fn job(cx: &Cx, order: Order<'_>) -> Result<Job, CmdError> {
    let mut aside = BTreeMap::new();
    for one in order.planned {
        gather(order.services, &one.document, &mut aside)?;
    }
    let documents = order.planned.iter().map(|one| JobDocument {
        name: one.document.file().name().to_owned(),
        text: one.document.file().text().to_owned(),
        parameters: one.parameters.clone(),
    });
    let secrets = cx.redactor.secrets().into_iter();
    Ok(Job {
        version: VERSION,
        id: order.id.to_owned(),
        phases: order.phases.to_vec(),
        documents: documents.collect(),
        aside,
        env: order.services.env.clone(),
        context: order.services.context.clone(),
        is_lenient: order.services.is_lenient,
        secrets: secrets.map(|secret| secret.expose().clone()).collect(),
    })
}

/// The documents that a document runs by a relative path, and those that they run: they lie here.
fn gather(
    services: &Services<'_>,
    document: &Document,
    aside: &mut BTreeMap<String, String>,
) -> Result<(), CmdError> {
    let Some(source) = services.documents else {
        return Ok(());
    };
    for (name, _) in document.nested() {
        if aside.contains_key(name) {
            continue;
        }
        let file = source.document(name).map_err(CmdError::config)?;
        aside.insert(name.to_owned(), file.text().to_owned());
        if let (Some(document), _) = goldsmith_component::load(&file) {
            gather(services, &document, aside)?;
        }
    }
    Ok(())
}
