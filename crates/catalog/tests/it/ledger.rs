//! The ledger of what is being made in clouds.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use goldsmith_catalog::{LedgerRow, Sqlite};
use goldsmith_core::cx::Cx;
use goldsmith_core::ledger::{Ledger as _, Resource, ResourceKind};
use goldsmith_testing::clock::FakeClock;

use super::fresh;
use crate::crash::start;
use crate::file::sql;

const NOW: i64 = 1_800_000_000;

fn cx() -> Cx {
    Cx::silent(Arc::new(FakeClock::at(NOW)))
}

fn thing(operation: &str, id: Option<&str>) -> Resource {
    Resource {
        provider: "aws".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-north-1".to_owned(),
        kind: ResourceKind::Snapshot,
        operation: operation.to_owned(),
        id: id.map(str::to_owned),
        owner: "aws/eu web-debian-12-1.4.0".to_owned(),
    }
}

/// Goes so far with a thing, says so, and waits for the test to kill it.
pub(crate) fn go_as_far_as(home: &Path, step: &str) {
    let catalog = Sqlite::open(home).unwrap();
    let cx = cx();
    catalog.begin(&cx, &thing("a", None)).unwrap();
    if step != "begun" {
        catalog.made(&cx, &thing("a", Some("snap-1"))).unwrap();
    }
    if step == "gone" {
        catalog.gone(&cx, &thing("a", None)).unwrap();
    }
    fs::write(home.join("there"), "").unwrap();
    loop {
        sleep(Duration::from_secs(1));
    }
}

fn open(catalog: &Sqlite) -> Vec<(String, Option<String>, bool)> {
    let rows = catalog.ledger("aws").unwrap().into_iter();
    rows.map(|row| (row.resource.operation, row.resource.id, row.is_being_made))
        .collect()
}

#[test]
fn a_thing_is_begun_made_and_gone() {
    let (_home, catalog) = fresh();
    let cx = cx();
    let (begun, made) = (thing("a", None), thing("a", Some("snap-1")));
    catalog.begin(&cx, &begun).unwrap();
    let row = LedgerRow {
        resource: begun.clone(),
        begun_unix: NOW,
        is_being_made: true,
    };
    assert_eq!(catalog.ledger("aws").unwrap(), [row]);
    assert_eq!(catalog.ledger("azure").unwrap(), []);
    catalog.made(&cx, &made).unwrap();
    // What is begun again after a crash keeps the id that is known.
    catalog.begin(&cx, &begun).unwrap();
    assert_eq!(catalog.open(&cx, "aws").unwrap(), [made]);
    for _ in 0..2 {
        catalog.gone(&cx, &begun).unwrap();
        assert_eq!(catalog.open(&cx, "aws").unwrap(), []);
    }
    // Crossed off, and begun anew: another thing.
    catalog.begin(&cx, &begun).unwrap();
    assert_eq!(catalog.open(&cx, "aws").unwrap(), [begun]);
    assert_eq!(catalog.check(None).unwrap().problems, []);
}

/// An answer whose question was not written down is not lost, and what is unknown needs no
/// crossing off.
#[test]
fn out_of_order() {
    let (_home, catalog) = fresh();
    let cx = cx();
    catalog.gone(&cx, &thing("a", None)).unwrap();
    assert_eq!(open(&catalog), []);
    catalog.made(&cx, &thing("a", Some("snap-1"))).unwrap();
    let expected = ("a".to_owned(), Some("snap-1".to_owned()), true);
    assert_eq!(open(&catalog), [expected]);
}

/// Things of one name in different regions, or of different kinds, are different things.
#[test]
fn what_names_a_thing() {
    let (_home, catalog) = fresh();
    let cx = cx();
    let one = thing("a", None);
    let mut elsewhere = one.clone();
    elsewhere.region = "eu-west-1".to_owned();
    let mut other = one.clone();
    other.kind = ResourceKind::Image;
    for thing in [&one, &elsewhere, &other] {
        catalog.begin(&cx, thing).unwrap();
    }
    catalog.gone(&cx, &one).unwrap();
    assert_eq!(catalog.open(&cx, "aws").unwrap(), [other, elsewhere]);
}

#[test]
fn what_another_process_makes() {
    let (home, catalog) = fresh();
    let other = Sqlite::open(home.path()).unwrap();
    other.begin(&cx(), &thing("a", None)).unwrap();
    catalog.begin(&cx(), &thing("b", None)).unwrap();
    let is_made = |catalog: &Sqlite| -> Vec<bool> {
        let rows = catalog.ledger("aws").unwrap().into_iter();
        rows.map(|row| row.is_being_made).collect()
    };
    assert_eq!(is_made(&catalog), [true, true]);
    drop(other);
    assert_eq!(is_made(&catalog), [false, true]);
    drop(catalog);
    let left = fs::read_dir(home.path()).unwrap().flatten();
    let left: Vec<_> = left
        .filter(|entry| entry.file_name().to_string_lossy().contains("maker"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Killed anywhere between `begin` and `gone`, its thing stays written down, and whoever looks
/// sees that nobody makes it.
#[test]
fn killed_while_it_makes() {
    for (step, expected) in [
        ("begun", Some(None)),
        ("made", Some(Some("snap-1".to_owned()))),
        ("gone", None),
    ] {
        let home = tempfile::tempdir().unwrap();
        let mut victim = start(home.path(), step);
        while !home.path().join("there").exists() {
            sleep(Duration::from_millis(10));
        }
        let catalog = Sqlite::open(home.path()).unwrap();
        let alive: Vec<_> = expected
            .iter()
            .map(|id| ("a".to_owned(), id.clone(), true))
            .collect();
        assert_eq!(open(&catalog), alive, "{step}");
        victim.kill().unwrap();
        victim.wait().unwrap();
        let dead: Vec<_> = expected
            .iter()
            .map(|id| ("a".to_owned(), id.clone(), false))
            .collect();
        assert_eq!(open(&catalog), dead, "{step}");
        assert_eq!(catalog.check(None).unwrap().problems, []);
    }
}

/// What was written down before this form is read.
#[test]
fn rows_of_the_second_form() {
    let home = tempfile::tempdir().unwrap();
    sql(home.path(), include_str!("fixture/form-2.sql"));
    let catalog = Sqlite::open(home.path()).unwrap();
    let id = "ami-0123456789abcdef0".to_owned();
    let expected = [
        ("op-2".to_owned(), Some(id), false),
        ("op-1".to_owned(), None, false),
    ];
    assert_eq!(open(&catalog), expected);
}
