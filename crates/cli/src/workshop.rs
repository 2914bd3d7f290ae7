//! The work of a run, done on this machine: the ports of `goldsmith_pipeline` by the commands'
//! own functions.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use goldsmith_build::export;
use goldsmith_build::image::{self, Need};
use goldsmith_build::record::{Image, Images};
use goldsmith_build::repo::Update;
use goldsmith_core::catalog::ImageRow;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_core::event::Event;
use goldsmith_core::failure::Class;
use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::{Command, Distribution, Pipeline, Recipe, Test, Webhook, Work};
use goldsmith_core::target::{FormFile, Forms, TargetError};
use goldsmith_disk::fmt::Format;
use goldsmith_exec::child::{Program, Status};
use goldsmith_pipeline::port::{
    Answer, Hands, Input, Locked, Made, Origin, Ran, Scanned, Tested, Workshop,
};
use goldsmith_pipeline::stage::distribute::Named;
use goldsmith_pipeline::unit::StageError;
use goldsmith_plan::lock::diff::diff;
use goldsmith_plan::lock::{Lock, Section};
use goldsmith_plan::naming::{self, Facts};
use serde_json::Value;

use crate::app::App;
use crate::catalog;
use crate::cmd::{build, scan, test};
use crate::job::Bench;
use crate::lockfile;
use crate::project;
use crate::report::CmdError;
use crate::wiring;

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

    fn build_now(&self, app: &App) -> Result<Made, CmdError> {
        let store = wiring::store(app)?;
        let known = wiring::catalog(app)?;
        let images = catalog::numbered(app, &known, &[self.recipe.name.as_str()])?;
        let bench = Bench::new(app, self.is_offline)?;
        let documents = project::documents(app, self.recipe)?;
        let section = build::locked(app, &store, self.recipe, &documents, self.is_offline)?;
        let job = bench.job(app, self.recipe, &section, &documents);
        let (image, is_new) = match image::need(&images, &job)? {
            Need::Nothing(image) => (*image, false),
            Need::Build(_) => (
                build::make(app, &store, &images, &job, self.is_offline)?,
                true,
            ),
        };
        Ok(made(app, &image, self.recipe, &section, is_new))
    }

    fn test_now(&self, app: &App, id: &ImageId, block: &Test) -> Result<Tested, CmdError> {
        let mut image = find(app, id)?;
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

fn made(app: &App, image: &Image, recipe: &Recipe, section: &Section, is_new: bool) -> Made {
    let mut parameters = std::collections::BTreeMap::new();
    for work in &recipe.work {
        if let Work::Component(component) = work {
            let clear = component
                .parameters
                .iter()
                .filter(|(_, value)| !value.is_sensitive);
            parameters.extend(clear.map(|(name, value)| {
                (
                    format!("{}:{name}", component.document),
                    value.value.clone(),
                )
            }));
        }
    }
    let packages = section.all_packages().map(|package| Input {
        uri: format!(
            "pkg:deb/debian/{}@{}?arch={}",
            package.name, package.version, package.arch
        ),
        sha256: package.sha256,
    });
    let documents = section.documents.iter().map(|document| Input {
        uri: format!("file:{}", document.path),
        sha256: document.sha256,
    });
    let ms: u64 = image.record.phases.iter().map(|phase| phase.ms).sum();
    let took = i64::try_from(ms / 1000).unwrap_or(0);
    let ended = image.record.created_unix;
    Made {
        image: image.made(),
        is_new,
        origin: Origin {
            parameters,
            inputs: packages.chain(documents).collect(),
            authors: authors(app),
            times: Some((ended - took, ended)),
        },
        bill: image.bill(),
    }
}

/// Who wrote the last change of the project, by Git; nobody where there is no Git.
fn authors(app: &App) -> Vec<String> {
    let git = Program::new("git")
        .args(["log", "-1", "--format=%ae%n%ce"])
        .cwd(&app.directory)
        .timeout(Duration::from_secs(10));
    let mut authors = git.lines(&app.cx).unwrap_or_default();
    authors.retain(|line| line.contains('@'));
    authors.sort();
    authors.dedup();
    authors
}

/// The name of an image at its targets, and its tags, by the rule of a distribution.
pub(crate) fn name(
    distribution: Option<&Distribution>,
    row: &ImageRow,
) -> Result<Named, StageError> {
    let Some(distribution) = distribution else {
        return Err(StageError::new(Class::Bug, "there is no distribution"));
    };
    let made = &row.made;
    let date = jiff::Timestamp::from_second(made.created_unix).unwrap_or_default();
    let facts = Facts {
        name: &made.id.name,
        purpose: &made.purpose,
        os: &made.os,
        version: made.id.version,
        build: made.id.build,
        arch: &made.arch,
        date: date.to_zoned(jiff::tz::TimeZone::UTC).date(),
    };
    let name = naming::render(&distribution.naming, &distribution.tags, &facts);
    Ok(Named {
        name: name.map_err(|error| StageError::of(&error))?,
        tags: naming::tags(&distribution.tags, &facts),
    })
}

/// Does what a pipeline's own steps ask for, from this computer.
pub(crate) struct LocalHands<'a> {
    pub(crate) app: &'a App,
}

