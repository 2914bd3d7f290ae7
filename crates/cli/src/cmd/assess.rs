//! `goldsmith assess`: images that are out, held against what the feeds know today.

use std::collections::BTreeSet;

use goldsmith_build::record::Images;
use goldsmith_core::catalog::{Batch, Catalog as _, Change, ImageFilter, ImageRow};
use goldsmith_core::failure::Class;
use goldsmith_core::finding::Finding;
use goldsmith_core::image::ImageState;
use goldsmith_core::recipe::Pipeline;
use goldsmith_pipeline::engine::Ended;
use goldsmith_pipeline::evidence::predicate;
use goldsmith_pipeline::evidence::verify::kept;
use goldsmith_pipeline::happening::{Happening, Herald as _, What};
use serde_json::json;

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::cmd::run::{Begin, How, Ran, actor, deliver, go, herald, pipeline};
use crate::cmd::scan;
use crate::output::table;
use crate::report::CmdError;
use crate::signing;
use crate::wiring;

/// What started a run, as the catalog keeps it.
const BY_ASSESSMENT: &str = "assessment";
/// Tag with the findings that an image did not have when it was approved, by their ids.
pub(crate) const NEW_FINDINGS: &str = "goldsmith:new-findings";

/// Hold the images of a pipeline that are in use against the feeds of today
///
/// The packages of the last scan are matched, without the disks. What the policy of the `scan`
/// block refuses and the image's statement does not know is new: the image is flagged, and
/// whoever wants to know is told, once. Exits with 5 when there is something new, and with the code of
/// the run when `--rebuild` starts one and it fails.
///
/// Example: goldsmith feed update && goldsmith assess web --quarantine --rebuild
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pipeline; the only one of the project when not given
    pipeline: Option<String>,
    /// Put what went bad into quarantine: it is not handed out until somebody decides
    #[arg(long)]
    quarantine: bool,
    /// Start a run of the pipeline, the lock brought up to date first, when there is something that
    /// nobody was told of yet
    #[arg(long)]
    rebuild: bool,
    /// Use nothing but what the store has, in that run
    #[arg(long, requires = "rebuild")]
    offline: bool,
    /// Who wants it: an address; else `GOLDSMITH_ACTOR`
    #[arg(long = "as", value_name = "ADDRESS")]
    actor: Option<String>,
    #[command(flatten)]
    variables: Variables,
}

