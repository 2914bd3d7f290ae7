//! `goldsmith run`: take an image through a pipeline.

use std::fmt::Write as _;

use goldsmith_core::catalog::{Catalog, NewRun, RunId, RunRow, RunStatus};
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::{Pipeline, Project, Stage};
use goldsmith_pipeline::course::{Ports, course};
use goldsmith_pipeline::decision::Keys;
use goldsmith_pipeline::engine::{Ended, Engine};
use goldsmith_pipeline::notify::{Rule, Rules};
use goldsmith_pipeline::outbox::{Outbox, Patience};
use goldsmith_pipeline::state::{State, UnitState};
use serde_json::{Value, json};

use crate::alone::{self, Alone};
use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::instance;
use crate::project;
use crate::report::CmdError;
use crate::signing;
use crate::style;
use crate::wiring;
use crate::workshop::{self, Exports, LocalHands, LocalWorkshop};

/// Take an image through a pipeline: lock, build, test, scan, gate, approve, distribute, register
///
/// Every stage is written down before it begins and after it ended. A run that was interrupted or
/// waits is taken up where it stopped, and so is one that failed while the recipe still gives its
/// image: what is done is not done again. One run of a pipeline goes on at a time. A run that waits
/// for people ends with 0 and says for what.
///
/// Example: goldsmith run web --from test
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Args {
    /// The pipeline; the only one of the project when not given
    pipeline: Option<String>,
    /// Do this stage of the last run and all after it again
    #[arg(long, value_name = "STAGE", value_parser = clap::builder::PossibleValuesParser::new(Stage::ALL.map(Stage::word)))]
    from: Option<String>,
    /// Begin a new run, whatever became of the last one
    #[arg(long, conflicts_with = "from")]
    new: bool,
    /// Stop the last run for good: what is half made is taken back
    #[arg(long, conflicts_with_all = ["from", "new", "update"])]
    cancel: bool,
    /// Bring the lock up to date first
    #[arg(long)]
    update: bool,
    /// Who starts it: an address; else `GOLDSMITH_ACTOR`, else the user's name
    #[arg(long = "as", value_name = "ADDRESS")]
    actor: Option<String>,
    /// Use nothing but what the store has
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    variables: Variables,
}

/// Where a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Where the last one stopped, if that is gone on with.
    Where,
    /// Where the last one stopped, if it has not ended. What a schedule starts after a failure is
    /// a run of its own, and so a failure more.
    Open,
    /// Anew, whatever became of the last one.
    Anew,
    /// With this stage of the last one and all after it.
    From(Stage),
    /// Not at all: the last one is stopped for good.
    Cancel,
}

/// How a pipeline is run.
#[derive(Debug, Clone)]
pub(crate) struct How {
    pub(crate) begin: Begin,
    pub(crate) is_update: bool,
    pub(crate) is_offline: bool,
    /// Who starts it.
    pub(crate) actor: String,
    /// What makes it begin.
    pub(crate) trigger: &'static str,
    /// Whether it waits for another run of the pipeline that is under way; else it is refused.
    pub(crate) is_patient: bool,
}

/// A run when it was let go of.
pub(crate) struct Ran {
    pub(crate) row: RunRow,
    pub(crate) ended: Ended,
    state: State,
    names: Vec<String>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let (project, pipeline) = pipeline(app, args.pipeline.as_deref(), &args.variables)?;
    let from = args.from.as_deref().and_then(|stage| stage.parse().ok());
    let begin = match from {
        Some(stage) => Begin::From(stage),
        None if args.cancel => Begin::Cancel,
        None if args.new => Begin::Anew,
        None => Begin::Where,
    };
    let how = How {
        begin,
        is_update: args.update,
        is_offline: args.offline,
        actor: actor(app, args.actor.as_deref()),
        trigger: "person",
        is_patient: false,
    };
    let ran = go(app, &project, &pipeline, &how)?;
    app.output.result(&ran.text(), || ran.json());
    match ran.ended {
        Ended::Done | Ended::Waiting(_) => Ok(Outcome::Done),
        Ended::Cancelled if how.begin == Begin::Cancel => Ok(Outcome::Done),
        Ended::Cancelled => Ok(Outcome::No(Class::Cancelled)),
        Ended::Failed {
            unit,
            error,
            class,
            mut hints,
        } => {
            hints.push(format!("`goldsmith run {}` goes on there", pipeline.name));
            Err(CmdError::Refused {
                class,
                message: format!("run {}: {unit}: {error}", ran.row.id),
                hints,
            })
        }
    }
}

