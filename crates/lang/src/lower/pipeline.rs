//! `pipeline` blocks: what is done with the images of a recipe.

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::Pipeline;

use super::distribution::{distribution, is_in_names};
use super::{approval, audit, blocks, lifecycle, notify, scan, schedule, step, test};
use crate::decode::{Found, Reader};
use crate::eval::{Evaluator, Reported};
use crate::value::BlockName;
use crate::world::World;

pub(crate) fn pipeline(
    world: &World,
    evaluator: &Evaluator<'_>,
    name: &BlockName,
) -> Option<Pipeline> {
    let reader = Reader::of(world, evaluator, name);
    // Each is read before any is missed, so that all problems are seen.
    let recipe = reader.reference("recipe").required();
    let schedule = one(&reader, "schedule", schedule::schedule);
    let tests = test::tests(&reader);
    let has_scan = blocks(&reader, "scan").next().is_some();
    let scan = scan::scan(&reader);
    let steps = step::steps(&reader);
    let approval = one(&reader, "approval", approval::approval);
    let distribution = referred(&reader, "distribution", distribution);
    let lifecycle = referred(&reader, "lifecycle", lifecycle::lifecycle);
    let audit = one(&reader, "audit", audit::audit);
    let notify = notify::notifiers(&reader);
    let (recipe, distribution) = (recipe?, distribution?);
    if distribution.is_some() {
        check_purpose(&reader, &recipe)?;
    }
    let audit = audit?;
    if let Some(audit) = &audit {
        audit::check_target(&reader, audit, distribution.as_ref())?;
    }
    let (test, tests) = tests?;
    Some(Pipeline {
        name: name.labels[0].clone(),
        span: reader.definition.span(),
        recipe: recipe.labels[0].clone(),
        schedule: schedule?,
        test,
        tests,
        scan: Some(scan?).filter(|_| has_scan),
        steps: steps?,
        approval: approval?,
        distribution,
        lifecycle: lifecycle?,
        audit,
        notify: notify?,
    })
}

/// A block that may be there; `None`: it cannot be used.
fn one<T>(
    pipeline: &Reader<'_>,
    kind: &'static str,
    read: impl Fn(&Reader<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match blocks(pipeline, kind).next() {
        Some(block) => read(&pipeline.inner(block)).map(Some),
        None => Some(None),
    }
}

/// A top-level block that may be referred to; `None`: it cannot be used.
fn referred<T>(
    pipeline: &Reader<'_>,
    name: &str,
    read: impl Fn(&Reader<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match pipeline.reference(name) {
        Found::Absent => Some(None),
        Found::Unusable => None,
        Found::Is(block) => read(&Reader::of(pipeline.world, pipeline.evaluator, &block)).map(Some),
    }
}

/// Copies are named after and tagged with what the image is for.
fn check_purpose(pipeline: &Reader<'_>, recipe: &BlockName) -> Option<()> {
    let reader = Reader::of(pipeline.world, pipeline.evaluator, recipe);
    // What is wrong with the recipe is said where it is read.
    let purpose = pipeline
        .evaluator
        .quietly(|| reader.text("purpose").or(String::new()).ok_or(Reported));
    let purpose = purpose.ok()?;
    if is_in_names(&purpose) {
        return Some(());
    }
    let (code, message) = if purpose.is_empty() {
        let name = &recipe.labels[0];
        (
            "L0103",
            format!("`purpose` is missing in the recipe `{name}`, whose images are distributed"),
        )
    } else {
        (
            "L0110",
            "the `purpose` of a recipe whose images are distributed becomes part of their names"
                .to_owned(),
        )
    };
    let label = "letters, digits, `-`, `_` and `.`: `purpose = \"web\"`";
    let place = match reader.body.attribute("purpose") {
        Some(attribute) => reader.span(&attribute.value.at),
        None => reader.definition.span(),
    };
    let mut problem = Diagnostic::error(code, message).label(place, label);
    if let Some(attribute) = pipeline.body.attribute("distribution") {
        problem = problem.label(pipeline.span(&attribute.value.at), "distributed here");
    }
    pipeline.evaluator.report(problem);
    None
}
