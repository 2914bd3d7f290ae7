//! A small world in which a run can go wrong in every way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{ArtifactRow, Catalog, NewImage, NewRun, RunId};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::{Command, Pipeline, Test, Webhook};
use goldsmith_core::target::{FormFile, Forms, Target, TargetError};
use goldsmith_pipeline::course::{Ports, course};
use goldsmith_pipeline::decision::Keys;
use goldsmith_pipeline::engine::{Ended, Engine};
use goldsmith_pipeline::error::RunError;
use goldsmith_pipeline::evidence::{PublicKey, SigningKey};
use goldsmith_pipeline::happening::Silent;
use goldsmith_pipeline::port::{Answer, Hands, Ran};
use goldsmith_pipeline::port::{Locked, Made, Origin, Scanned, Tested, Workshop};
use goldsmith_pipeline::stage::distribute::Named;
use goldsmith_pipeline::unit::{Course, StageError, Unit};
use goldsmith_provider::target::LocalTarget;
use goldsmith_testing::clock::RealClock;

/// Counts what is done, and makes one image of one kind of bytes.
#[derive(Debug, Default)]
pub(crate) struct Shop {
    pub(crate) builds: AtomicUsize,
    pub(crate) tests: AtomicUsize,
}

impl Workshop for Shop {
    fn lock(&self, _cx: &Cx, _is_update: bool) -> Result<Locked, StageError> {
        Ok(Locked {
            digest: Sha256::of(b"lock"),
            updates: Vec::new(),
        })
    }

    fn build(&self, _cx: &Cx) -> Result<Made, StageError> {
        let is_new = self.builds.fetch_add(1, Ordering::SeqCst) == 0;
        let digest = Sha256::of(b"disk");
        Ok(Made {
            image: NewImage {
                id: image(),
                purpose: "web".to_owned(),
                os: "debian-12".to_owned(),
                arch: "amd64".to_owned(),
                key: Sha256::of(b"key"),
                digest,
                parent: None,
                artifacts: vec![ArtifactRow {
                    file: "disk.raw".to_owned(),
                    format: "raw".to_owned(),
                    digest,
                    size_bytes: 4,
                }],
                created_unix: 0,
            },
            is_new,
            origin: Origin::default(),
            bill: Some(serde_json::json!({ "bomFormat": "CycloneDX" })),
        })
    }

    fn test(&self, _cx: &Cx, _image: &ImageId, block: &Test) -> Result<Tested, StageError> {
        self.tests.fetch_add(1, Ordering::SeqCst);
        Ok(Tested {
            passed: vec![format!("{} boots", block.name)],
            ..Tested::default()
        })
    }

    fn scan(&self, _cx: &Cx, _image: &ImageId) -> Result<Scanned, StageError> {
        Ok(Scanned::default())
    }
}

#[derive(Debug)]
pub(crate) struct Bytes;

impl Forms for Bytes {
    fn ending(&self, form: &str) -> Option<&'static str> {
        (form == "raw").then_some(".raw")
    }

    fn write(
        &self,
        _cx: &Cx,
        _image: &ImageId,
        _form: &str,
        to: &Path,
    ) -> Result<FormFile, TargetError> {
        fs::write(to, b"disk").expect("the directory is there");
        Ok(FormFile {
            sha256: Sha256::of(b"disk"),
            size_bytes: 4,
        })
    }
}

/// Says what it was told.
#[derive(Debug)]
struct Echo;

impl Hands for Echo {
    fn command(
        &self,
        _cx: &Cx,
        _step: &str,
        _image: Option<&ImageId>,
        command: &Command,
        _timeout: Duration,
    ) -> Result<Ran, StageError> {
        Ok(Ran {
            code: 0,
            lines: command
                .words
                .iter()
                .map(|word| word.value.clone())
                .collect(),
        })
    }

    fn webhook(
        &self,
        _cx: &Cx,
        _id: &str,
        _webhook: &Webhook,
        body: &serde_json::Value,
        _timeout: Duration,
    ) -> Result<Answer, StageError> {
        Ok(Answer {
            code: 200,
            body: body.to_string(),
        })
    }
}

