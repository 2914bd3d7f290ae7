//! A `test` block of a pipeline, on an instance of the image.

use goldsmith_build::document::Loaded;
use goldsmith_build::project::ProjectDirectory;
use goldsmith_build::record::Image;
use goldsmith_build::services::{self, Part as BuildPart, Purpose};
use goldsmith_component::execution::ExecutionReport;
use goldsmith_core::cloud::CloudImage;
use goldsmith_core::recipe::AwsInfrastructure;
use goldsmith_runner::drive::Limits;
use goldsmith_runner::image::{Trial, try_out};

use super::jobs::{self, Part};
use super::make::show;
use super::{id, run_id, tags};
use crate::app::App;
use crate::catalog::typed;
use crate::report::CmdError;
use crate::wiring;

/// Runs the `test` phases of these documents on an instance of an image; `None`: none has one.
pub(crate) fn trial(
    app: &App,
    place: &AwsInfrastructure,
    (image, there): (&Image, &CloudImage),
    documents: &[Loaded],
) -> Result<Option<ExecutionReport>, CmdError> {
    let own = ProjectDirectory::new(&app.directory);
    let purpose = Purpose {
        version: &image.record.version.to_string(),
        epoch: image.record.epoch_unix,
        key: image.record.key,
    };
    // What documents reach is reached from there.
    let nowhere = goldsmith_component::Services::default();
    let services = services::services(&nowhere, &own, purpose, BuildPart::Testing);
    let run = run_id()?;
    let part = Part {
        id: &run,
        phases: &["test"],
        phase: "TESTING",
    };
    let Some(job) = jobs::job(&app.cx, documents, &services, part)? else {
        return Ok(None);
    };
    let cloud = wiring::machines(app, place)?;
    let store = wiring::store(app)?;
    let keys = store.scratch("login")?;
    let trial = Trial {
        cloud: &cloud,
        image: &there.id,
        run: &run,
        owner: &format!("{} {}", id(place), typed(&image.id())),
        tags: &tags(place, &image.id()),
        program: &wiring::runner(app)?,
        job: &job,
        folder: keys.path(),
        limits: Limits::default(),
    };
    let report = try_out(&app.cx, &trial, &mut |document, step| {
        show(app, document, step);
    })?;
    Ok(Some(report))
}
