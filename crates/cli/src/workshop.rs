//! The work of a run, done on this machine: the ports of `goldsmith_pipeline` by the commands'
//! own functions.

mod exports;
mod hands;
mod made;
mod name;

use goldsmith_build::image::{self, Need};
use goldsmith_build::record::{Image, Images};
use goldsmith_build::repo::Update;
use goldsmith_component::execution::Status;
use goldsmith_component::run::StepStatus;
use goldsmith_core::cloud::CloudImage;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::{Pipeline, Recipe, Test, Work};
use goldsmith_pipeline::port::{Locked, Made, Scanned, Tested, Workshop};
use goldsmith_pipeline::unit::StageError;
use goldsmith_plan::lock::Lock;
use goldsmith_plan::lock::diff::diff;

use crate::app::App;
use crate::catalog;
use crate::cmd::{build, scan, test};
use crate::instance;
use crate::job::Bench;
use crate::lockfile;
use crate::project;
use crate::report::CmdError;
use crate::wiring;

pub(crate) use exports::Exports;
pub(crate) use hands::LocalHands;
pub(crate) use name::name;

/// The workshop of one pipeline.
pub(crate) struct LocalWorkshop<'a> {
    pub(crate) app: &'a App,
    pub(crate) recipe: &'a Recipe,
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) is_offline: bool,
}

/// A command's failure as that of a stage.
#[expect(
    clippy::needless_pass_by_value,
    reason = "given to `map_err`, which hands errors over"
)]
pub(crate) fn stage_error(error: CmdError) -> StageError {
    let mut of = StageError::new(error.class(), error.message());
    of.hints = error.hints();
    of
}

