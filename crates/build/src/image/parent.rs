//! The first layer of an image that starts from another one: what the disk of that one holds.
//!
//! ```text
//! parent's layers in the store ── sanitized ──► hard links into them ──┐
//!                                                                      ├──► neutral ──► one layer
//! parent's disk ────────────────── read ──────► its files ─────────────┘
//! ```
//!
//! Both ways make the same layer, under one name, which follows from the digest of the disk. What
//! the disk has of itself, its table of file systems for one, is taken back.

mod neutral;

use std::path::Path;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::Firmware;
use goldsmith_inspect::sanitize::Settings;
use goldsmith_plan::lock::ImagePin;

use super::top::Top;
use super::{BuildError, Job};
use crate::layer::{Anew, Layer, Made, Parts, Stack, Wanted, flatten};
use crate::parent::{self, ParentError};
use crate::record::Image;
use crate::source::SourceDisk;

/// Raised when another layer is made of the same disk: layers made before are then of no use.
const FORM: u32 = 1;

/// What the layer is a function of.
pub(super) fn wanted(pin: &ImagePin, epoch: i64) -> Wanted {
    let mut parts = Parts::default();
    parts.add("parent form", &FORM.to_string());
    parts.add("parent disk", &pin.digest.to_string());
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
    pin: &ImagePin,
) -> Result<Option<Duration>, BuildError> {
    let wanted = wanted(pin, job.section.epoch);
    let mut time = None;
    let store = stack.store();
    stack.layer(cx, &wanted, |place| -> Result<Made, BuildError> {
        let image = parent::find(job.parents, pin)?;
        let phase = cx.phase(format!("start from {pin}"), None);
        place.say(&format!("start from {pin}"), 0, 0);
        let directory = place.directory();
        let mut parent = Stack::new(store, image.record.epoch_unix, Anew::None);
        let has_layers = is_made_alike(job, &image)
            && !image.record.layers.is_empty()
            && parent.restore(cx, &image.record.layers)?;
        let way = if has_layers {
            of_layers(cx, &parent, directory)?;
            "of its layers"
        } else {
            of_disk(cx, &image, directory)?;
            "of its disk"
        };
        let has_esp = image.record.boot.contains(&Firmware::Uefi);
        neutral::neutral(directory, job.section.epoch, has_esp)
            .map_err(BuildError::io("write", directory))?;
        time = Some(phase.finish(way));
        Ok(Made::default())
    })?;
    Ok(time)
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
    let top = Top::sanitized(cx, parent, &Settings::default())?;
    let mut trees: Vec<_> = parent.layers().iter().map(Layer::tree).collect();
    trees.push(top.upper.clone());
    Ok(flatten(cx, &top.merged, &trees, to)?)
}
