//! Targets and infrastructures in a cloud, for commands that look at what is there: which one of the
//! project is meant, and what the catalog has there.

use std::collections::BTreeMap;

use goldsmith_core::catalog::{Catalog, CopyRow, ImageFilter, ImageRow};
use goldsmith_core::recipe::{AwsInfrastructure, AwsTarget, Infrastructure, TargetKind};

use crate::app::App;
use crate::args::Variables;
use crate::project;
use crate::report::CmdError;

/// Images that are asked for at once.
const PAGE: usize = 500;

/// The target of this id, `aws/eu`, of any distribution of the project.
pub(crate) fn target(app: &App, id: &str, variables: &Variables) -> Result<AwsTarget, CmdError> {
    let project = project::recipes(app, variables, &[])?;
    let distributions = project
        .pipelines
        .iter()
        .filter_map(|it| it.distribution.as_ref());
    let mut targets: BTreeMap<String, AwsTarget> = BTreeMap::new();
    for target in distributions.flat_map(|it| &it.targets) {
        if let TargetKind::Aws(aws) = &target.kind {
            targets.insert(target.id(), aws.clone());
        }
    }
    targets.remove(id).ok_or_else(|| {
        let known: Vec<_> = targets.keys().map(String::as_str).collect();
        let error = CmdError::usage(format!(
            "no pipeline of the project has a target `{id}` in AWS"
        ));
        if known.is_empty() {
            error.hint("a `distribution` has it as `target \"aws\" \"NAME\"`")
        } else {
            error.hint(format!("there is {}", known.join(", ")))
        }
    })
}

/// The infrastructure of this label that a recipe of the project is made on.
pub(crate) fn infrastructure(
    app: &App,
    name: &str,
    variables: &Variables,
) -> Result<AwsInfrastructure, CmdError> {
    let project = project::recipes(app, variables, &[])?;
    let mut places: BTreeMap<&str, &AwsInfrastructure> = BTreeMap::new();
    for recipe in &project.recipes {
        if let Some(Infrastructure::Aws(place)) = &recipe.infrastructure {
            places.insert(&place.name, place);
        }
    }
    if let Some(place) = places.get(name) {
        return Ok((*place).clone());
    }
    let known: Vec<_> = places.keys().copied().collect();
    let error = CmdError::usage(format!(
        "no recipe of the project is made on an infrastructure `{name}`"
    ));
    Err(if known.is_empty() {
        error.hint("a recipe names it: `infrastructure = infrastructure.aws.NAME`")
    } else {
        error.hint(format!("there is {}", known.join(", ")))
    })
}

/// Every image of the catalog with its copies in AWS, newest first.
pub(crate) fn images(catalog: &dyn Catalog) -> Result<Vec<(ImageRow, Vec<CopyRow>)>, CmdError> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let rows = catalog.images(&ImageFilter::default(), after.as_ref(), PAGE)?;
        let is_last = rows.len() < PAGE;
        for row in rows {
            after = Some(row.made.id.clone());
            let mut copies = catalog.copies(&row.made.id)?;
            copies.retain(|copy| region(copy).is_some());
            all.push((row, copies));
        }
        if is_last {
            return Ok(all);
        }
    }
}

/// The region of a copy in AWS: the end of `aws/eu/eu-north-1`.
pub(crate) fn region(copy: &CopyRow) -> Option<&str> {
    let (_, region) = copy.target.strip_prefix("aws/")?.split_once('/')?;
    Some(region)
}
