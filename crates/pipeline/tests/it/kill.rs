//! Runs that are killed, fail, are stopped and done twice, at every place where they can be.

use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_core::catalog::{
    AuditRow, Batch, Catalog, CatalogError, ChannelRow, CopyRow, Delivery, Entry, ImageFilter,
    ImageRow, MessageRow, NewRun, RunId, RunRow, RunStatus, Seq, StatementRow,
};
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Cancelled, Class};
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::version::Version;
use goldsmith_pipeline::engine::Ended;
use goldsmith_pipeline::unit::{Outcome, Scene, StageError, Unit};

use crate::world::{World, image};

/// A catalog whose process dies at the n-th write, before or after it is kept.
struct Dying<'a> {
    inner: &'a dyn Catalog,
    left: AtomicUsize,
    is_kept: bool,
}

impl Dying<'_> {
    fn dead() -> CatalogError {
        CatalogError::Database {
            action: "go on",
            source: "killed".into(),
        }
    }
}

impl Catalog for Dying<'_> {
    fn keep(&self, batch: &Batch) -> Result<Seq, CatalogError> {
        match self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            }) {
            // What is dead stays dead.
            Err(_) => Err(Self::dead()),
            Ok(1) => {
                if self.is_kept {
                    self.inner.keep(batch)?;
                }
                Err(Self::dead())
            }
            Ok(_) => self.inner.keep(batch),
        }
    }

    fn begin_run(&self, run: &NewRun) -> Result<RunId, CatalogError> {
        self.inner.begin_run(run)
    }
    fn journal(&self, run: RunId) -> Result<Vec<Entry>, CatalogError> {
        self.inner.journal(run)
    }
    fn run(&self, run: RunId) -> Result<RunRow, CatalogError> {
        self.inner.run(run)
    }
    fn runs(&self, pipeline: Option<&str>, limit: usize) -> Result<Vec<RunRow>, CatalogError> {
        self.inner.runs(pipeline, limit)
    }
    fn open_runs(&self) -> Result<Vec<RunRow>, CatalogError> {
        self.inner.open_runs()
    }
    fn image(&self, id: &ImageId) -> Result<ImageRow, CatalogError> {
        self.inner.image(id)
    }
    fn images(
        &self,
        filter: &ImageFilter,
        after: Option<&ImageId>,
        limit: usize,
    ) -> Result<Vec<ImageRow>, CatalogError> {
        self.inner.images(filter, after, limit)
    }
    fn copies(&self, image: &ImageId) -> Result<Vec<CopyRow>, CatalogError> {
        self.inner.copies(image)
    }
    fn is_name_taken(&self, name: &str, image: &ImageId) -> Result<bool, CatalogError> {
        self.inner.is_name_taken(name, image)
    }
    fn statements(&self, image: &ImageId) -> Result<Vec<StatementRow>, CatalogError> {
        self.inner.statements(image)
    }
    fn channel(&self, family: &str, channel: &str) -> Result<Option<ImageId>, CatalogError> {
        self.inner.channel(family, channel)
    }
    fn channel_history(
        &self,
        family: &str,
        channel: Option<&str>,
    ) -> Result<Vec<ChannelRow>, CatalogError> {
        self.inner.channel_history(family, channel)
    }
    fn audit(
        &self,
        subject: Option<&str>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditRow>, CatalogError> {
        self.inner.audit(subject, after, limit)
    }
    fn messages(&self, unix: i64, limit: usize) -> Result<Vec<MessageRow>, CatalogError> {
        self.inner.messages(unix, limit)
    }
    fn missing(&self, images: &[ImageId]) -> Result<Vec<ImageId>, CatalogError> {
        self.inner.missing(images)
    }
    fn versions(&self, name: &str) -> Result<Vec<(Version, u32)>, CatalogError> {
        self.inner.versions(name)
    }
    fn delivered(&self, message: u64, how: &Delivery) -> Result<(), CatalogError> {
        self.inner.delivered(message, how)
    }
}

/// What a unit does besides its work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Twist {
    /// It is done twice.
    Twice,
    /// It fails, after it has worked.
    Fails,
    /// Somebody stops the run while it works.
    Stops,
    /// It panics.
    Panics,
}

struct Twisted<'a> {
    unit: Box<dyn Unit + 'a>,
    /// Which unit of the course, and how.
    twist: Option<Twist>,
}

impl Unit for Twisted<'_> {
    fn name(&self) -> &str {
        self.unit.name()
    }

    fn run(&self, cx: &Cx, scene: &Scene<'_>) -> Result<Outcome, StageError> {
        let ended = self.unit.run(cx, scene)?;
        match self.twist {
            None => Ok(ended),
            Some(Twist::Twice) => self.unit.run(cx, scene),
            Some(Twist::Fails) => Err(StageError::new(Class::Remote, "the network dropped")),
            Some(Twist::Stops) => Err(StageError::of(&Cancelled)),
            Some(Twist::Panics) => panic!("a bug"),
        }
    }

    fn undo(&self, cx: &Cx, scene: &Scene<'_>) -> Result<(), StageError> {
        self.unit.undo(cx, scene)
    }

    fn failed(
        &self,
        scene: &Scene<'_>,
        error: &StageError,
    ) -> Vec<goldsmith_core::catalog::Change> {
        self.unit.failed(scene, error)
    }
}

