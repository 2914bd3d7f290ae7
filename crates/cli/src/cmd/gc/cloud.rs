//! `goldsmith gc --target`, `--infrastructure`: things that were begun in a cloud and are part of nothing finished.

use std::collections::BTreeMap;

use goldsmith_build::record::Images;
use goldsmith_catalog::Sqlite;
use goldsmith_core::ledger::{Ledger as _, Resource};
use goldsmith_plan::leftover::{AGE, Decision, Entry, plan};
use goldsmith_provider::aws::Aws;
use goldsmith_provider::aws::leftovers::{self, PROVIDER, Removal};
use serde_json::json;

use super::Args;
use crate::app::App;
use crate::args::Outcome;
use crate::cloud;
use crate::instance;
use crate::output::table;
use crate::report::CmdError;
use crate::wiring;

/// What became of something.
struct Done {
    resource: Resource,
    outcome: &'static str,
    why: String,
}

/// Where things are looked for.
struct Place {
    /// What the owner of everything that is made for it begins with: `aws/eu`.
    id: String,
    /// The client of each region.
    regions: BTreeMap<String, Aws>,
}

pub(super) fn of_target(args: &Args, id: &str, app: &App) -> Result<Outcome, CmdError> {
    let target = cloud::target(app, id, &args.variables)?;
    let regions = target.regions.iter().map(|region| {
        let aws = wiring::cloud(app, &target).at(region, target.role.as_deref());
        (region.clone(), aws)
    });
    let place = Place {
        id: id.to_owned(),
        regions: regions.collect(),
    };
    run(args, &place, app)
}

pub(super) fn of_infrastructure(args: &Args, name: &str, app: &App) -> Result<Outcome, CmdError> {
    let infrastructure = cloud::infrastructure(app, name, &args.variables)?;
    let machines = wiring::machines(app, &infrastructure)?;
    let place = Place {
        id: instance::id(&infrastructure),
        regions: [(infrastructure.region.clone(), machines.client().clone())].into(),
    };
    run(args, &place, app)
}

fn run(args: &Args, place: &Place, app: &App) -> Result<Outcome, CmdError> {
    let catalog = wiring::catalog(app)?;
    // Those of other targets are none of this one's business.
    let is_ours = |resource: &Resource| {
        let name = resource.owner.strip_prefix(&place.id);
        name.is_some_and(|rest| rest.starts_with(' '))
            && place.regions.contains_key(&resource.region)
    };
    let ledger = catalog.ledger(PROVIDER)?.into_iter();
    let ledger = ledger
        .filter(|row| is_ours(&row.resource))
        .map(|row| Entry {
            resource: row.resource,
            is_being_made: row.is_being_made,
        });
    let ledger: Vec<Entry> = ledger.collect();
    let mut found = Vec::new();
    for (region, aws) in &place.regions {
        let there = leftovers::find(&app.cx, aws, region, AGE)?;
        found.extend(there.into_iter().filter(|it| is_ours(it)));
    }
    let copies = finished(app, &catalog)?;
    let mut done = Vec::new();
    for decision in plan(&ledger, &found, &copies) {
        let aws = &place.regions[&decision.resource.region];
        done.push(settle(args, app, aws, &catalog, decision)?);
    }
    show(args, app, &done);
    Ok(Outcome::Done)
}

/// What is part of an image, by region and id: copies of the catalog, and images that were made on
/// instances, of which the record counts.
fn finished(app: &App, catalog: &Sqlite) -> Result<BTreeMap<(String, String), String>, CmdError> {
    let mut finished = BTreeMap::new();
    for (row, there) in cloud::images(catalog)? {
        for copy in there.into_iter().filter(|copy| copy.is_there) {
            if let Some(region) = cloud::region(&copy) {
                let key = (region.to_owned(), copy.location.clone());
                finished.insert(key, row.made.id.to_string());
            }
        }
    }
    for image in Images::new(&app.home()?).list()? {
        if let Some(there) = &image.record.cloud {
            finished.insert((there.region.clone(), there.id.clone()), image.title());
        }
    }
    Ok(finished)
}

/// Does what was decided of something, and crosses it off where that is the end of it.
fn settle(
    args: &Args,
    app: &App,
    aws: &Aws,
    catalog: &Sqlite,
    decision: Decision,
) -> Result<Done, CmdError> {
    use goldsmith_plan::leftover::Keep;
    let Decision { resource, verdict } = decision;
    let (outcome, why) = match &verdict {
        Err(keep) => {
            if matches!(keep, Keep::Copy(_)) && !args.dry_run {
                catalog.gone(&app.cx, &resource).map_err(CmdError::Failed)?;
            }
            ("stays", keep.to_string())
        }
        Ok(why) if args.dry_run => ("would go", why.to_string()),
        Ok(why) => {
            let removal = leftovers::remove(&app.cx, aws, &resource)?;
            catalog.gone(&app.cx, &resource).map_err(CmdError::Failed)?;
            match removal {
                Removal::Removed => ("removed", why.to_string()),
                Removal::Absent => ("was not there", why.to_string()),
                Removal::Kept => ("stays", "it is part of a finished image".to_owned()),
            }
        }
    };
    Ok(Done {
        resource,
        outcome,
        why,
    })
}

fn show(args: &Args, app: &App, done: &[Done]) {
    if app.output.is_json {
        let things = done.iter().map(|it| {
            json!({ "region": it.resource.region, "kind": it.resource.kind.word(), "id": it.resource.id,
                "operation": it.resource.operation, "of": it.resource.owner, "outcome": it.outcome, "why": it.why })
        });
        let things: Vec<_> = things.collect();
        app.output
            .json(&json!({ "dry_run": args.dry_run, "things": things }));
        return;
    }
    if done.is_empty() {
        app.output.text("nothing is left over\n");
        return;
    }
    let rows = done.iter().map(|it| {
        [
            it.resource.region.clone(),
            it.resource.kind.to_string(),
            it.resource.id.clone().unwrap_or_else(|| "-".to_owned()),
            it.resource.owner.clone(),
            it.outcome.to_owned(),
            it.why.clone(),
        ]
    });
    app.output.text(&table(
        ["REGION", "KIND", "ID", "OF", "OUTCOME", "WHY"],
        rows,
    ));
}
