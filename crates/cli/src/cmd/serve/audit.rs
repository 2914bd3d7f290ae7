//! The `audit` of a pipeline, by its schedule: looks at what runs, and tells of what was not refused
//! before.

use goldsmith_catalog::Sqlite;
use goldsmith_core::recipe::{AuditSpec, AwsTarget, Pipeline, TargetKind};
use goldsmith_pipeline::audit::{Place, tell};
use goldsmith_pipeline::scheduler::BY_SCHEDULE;
use goldsmith_plan::audit::news::refusals;
use goldsmith_plan::audit::{Limits, audit};
use goldsmith_plan::schedule::Timetable;

use super::{Args, now, pause, since};
use crate::app::App;
use crate::cmd::audit::{images, look};
use crate::cmd::run::{deliver, herald, pipeline as pipeline_of};
use crate::report::CmdError;
use crate::wiring;

/// Watches the audit of one pipeline until somebody stops it.
pub(super) fn watch(args: &Args, app: &App, name: &str) -> Result<(), CmdError> {
    let catalog = wiring::catalog(app)?;
    let mark = format!("{name}.audit");
    // An audit that nobody has watched yet counts from now on.
    let mut done = if let Some(done) = since::read(app, &mark)? {
        done
    } else {
        since::write(app, &mark, now(app))?;
        now(app)
    };
    while !app.cx.cancel.is_cancelled() {
        match pipeline_of(app, Some(name), &args.variables) {
            Ok((_, pipeline)) => {
                if let Some(spec) = &pipeline.audit {
                    let due = Timetable::new(&spec.schedule, done)?.due(done, now(app));
                    if let Some(due) = due {
                        once(app, &catalog, &pipeline, spec);
                        done = due.at;
                        since::write(app, &mark, done)?;
                    }
                    deliver(app, &pipeline, &catalog);
                }
            }
            // Somebody is writing it: the next look finds it whole.
            Err(error) => app.cx.warn(format!("`{name}`: {}", error.message())),
        }
        if args.once {
            break;
        }
        pause(app);
    }
    Ok(())
}

/// Looks once. What fails is said; the next look is by the schedule.
fn once(app: &App, catalog: &Sqlite, pipeline: &Pipeline, spec: &AuditSpec) {
    let (name, target) = (&pipeline.name, &spec.target);
    match judge(app, catalog, pipeline, spec) {
        Ok(new) if new.is_empty() => app.cx.note(format!(
            "`{name}`: the audit of {target} refuses nothing that is new"
        )),
        Ok(new) => {
            for one in new {
                app.cx
                    .warn(format!("`{name}`: the audit of {target} refuses {one}"));
            }
        }
        Err(error) => app.cx.warn(format!(
            "`{name}`: nobody could look at {target}: {}",
            error.message()
        )),
    }
}

/// What is refused that was not before.
fn judge(
    app: &App,
    catalog: &Sqlite,
    pipeline: &Pipeline,
    spec: &AuditSpec,
) -> Result<Vec<String>, CmdError> {
    let target = target(pipeline, spec)?;
    let seen = look(app, target, &spec.roles, spec.public_access)?;
    for unread in &seen.unread {
        app.cx
            .warn(format!("could not look at {}: {}", unread.what, unread.why));
    }
    let limits = Limits {
        max_age: spec.max_age,
        channel: spec.channel.clone(),
        allowed: spec.allow.iter().cloned().collect(),
    };
    let unix = app.cx.clock().unix_seconds();
    let verdicts = audit(&seen.users, &images(app)?, &limits, unix);
    let refused = refusals(&verdicts, &seen.open);
    let place = Place {
        pipeline: &pipeline.name,
        target: &spec.target,
    };
    let herald = herald(app, pipeline);
    let is_whole = seen.unread.is_empty();
    Ok(tell(
        catalog,
        &herald,
        place,
        (BY_SCHEDULE, unix),
        (&refused, is_whole),
    )?)
}

fn target<'p>(pipeline: &'p Pipeline, spec: &AuditSpec) -> Result<&'p AwsTarget, CmdError> {
    let targets = pipeline.distribution.iter().flat_map(|it| &it.targets);
    let mut found = targets.filter(|target| target.id() == spec.target);
    match found.next().map(|target| &target.kind) {
        Some(TargetKind::Aws(aws)) => Ok(aws),
        // Seen to when the project is read.
        _ => Err(CmdError::config(format!(
            "`{}` is no target in AWS of this pipeline",
            spec.target
        ))),
    }
}
