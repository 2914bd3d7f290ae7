//! `goldsmith serve`: what goes on by itself.

mod audit;
mod since;

use std::time::Duration;

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Batch, Catalog as _};
use goldsmith_core::finding::Severity;
use goldsmith_core::recipe::{Pipeline, Project, Schedule};
use goldsmith_pipeline::engine::Ended;
use goldsmith_pipeline::happening::{Happening, Herald as _, What};
use goldsmith_pipeline::scheduler::{BY_SCHEDULE, Lookout, Watch, switched_off};
use goldsmith_plan::schedule::Decision;
use jiff::Timestamp;

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::cmd::run::{Begin, How, deliver, go, herald, pipeline as pipeline_of};
use crate::project;
use crate::report::CmdError;
use crate::wiring;
use crate::workshop::LocalWorkshop;

/// How often schedules and messages are looked at.
const TICK: Duration = Duration::from_secs(15);

/// Start pipelines by their schedules, look at what runs by their audits, and deliver messages,
/// until somebody stops it
///
/// What was missed while it did not run is made up for once. Each pipeline runs by itself, one run
/// at a time: a start that is due while somebody runs the pipeline is made afterwards. The project is
/// read again before each start, so a change in Git is seen. A schedule counts from when it was first
/// watched. An `audit` tells of what was not refused the last time.
///
/// Example: goldsmith serve --scheduler
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Start pipelines by their schedules
    #[arg(long, required = true)]
    scheduler: bool,
    /// Look once, start what is due, and end
    #[arg(long)]
    once: bool,
    /// Use nothing but what the store has
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    variables: Variables,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    debug_assert!(args.scheduler, "nothing else is served yet");
    let project = project::recipes(app, &args.variables, &[])?;
    let scheduled: Vec<&Pipeline> = project
        .pipelines
        .iter()
        .filter(|it| it.schedule.is_some())
        .collect();
    let pipelines = project.pipelines.iter();
    let audited: Vec<&Pipeline> = pipelines.filter(|it| it.audit.is_some()).collect();
    if scheduled.is_empty() && audited.is_empty() {
        return Err(
            CmdError::config("no pipeline of the project has a schedule")
                .hint("add a `schedule` or an `audit` block with `cron` or `rate`"),
        );
    }
    std::thread::scope(|scope| {
        let mut threads: Vec<_> = scheduled
            .iter()
            .map(|pipeline| scope.spawn(|| watch(args, app, &pipeline.name)))
            .collect();
        let audits = audited.iter();
        threads
            .extend(audits.map(|pipeline| scope.spawn(|| audit::watch(args, app, &pipeline.name))));
        let mut ended = Ok(());
        for thread in threads {
            ended = ended.and(thread.join().expect("a watch gives errors"));
        }
        ended
    })?;
    Ok(Outcome::Done)
}

fn now(app: &App) -> Timestamp {
    Timestamp::from_second(app.cx.clock().unix_seconds()).unwrap_or_default()
}

/// Watches one pipeline until somebody stops it.
fn watch(args: &Args, app: &App, name: &str) -> Result<(), CmdError> {
    let catalog = wiring::catalog(app)?;
    let (_, first) = pipeline_of(app, Some(name), &args.variables)?;
    let Some(schedule) = first.schedule.clone() else {
        return Ok(());
    };
    let known = since::read(app, name)?;
    let mut watch = Watch::new(&catalog, name, &schedule, known, now(app))?;
    if known.is_none() {
        since::write(app, name, watch.since())?;
    }
    if let Some(next) = watch.next(now(app)) {
        app.cx.note(format!(
            "`{name}` starts next at {}",
            super::schedule::shown(next, &schedule)
        ));
    }
    while !app.cx.cancel.is_cancelled() {
        let (project, pipeline) = match pipeline_of(app, Some(name), &args.variables) {
            Ok(read) => read,
            // Somebody is writing it: the next look finds it whole.
            Err(error) => {
                app.cx.warn(format!("`{name}`: {}", error.message()));
                pause(app);
                continue;
            }
        };
        let lookout = LocalLookout {
            app,
            project: &project,
            pipeline: &pipeline,
            is_offline: args.offline,
        };
        match watch.look(&catalog, &lookout, now(app))? {
            None => {}
            Some(Decision::Skip(why)) => {
                app.cx
                    .note(format!("`{name}` is due, and not started: {why}"));
                since::write(app, name, watch.since())?;
            }
            Some(Decision::Start(why) | Decision::Queue(why)) => {
                app.cx.note(format!("`{name}` starts: {why}"));
                start(args, app, &project, &pipeline);
                // Killed before this, it is started again: that takes up what was begun.
                since::write(app, name, watch.since())?;
                tell_when_off(app, &catalog, &pipeline, &schedule)?;
            }
        }
        deliver(app, &pipeline, &catalog);
        if args.once {
            break;
        }
        pause(app);
    }
    Ok(())
}

