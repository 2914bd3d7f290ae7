//! What running a document would do, as far as that is known before it runs: parameters are put
//! in, loops over what is known are gone through, what only a run can tell stays as it is written.
//!
//! ```text
//! { "document", "file", "description",
//!   "phases": [ { "name",
//!     "steps": [ { "name", "action", "timeoutSeconds", "onFailure", "maxAttempts",
//!                  "if":   null | { "test": "fileExists(\"/a\")", "then", "else" },
//!                  "loop": null | { "name"?, "for" | "forEach" },
//!                  "runs": [ { "value": null | "<of the loop>",
//!                              "inputs": [ { name: text | [...] | [{name, value}] } ],
//!                              "asserts": null | "<test>" } ] } ] } ] }
//! ```
//!
//! A step has one run without a loop and with one whose values are not known, which `value` being
//! nothing tells.

mod resolve;

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;
use serde::Serialize;

use crate::document::{Inputs, Step};
use crate::run::{Given, Repeat, RunError, Terms};
use crate::{Document, Parameters, Services};
use resolve::Resolver;

/// Version of the form.
pub const VERSION: u32 = 1;

/// What a document would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Its name.
    pub document: String,
    /// As it was named by who runs it.
    pub file: String,
    /// What it is for.
    pub description: String,
    /// The phases that would run.
    pub phases: Vec<PlannedPhase>,
}

/// A phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedPhase {
    /// Its name.
    pub name: String,
    /// Its steps.
    pub steps: Vec<PlannedStep>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    /// Its name.
    pub name: String,
    /// Its action.
    pub action: String,
    /// Longest an attempt may take, in seconds; -1 is without end.
    pub timeout_seconds: i64,
    /// `Abort`, `Continue`, `Ignore`.
    pub on_failure: crate::document::OnFailure,
    /// How often it is tried at most.
    pub max_attempts: u32,
    /// When it is done at all.
    pub r#if: Option<PlannedIf>,
    /// Its loop.
    pub r#loop: Option<Repeat>,
    /// What it does, once for each value of a loop that is known.
    pub runs: Vec<PlannedRun>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedIf {
    /// `and(fileExists("/a"), not(stringEquals("a", "b")))`
    pub test: String,
    /// What becomes of the step when it holds: `Execute`, `Skip`, `Abort`.
    pub then: String,
    /// And when it does not.
    pub r#else: String,
}

/// One time that a step does its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedRun {
    /// The value of the loop.
    pub value: Option<String>,
    /// What the action is given.
    pub inputs: Vec<BTreeMap<String, Given>>,
    /// What `Assert` tests.
    pub asserts: Option<String>,
}

/// Plans the phases asked for (all, when none is). Secrets that `cx` knows are masked.
pub fn plan(
    cx: &Cx,
    document: &Document,
    parameters: &Parameters,
    phases: &[String],
    services: &Services<'_>,
) -> Result<Plan, RunError> {
    let mut resolver = Resolver::new(cx, document, parameters, services)?;
    let is_asked = |name: &String| phases.is_empty() || phases.contains(name);
    let asked = document.phases.iter().filter(|p| is_asked(&p.name.value));
    let mut planned = Vec::new();
    for phase in asked {
        let mut steps = Vec::new();
        for one in &phase.steps {
            resolver.enter(&phase.name.value, &one.name.value);
            steps.push(step(&mut resolver, one));
        }
        let name = phase.name.value.clone();
        planned.push(PlannedPhase { name, steps });
    }
    Ok(Plan {
        document: document.name().to_owned(),
        file: document.file.name().to_owned(),
        description: document.description.clone(),
        phases: planned,
    })
}

fn step(resolver: &mut Resolver<'_>, step: &Step) -> PlannedStep {
    let terms = Terms::of(step);
    let condition = step.condition.as_ref().map(|choice| PlannedIf {
        test: resolver.condition(&choice.condition),
        then: format!("{:?}", choice.then),
        r#else: format!("{:?}", choice.otherwise),
    });
    let mut runs = Vec::new();
    match step
        .repeat
        .as_ref()
        .map(|repeat| (repeat, resolver.items(repeat)))
    {
        Some((repeat, Some(values))) => {
            let name = repeat.name.as_ref().map(|name| name.value.as_str());
            for (index, value) in values.into_iter().enumerate() {
                resolver.repeat(name, index, &value);
                runs.push(run(resolver, step, Some(value)));
            }
            resolver.end_repeat();
        }
        Some((_, None)) | None => runs.push(run(resolver, step, None)),
    }
    PlannedStep {
        name: step.name.value.clone(),
        action: step.action.value.name.to_owned(),
        timeout_seconds: terms.timeout_seconds,
        on_failure: terms.on_failure,
        max_attempts: terms.attempts_max,
        r#if: condition,
        r#loop: terms.repeat,
        runs,
    }
}

fn run(resolver: &Resolver<'_>, step: &Step, value: Option<String>) -> PlannedRun {
    let (inputs, asserts) = match &step.inputs {
        Inputs::Condition(condition) => (Vec::new(), Some(resolver.condition(condition))),
        Inputs::Entries(entries) => (entries.iter().map(|e| resolver.entry(e)).collect(), None),
    };
    PlannedRun {
        value: value.map(|value| resolver.masked(&value)),
        inputs,
        asserts,
    }
}