/// An image and what is new of it.
pub(super) struct Assessed {
    row: ImageRow,
    /// The worst first.
    pub(super) new: Vec<Finding>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let (project, pipeline) = pipeline(app, args.pipeline.as_deref(), &args.variables)?;
    let assessed = look(app, &pipeline)?;
    let catalog = wiring::catalog(app)?;
    let herald = herald(app, &pipeline);
    let unix = app.cx.clock().unix_seconds();
    let mut is_news = false;
    for image in assessed.iter().filter(|image| !image.new.is_empty()) {
        let id = &image.row.made.id;
        let told = image.row.tags.get(NEW_FINDINGS).map_or("", String::as_str);
        let told: BTreeSet<&str> = told.split(' ').collect();
        let mut names: Vec<&str> = image.new.iter().map(|it| it.id.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let mut changes = vec![Change::Tag {
            image: id.clone(),
            name: NEW_FINDINGS.to_owned(),
            value: Some(names.join(" ")),
        }];
        let untold = image.new.iter().filter(|it| !told.contains(&*it.id));
        let mut happened: Vec<What> = untold
            .map(|finding| What::Finding {
                id: finding.id.clone(),
                severity: finding.severity,
                title: finding.title.clone(),
            })
            .collect();
        is_news |= !happened.is_empty();
        if args.quarantine && image.row.state != ImageState::Quarantined {
            let reason = format!("{} new findings", names.len());
            changes.push(Change::State {
                image: id.clone(),
                to: ImageState::Quarantined,
                reason: reason.clone(),
            });
            happened.push(What::State {
                to: ImageState::Quarantined,
                reason,
            });
        }
        let messages = happened.into_iter().flat_map(|what| {
            herald.messages(&Happening::of_image(&pipeline.name, id.clone(), unix, what))
        });
        catalog.keep(&Batch {
            actor: actor(app, args.actor.as_deref()),
            unix,
            run: None,
            messages: messages.collect(),
            changes,
        })?;
    }
    deliver(app, &pipeline, &catalog);
    let is_bad = assessed.iter().any(|image| !image.new.is_empty());
    let ran = if is_news && args.rebuild {
        let how = How {
            begin: Begin::Anew,
            is_update: true,
            is_offline: args.offline,
            actor: actor(app, args.actor.as_deref()),
            trigger: BY_ASSESSMENT,
            is_patient: true,
        };
        Some(go(app, &project, &pipeline, &how)?)
    } else {
        None
    };
    let mut shown = text(&assessed);
    shown.extend(ran.iter().map(Ran::text));
    app.output.result(&shown, || {
        let images = assessed.iter().map(|image| {
            json!({ "image": image.row.made.id.to_string(),
                "new": image.new.iter().map(|it| json!({ "id": it.id, "severity": it.severity.to_string(), "title": it.title })).collect::<Vec<_>>() })
        });
        let run = ran.as_ref().map(|ran| ran.row.id.0);
        json!({ "images": images.collect::<Vec<_>>(), "run": run })
    });
    if let Some(Ended::Failed { class, .. }) = ran.map(|ran| ran.ended) {
        return Ok(Outcome::No(class));
    }
    Ok(if is_bad {
        Outcome::No(Class::Policy)
    } else {
        Outcome::Done
    })
}

/// The images of a pipeline that somebody may use, and what is new of each. One whose packages
/// are not kept is left out, and said.
pub(super) fn look(app: &App, pipeline: &Pipeline) -> Result<Vec<Assessed>, CmdError> {
    let Some(spec) = &pipeline.scan else {
        return Err(
            CmdError::config(format!("pipeline `{}` has no `scan` block", pipeline.name))
                .hint("without one nothing is judged"),
        );
    };
    let catalog = wiring::catalog(app)?;
    let keys = signing::trusted(app)?;
    let filter = ImageFilter {
        name: Some(pipeline.recipe.clone()),
        states: ImageState::ALL
            .into_iter()
            .filter(|state| state.is_usable())
            .collect(),
        ..ImageFilter::default()
    };
    let images = Images::new(&app.home()?);
    let mut assessed = Vec::new();
    for row in catalog.images(&filter, None, 1000)? {
        let id = &row.made.id;
        let Some(image) = images.get(id)? else {
            app.cx
                .warn(format!("{id} is not on this machine, and is not looked at"));
            continue;
        };
        let mut new = match scan::stage::again(app, image, &pipeline.name, spec) {
            Ok(findings) => findings,
            Err(error) if error.class() == Class::Usage => {
                app.cx.warn(error.message());
                continue;
            }
            Err(error) => return Err(error),
        };
        let checked = kept(&catalog, id, row.made.digest, &keys)?;
        let known: BTreeSet<String> = checked
            .iter()
            .filter_map(|it| it.statement.as_ref())
            .filter(|it| it.predicate_type == predicate::VULNERABILITIES)
            .flat_map(|it| {
                it.predicate["scanner"]["result"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default()
            })
            .filter_map(|finding| finding["id"].as_str().map(str::to_owned))
            .collect();
        new.retain(|finding| !known.contains(&finding.id));
        assessed.push(Assessed { row, new });
    }
    Ok(assessed)
}

fn text(assessed: &[Assessed]) -> String {
    if assessed.is_empty() {
        return "no image is in use\n".to_owned();
    }
    table(
        ["IMAGE", "STATE", "NEW", "WORST"],
        assessed.iter().map(|image| {
            let worst = image.new.first();
            [
                image.row.made.id.to_string(),
                image.row.state.name().to_owned(),
                image.new.len().to_string(),
                worst.map_or_else(String::new, |it| format!("{} {}", it.id, it.severity)),
            ]
        }),
    )
}