/// Waits until the next look; ends at once when somebody stops it.
fn pause(app: &App) {
    let clock = app.cx.clock();
    let end = clock.monotonic() + TICK;
    while clock.monotonic() < end && !app.cx.cancel.is_cancelled() {
        clock.sleep(Duration::from_millis(200));
    }
}

/// A run that fails is written down as such; the watch goes on.
fn start(args: &Args, app: &App, project: &Project, pipeline: &Pipeline) {
    let how = How {
        begin: Begin::Open,
        is_update: true,
        is_offline: args.offline,
        actor: BY_SCHEDULE.to_owned(),
        trigger: BY_SCHEDULE,
        is_patient: true,
    };
    match go(app, project, pipeline, &how) {
        Ok(ran) => {
            app.output.aside(&ran.text());
            if let Ended::Failed { unit, error, .. } = &ran.ended {
                app.cx.warn(format!("`{}`: {unit}: {error}", pipeline.name));
            }
        }
        Err(error) => app
            .cx
            .warn(format!("`{}`: {}", pipeline.name, error.message())),
    }
}

/// After the start that failed once too often: no other is made until a run has succeeded.
fn tell_when_off(
    app: &App,
    catalog: &Sqlite,
    pipeline: &Pipeline,
    schedule: &Schedule,
) -> Result<(), CmdError> {
    let Some(failures) = switched_off(catalog, &pipeline.name, schedule)? else {
        return Ok(());
    };
    app.cx.warn(format!(
        "the schedule of `{}` is off after {failures} failures in a row: a run that succeeds switches it on",
        pipeline.name
    ));
    let last = catalog.runs(Some(&pipeline.name), 1)?.into_iter().next();
    let off = What::ScheduleOff {
        failures,
        error: last.map_or_else(String::new, |run| run.note),
    };
    let unix = app.cx.clock().unix_seconds();
    let happening = Happening::of_pipeline(&pipeline.name, unix, off);
    catalog.keep(&Batch {
        actor: BY_SCHEDULE.to_owned(),
        unix,
        messages: herald(app, pipeline).messages(&happening),
        ..Batch::default()
    })?;
    Ok(())
}

/// What this machine can find out about a pipeline.
struct LocalLookout<'a> {
    app: &'a App,
    project: &'a Project,
    pipeline: &'a Pipeline,
    is_offline: bool,
}

impl Lookout for LocalLookout<'_> {
    fn would_change(&self) -> Option<bool> {
        let mut recipes = self.project.recipes.iter();
        let recipe = recipes.find(|recipe| recipe.name == self.pipeline.recipe)?;
        let workshop = LocalWorkshop {
            app: self.app,
            recipe,
            pipeline: self.pipeline,
            is_offline: self.is_offline,
        };
        workshop.would_change(&self.app.cx).ok()
    }

    fn has_newer_parent(&self) -> Option<bool> {
        // A newer parent is a change of the lock like any other.
        self.would_change()
    }

    fn worst_new(&self) -> Option<Severity> {
        let found = super::assess::look(self.app, self.pipeline).ok()?;
        let findings = found.iter().flat_map(|image| &image.new);
        findings.map(|finding| finding.severity).max()
    }
}
