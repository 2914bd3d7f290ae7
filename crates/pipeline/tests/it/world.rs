//! A small world in which a run can go wrong in every way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{ArtifactRow, Catalog, NewImage, NewRun, RunId};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;
use goldsmith_core::target::{FormFile, Forms, Target, TargetError};
use goldsmith_pipeline::engine::{Ended, Engine};
use goldsmith_pipeline::error::RunError;
use goldsmith_pipeline::evidence::{PublicKey, SigningKey, predicate};
use goldsmith_pipeline::happening::Silent;
use goldsmith_pipeline::port::{Locked, Made, Origin, Scanned, Tested, Workshop};
use goldsmith_pipeline::stage::build::Build;
use goldsmith_pipeline::stage::distribute::{Bring, Name, Named, Rule};
use goldsmith_pipeline::stage::gate::Gate;
use goldsmith_pipeline::stage::lock::Lock;
use goldsmith_pipeline::stage::register::Register;
use goldsmith_pipeline::stage::scan::Scan;
use goldsmith_pipeline::stage::test::Test;
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

    fn test(&self, _cx: &Cx, _image: &ImageId, name: &str) -> Result<Tested, StageError> {
        self.tests.fetch_add(1, Ordering::SeqCst);
        Ok(Tested {
            passed: vec![format!("{name} boots")],
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

    fn write(&self, _cx: &Cx, _image: &ImageId, _form: &str, to: &Path) -> Result<FormFile, TargetError> {
        fs::write(to, b"disk").expect("the directory is there");
        Ok(FormFile {
            sha256: Sha256::of(b"disk"),
            size_bytes: 4,
        })
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
            key,
            dir,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn catalog(&self) -> Sqlite {
        Sqlite::open(&self.path("catalog.sqlite")).unwrap()
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

    /// The whole course, every unit of it handed to `wrap`.
    pub(crate) fn course<'w>(
        &'w self,
        wrap: &dyn Fn(Box<dyn Unit + 'w>) -> Box<dyn Unit + 'w>,
    ) -> Course<'w> {
        let shop: &dyn Workshop = &self.shop;
        let key = &self.key;
        let rule: &'w Rule<'w> = &|_row| {
            Ok(Named {
                name: NAME.to_owned(),
                tags: BTreeMap::new(),
            })
        };
        let expected = vec![
            predicate::PROVENANCE,
            predicate::BILL,
            predicate::TEST,
            predicate::VULNERABILITIES,
        ];
        let one = |unit: Box<dyn Unit + 'w>| vec![wrap(unit)];
        let mut groups = vec![
            one(Box::new(Lock { workshop: shop, is_update: false })),
            one(Box::new(Build { workshop: shop, key, version: "0" })),
            vec![
                wrap(Box::new(Test::new("boot", false, shop, key))),
                wrap(Box::new(Test::new("smoke", false, shop, key))),
            ],
            one(Box::new(Scan { workshop: shop, key, version: "0" })),
            one(Box::new(Gate { keys: &self.keys, expected })),
            one(Box::new(goldsmith_pipeline::stage::approve::Approve::by_policy())),
            one(Box::new(Name { rule, targets: &self.targets })),
        ];
        let bring = self.targets.iter().map(|target| {
            let unit: Box<dyn Unit + 'w> = Box::new(Bring::new(&**target, &Bytes, key));
            wrap(unit)
        });
        groups.push(bring.collect());
        groups.push(one(Box::new(Register { targets: &self.targets })));
        Course { groups }
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
            found.push(format!("{} -> {}", path.display(), fs::read_link(&path).unwrap().display()));
        } else if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    let own = folder.display().to_string();
    found.into_iter().map(|line| line.replace(&own, "")).collect()
}
