//! The steps of a document, each a layer: taken when it is kept, else run.

use goldsmith_component::machine::Tree as TreeMachine;
use goldsmith_component::run::{DoneStep, Place, Run, StepInputs, StepReport, StepStatus};
use goldsmith_core::cx::Cx;
use goldsmith_exec::ns::Sandbox;

use super::chain::PHASES;
use super::lazy::Lazy;
use super::title::title;
use super::{BuildError, Job, Times};
use crate::document::Loaded;
use crate::layer::{self, Layer, Made, Parts, Stack, Wanted};
use crate::record::StepRecord;

/// Runs a document, called `name` in this recipe, on top of a stack.
pub(super) fn run(
    cx: &Cx,
    stack: &mut Stack<'_>,
    job: &Job<'_>,
    loaded: &Loaded,
    name: &str,
    times: &mut Times,
) -> Result<Vec<StepRecord>, BuildError> {
    let document = loaded.document.name();
    let phase = cx.phase(document, None);
    let mut run = Run::new(&loaded.document, &loaded.parameters, &PHASES)?;
    let mut records: Vec<StepRecord> = Vec::new();
    while let Some(next) = run.peek() {
        let inputs = run.next_inputs(cx, &Lazy::of(stack), &job.services)?;
        let wanted = wanted(job, name, next, &inputs);
        let mut has_run = false;
        let layer = stack.layer(cx, &wanted, |place| -> Result<Made, BuildError> {
            has_run = true;
            place.say(&wanted.title, 0, 0);
            let sandbox = place.sandbox(&[])?;
            let done = run_one(cx, &mut run, &sandbox, job)?;
            drop(sandbox);
            Ok(made(cx, loaded, done, place)?)
        })?;
        let done = layer.file.done.clone().ok_or_else(|| layer.damaged())?;
        records.push(record(loaded, &inputs, layer, &done.report));
        if !has_run {
            run.accept(done);
        }
    }
    run.into_report().check()?;
    if let Some(why) = stack.not_kept()
        && records.iter().any(|record| record.layer.is_none())
    {
        cx.note(format!("the layers from here on are not kept: {why}"));
    }
    let kept = records.iter().filter(|record| record.kept).count();
    let summary = match kept {
        0 => format!("{} steps", records.len()),
        kept => format!("{} steps, {kept} of them kept", records.len()),
    };
    times.add(document, phase.finish(summary));
    Ok(records)
}

/// What the layer of a step is a function of.
pub(super) fn wanted(job: &Job<'_>, name: &str, next: Place<'_>, inputs: &StepInputs) -> Wanted {
    let mut parts = Parts::default();
    parts.add("step", &format!("{}/{}", next.phase, next.step));
    for (part, value) in &inputs.parts {
        parts.add(part, value);
    }
    // Masked values do not tell one secret from another.
    if !inputs.masked.is_empty() {
        let masked = inputs.masked.iter().map(|secret| secret.expose().as_str());
        parts.add("secrets", &job.salt.digest(masked).to_string());
    }
    Wanted {
        title: title(name, next.phase, next.step),
        parts,
        unnoticed: inputs.unnoticed.clone(),
    }
}

/// Runs the next step to its end, on a tree that nobody reboots.
fn run_one(
    cx: &Cx,
    run: &mut Run<'_>,
    sandbox: &Sandbox,
    job: &Job<'_>,
) -> Result<DoneStep, BuildError> {
    let machine = TreeMachine::new(sandbox);
    run.next_unbooted(cx, &machine, &job.services)?;
    let done = run.last().expect("a step has just been run").clone();
    if let (StepStatus::Failed, Some(on_failure)) = (done.report.status, job.on_failure) {
        let step = &done.report;
        let what = format!("{}/{}", step.phase, step.step);
        let why = step.error.as_deref().unwrap_or("it failed");
        on_failure.look(cx, sandbox, &what, why);
    }
    Ok(done)
}

/// Decides whether what a step came to may be kept.
fn made(
    cx: &Cx,
    loaded: &Loaded,
    mut done: DoneStep,
    place: &layer::Place<'_>,
) -> Result<Made, layer::LayerError> {
    let holds = |entries: &[std::collections::BTreeMap<String, String>]| {
        let texts = entries.iter().flat_map(|entry| entry.values());
        cx.redactor
            .finds(texts.cloned().collect::<Vec<_>>().join("\n").as_bytes())
    };
    let has_failed = !matches!(
        done.report.status,
        StepStatus::Success | StepStatus::Skipped
    );
    let asked_for = format!("{}.{}.inputs", done.report.phase, done.report.step);
    let not_kept = if has_failed {
        Some("it failed".to_owned())
    } else if holds(&done.outputs) {
        Some("a secret is among its outputs".to_owned())
    } else if holds(&done.inputs) {
        let is_asked_for = loaded.document.file().text().contains(&asked_for);
        // Nobody asks for them, so they need not be there.
        done.inputs.clear();
        is_asked_for.then(|| "a later step asks for a secret among its inputs".to_owned())
    } else {
        None
    };
    let not_kept = match not_kept {
        None => {
            layer::secret_in(cx, place.directory())?.map(|path| format!("`{path}` holds a secret"))
        }
        some => some,
    };
    Ok(Made {
        not_kept: not_kept.map(|why| {
            let (phase, step) = (&done.report.phase, &done.report.step);
            format!("{phase}/{step} of {}: {why}", loaded.document.name())
        }),
        done: Some(done),
    })
}

fn record(loaded: &Loaded, inputs: &StepInputs, layer: &Layer, report: &StepReport) -> StepRecord {
    let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    StepRecord {
        document: loaded.path.clone(),
        phase: report.phase.clone(),
        step: report.step.clone(),
        action: report.action.clone(),
        status: status(report.status).to_owned(),
        attempts: report.attempts,
        ms: ms(report.duration),
        layer: layer.is_kept().then_some(layer.name),
        kept: layer.was_kept,
        cpu_ms: ms(report.cpu),
        max_rss_bytes: report.max_rss_bytes,
        changes: layer.file.changes.clone(),
        invalidated_by: inputs.invalidated_by(),
        unnoticed: inputs.unnoticed.clone(),
        tail: report.tail.clone(),
    }
}

pub(super) fn status(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Success => "succeeded",
        StepStatus::Skipped => "skipped",
        StepStatus::Failed => "failed",
        StepStatus::IgnoredFailure => "failed, ignored",
    }
}
