//! Images that are made on an instance: a recipe, its documents, the catalog and the record put
//! together for `goldsmith_runner::image`.
//!
//! ```text
//! recipe, lock ─► order ─► runner::image::make ─► record (build::image::instance) ─► kept
//!                  │           launch, documents, sealed, captured, tested
//!                  └─ the ledger of the catalog knows of everything before it is made
//! ```

mod jobs;
mod make;
mod trial;

use std::collections::BTreeMap;

use goldsmith_core::cloud::CloudImage;
use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::{
    AwsInfrastructure, Infrastructure, Pipeline, Recipe, Source, TargetKind,
};
use goldsmith_provider::aws::mark::{IMAGE, TARGET};

use crate::app::App;
use crate::catalog::typed;
use crate::report::CmdError;
use crate::wiring;

pub(crate) use make::{make, need};
pub(crate) use trial::trial;

/// Where the image of a recipe is made, when that is not this computer.
pub(crate) fn place(recipe: &Recipe) -> Option<&AwsInfrastructure> {
    match (&recipe.source, &recipe.infrastructure) {
        (Source::Ami(_), Some(Infrastructure::Aws(place))) => Some(place),
        _ => None,
    }
}

/// What an infrastructure is known by in the ledger and in tags: `infrastructure/lab`.
pub(crate) fn id(place: &AwsInfrastructure) -> String {
    format!("infrastructure/{}", place.name)
}

/// Refuses, before anything is made, what cannot be done with an image that has no disk here.
pub(crate) fn check(recipe: &Recipe, pipeline: &Pipeline) -> Result<(), CmdError> {
    if place(recipe).is_none() {
        return Ok(());
    }
    let distribution = pipeline.distribution.iter();
    for target in distribution.flat_map(|distribution| &distribution.targets) {
        if !matches!(target.kind, TargetKind::Aws(_)) {
            let message = format!(
                "the target `{}` takes disks, and `{}` is made on an instance: it has none here",
                target.id(),
                recipe.name
            );
            return Err(CmdError::config(message)
                .hint("a target \"aws\" copies such an image; for a disk build the recipe on a `source \"debian\"`"));
        }
    }
    let profile = pipeline
        .scan
        .as_ref()
        .and_then(|scan| scan.profile.as_ref());
    if let Some(profile) = profile {
        let message = format!(
            "the hardening profile `{profile}` is held against a disk, and `{}` has none here",
            recipe.name
        );
        return Err(CmdError::config(message).hint(
            "leave `profile` out of the `scan` block; a component's `validate` phase can check the instance",
        ));
    }
    Ok(())
}

/// Takes an image away that was made on an instance, with its snapshots. Where the recipe is made
/// elsewhere by now, the image is in another region than its infrastructure.
pub(crate) fn withdraw(
    app: &App,
    there: &CloudImage,
    place: Option<&AwsInfrastructure>,
) -> Result<(), CmdError> {
    let Some(place) = place.filter(|place| place.region == there.region) else {
        let message = format!(
            "{} is in {}, where no infrastructure of this recipe is any more",
            there.id, there.region
        );
        return Err(CmdError::config(message)
            .hint("deregister it there by hand, or bring the `infrastructure` block back"));
    };
    let gone = wiring::machines(app, place)?.withdraw(&app.cx, &there.id);
    gone.map_err(CmdError::Failed)
}

/// What is written on everything that is made for an image, besides the infrastructure's own tags.
fn tags(place: &AwsInfrastructure, image: &ImageId) -> BTreeMap<String, String> {
    let tags = [(IMAGE, typed(image)), (TARGET, id(place))];
    tags.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Names what one execution makes: eight digits that no other one has.
fn run_id() -> Result<String, CmdError> {
    let mut id = wiring::identifier()?;
    id.truncate(8);
    Ok(id)
}
