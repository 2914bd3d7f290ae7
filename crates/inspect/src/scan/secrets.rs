//! Credentials, by the detectors of [`crate::secret`].

use goldsmith_core::finding::Place;
use goldsmith_disk::read::Disk;

use super::{Engine, Scan, ScanError, place};
use crate::secret::{Trust, finding, in_file, in_unused, is_of_interest, of_hit};
use crate::view::Node;

/// Looks at every file that no package brought as it is, and at the unused blocks of a disk.
#[derive(Debug, Default)]
pub struct Secrets;

impl Engine for Secrets {
    fn wants(&self, scan: &Scan<'_>, node: &Node) -> bool {
        is_of_interest(scan.snapshot, node, Trust::Digest)
    }

    fn file(&self, scan: &Scan<'_>, node: &Node, file: &dyn Disk) -> Result<(), ScanError> {
        let read = || {
            if scan.snapshot.is_as_brought(node, file)? {
                return Ok(Vec::new());
            }
            in_file(&node.path, file, scan.cx)
                .map_err(|source| crate::view::ViewError::read(node, source))
        };
        match read() {
            Ok(seen) => {
                for (path, seen) in seen {
                    scan.add(finding(path, seen));
                }
            }
            Err(error) => {
                scan.cx.cancel.check()?;
                scan.unread(place(node), &goldsmith_core::failure::with_causes(&error));
            }
        }
        Ok(())
    }

    fn image(&self, scan: &Scan<'_>) -> Result<(), ScanError> {
        let Some(disk) = scan.snapshot.disk() else {
            return Ok(());
        };
        for (offset, hit) in in_unused(disk, scan.cx)? {
            scan.add(of_hit(Place::Disk { offset }, hit));
        }
        Ok(())
    }
}