/// Runs a pipeline until it is done, waits or fails, and tells whoever wants to know.
pub(crate) fn go(
    app: &App,
    project: &Project,
    pipeline: &Pipeline,
    how: &How,
) -> Result<Ran, CmdError> {
    let mut recipes = project.recipes.iter();
    let recipe = recipes
        .find(|recipe| recipe.name == pipeline.recipe)
        .ok_or_else(|| CmdError::config(format!("pipeline `{}` has no recipe", pipeline.name)))?;
    instance::check(recipe, pipeline)?;
    let _alone = alone::hold(
        app,
        Alone {
            file: &pipeline.name,
            what: &format!("pipeline `{}`", pipeline.name),
            hint: "`goldsmith runs` shows how far it is",
            is_patient: how.is_patient,
        },
    )?;
    let catalog = wiring::catalog(app)?;
    let workshop = LocalWorkshop {
        app,
        recipe,
        pipeline,
        is_offline: how.is_offline,
    };
    let key = signing::own(app)?;
    let trusted = signing::trusted(app)?;
    let owners = signing::owners(app)?;
    let targets = wiring::targets(app, pipeline.distribution.as_ref())?;
    let naming = |row: &_| workshop::name(pipeline.distribution.as_ref(), row);
    let ports = Ports {
        workshop: &workshop,
        hands: &LocalHands { app },
        forms: &Exports { app },
        targets: &targets,
        rule: &naming,
        key: &key,
        keys: Keys {
            trusted: &trusted,
            owners: &owners,
        },
        version: env!("CARGO_PKG_VERSION"),
        is_update: how.is_update,
    };
    let course = course(pipeline, ports);
    let herald = herald(app, pipeline);
    let (id, is_taken_up) = open(app, &catalog, &workshop, how)?;
    let engine = Engine::open(&catalog, id, &course, &herald)?;
    if how.begin == Begin::Cancel {
        engine.cancel(&app.cx, &how.actor)?;
        deliver(app, pipeline, &catalog);
        return Ok(Ran {
            row: catalog.run(id)?,
            ended: Ended::Cancelled,
            state: engine.state(),
            names: course.names().into_iter().map(str::to_owned).collect(),
        });
    }
    if let Begin::From(stage) = how.begin {
        engine.again(&app.cx, stage, &how.actor)?;
    } else if is_taken_up {
        app.cx.note(format!(
            "run {id} of `{}` is taken up where it stopped",
            pipeline.name
        ));
    }
    let ended = engine.work(&app.cx)?;
    deliver(app, pipeline, &catalog);
    Ok(Ran {
        row: catalog.run(id)?,
        ended,
        state: engine.state(),
        names: course.names().into_iter().map(str::to_owned).collect(),
    })
}

/// The pipeline that is meant, and its project.
pub(crate) fn pipeline(
    app: &App,
    name: Option<&str>,
    variables: &Variables,
) -> Result<(Project, Pipeline), CmdError> {
    let project = project::recipes(app, variables, &[])?;
    let names: Vec<&str> = project
        .pipelines
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    let known = || format!("it has {}", names.join(", "));
    let found = match (name, project.pipelines.as_slice()) {
        (Some(name), all) => all.iter().find(|it| it.name == *name).ok_or_else(|| {
            let error = CmdError::usage(format!("the project has no pipeline `{name}`"));
            error.hint(known())
        })?,
        (None, []) => {
            return Err(CmdError::config("the project has no pipeline")
                .hint("add a `pipeline` block with `recipe = recipe.NAME`"));
        }
        (None, [one]) => one,
        (None, _) => {
            return Err(CmdError::usage("the project has several pipelines").hint(known()));
        }
    };
    let found = found.clone();
    Ok((project, found))
}

/// Turns what happens in a pipeline into messages.
pub(crate) fn herald(app: &App, pipeline: &Pipeline) -> Rules {
    let rules = pipeline
        .notify
        .iter()
        .map(|it| Rule::of(&pipeline.name, it));
    let source = format!("urn:goldsmith:{}", pipeline.name);
    Rules::new(&source, rules.collect(), app.cx.redactor.clone())
}

/// Tries to deliver what there is to tell. What fails is tried again by the next command.
pub(crate) fn deliver(app: &App, pipeline: &Pipeline, catalog: &dyn Catalog) {
    let notifiers = match wiring::notifiers(app, &pipeline.notify) {
        Ok(notifiers) => notifiers,
        Err(error) => return app.cx.warn(format!("nobody is told: {}", error.message())),
    };
    let notifiers = notifiers.iter().map(|notifier| &**notifier);
    let outbox = Outbox::new(catalog, notifiers, Patience::default());
    match outbox.deliver(&app.cx) {
        Ok(tally) if tally.later > 0 => app.cx.warn(format!(
            "{} messages could not be delivered; they are tried again later",
            tally.later
        )),
        Ok(_) => {}
        Err(error) => app.cx.warn(format!("nobody is told: {error}")),
    }
}

