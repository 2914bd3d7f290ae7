//! The file: damaged, backed up, brought back, open in several processes.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_catalog::{Sqlite, restore};
use goldsmith_core::catalog::{Catalog as _, CatalogError};
use goldsmith_core::failure::{Class, Failure as _};
use sqlx::{ConnectOptions as _, Connection as _};

use super::fresh;
use crate::sample::{enter, fill, id, image, portrait};

/// Runs statements on the file itself, as somebody with `sqlite3` would.
pub(crate) fn sql(home: &Path, statements: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(home.join("catalog.sqlite"))
        .create_if_missing(true)
        .foreign_keys(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn nothing_but_the_catalog_stays() {
    let home = tempfile::tempdir().unwrap();
    let deep = home.path().join("not/there/yet");
    let catalog = Sqlite::open(&deep).unwrap();
    fill(&catalog);
    let said = portrait(&catalog);
    drop(catalog);
    assert_eq!(names(&deep), ["catalog.lock", "catalog.sqlite"]);
    assert_eq!(portrait(&Sqlite::open(&deep).unwrap()), said);
}

fn is_damaged(error: &CatalogError) {
    assert!(matches!(error, CatalogError::Damaged { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Environment);
    assert_eq!(
        error.hints(),
        ["`goldsmith catalog restore` brings a backup back"]
    );
}

#[test]
fn a_file_that_is_no_database() {
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("catalog.sqlite"),
        "somebody's notes\n".repeat(1_000),
    )
    .unwrap();
    is_damaged(&Sqlite::open(home.path()).unwrap_err());
}

#[test]
fn a_file_with_holes() {
    let (home, catalog) = fresh();
    for family in 0..200 {
        enter(&catalog, &[image(&format!("family-{family}@1.0.0/1"), 1)]);
    }
    drop(catalog);
    let file = fs::OpenOptions::new()
        .write(true)
        .open(home.path().join("catalog.sqlite"))
        .unwrap();
    let length = file.metadata().unwrap().len();
    // Pages of 4 KiB; the first one, with the header and the tables, stays.
    for page in 1..length / 4096 {
        file.write_all_at(&[0xa5; 512], page * 4096).unwrap();
    }
    drop(file);
    let found = Sqlite::open(home.path()).and_then(|catalog| catalog.check(None));
    match found {
        Err(error) => is_damaged(&error),
        Ok(checked) => assert_ne!(checked.problems, []),
    }
    let read = Sqlite::open(home.path()).and_then(|catalog| catalog.image(&id("family-7@1.0.0/1")));
    is_damaged(&read.unwrap_err());
}

#[test]
fn a_file_that_was_cut_short() {
    let (home, catalog) = fresh();
    fill(&catalog);
    drop(catalog);
    let path = home.path().join("catalog.sqlite");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let found = Sqlite::open(home.path()).and_then(|catalog| catalog.check(None));
    match found {
        Err(error) => is_damaged(&error),
        Ok(checked) => assert_ne!(checked.problems, []),
    }
}

#[test]
fn a_backup_while_others_write() {
    let (home, catalog) = fresh();
    fill(&catalog);
    let files = tempfile::tempdir().unwrap();
    // Each batch is two images: a backup has both or none.
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let catalog = Sqlite::open(home.path()).unwrap();
            for at in 1..=60 {
                let pair = ["left", "right"].map(|side| image(&format!("{side}@1.0.0/{at}"), 1));
                enter(&catalog, &pair);
            }
        });
        for at in 0..4 {
            catalog
                .backup(&files.path().join(format!("{at}.sqlite")))
                .unwrap();
        }
        writer.join().unwrap();
    });
    assert_eq!(
        names(files.path()),
        ["0.sqlite", "1.sqlite", "2.sqlite", "3.sqlite"]
    );
    for name in names(files.path()) {
        let other = tempfile::tempdir().unwrap();
        restore(other.path(), &files.path().join(name), false).unwrap();
        let copy = Sqlite::open(other.path()).unwrap();
        assert_eq!(copy.check(None).unwrap().problems, []);
        assert_eq!(
            copy.versions("left").unwrap(),
            copy.versions("right").unwrap()
        );
        assert!(copy.image(&id("web@1.4.0/3")).is_ok());
    }
    let there = files.path().join("0.sqlite");
    let error = catalog.backup(&there).unwrap_err();
    assert!(
        matches!(&error, CatalogError::Exists { path } if *path == there),
        "{error}"
    );
    assert_eq!(error.class(), Class::Usage);
}

