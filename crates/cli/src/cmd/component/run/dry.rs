//! `--dry-run`: every step that would run, and nothing run.

use std::fmt::Write as _;
use std::time::Duration;

use goldsmith_component::Services;
use goldsmith_component::document::OnFailure;
use goldsmith_component::execution::Planned;
use goldsmith_component::plan::{self, Plan, PlannedRun, PlannedStep};
use goldsmith_component::run::{Each, Given, Repeat, RepeatOver};
use goldsmith_core::size::format_duration;

use super::place::Place;
use crate::app::App;
use crate::args::Outcome;
use crate::escape::escape;
use crate::report::CmdError;
use crate::style;

/// Seconds that a step may take when its document says nothing.
const USUAL_TIMEOUT: i64 = 7200;

pub(super) fn show(
    app: &App,
    planned: &[Planned],
    phases: &[String],
    services: &Services<'_>,
    place: &Place,
) -> Result<Outcome, CmdError> {
    let plans = planned
        .iter()
        .map(|one| plan::plan(&app.cx, &one.document, &one.parameters, phases, services))
        .collect::<Result<Vec<_>, _>>()?;
    let title = place.title();
    app.output.result(
        &text(&plans, &title),
        || serde_json::json!({ "version": plan::VERSION, "where": title, "documents": plans }),
    );
    Ok(Outcome::Done)
}

fn text(plans: &[Plan], place: &str) -> String {
    let mut text = String::new();
    let (bold, reset) = (style::BOLD, style::RESET);
    for plan in plans {
        let name = escape(&plan.document);
        let what = match plan.description.as_str() {
            "" => String::new(),
            what => format!(": {}", escape(what.trim_end())),
        };
        let _ = writeln!(text, "{bold}{name}{reset}{what}");
        for phase in &plan.phases {
            let _ = writeln!(text, "  {}", escape(&phase.name));
            for one in &phase.steps {
                step(&mut text, one);
            }
        }
        if plan.phases.is_empty() {
            text.push_str("  none of its phases is asked for\n");
        }
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "nothing was run; without `--dry-run` this runs on {place}"
    );
    text
}

fn step(text: &mut String, step: &PlannedStep) {
    let (dim, reset) = (style::DIM, style::RESET);
    let name = escape(&step.name);
    let _ = writeln!(text, "    {name} {dim}{}{reset}", step.action);
    let mut line = |name: &str, value: &str| field(text, name, value);
    if let Some(condition) = &step.r#if {
        let (then, otherwise) = (&condition.then, &condition.r#else);
        let verdicts = format!("{then}, else {otherwise}");
        line("if", &format!("{}: {verdicts}", condition.test));
    }
    if let Some(repeat) = &step.r#loop {
        line("loop", &over(repeat, step));
    }
    if step.max_attempts > 1 {
        line("attempts", &step.max_attempts.to_string());
    }
    match u64::try_from(step.timeout_seconds) {
        Err(_) => line("timeout", "none"),
        Ok(_) if step.timeout_seconds == USUAL_TIMEOUT => {}
        Ok(seconds) => line("timeout", &format_duration(Duration::from_secs(seconds))),
    }
    match step.on_failure {
        OnFailure::Abort => {}
        OnFailure::Continue => line("failure", "the document goes on, and has failed"),
        OnFailure::Ignore => line("failure", "ignored"),
    }
    for run in &step.runs {
        inputs(text, run);
    }
}

fn over(repeat: &Repeat, step: &PlannedStep) -> String {
    let name = repeat
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!("{name}: "));
    let is_known = step.runs.iter().all(|run| run.value.is_some());
    let times = match step.runs.len() {
        n if is_known => format!(" ({n} times)"),
        _ => String::new(),
    };
    let values = match &repeat.over {
        RepeatOver::Numbers {
            start,
            end,
            update_by,
        } => format!("{start} to {end} by {update_by}"),
        RepeatOver::Each(Each::Items(items)) => items.join(", "),
        RepeatOver::Each(Each::List { list, delimiter }) => format!("{list:?} at {delimiter:?}"),
    };
    format!("{name}{values}{times}")
}

fn inputs(text: &mut String, run: &PlannedRun) {
    if let Some(value) = &run.value {
        let _ = writeln!(text, "      with {}", escape(value));
    }
    if let Some(test) = &run.asserts {
        field(text, "asserts", test);
    }
    let is_list = run.inputs.len() > 1;
    for (number, entry) in run.inputs.iter().enumerate() {
        if is_list {
            let _ = writeln!(text, "      entry {number}");
        }
        for (name, given) in entry {
            let value = match given {
                Given::Text(text) => text.clone(),
                Given::List(texts) => texts.join("\n"),
                Given::Pairs(pairs) => {
                    let pairs = pairs
                        .iter()
                        .map(|pair| format!("{}={}", pair.name, pair.value));
                    pairs.collect::<Vec<_>>().join("\n")
                }
            };
            field(text, name, &value);
        }
    }
}

/// A name and its value, whose further lines stand below its first.
fn field(text: &mut String, name: &str, value: &str) {
    let mut lines = value.trim_end_matches('\n').lines();
    let first = lines.next().unwrap_or_default();
    let _ = writeln!(text, "      {name:<12} {}", escape(first));
    for line in lines {
        let _ = writeln!(text, "      {:<12} {}", "", escape(line));
    }
}
