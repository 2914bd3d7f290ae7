//! The first layer of an image that starts from another one, or from a disk of others: what that
//! holds.
//!
//! ```text
//! parent's layers in the store ── sanitized ──► hard links into them ──┐
//!                                                                      ├──► neutral ──► one layer
//! parent's disk ────────────────── read ──────► its files ─────────────┘
//!
//! file of others ───────────────── read ──────► its files ─────────────────────────► one layer
//! ```
//!
//! Both ways of an image make the same layer, under one name, which follows from the digest of the
//! disk. What the disk has of itself, its table of file systems for one, is taken back.

mod neutral;

use std::path::Path;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::{DiskFrom, Firmware, Source};
use goldsmith_inspect::sanitize::Settings;
use goldsmith_plan::lock::{ImagePin, Parent};
use goldsmith_store::Store;

use super::known::KnownInStore;
use super::top::Top;
use super::{BuildError, Job};
use crate::layer::{Anew, Layer, Made, Parts, Stack, Wanted, flatten};
use crate::parent::{self, Foreign, ParentError};
use crate::record::Image;
use crate::source::{self, SourceDisk};

/// Raised when another layer is made of the same disk: layers made before are then of no use.
const FORM: u32 = 1;

/// What the layer is a function of.
pub(super) fn wanted(parent: &Parent, epoch: i64) -> Wanted {
    let mut parts = Parts::default();
    parts.add("parent form", &FORM.to_string());
    let what = match parent {
        Parent::Image(_) => "parent disk",
        Parent::Disk(_) => "parent file",
        Parent::Ami(_) => "parent ami",
    };
    parts.add(what, &parent.digest().to_string());
    parts.add("epoch", &epoch.to_string());
    Wanted {
        title: "parent".to_owned(),
        parts,
        unnoticed: Vec::new(),
    }
}

/// Puts the layer on an empty stack; gives how long it took, when it was not kept.
pub(super) fn layer(
    cx: &Cx,
    stack: &mut Stack<'_>,
    job: &Job<'_>,
    parent: &Parent,
) -> Result<Option<Duration>, BuildError> {
    let store = stack.store();
    let mut time = None;
    let wanted = wanted(parent, job.section.epoch);
    stack.layer(cx, &wanted, |place| -> Result<Made, BuildError> {
        let title = format!("start from {parent}");
        let phase = cx.phase(title.clone(), None);
        place.say(&title, 0, 0);
        let way = match (parent, foreign(store, job)?) {
            (Parent::Image(pin), _) => of_image(cx, store, job, pin, place.directory())?,
            (Parent::Disk(_), foreign) => {
                let foreign = foreign.expect("a recipe that fits its lock is on a disk");
                let unpacked = foreign.unpack(cx, place.directory())?;
                format!("{} files", unpacked.nodes)
            }
            (Parent::Ami(_), _) => return Err(elsewhere(job, parent)),
        };
        time = Some(phase.finish(way));
        Ok(Made::default())
    })?;
    Ok(time)
}

fn of_image(
    cx: &Cx,
    store: &Store,
    job: &Job<'_>,
    pin: &ImagePin,
    to: &Path,
) -> Result<String, BuildError> {
    let image = parent::find(job.parents, pin)?;
    let mut parent = Stack::new(store, image.record.epoch_unix, Anew::None);
    let has_layers = is_made_alike(job, &image)
        && !image.record.layers.is_empty()
        && parent.restore(cx, &image.record.layers)?;
    let way = if has_layers {
        of_layers(cx, &parent, to)?;
        "of its layers"
    } else {
        of_disk(cx, &image, to)?;
        "of its disk"
    };
    let has_esp = image.record.boot.contains(&Firmware::Uefi);
    neutral::neutral(to, job.section.epoch, has_esp).map_err(BuildError::io("write", to))?;
    Ok(way.to_owned())
}

/// The file of others that a recipe starts from, if it does.
pub(super) fn foreign(store: &Store, job: &Job<'_>) -> Result<Option<Foreign>, BuildError> {
    let Source::Disk(source) = &job.recipe.source else {
        return Ok(None);
    };
    let file = parent::file(store, job.project, source);
    Ok(Some(Foreign::open(&file)?))
}

/// Refuses what is not made here, by layers.
pub(super) fn check_here(job: &Job<'_>) -> Result<(), BuildError> {
    match &job.section.parent {
        Some(parent @ Parent::Ami(_)) => Err(elsewhere(job, parent)),
        _ => Ok(()),
    }
}

fn elsewhere(job: &Job<'_>, parent: &Parent) -> BuildError {
    BuildError::Elsewhere {
        recipe: job.recipe.name.clone(),
        parent: parent.to_string(),
    }
}

/// Refuses what is not made here, and a file of others that is another one than is locked. That of
/// the store is checked when it comes.
pub(super) fn check(cx: &Cx, store: &Store, job: &Job<'_>) -> Result<(), BuildError> {
    check_here(job)?;
    if let Source::Disk(source) = &job.recipe.source
        && let DiskFrom::File(_) = &source.from
    {
        let file = parent::file(store, job.project, source);
        source::check_digest(cx, &file, &source.sha256)?;
    }
    Ok(())
}

/// Whether this builder would sanitize the tree of an image as it was when its disk was made.
fn is_made_alike(job: &Job<'_>, image: &Image) -> bool {
    ["builder", "sanitize rules"].iter().all(|name| {
        let was = image.record.inputs.get(name);
        was.is_some() && was == job.inputs.get(name)
    })
}

fn of_disk(cx: &Cx, image: &Image, to: &Path) -> Result<(), BuildError> {
    if !image.is_whole() {
        return Err(ParentError::Lost {
            title: image.title(),
            name: image.record.name.clone(),
        }
        .into());
    }
    SourceDisk::open(&image.path("disk.raw"))?.unpack(cx, to)?;
    Ok(())
}

fn of_layers(cx: &Cx, parent: &Stack<'_>, to: &Path) -> Result<(), BuildError> {
    let known = KnownInStore::new(cx, parent.store());
    let top = Top::sanitized(cx, parent, parent.merged()?, &Settings::default(), &known)?;
    let mut trees: Vec<_> = parent.layers().iter().map(Layer::tree).collect();
    trees.push(top.upper.clone());
    Ok(flatten(cx, &top.merged, &trees, to)?)
}
