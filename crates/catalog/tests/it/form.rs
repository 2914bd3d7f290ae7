//! Catalogs of every form that was ever released are read, and later ones refused.
//!
//! `fixture/form-<n>.sql` is a catalog of form n, filled by `sample::fill` and dumped by that
//! version. A form without one fails; one that is there never changes.

use std::fs;
use std::path::Path;

use goldsmith_catalog::{FORM, Sqlite};
use goldsmith_core::catalog::CatalogError;
use goldsmith_core::failure::{Class, Failure as _};

use super::fresh;
use crate::file::sql;
use crate::sample::{fill, portrait};

/// A home with a catalog that is made by these statements.
fn home(statements: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    sql(home.path(), statements);
    home
}

#[test]
fn every_form_is_brought_forward() {
    let (_home, catalog) = fresh();
    fill(&catalog);
    let expected = portrait(&catalog);
    for form in 1..=FORM {
        let fixture =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/fixture/form-{form}.sql"));
        let home = home(&fs::read_to_string(fixture).unwrap());
        let catalog = Sqlite::open(home.path()).unwrap();
        assert_eq!(portrait(&catalog), expected, "form {form}");
        assert_eq!(catalog.check(None).unwrap().problems, []);
    }
}

#[test]
fn a_later_form_is_refused_and_left_alone() {
    let (home, catalog) = fresh();
    drop(catalog);
    sql(home.path(), &format!("PRAGMA user_version = {}", FORM + 1));
    let before = fs::read(home.path().join("catalog.sqlite")).unwrap();
    let error = Sqlite::open(home.path()).unwrap_err();
    assert!(
        matches!(error, CatalogError::Newer { found, known } if found == FORM + 1 && known == FORM)
    );
    assert_eq!(
        error.to_string(),
        format!(
            "the catalog has form {}, and this version of Goldsmith reads up to {FORM}",
            FORM + 1
        )
    );
    assert_eq!(error.class(), Class::Environment);
    assert_eq!(
        fs::read(home.path().join("catalog.sqlite")).unwrap(),
        before
    );
}

#[test]
fn something_else_is_refused_and_left_alone() {
    let other = home("CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = 1");
    let error = Sqlite::open(other.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the catalog is damaged: the file is a database of something else"
    );
    sql(other.path(), "INSERT INTO bookmarks VALUES ('x')");
}
