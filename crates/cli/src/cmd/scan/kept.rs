//! Images without their disks: what the last scan of one found, and bills of materials.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;

use goldsmith_advisory::stock::Stock;
use goldsmith_build::image::BILL;
use goldsmith_core::inventory::Inventory;
use goldsmith_inspect::sbom;

use super::Target;
use crate::project;
use crate::report::CmdError;

/// The packages of an image.
pub(super) struct Kept {
    /// What they come from, for people.
    pub(super) form: &'static str,
    /// Of a list of packages nothing but them is known.
    pub(super) inventory: Inventory,
    pub(super) stock: Stock,
}

/// Where the packages of an image stand beside its disk.
fn path(target: &Target) -> PathBuf {
    target.path.with_file_name("packages.stock")
}

/// Keeps the packages of an image of this machine for scans that do without the disk.
pub(super) fn write(target: &Target, stock: &Stock) -> Result<(), CmdError> {
    if target.record.is_none() {
        return Ok(());
    }
    let path = path(target);
    project::replace_file(&path, stock.encode().as_bytes())
        .map_err(|e| CmdError::io(format!("cannot write `{}`", path.display()), &e))
}

/// What can be known without a disk: with `again` of the last scan, or of the bill that the build
/// put beside it, else of a bill of materials, which an image that was made on an instance has
/// instead of a disk; `None`: it is neither.
pub(super) fn read(target: &Target, again: bool) -> Result<Option<Kept>, CmdError> {
    if target.cloud().is_some() {
        // Its packages are what the instance said of itself: there is nothing newer to find.
        let path = path(target).with_file_name(BILL);
        let bytes = fs::read(&path)
            .map_err(|e| CmdError::io(format!("cannot read `{}`", path.display()), &e))?;
        return bill(&bytes).map(Some);
    }
    if again {
        return known(target).map(Some);
    }
    let failed = |e| CmdError::io(format!("cannot read `{}`", target.name), &e);
    if target.record.is_some() || !target.path.is_file() {
        return Ok(None);
    }
    let mut first = [0];
    let count = File::open(&target.path)
        .and_then(|mut file| file.read(&mut first))
        .map_err(failed)?;
    // No disk and no archive begins so.
    if (count, first) != (1, *b"{") {
        return Ok(None);
    }
    bill(&fs::read(&target.path).map_err(failed)?).map(Some)
}

/// What is kept beside the disk of an image of this machine.
fn known(target: &Target) -> Result<Kept, CmdError> {
    let missing = || {
        let message = format!("neither a scan of {} nor its bill is kept", target.name);
        CmdError::usage(message)
            .hint("they are of images of this machine: scan it once without `--again`")
    };
    if target.record.is_none() {
        return Err(missing());
    }
    let path = path(target);
    let Ok(text) = fs::read_to_string(&path) else {
        return bill(&fs::read(path.with_file_name(BILL)).map_err(|_| missing())?);
    };
    let stock =
        Stock::decode(&text).map_err(|e| CmdError::config(format!("`{}`: {e}", path.display())))?;
    Ok(Kept {
        form: "packages of the last scan",
        inventory: Inventory {
            distribution: stock.distribution.clone(),
            packages: Vec::new(),
        },
        stock,
    })
}

fn bill(bytes: &[u8]) -> Result<Kept, CmdError> {
    let inventory = sbom::read(bytes)?;
    Ok(Kept {
        form: "bill of materials",
        stock: Stock::of(&inventory),
        inventory,
    })
}
