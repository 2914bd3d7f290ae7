//! A full disk: a clear error, nothing half-written, and all is well again once there is space.
//! On a real one: a tmpfs of 2 MiB.

use std::fs;
use std::path::Path;

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Catalog as _, CatalogError, Change};
use goldsmith_core::failure::{Class, Failure as _};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::sample::{batch, fill, id, image};

#[test]
fn full_disk() {
    let home = tempfile::tempdir().unwrap();
    mount(
        "tmpfs",
        home.path(),
        "tmpfs",
        MountFlags::empty(),
        Some(c"size=2m"),
    )
    .expect("this test needs root: it mounts a tmpfs");
    let result = std::panic::catch_unwind(|| on(home.path()));
    unmount(home.path(), UnmountFlags::DETACH).unwrap();
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

fn on(home: &Path) {
    let ballast = home.join("ballast");
    fs::write(&ballast, vec![1; 600 << 10]).unwrap();
    let catalog = Sqlite::open(home).unwrap();
    fill(&catalog);
    let web = catalog.image(&id("web@1.4.0/3")).unwrap();
    let many = |version: u32| {
        let images = (1..=400).map(|build| image(&format!("many@{version}.0.0/{build}"), 1));
        catalog.keep(&batch(images.map(Change::Image).collect()))
    };
    let mut kept = 0;
    let error = loop {
        match many(kept) {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CatalogError::NoSpace { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Environment);
    assert!(
        error.to_string().starts_with("there is no space left to "),
        "{error}"
    );
    // All of the last one is gone, and whatever was there before is read.
    let last: Vec<_> = (1..=400)
        .map(|build| id(&format!("many@{kept}.0.0/{build}")))
        .collect();
    assert_eq!(catalog.missing(&last).unwrap().len(), 400);
    let error = catalog.backup(&home.join("backup")).unwrap_err();
    assert!(matches!(error, CatalogError::NoSpace { .. }), "{error:?}");
    assert!(!home.join("backup").exists() && !home.join("backup.part").exists());

    fs::remove_file(&ballast).unwrap();
    catalog
        .keep(&batch(vec![Change::Image(image("after@1.0.0/1", 1))]))
        .unwrap();
    assert_eq!(catalog.check(None).unwrap().problems, []);
    drop(catalog);
    let catalog = Sqlite::open(home).unwrap();
    assert_eq!(
        catalog.check(None).unwrap().images,
        u64::from(kept) * 400 + 3
    );
    assert_eq!(catalog.image(&id("web@1.4.0/3")).unwrap(), web);
}
