//! `goldsmith lifecycle`: which images go, and why.

use std::fs;
use std::path::PathBuf;

use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::{AwsInfrastructure, LifecyclePolicy, Pipeline, Project};
use goldsmith_core::target::TargetError;
use goldsmith_pipeline::lifecycle::{LifecycleError, Retirement};
use goldsmith_plan::lifecycle::{Decision, Next, Plan};
use serde_json::{Value, json};

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::catalog;
use crate::cmd::run::{actor, herald, pipeline};
use crate::instance;
use crate::output::{date, table};
use crate::report::CmdError;
use crate::wiring;

/// Show which images a lifecycle policy keeps and which go, and take its steps
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Plan(PlanArgs),
    Apply(ApplyArgs),
    Restore(RestoreArgs),
}

/// Show of every image what keeps it, or what is done about it, and the digest of the plan
///
/// What uses the images at their targets is looked up there once for the whole plan: in AWS
/// instances, launch templates, launch configurations, Auto Scaling groups, parameters, shares and
/// the last launch, in the account of the images and those of the policy's `roles`. What cannot be
/// read holds.
///
/// Example: goldsmith lifecycle plan web
#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    /// The pipeline; the only one of the project when not given
    pipeline: Option<String>,
    #[command(flatten)]
    variables: Variables,
}

/// Take the steps of the plan with this digest; what holds an image is looked at again
///
/// Example: goldsmith lifecycle apply web --plan 4f3c...
#[derive(Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    /// The pipeline; the only one of the project when not given
    pipeline: Option<String>,
    /// Digest of the plan, as `lifecycle plan` shows it
    #[arg(long, value_name = "DIGEST")]
    plan: String,
    /// Who wants it: an address; else `GOLDSMITH_ACTOR`
    #[arg(long = "as", value_name = "ADDRESS")]
    actor: Option<String>,
    #[command(flatten)]
    variables: Variables,
}

/// Bring a deprecated or disabled image back, at every target and for every channel
///
/// Example: goldsmith lifecycle restore web@1.4.0/2
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// The image: `web@1.4.0` or `web@1.4.0/2`; the newest that fits
    image: String,
    /// The pipeline; the only one of the project when not given
    #[arg(long, value_name = "PIPELINE")]
    pipeline: Option<String>,
    /// Who wants it: an address; else `GOLDSMITH_ACTOR`
    #[arg(long = "as", value_name = "ADDRESS")]
    actor: Option<String>,
    #[command(flatten)]
    variables: Variables,
}

pub(crate) fn run(command: &Command, app: &App) -> Result<Outcome, CmdError> {
    match command {
        Command::Plan(args) => {
            let (project, pipeline) = pipeline(app, args.pipeline.as_deref(), &args.variables)?;
            with(app, (&project, &pipeline), |retirement| {
                let plan = retirement.plan(&app.cx)?;
                app.output.result(&text(&plan), || plan_json(&plan));
                Ok(Outcome::Done)
            })
        }
        Command::Apply(args) => {
            let (project, pipeline) = pipeline(app, args.pipeline.as_deref(), &args.variables)?;
            let digest = args.plan.parse().map_err(|_| {
                CmdError::usage(format!("`{}` is no digest of a plan", args.plan))
                    .hint("`goldsmith lifecycle plan` shows it")
            })?;
            with(app, (&project, &pipeline), |retirement| {
                let done = retirement.apply(&app.cx, digest, &actor(app, args.actor.as_deref()))?;
                let rows = done.iter().map(|(image, step)| match step {
                    Ok(action) => [image.clone(), action.to_string(), "done".to_owned()],
                    Err(why) => [image.clone(), "-".to_owned(), why.clone()],
                });
                let text = if done.is_empty() {
                    "nothing to do\n".to_owned()
                } else {
                    table(["IMAGE", "STEP", ""], rows)
                };
                app.output.result(&text, || {
                    let steps = done.iter().map(|(image, step)| {
                        json!({ "image": image, "step": step.as_ref().ok().map(ToString::to_string),
                            "refused": step.as_ref().err() })
                    });
                    json!({ "steps": steps.collect::<Vec<_>>() })
                });
                Ok(Outcome::Done)
            })
        }
        Command::Restore(args) => {
            let (project, pipeline) = pipeline(app, args.pipeline.as_deref(), &args.variables)?;
            let id = catalog::id(app, &wiring::catalog(app)?, &args.image)?;
            if id.name != pipeline.recipe {
                let error = format!("`{id}` is no image of pipeline `{}`", pipeline.name);
                return Err(CmdError::usage(error).hint("`--pipeline` says which"));
            }
            with(app, (&project, &pipeline), |retirement| {
                let actor = actor(app, args.actor.as_deref());
                retirement.restore(&app.cx, &id, &actor)?;
                let text = format!("{id} is available\n");
                let json = || json!({ "image": id.to_string(), "state": "available" });
                app.output.result(&text, json);
                Ok(Outcome::Done)
            })
        }
    }
}

