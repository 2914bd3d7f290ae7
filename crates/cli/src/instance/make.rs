//! `build` of a recipe that is made on an instance.

use std::time::Duration;

use goldsmith_build::image::instance::{Finished, publish};
use goldsmith_build::image::{self, Job, Need};
use goldsmith_build::record::{Image, Images};
use goldsmith_component::run::{StepReport, StepStatus};
use goldsmith_core::cloud::CloudImage;
use goldsmith_core::event::Event;
use goldsmith_core::failure::Failure;
use goldsmith_core::image::ImageId;
use goldsmith_core::machine::Capture;
use goldsmith_core::recipe::AwsInfrastructure;
use goldsmith_inspect::sanitize::Settings;
use goldsmith_inspect::sbom;
use goldsmith_plan::lock::Parent;
use goldsmith_plan::lock::format::AmiPin;
use goldsmith_provider::aws::launch::AwsMachines;
use goldsmith_runner::drive::Limits;
use goldsmith_runner::image::{Listener, Made, Order};
use goldsmith_store::Store;

use super::jobs::{self, Part};
use super::{id, place, run_id, tags};
use crate::alone::{self, Alone};
use crate::app::App;
use crate::catalog::typed;
use crate::report::CmdError;
use crate::wiring;

/// Decides whether there is anything to build. Of an image that is in a cloud it is asked whether
/// that still has it.
pub(crate) fn need(app: &App, images: &Images, job: &Job<'_>) -> Result<Need, CmdError> {
    let need = image::need(images, job)?;
    let (Some(place), Need::Nothing(image)) = (place(job.recipe), &need) else {
        return Ok(need);
    };
    let Some(there) = &image.record.cloud else {
        return Ok(need);
    };
    let is_there = wiring::machines(app, place)?.is_there(&app.cx, &there.id);
    if is_there.map_err(CmdError::Failed)? {
        return Ok(need);
    }
    let reason = format!(
        "{}, which is {}, is gone from {}",
        there.id,
        image.title(),
        there.region
    );
    Ok(Need::Build(vec![reason]))
}

/// Makes the image of a recipe on instances of its infrastructure.
pub(crate) fn make(
    app: &App,
    store: &Store,
    images: &Images,
    job: &Job<'_>,
    place: &AwsInfrastructure,
) -> Result<Image, CmdError> {
    let recipe = job.recipe;
    let _alone = alone::hold(
        app,
        Alone {
            file: &format!("build-{}", recipe.name),
            what: &format!("the build of `{}`", recipe.name),
            hint: "it makes the same image: wait for it",
            is_patient: false,
        },
    )?;
    let pin = pin(job)?;
    let program = wiring::runner(app)?;
    let cloud = wiring::machines(app, place)?;
    let number = images.next(&recipe.name, recipe.version)?;
    let run = run_id()?;
    let (tested, documents) = (format!("{run}-test"), job.documents);
    let part = |id, phases, phase| Part { id, phases, phase };
    let building = part(&*run, &["build", "validate"][..], "BUILDING");
    let build = jobs::job(&app.cx, documents, &job.services, building)?;
    let build = build.ok_or_else(|| {
        let message = format!(
            "nothing of recipe `{}` would run on the instance",
            recipe.name
        );
        CmdError::config(message).hint("give it a component with a `build` phase")
    })?;
    let testing = part(&*tested, &["test"][..], "TESTING");
    let test = jobs::job(&app.cx, documents, &job.services, testing)?;
    let tags = tags(place, &number);
    let name = format!("{}-{}-{}-{run}", number.name, number.version, number.build);
    let keys = store.scratch("login")?;
    let mut maker = Maker {
        app,
        store,
        images,
        job,
        cloud: &cloud,
        id: &number,
        name: &name,
        image: None,
    };
    goldsmith_runner::image::make(
        &app.cx,
        &Order {
            cloud: &cloud,
            from: &pin.id,
            run: &run,
            image: Capture {
                name: &name,
                description: &format!("{number}, made of {}", pin.id),
                tags: &tags,
                owner: &format!("{} {}", id(place), typed(&number)),
            },
            program: &program,
            build: &build,
            test: test.as_ref(),
            settings: &Settings::default(),
            folder: keys.path(),
            limits: Limits::default(),
        },
        &mut maker,
    )?;
    Ok(maker.image.expect("an image that was made is recorded"))
}

/// The image to start from, as the lock pins it.
fn pin<'a>(job: &'a Job<'_>) -> Result<&'a AmiPin, CmdError> {
    if let Some(Parent::Ami(pin)) = &job.section.parent {
        return Ok(pin);
    }
    let message = format!("the lock of recipe `{}` pins no image", job.recipe.name);
    Err(CmdError::config(message).hint("`goldsmith lock` pins it"))
}

/// Shows the steps, and makes the record.
struct Maker<'a> {
    app: &'a App,
    store: &'a Store,
    images: &'a Images,
    job: &'a Job<'a>,
    cloud: &'a AwsMachines,
    id: &'a ImageId,
    name: &'a str,
    image: Option<Image>,
}

impl Listener for Maker<'_> {
    fn step(&mut self, document: &str, step: &StepReport) {
        show(self.app, document, step);
    }

    fn record(&mut self, made: &Made) -> Result<(), Box<dyn Failure>> {
        let cx = &self.app.cx;
        let cloud: CloudImage = self.cloud.named(cx, &made.image, self.name)?;
        let boxed = |error| -> Box<dyn Failure> { Box::new(error) };
        let inventory = sbom::read(made.sealed.software.as_bytes())
            .map_err(|error| -> Box<dyn Failure> { Box::new(error) })?;
        let finished = Finished {
            id: self.id,
            cloud: &cloud,
            built: &made.build,
            tested: made.test.as_ref(),
            sanitized: &made.sealed.sanitized,
            verified: &made.sealed.verified,
            inventory: &inventory,
            times: &made.times,
        };
        let image = publish(cx, self.store, self.images, self.job, &finished).map_err(boxed)?;
        self.image = Some(image);
        Ok(())
    }
}

/// A step that has ended, as a phase of the work.
pub(super) fn show(app: &App, document: &str, step: &StepReport) {
    let word = match step.status {
        StepStatus::Success => "done",
        StepStatus::Skipped => "skipped",
        StepStatus::Failed => "failed",
        StepStatus::IgnoredFailure => "failed, which does not matter",
    };
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    app.cx.emit(Event::PhaseFinished {
        phase: format!("{document} {}/{}", step.phase, step.step),
        ms: ms(step.duration),
        summary: word.to_owned(),
    });
}