#[test]
fn a_backup_is_brought_back() {
    let (home, catalog) = fresh();
    fill(&catalog);
    let said = portrait(&catalog);
    let backup = home.path().join("backup");
    // What one that was killed has left is no hindrance.
    fs::write(home.path().join("backup.part"), "half").unwrap();
    catalog.backup(&backup).unwrap();
    enter(&catalog, &[image("later@1.0.0/1", 1)]);

    let error = restore(home.path(), &backup, true).unwrap_err();
    assert!(matches!(error, CatalogError::InUse), "{error}");
    drop(catalog);
    let error = restore(home.path(), &backup, false).unwrap_err();
    assert!(matches!(error, CatalogError::Exists { .. }), "{error}");
    assert!(
        Sqlite::open(home.path())
            .unwrap()
            .image(&id("later@1.0.0/1"))
            .is_ok()
    );
    restore(home.path(), &backup, true).unwrap();
    assert_eq!(portrait(&Sqlite::open(home.path()).unwrap()), said);
    assert_eq!(
        names(home.path()),
        [
            "backup",
            "catalog.lock",
            "catalog.sqlite",
            "catalog.sqlite.replaced"
        ]
    );
    // What was replaced can be had back in the same way.
    let replaced = home.path().join("replaced");
    fs::rename(home.path().join("catalog.sqlite.replaced"), &replaced).unwrap();
    restore(home.path(), &replaced, true).unwrap();
    assert!(
        Sqlite::open(home.path())
            .unwrap()
            .image(&id("later@1.0.0/1"))
            .is_ok()
    );
}

#[test]
fn a_damaged_catalog_and_its_log_are_put_aside() {
    let (home, catalog) = fresh();
    fill(&catalog);
    let said = portrait(&catalog);
    let backup = home.path().join("backup");
    catalog.backup(&backup).unwrap();
    drop(catalog);
    // A log that belongs to nothing here must not be read into what comes in its place.
    let (other, writer) = fresh();
    enter(&writer, &[image("other@1.0.0/1", 1)]);
    fs::copy(
        other.path().join("catalog.sqlite-wal"),
        home.path().join("catalog.sqlite-wal"),
    )
    .unwrap();
    fs::write(home.path().join("catalog.sqlite"), vec![7; 10_000]).unwrap();
    restore(home.path(), &backup, true).unwrap();
    let catalog = Sqlite::open(home.path()).unwrap();
    assert_eq!(portrait(&catalog), said);
    assert_eq!(catalog.check(None).unwrap().problems, []);
    assert!(names(home.path()).contains(&"catalog.sqlite.replaced-wal".to_owned()));
}

#[test]
fn a_bad_backup_changes_nothing() {
    let (home, catalog) = fresh();
    fill(&catalog);
    let said = portrait(&catalog);
    let good = home.path().join("good");
    catalog.backup(&good).unwrap();
    drop(catalog);
    let bad = home.path().join("bad");
    let tampered = tempfile::tempdir().unwrap();
    restore(tampered.path(), &good, false).unwrap();
    sql(tampered.path(), "UPDATE image SET state = 'available'");
    for make in [
        &|| fs::write(&bad, "no database").unwrap(),
        &|| fs::write(&bad, "").unwrap(),
        &|| assert!(fs::copy(tampered.path().join("catalog.sqlite"), &bad).unwrap() > 0),
        &|| fs::remove_file(&bad).unwrap(),
    ] as [&dyn Fn(); 4]
    {
        make();
        let error = restore(home.path(), &bad, true).unwrap_err();
        assert!(
            matches!(
                error,
                CatalogError::Damaged { .. } | CatalogError::Database { .. }
            ),
            "{error}"
        );
        assert_eq!(portrait(&Sqlite::open(home.path()).unwrap()), said);
        assert_eq!(
            names(home.path())
                .iter()
                .filter(|name| name.contains("new"))
                .count(),
            0
        );
    }
}
