//! Zones in which machines of an image are fast from their start: AWS keeps its snapshots ready there,
//! for money by the hour. Nobody waits for it: it takes an hour for each TiB, and until then machines
//! start as they do without it.

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::cx::Cx;
use goldsmith_core::target::TargetError;

use super::Region;
use crate::aws::ec2::Image;
use crate::aws::mark::FAST;

impl Region<'_> {
    /// The zones of this region that the target names.
    fn zones(&self) -> Vec<&str> {
        let zones = self.target.place.fast_restore_zones.iter();
        let is_here = |zone: &&str| {
            let letter = zone.strip_prefix(self.name);
            letter.is_some_and(|letter| letter.len() == 1)
        };
        zones.map(String::as_str).filter(is_here).collect()
    }

    /// Has volumes of the image be fast in the zones of the target. They are written on the image
    /// first, so that it can be taken back when the target names them no more.
    pub(super) fn fast(&self, cx: &Cx, image: &Image) -> Result<(), TargetError> {
        let zones = self.zones();
        if zones.is_empty() {
            return Ok(());
        }
        let mut all: BTreeSet<&str> = written(image).collect();
        if !zones.iter().all(|zone| all.contains(zone)) {
            all.extend(&zones);
            let all: Vec<&str> = all.into_iter().collect();
            let tags = BTreeMap::from([(FAST.to_owned(), all.join(" "))]);
            self.aws.tag(cx, &[&image.id], &tags)?;
        }
        let snapshots: Vec<&str> = image.snapshots.iter().map(String::as_str).collect();
        Ok(self.aws.fast_restore(cx, &snapshots, &zones)?)
    }

    /// Takes that back in every zone that is written on the image.
    pub(super) fn not_fast(&self, cx: &Cx, image: &Image) -> Result<(), TargetError> {
        let zones: Vec<&str> = written(image).collect();
        if zones.is_empty() || image.snapshots.is_empty() {
            return Ok(());
        }
        let snapshots: Vec<&str> = image.snapshots.iter().map(String::as_str).collect();
        Ok(self.aws.no_fast_restore(cx, &snapshots, &zones)?)
    }
}

fn written(image: &Image) -> impl Iterator<Item = &str> {
    let zones = image.tags.get(FAST);
    zones.into_iter().flat_map(|zones| zones.split(' '))
}