/// Who does it.
pub(crate) fn actor(app: &App, given: Option<&str>) -> String {
    given.map_or_else(|| app.actor(), str::to_owned)
}

/// The run to work on, and whether it had begun before.
fn open(
    app: &App,
    catalog: &dyn Catalog,
    workshop: &LocalWorkshop<'_>,
    how: &How,
) -> Result<(RunId, bool), CmdError> {
    let pipeline = workshop.pipeline.name.as_str();
    let last = catalog.runs(Some(pipeline), 1)?.into_iter().next();
    match last {
        Some(last) if how.begin == Begin::Cancel && last.status.is_ended() => {
            let message = format!("run {} of `{pipeline}` has ended", last.id);
            return Err(CmdError::usage(message));
        }
        Some(last) if matches!(how.begin, Begin::From(_) | Begin::Cancel) => {
            return Ok((last.id, true));
        }
        None if matches!(how.begin, Begin::From(_) | Begin::Cancel) => {
            let error = CmdError::usage(format!("pipeline `{pipeline}` was never run"));
            return Err(error.hint("leave `--from` and `--cancel` out"));
        }
        Some(last) if how.begin == Begin::Where && goes_on(workshop, &last)? => {
            return Ok((last.id, true));
        }
        Some(last) if how.begin == Begin::Open && !last.status.is_ended() => {
            return Ok((last.id, true));
        }
        _ => {}
    }
    let run = NewRun {
        pipeline: pipeline.to_owned(),
        actor: how.actor.clone(),
        trigger: how.trigger.to_owned(),
        unix: app.cx.clock().unix_seconds(),
    };
    Ok((catalog.begin_run(&run)?, false))
}

/// Whether a run is gone on with. What was done, or stopped by somebody, is not; nor is one that
/// failed with another image than the recipe gives now, since somebody has changed it.
fn goes_on(workshop: &LocalWorkshop<'_>, last: &RunRow) -> Result<bool, CmdError> {
    match (last.status, &last.image) {
        (RunStatus::Running | RunStatus::Waiting, _) => Ok(true),
        (RunStatus::Failed, Some(image)) => workshop.is_current(image),
        (RunStatus::Failed, None) | (RunStatus::Done | RunStatus::Cancelled, _) => Ok(false),
    }
}

/// How a unit stands, in a word and a sentence.
pub(super) fn standing(state: Option<&UnitState>) -> (&'static str, String) {
    match state {
        None => ("", String::new()),
        Some(UnitState::Begun) => ("begun", String::new()),
        Some(UnitState::Done { summary, .. }) => ("done", summary.clone()),
        Some(UnitState::Failed { error, .. }) => ("FAILED", error.clone()),
        Some(UnitState::Skipped(why)) => ("skipped", why.clone()),
        Some(UnitState::Waiting { for_what, .. }) => ("waits", for_what.clone()),
        Some(UnitState::Answered { by, reason, .. }) => ("answered", format!("{by}: {reason}")),
    }
}

impl Ran {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let how = match self.ended {
            Ended::Done => "done",
            Ended::Waiting(_) => "waits",
            Ended::Failed { .. } => "FAILED",
            Ended::Cancelled => "stopped",
        };
        let image = self.row.image.as_ref();
        let image = image.map_or_else(String::new, |image| format!(", {image}"));
        let (id, pipeline) = (self.row.id, &self.row.begun.pipeline);
        let mut text = format!(
            "\n{}run {id} of {pipeline}{}: {how}{image}\n",
            style::BOLD,
            style::RESET
        );
        for name in &self.names {
            let (word, what) = standing(self.state.unit(name));
            let what = crate::escape::escape(&what);
            let _ = writeln!(text, "  {name:<28} {word:<8} {what}");
        }
        text
    }

    fn json(&self) -> Value {
        let units = self.names.iter().map(|name| {
            let (word, what) = standing(self.state.unit(name));
            json!({ "unit": name, "status": word.to_lowercase(), "summary": what,
                "attempts": self.state.attempts(name), "output": self.state.output(name) })
        });
        let row = &self.row;
        json!({ "run": { "id": row.id.0, "pipeline": row.begun.pipeline, "status": row.status.name(),
            "note": row.note, "image": row.image.as_ref().map(ToString::to_string),
            "actor": row.begun.actor, "units": units.collect::<Vec<_>>() } })
    }
}
