//! Two images of which one has no disk here: their packages, by their bills of materials.

use std::fs;

use goldsmith_core::failure::with_causes;
use goldsmith_inspect::sbom;
use goldsmith_plan::diff::packages::{self, Package};

use super::contents::package;
use super::{DiffError, ImageDiff, Side, Size};
use crate::image::BILL;

pub(super) fn compare(old: &Side, new: &Side, diff: &mut ImageDiff) -> Result<(), DiffError> {
    let (old, new) = (listed(old)?, listed(new)?);
    diff.sizes = vec![Size {
        name: "number of packages",
        unit: "count",
        old: Some(old.len() as u64),
        new: Some(new.len() as u64),
    }];
    diff.packages = packages::packages(&old, &new);
    Ok(())
}

/// The packages of the system, as those that are read back from a disk.
fn listed(side: &Side) -> Result<Vec<Package>, DiffError> {
    let none = |why: String| DiffError::NoBill {
        title: side.title.clone(),
        why,
    };
    let Some(image) = &side.image else {
        return Err(none("it is no image of this machine".to_owned()));
    };
    let bytes = fs::read(image.path(BILL)).map_err(|error| none(error.to_string()))?;
    let inventory = sbom::read(&bytes).map_err(|error| none(with_causes(&error)))?;
    let installed = inventory.packages.iter();
    let mut packages: Vec<Package> = installed
        .filter(|it| it.ecosystem.is_of_system())
        .map(package)
        .collect();
    packages.sort_unstable();
    Ok(packages)
}