/// Two tests at once, a scan, steps before and after stages; what does not hold is skipped.
pub(crate) fn pipeline() -> Pipeline {
    let text = include_str!("pipeline.gold.hcl");
    let input = goldsmith_lang::Input {
        name: "pipeline.gold.hcl".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let outcome = goldsmith_lang::evaluate(&[input], &goldsmith_lang::Options::default(), &NoHost);
    assert!(!outcome.has_errors(), "{:?}", outcome.problems);
    outcome.project.pipelines.into_iter().next().unwrap()
}

/// A host that has nothing.
struct NoHost;

impl goldsmith_lang::Host for NoHost {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("there is no `{path}`"))
    }

    fn exists(&self, _path: &str) -> bool {
        false
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        Err(format!("there is no `{folder}`"))
    }

    fn unix_seconds(&self) -> i64 {
        0
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

pub(crate) fn image() -> ImageId {
    "web@1.0.0/1".parse().unwrap()
}

pub(crate) const NAME: &str = "web-debian-12-1.0.0-20261129";

/// Everything that a run touches.
pub(crate) struct World {
    dir: tempfile::TempDir,
    pub(crate) cx: Cx,
    pub(crate) shop: Shop,
    pub(crate) key: SigningKey,
    keys: Vec<PublicKey>,
    owners: BTreeMap<String, String>,
    pub(crate) pipeline: Pipeline,
    targets: Vec<Box<dyn Target>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::of_seed([3; 32]);
        let target = |label: &str| -> Box<dyn Target> {
            let directory = dir.path().join(label);
            Box::new(LocalTarget::new(label, directory, vec!["raw".to_owned()]))
        };
        Self {
            targets: vec![target("one"), target("two")],
            cx: Cx::silent(Arc::new(RealClock)),
            shop: Shop::default(),
            keys: vec![key.public()],
            owners: BTreeMap::new(),
            pipeline: pipeline(),
            key,
            dir,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn catalog(&self) -> Sqlite {
        Sqlite::open(self.dir.path()).unwrap()
    }

    pub(crate) fn begin(&self, catalog: &dyn Catalog) -> RunId {
        let run = NewRun {
            pipeline: "web".to_owned(),
            actor: "ann@example.com".to_owned(),
            trigger: "person".to_owned(),
            unix: 0,
        };
        catalog.begin_run(&run).unwrap()
    }

    /// The whole course of the pipeline, every unit of it handed to `wrap`.
    pub(crate) fn course<'w>(
        &'w self,
        wrap: &dyn Fn(Box<dyn Unit + 'w>) -> Box<dyn Unit + 'w>,
    ) -> Course<'w> {
        let ports = Ports {
            workshop: &self.shop,
            hands: &Echo,
            forms: &Bytes,
            targets: &self.targets,
            rule: &|_row| {
                Ok(Named {
                    name: NAME.to_owned(),
                    tags: BTreeMap::new(),
                })
            },
            key: &self.key,
            keys: Keys {
                trusted: &self.keys,
                owners: &self.owners,
            },
            version: "0",
            is_update: false,
        };
        let course = course(&self.pipeline, ports);
        let groups = course.groups.into_iter();
        let groups = groups.map(|group| group.into_iter().map(wrap).collect());
        Course {
            groups: groups.collect(),
        }
    }

    /// Works on a run as a fresh process would.
    pub(crate) fn work(
        &self,
        catalog: &dyn Catalog,
        run: RunId,
        course: &Course<'_>,
    ) -> Result<Ended, RunError> {
        Engine::open(catalog, run, course, &Silent)?.work(&self.cx)
    }

    /// What lies at the targets, and how the image stands, in lines.
    pub(crate) fn picture(&self) -> Vec<String> {
        let catalog = self.catalog();
        let row = catalog.image(&image()).unwrap();
        let mut lines = vec![format!("{} {:?}", row.state.name(), row.channels)];
        for copy in catalog.copies(&image()).unwrap() {
            lines.push(format!("{} {}", copy.target, copy.is_there));
        }
        for statement in catalog.statements(&image()).unwrap() {
            lines.push(statement.predicate_type);
        }
        for label in ["one", "two"] {
            lines.extend(files(&self.path(label)));
        }
        lines.sort();
        lines.dedup();
        lines
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_symlink() {
            found.push(format!(
                "{} -> {}",
                path.display(),
                fs::read_link(&path).unwrap().display()
            ));
        } else if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    let own = folder.display().to_string();
    found
        .into_iter()
        .map(|line| line.replace(&own, ""))
        .collect()
}
