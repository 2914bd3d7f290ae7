//! Everything that a scan does with an image, its findings thrown away.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use goldsmith_core::cx::{Clock, Cx};
use goldsmith_disk::read::Disk;
use goldsmith_inspect::scan::{Engine, Leaks, Packages, Secrets, scan};
use goldsmith_inspect::snapshot::Snapshot;
use goldsmith_inspect::view::open;

struct Still;

impl Clock for Still {
    fn unix_seconds(&self) -> i64 {
        0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

/// Opens what bytes hold and scans it.
pub fn look(bytes: Vec<u8>) {
    let cx = Cx::silent(Arc::new(Still));
    let file: Arc<dyn Disk> = Arc::new(bytes);
    let Ok(opened) = open::of(file, &std::env::temp_dir(), &cx) else {
        return;
    };
    let Ok(snapshot) = Snapshot::take(&*opened.view, &cx) else {
        return;
    };
    let (packages, leaks) = (Packages::default(), Leaks::default());
    let engines: [&dyn Engine; 3] = [&packages, &leaks, &Secrets];
    drop(scan(&cx, &snapshot, &engines, NonZero::<usize>::MIN));
    drop(packages.inventory(&snapshot));
}
