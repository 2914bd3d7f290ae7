//! What it takes to build a recipe, put together for the commands that build or say what a build
//! would do.

use goldsmith_build::document::Loaded;
use goldsmith_build::image::{self, Job, Owner};
use goldsmith_build::layer::Anew;
use goldsmith_build::project::ProjectDirectory;
use goldsmith_build::record::Images;
use goldsmith_build::services::{self, Part, Purpose};
use goldsmith_core::recipe::Recipe;
use goldsmith_plan::key::Salt;
use goldsmith_plan::lock::Section;

use crate::app::App;
use crate::report::CmdError;
use crate::wiring::{self, Outside};

/// What all recipes of a project share.
pub(crate) struct Bench {
    project: ProjectDirectory,
    outside: Option<Outside>,
    salt: Salt,
    images: Images,
}

impl Bench {
    pub(crate) fn new(app: &App, is_offline: bool) -> Result<Self, CmdError> {
        let home = app.home()?;
        Ok(Self {
            project: ProjectDirectory::new(&app.directory),
            outside: wiring::outside(app, is_offline),
            salt: image::salt(&home)
                .map_err(|e| CmdError::io("cannot read the salt of the home", &e))?,
            images: Images::new(&home),
        })
    }

    /// The job of a recipe, with every layer taken that is kept.
    pub(crate) fn job<'a>(
        &'a self,
        app: &App,
        recipe: &'a Recipe,
        section: &'a Section,
        documents: &'a [Loaded],
    ) -> Job<'a> {
        let inputs = image::inputs(recipe, section, &self.salt);
        let purpose = Purpose {
            version: &recipe.version.to_string(),
            epoch: section.epoch,
            key: inputs.key(),
        };
        let outside = wiring::services(self.outside.as_ref());
        Job {
            recipe,
            section,
            documents,
            services: services::services(&outside, &self.project, purpose, Part::Building),
            inputs,
            salt: self.salt,
            project: self.project.path(),
            parents: &self.images,
            owner: Owner::new(&app.directory, &recipe.name),
            anew: Anew::None,
            on_failure: None,
            wants_sha256: false,
        }
    }
}
