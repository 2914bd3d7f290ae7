//! `goldsmith schedule`: when pipelines start by themselves.

use goldsmith_core::recipe::{Cadence, Pipeline, Schedule, StartCondition};
use goldsmith_pipeline::scheduler::switched_off;
use goldsmith_plan::schedule::Timetable;
use jiff::Timestamp;
use serde_json::json;

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::output::table;
use crate::project;
use crate::report::CmdError;
use crate::wiring;

/// Show when pipelines start by themselves
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(ListArgs),
    Next(NextArgs),
}

/// List the pipelines that have a schedule: when they start next, and whether they are switched off
///
/// Example: goldsmith schedule list
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    variables: Variables,
}

/// Show the next starts of a pipeline
///
/// Example: goldsmith schedule next web --count 5
#[derive(Debug, clap::Args)]
pub(crate) struct NextArgs {
    /// The pipeline; the only one of the project when not given
    pipeline: Option<String>,
    /// How many
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
    #[command(flatten)]
    variables: Variables,
}

pub(crate) fn run(command: &Command, app: &App) -> Result<Outcome, CmdError> {
    match command {
        Command::List(args) => list(args, app),
        Command::Next(args) => next(args, app),
    }
}

fn now(app: &App) -> Timestamp {
    Timestamp::from_second(app.cx.clock().unix_seconds()).unwrap_or_default()
}

fn list(args: &ListArgs, app: &App) -> Result<Outcome, CmdError> {
    let pipelines = project::recipes(app, &args.variables, &[])?.pipelines;
    let catalog = wiring::catalog(app)?;
    let mut rows = Vec::new();
    for pipeline in &pipelines {
        let Some(schedule) = &pipeline.schedule else {
            continue;
        };
        let off = switched_off(&catalog, &pipeline.name, schedule)?;
        let next = Timetable::new(schedule, now(app))?.next(now(app));
        let state = off.map_or_else(
            || "on".to_owned(),
            |failures| format!("OFF after {failures} failures"),
        );
        rows.push((pipeline, schedule, next, state));
    }
    let text = if rows.is_empty() {
        "no pipeline has a schedule\n".to_owned()
    } else {
        table(
            ["PIPELINE", "SCHEDULE", "WHEN", "NEXT", "STATE"],
            rows.iter().map(|(pipeline, schedule, next, state)| {
                [
                    pipeline.name.clone(),
                    cadence(schedule),
                    condition(schedule.start),
                    next.map_or_else(|| "never".to_owned(), |time| shown(time, schedule)),
                    state.clone(),
                ]
            }),
        )
    };
    app.output.result(&text, || {
        let rows = rows.iter().map(|(pipeline, schedule, next, state)| {
            json!({ "pipeline": pipeline.name, "schedule": cadence(schedule), "timezone": schedule.timezone,
                "next_unix": next.map(Timestamp::as_second), "state": state })
        });
        json!({ "schedules": rows.collect::<Vec<_>>() })
    });
    Ok(Outcome::Done)
}

fn next(args: &NextArgs, app: &App) -> Result<Outcome, CmdError> {
    let (_, pipeline) = super::run::pipeline(app, args.pipeline.as_deref(), &args.variables)?;
    let schedule = of(&pipeline)?;
    let timetable = Timetable::new(schedule, now(app))?;
    let times: Vec<Timestamp> = timetable
        .upcoming(now(app))
        .take(args.count as usize)
        .collect();
    let lines: String = times
        .iter()
        .map(|time| shown(*time, schedule) + "\n")
        .collect();
    let text = if times.is_empty() {
        "never\n".to_owned()
    } else {
        lines
    };
    app.output.result(&text, || {
        json!({ "pipeline": pipeline.name, "next_unix": times.iter().map(|time| time.as_second()).collect::<Vec<_>>() })
    });
    Ok(Outcome::Done)
}

fn of(pipeline: &Pipeline) -> Result<&Schedule, CmdError> {
    pipeline.schedule.as_ref().ok_or_else(|| {
        CmdError::config(format!("pipeline `{}` has no schedule", pipeline.name))
            .hint("add a `schedule` block with `cron` or `rate`")
    })
}

fn cadence(schedule: &Schedule) -> String {
    match &schedule.cadence {
        Cadence::Cron(cron) => cron.to_string(),
        Cadence::Rate(rate) => rate.to_string(),
    }
}

fn condition(start: StartCondition) -> String {
    match start {
        StartCondition::Always => "always".to_owned(),
        StartCondition::DependencyUpdates => "dependency-updates".to_owned(),
        StartCondition::NewParent => "new-parent".to_owned(),
        StartCondition::NewFinding(severity) => format!("new-finding, {severity}"),
    }
}

/// By the clock of the schedule's zone.
pub(super) fn shown(time: Timestamp, schedule: &Schedule) -> String {
    let zone = jiff::tz::TimeZone::get(&schedule.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    time.to_zoned(zone)
        .strftime("%Y-%m-%d %H:%M %Z")
        .to_string()
}