impl LocalWorkshop<'_> {
    /// The program under way, with the context of the unit.
    fn app(&self, cx: &Cx) -> App {
        App {
            cx: cx.clone(),
            ..self.app.clone()
        }
    }

    fn lock_now(&self, app: &App, is_update: bool) -> Result<Locked, CmdError> {
        let documents = project::documents(app, self.recipe)?;
        let store = wiring::store(app)?;
        let old = lockfile::read(app)?.unwrap_or_default();
        let previous = old.recipes.get(&self.recipe.name);
        let update = if is_update { Update::All } else { Update::None };
        let section = match previous {
            Some(_) if !is_update => lockfile::fitting(Some(&old), self.recipe, &documents)?,
            _ => lockfile::section(
                app,
                &store,
                self.recipe,
                &documents,
                previous,
                update,
                self.is_offline,
            )?,
        };
        let mut new = old.clone();
        new.recipes
            .insert(self.recipe.name.clone(), section.clone());
        let changes = diff(&old, &new);
        if changes.has_updates() || previous.is_none() {
            lockfile::write(app, &store, &new)?;
        }
        let text = changes.to_string();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut alone = Lock::default();
        alone.recipes.insert(self.recipe.name.clone(), section);
        Ok(Locked {
            digest: Sha256::of(alone.to_text().as_bytes()),
            updates: lines.map(str::to_owned).collect(),
        })
    }

    /// Whether locking anew would change anything. Nothing is written.
    pub(crate) fn would_change(&self, cx: &Cx) -> Result<bool, CmdError> {
        let app = self.app(cx);
        let documents = project::documents(&app, self.recipe)?;
        let store = wiring::store(&app)?;
        let old = lockfile::read(&app)?.unwrap_or_default();
        let section = lockfile::section(
            &app,
            &store,
            self.recipe,
            &documents,
            old.recipes.get(&self.recipe.name),
            Update::All,
            self.is_offline,
        )?;
        let mut new = old.clone();
        new.recipes.insert(self.recipe.name.clone(), section);
        Ok(diff(&old, &new).has_updates())
    }

    /// Whether the recipe, as it is now, still gives this image.
    pub(crate) fn is_current(&self, id: &ImageId) -> Result<bool, CmdError> {
        let documents = project::documents(self.app, self.recipe)?;
        let Some(lock) = lockfile::read(self.app)? else {
            return Ok(false);
        };
        let Ok(section) = lockfile::fitting(Some(&lock), self.recipe, &documents) else {
            return Ok(false);
        };
        let bench = Bench::new(self.app, self.is_offline)?;
        let job = bench.job(self.app, self.recipe, &section, &documents);
        let images = Images::new(&self.app.home()?);
        Ok(match image::need(&images, &job)? {
            Need::Nothing(image) => image.id() == *id,
            Need::Build(_) => false,
        })
    }

    fn build_now(&self, app: &App) -> Result<Made, CmdError> {
        let store = wiring::store(app)?;
        let known = wiring::catalog(app)?;
        let images = catalog::numbered(app, &known, &[self.recipe.name.as_str()])?;
        let bench = Bench::new(app, self.is_offline)?;
        let documents = project::documents(app, self.recipe)?;
        let section = build::locked(app, &store, self.recipe, &documents, self.is_offline)?;
        let job = bench.job(app, self.recipe, &section, &documents);
        let (image, is_new) = match instance::need(app, &images, &job)? {
            Need::Nothing(image) => (*image, false),
            Need::Build(_) => (
                build::make(app, &store, &images, &job, self.is_offline)?,
                true,
            ),
        };
        Ok(made::made(app, &image, self.recipe, &section, is_new))
    }

    fn test_now(&self, app: &App, id: &ImageId, block: &Test) -> Result<Tested, CmdError> {
        let mut image = find(app, id)?;
        if let Some(there) = &image.record.cloud {
            return self.try_now(app, &image, there, block);
        }
        let mut documents = project::documents(app, self.recipe)?;
        let more = block.components.iter().cloned().map(Work::Component);
        documents.extend(project::documents_of(app, &more.collect::<Vec<_>>())?);
        let firmwares = test::firmwares(&[], &block.spec, &image)?;
        let how = firmwares.iter().map(|firmware| firmware.name().to_owned());
        let how: Vec<String> = how.collect();
        let folder = match block.name.as_str() {
            // What `goldsmith test` does.
            "boot" => "test".to_owned(),
            name => format!("test-{name}"),
        };
        let wanted = test::Wanted {
            test: block.spec.clone(),
            scan: self.pipeline.scan.clone().unwrap_or_default(),
            documents: test::test_documents(documents),
        };
        let (report, _) = test::boot(app, &mut image, &folder, wanted, firmwares)?;
        let mut tested = Tested {
            how,
            ..Tested::default()
        };
        for (boot, check) in report.all_checks() {
            let name = format!("{boot} {}", check.name).trim().to_owned();
            if check.is_passed {
                tested.passed.push(name);
            } else {
                tested.failed.push(name);
            }
        }
        Ok(tested)
    }

    /// The documents of a block, on an instance of the image; those of the recipe ran there when it
    /// was made.
    fn try_now(
        &self,
        app: &App,
        image: &Image,
        there: &CloudImage,
        block: &Test,
    ) -> Result<Tested, CmdError> {
        let mut tested = Tested {
            how: vec!["instance".to_owned()],
            ..Tested::default()
        };
        if let Some(test) = &image.record.test {
            let steps = format!("{} steps of its documents, when it was made", test.checks);
            tested.passed.push(steps);
        }
        let more = block.components.iter().cloned().map(Work::Component);
        let documents = project::documents_of(app, &more.collect::<Vec<_>>())?;
        let Some(place) = instance::place(self.recipe) else {
            let message = format!(
                "{} was made on an instance, and the recipe names no infrastructure",
                image.title()
            );
            return Err(CmdError::config(message).hint("build it again"));
        };
        let Some(report) = instance::trial(app, place, (image, there), &documents)? else {
            return Ok(tested);
        };
        for document in &report.documents {
            for step in &document.steps {
                let name = format!("{} {}/{}", document.document, step.phase, step.step);
                match step.status {
                    StepStatus::Failed => tested.failed.push(name),
                    _ => tested.passed.push(name),
                }
            }
        }
        if report.status() == Status::Failed && tested.failed.is_empty() {
            tested.failed.push(report.failure_message());
        }
        Ok(tested)
    }

    fn scan_now(&self, app: &App, id: &ImageId) -> Result<Scanned, CmdError> {
        let spec = self.pipeline.scan.clone().unwrap_or_default();
        scan::stage::scan(app, find(app, id)?, &self.pipeline.name, &spec)
    }
}

impl Workshop for LocalWorkshop<'_> {
    fn lock(&self, cx: &Cx, is_update: bool) -> Result<Locked, StageError> {
        self.lock_now(&self.app(cx), is_update).map_err(stage_error)
    }

    fn build(&self, cx: &Cx) -> Result<Made, StageError> {
        self.build_now(&self.app(cx)).map_err(stage_error)
    }

    fn test(&self, cx: &Cx, image: &ImageId, block: &Test) -> Result<Tested, StageError> {
        self.test_now(&self.app(cx), image, block)
            .map_err(stage_error)
    }

    fn scan(&self, cx: &Cx, image: &ImageId) -> Result<Scanned, StageError> {
        self.scan_now(&self.app(cx), image).map_err(stage_error)
    }
}

/// The image of an identity, which the home must have.
pub(crate) fn find(app: &App, id: &ImageId) -> Result<Image, CmdError> {
    Ok(Images::new(&app.home()?).find(&catalog::typed(id))?)
}