/// Does something with everything that retiring works with.
fn with(
    app: &App,
    (project, pipeline): (&Project, &Pipeline),
    work: impl FnOnce(&Retirement<'_>) -> Result<Outcome, LifecycleError>,
) -> Result<Outcome, CmdError> {
    let policy: &LifecyclePolicy = pipeline.lifecycle.as_ref().ok_or_else(|| {
        CmdError::config(format!(
            "pipeline `{}` has no lifecycle policy",
            pipeline.name
        ))
        .hint("add `lifecycle = lifecycle.NAME` and a `lifecycle \"NAME\"` block")
    })?;
    let catalog = wiring::catalog(app)?;
    let targets = wiring::targets(app, pipeline.distribution.as_ref())?;
    let herald = herald(app, pipeline);
    let recipe = project.recipes.iter().find(|it| it.name == pipeline.recipe);
    let place = recipe.and_then(instance::place);
    let remove = |id: &ImageId| remove(app, id, place);
    let retirement = Retirement {
        pipeline: &pipeline.name,
        family: &pipeline.recipe,
        policy,
        catalog: &catalog,
        targets: &targets,
        remove: &remove,
        herald: &herald,
    };
    Ok(work(&retirement)?)
}

/// Removes the folder of an image, and where it was made on an instance what the cloud has of it;
/// one that is gone already needs nothing.
fn remove(app: &App, id: &ImageId, place: Option<&AwsInfrastructure>) -> Result<(), TargetError> {
    let boxed = |error: CmdError| -> TargetError { Box::new(crate::workshop::stage_error(error)) };
    let folder = match crate::workshop::find(app, id) {
        Ok(image) => {
            if let Some(there) = &image.record.cloud {
                instance::withdraw(app, there, place).map_err(boxed)?;
            }
            image.folder
        }
        Err(error) if error.class() == goldsmith_core::failure::Class::Usage => return Ok(()),
        Err(error) => return Err(boxed(error)),
    };
    // Gone in one step: what is left of it after that is no image any more.
    let mut aside = folder.clone().into_os_string();
    aside.push(".gone");
    let aside = PathBuf::from(aside);
    fs::rename(&folder, &aside)
        .and_then(|()| fs::remove_dir_all(&aside))
        .map_err(|e| {
            boxed(CmdError::io(
                format!("cannot remove `{}`", folder.display()),
                &e,
            ))
        })
}

fn what(decision: &Decision) -> (String, String) {
    let reasons: Vec<String> = decision
        .kept
        .iter()
        .map(ToString::to_string)
        .chain(decision.holds.iter().map(ToString::to_string))
        .collect();
    match decision.next {
        Next::Keep => ("keep".to_owned(), reasons.join("; ")),
        Next::Act(action) => (action.to_string(), "nothing keeps it".to_owned()),
        Next::Wait { until, then } => (
            "wait".to_owned(),
            format!("{then} from {}", date(until.as_second())),
        ),
        Next::Later(action) => ("later".to_owned(), format!("{action}, in a later run")),
    }
}

fn text(plan: &Plan) -> String {
    let rows = plan.decisions.iter().map(|decision| {
        let (word, why) = what(decision);
        [decision.id.clone(), word, why]
    });
    let list = table(["IMAGE", "STEP", "WHY"], rows);
    let count = plan.actions().count();
    let next = if count == 0 {
        "nothing to do".to_owned()
    } else {
        let steps = if count == 1 { "step" } else { "steps" };
        format!(
            "{count} {steps}, taken with `goldsmith lifecycle apply --plan {}`",
            plan.digest
        )
    };
    format!(
        "{list}\npolicy {}, plan {}\n{next}\n",
        plan.policy, plan.digest
    )
}

fn plan_json(plan: &Plan) -> Value {
    let decisions = plan.decisions.iter().map(|decision| {
        let (step, why) = what(decision);
        json!({ "image": decision.id, "digest": decision.digest.to_string(), "step": step, "why": why })
    });
    json!({ "policy": plan.policy, "plan": plan.digest.to_string(), "decisions": decisions.collect::<Vec<_>>() })
}
