//! `goldsmith gc --target`: things that were begun in a cloud and are part of nothing finished.

use std::collections::BTreeMap;

use goldsmith_core::ledger::{Ledger as _, Resource};
use goldsmith_plan::leftover::{AGE, Decision, Entry, plan};
use goldsmith_provider::aws::Aws;
use goldsmith_provider::aws::leftovers::{self, PROVIDER, Removal};
use serde_json::json;

use super::Args;
use crate::app::App;
use crate::args::Outcome;
use crate::cloud;
use crate::output::table;
use crate::report::CmdError;
use crate::wiring;

/// What became of something.
struct Done {
    resource: Resource,
    outcome: &'static str,
    why: String,
}

pub(super) fn run(args: &Args, id: &str, app: &App) -> Result<Outcome, CmdError> {
    let target = cloud::target(app, id, &args.variables)?;
    let catalog = wiring::catalog(app)?;
    // Those of other targets are none of this one's business.
    let is_ours = |resource: &Resource| {
        let name = resource.owner.strip_prefix(id);
        name.is_some_and(|rest| rest.starts_with(' ')) && target.regions.contains(&resource.region)
    };
    let ledger = catalog.ledger(PROVIDER)?.into_iter();
    let ledger = ledger
        .filter(|row| is_ours(&row.resource))
        .map(|row| Entry {
            resource: row.resource,
            is_being_made: row.is_being_made,
        });
    let ledger: Vec<Entry> = ledger.collect();
    let mut regions: BTreeMap<&str, Aws> = BTreeMap::new();
    let mut found = Vec::new();
    for region in &target.regions {
        let aws = wiring::cloud(app, &target).at(region, target.role.as_deref());
        let there = leftovers::find(&app.cx, &aws, region, AGE)?;
        found.extend(there.into_iter().filter(|it| is_ours(it)));
        regions.insert(region, aws);
    }
    let mut copies = BTreeMap::new();
    for (row, there) in cloud::images(&catalog)? {
        for copy in there.into_iter().filter(|copy| copy.is_there) {
            if let Some(region) = cloud::region(&copy) {
                let key = (region.to_owned(), copy.location.clone());
                copies.insert(key, row.made.id.to_string());
            }
        }
    }
    let mut done = Vec::new();
    for decision in plan(&ledger, &found, &copies) {
        let aws = &regions[decision.resource.region.as_str()];
        done.push(settle(args, app, aws, &catalog, decision)?);
    }
    show(args, app, &done);
    Ok(Outcome::Done)
}

/// Does what was decided of something, and crosses it off where that is the end of it.
fn settle(
    args: &Args,
    app: &App,
    aws: &Aws,
    catalog: &goldsmith_catalog::Sqlite,
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
