//! The software in an image, for its inventory.

use std::sync::{Mutex, PoisonError};

use goldsmith_core::finding::Place;
use goldsmith_core::inventory::{Inventory, Package};
use goldsmith_disk::read::Disk;

use super::{Engine, Scan, ScanError, place};
use crate::inventory::{self, Subject, kinds_of};
use crate::snapshot::Snapshot;
use crate::view::{Node, ViewError};

/// Collects what files say; what cannot be read of them is a finding of coverage.
#[derive(Debug, Default)]
pub struct Packages {
    found: Mutex<Vec<Package>>,
}

impl Packages {
    /// The inventory, once the scan is done.
    pub fn inventory(self, snapshot: &Snapshot<'_>) -> Result<Inventory, ViewError> {
        let found = self.found.into_inner();
        inventory::inventory(snapshot, found.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Engine for Packages {
    fn wants(&self, _: &Scan<'_>, node: &Node) -> bool {
        kinds_of(node).next().is_some()
    }

    fn file(&self, scan: &Scan<'_>, node: &Node, file: &dyn Disk) -> Result<(), ScanError> {
        let owner = scan.snapshot.system().owner(&node.path);
        for kind in kinds_of(node) {
            let subject = Subject {
                path: &node.path,
                file,
            };
            let mut packages = Vec::new();
            if let Err(error) = (kind.read)(&subject, &mut packages) {
                let why = goldsmith_core::failure::with_causes(&error);
                scan.unread(place(node), &why);
            }
            for package in &mut packages {
                package.owner = owner.map(|owner| owner.name.clone());
            }
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            found.append(&mut packages);
        }
        Ok(())
    }

    fn image(&self, scan: &Scan<'_>) -> Result<(), ScanError> {
        for note in scan.snapshot.system().notes() {
            scan.unread(Place::Image, note);
        }
        Ok(())
    }
}