fn plain<'a>(unit: Box<dyn Unit + 'a>) -> Box<dyn Unit + 'a> {
    unit
}

/// A run that nothing disturbs: how it leaves the world, how many writes it takes, its units.
fn undisturbed() -> (Vec<String>, usize, Vec<String>) {
    let world = World::new();
    let catalog = world.catalog();
    let run = world.begin(&catalog);
    let course = world.course(&plain);
    let counting = Dying {
        inner: &catalog,
        left: AtomicUsize::new(1000),
        is_kept: true,
    };
    assert_eq!(world.work(&counting, run, &course).unwrap(), Ended::Done);
    let writes = 1000 - counting.left.load(Ordering::SeqCst);
    assert_eq!(catalog.run(run).unwrap().status, RunStatus::Done);
    let row = catalog.image(&image()).unwrap();
    assert_eq!(
        (row.state, row.channels),
        (ImageState::Available, vec!["latest".to_owned()])
    );
    let names = course.names().into_iter().map(str::to_owned).collect();
    (world.picture(), writes, names)
}

#[test]
fn killed_at_every_write() {
    let (expected, writes, _) = undisturbed();
    assert!(writes > 20, "{writes}");
    for at in 1..=writes {
        for is_kept in [false, true] {
            let world = World::new();
            let catalog = world.catalog();
            let run = world.begin(&catalog);
            let course = world.course(&plain);
            let dying = Dying {
                inner: &catalog,
                left: AtomicUsize::new(at),
                is_kept,
            };
            assert!(world.work(&dying, run, &course).is_err(), "write {at}");
            drop(catalog);
            let catalog = world.catalog();
            assert_eq!(
                world.work(&catalog, run, &course).unwrap(),
                Ended::Done,
                "write {at}"
            );
            assert_eq!(world.picture(), expected, "write {at}, kept: {is_kept}");
            // What was written down as done was not done again.
            let builds = world.shop.builds.load(Ordering::SeqCst);
            assert!(
                builds <= 2 && (builds == 1 || at <= 5),
                "write {at}: {builds} builds"
            );
        }
    }
}

fn twisted(twist: Twist, check: impl Fn(&World, &str, Ended, Vec<String>)) {
    let (expected, _, names) = undisturbed();
    for name in &names {
        let world = World::new();
        let catalog = world.catalog();
        let run = world.begin(&catalog);
        let course = world.course(&|unit| {
            let twist = (unit.name() == name).then_some(twist);
            Box::new(Twisted { unit, twist })
        });
        let ended = world.work(&catalog, run, &course).unwrap();
        check(&world, name, ended, expected.clone());
        if twist == Twist::Twice {
            continue;
        }
        // The next process has no such trouble.
        assert!(catalog.run(run).unwrap().status.is_ended());
        let again = world.work(&catalog, run, &world.course(&plain)).unwrap();
        assert_eq!(again, Ended::Done, "{name}");
        assert_eq!(world.picture(), expected, "{name}");
    }
}

#[test]
fn every_unit_twice() {
    twisted(Twist::Twice, |world, name, ended, expected| {
        assert_eq!(ended, Ended::Done, "{name}");
        assert_eq!(world.picture(), expected, "{name}");
    });
}

#[test]
fn every_unit_fails_and_is_tried_again() {
    twisted(Twist::Fails, |_, name, ended, _| match ended {
        Ended::Failed {
            unit, error, class, ..
        } => {
            assert_eq!(
                (unit.as_str(), error.as_str(), class),
                (name, "the network dropped", Class::Remote)
            );
        }
        other => panic!("{name}: {other:?}"),
    });
}

#[test]
fn every_unit_is_stopped() {
    twisted(Twist::Stops, |_, name, ended, _| {
        assert_eq!(ended, Ended::Cancelled, "{name}");
    });
}

#[test]
fn every_unit_panics() {
    twisted(Twist::Panics, |_, name, ended, _| {
        assert!(
            matches!(
                &ended,
                Ended::Failed {
                    class: Class::Bug,
                    ..
                }
            ),
            "{name}: {ended:?}"
        );
    });
}

#[test]
fn a_failure_never_destroys_the_image() {
    twisted(Twist::Fails, |world, name, _, _| {
        if !matches!(name, "lock" | "build") {
            let row = world.catalog().image(&image()).unwrap();
            assert!(!matches!(row.state, ImageState::Deleted), "{name}");
        }
    });
}