/// Lines of a command that are kept.
const LINES: usize = 10_000;

impl Hands for LocalHands<'_> {
    fn command(
        &self,
        cx: &Cx,
        step: &str,
        command: &Command,
        timeout: Duration,
    ) -> Result<Ran, StageError> {
        let words: Vec<&str> = command
            .words
            .iter()
            .map(|word| word.value.as_str())
            .collect();
        let Some((program, arguments)) = words.split_first() else {
            return Err(StageError::new(
                Class::Config,
                "it has no program".to_owned(),
            ));
        };
        let mut run = if program.contains('/') {
            Program::new(self.app.directory.join(program))
        } else {
            Program::new(program)
        };
        for (name, value) in &command.environment {
            run = run.env(name, &value.value);
        }
        let run = run
            .args(arguments)
            .cwd(&self.app.directory)
            .timeout(timeout);
        let mut lines = Vec::new();
        let ended = run.run(cx, &mut |stream, line| {
            let text = cx.redactor.redact(line);
            if lines.len() < LINES {
                lines.push(text.clone());
            }
            cx.emit(Event::Output {
                source: step.to_owned(),
                stream,
                text,
            });
        });
        let exit = ended.map_err(|error| StageError::of(&error))?;
        Ok(Ran {
            code: match exit.status {
                Status::Code(code) => code,
                Status::Signal(signal) => 128 + signal,
            },
            lines,
        })
    }

    fn webhook(
        &self,
        cx: &Cx,
        id: &str,
        webhook: &Webhook,
        body: &Value,
        timeout: Duration,
    ) -> Result<Answer, StageError> {
        let hook = wiring::webhook(self.app, webhook, timeout);
        let (code, body) = hook
            .ask(cx, id, &body.to_string())
            .map_err(|error| StageError::of(&error))?;
        Ok(Answer { code, body })
    }
}

/// The forms that `build::export` writes.
pub(crate) struct Exports<'a> {
    pub(crate) app: &'a App,
}

impl Forms for Exports<'_> {
    fn ending(&self, form: &str) -> Option<&'static str> {
        Format::named(form).map(|format| format.endings[0])
    }

    fn write(
        &self,
        cx: &Cx,
        image: &ImageId,
        form: &str,
        to: &Path,
    ) -> Result<FormFile, TargetError> {
        let failed = |error: CmdError| -> TargetError { Box::new(stage_error(error)) };
        let image = find(self.app, image).map_err(failed)?;
        let format = Format::named(form)
            .ok_or_else(|| failed(CmdError::config(format!("there is no form `{form}`"))))?;
        let written =
            export::to_file(cx, &image, format, to, false).map_err(|error| failed(error.into()))?;
        let sha256 = match written.sha256 {
            Some(sha256) => sha256,
            None => digest(to)
                .map_err(|error| failed(CmdError::io("cannot read what was written", &error)))?,
        };
        Ok(FormFile {
            sha256,
            size_bytes: written.size_bytes,
        })
    }
}

/// What `sha256sum` says of a file.
fn digest(path: &Path) -> std::io::Result<Sha256> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&buffer[..length]),
        }
    }
}
