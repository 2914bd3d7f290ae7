//! Somebody with an editor for databases: what they change is found, and named.

use goldsmith_catalog::{Head, Sqlite};
use goldsmith_core::catalog::Catalog as _;
use goldsmith_core::digest::Sha256;

use super::fresh;
use crate::file::sql;
use crate::sample::{fill, keep, tag};

/// What is found in a filled catalog after these statements.
fn problems(statements: &str) -> Vec<String> {
    let (home, catalog) = fresh();
    fill(&catalog);
    assert_eq!(catalog.check(None).unwrap().problems, []);
    drop(catalog);
    sql(home.path(), statements);
    let catalog = Sqlite::open(home.path()).unwrap();
    let found = catalog.check(None).unwrap().problems;
    found.iter().map(ToString::to_string).collect()
}

/// Takes away what keeps the audit log from being changed.
const OPEN: &str = "DROP TRIGGER audit_is_only_added_to_update;
    DROP TRIGGER audit_is_only_added_to_delete;";

#[test]
fn a_changed_line() {
    for column in ["actor = 'eve'", "unix = 1", "action = 'x'", "detail = '{}'"] {
        let found = problems(&format!("{OPEN} UPDATE audit SET {column} WHERE seq = 5"));
        assert_eq!(
            found[0], "line 5 of the audit log: it was changed: its digest is another",
            "{column}"
        );
    }
    // A digest that was made to fit what was changed does not fit the next line.
    let digest = Sha256::of(b"x");
    let found = problems(&format!(
        "{OPEN} UPDATE audit SET digest = '{digest}' WHERE seq = 5"
    ));
    assert_eq!(
        found,
        [
            "line 5 of the audit log: it was changed: its digest is another",
            "line 6 of the audit log: it was changed: its digest is another"
        ]
    );
}

#[test]
fn lines_that_are_gone() {
    let found = problems(&format!("{OPEN} DELETE FROM audit WHERE seq = 5"));
    assert_eq!(
        found[0],
        "line 6 of the audit log: line 5 before it is gone"
    );
    let found = problems(&format!("{OPEN} DELETE FROM audit WHERE seq < 3"));
    assert_eq!(
        found[0],
        "line 3 of the audit log: lines 1 to 2 before it are gone"
    );
    // The end of the log: what it said is missing.
    let found = problems(&format!("{OPEN} DELETE FROM audit WHERE seq > 5"));
    assert_eq!(
        found,
        [
            "image web 1.4.0/3: it is approved, and testing by the audit log",
            "channel web@production: it names web 1.4.0/3, and none by the audit log",
            &format!(
                "statement {} of image web 1.4.0/3: the audit log does not know it",
                crate::sample::statement("web@1.4.0/3", "built")
                    .digest
                    .short()
            ),
        ]
    );
}

#[test]
fn tables_that_say_something_else() {
    for (statements, expected) in [
        (
            "UPDATE image SET state = 'available' WHERE name = 'base'",
            "image base 1.0.0/1: it is available, and built by the audit log",
        ),
        (
            "INSERT INTO image SELECT 99, name, major, minor, patch, 9, purpose, os, arch, key,
             digest, parent, created_unix, 'approved', reason, changed_unix FROM image LIMIT 1",
            "image base 1.0.0/9: the audit log does not know how it came here",
        ),
        (
            "DELETE FROM artifact; DELETE FROM image WHERE name = 'base'",
            "images: 1 are there, and 2 by the audit log",
        ),
        (
            "DELETE FROM channel",
            "channel web@production: it names nothing, and web 1.4.0/3 by the audit log",
        ),
        (
            "DELETE FROM journal WHERE seq = 2",
            "run 1: its journal has 1 entries of 2",
        ),
        (
            "UPDATE copy SET image = 77",
            "table `copy`: a row speaks of one of `image` that is not there",
        ),
    ] {
        assert_eq!(problems(statements), [expected], "{statements}");
    }
    let found = problems("UPDATE statement SET envelope = '{}'");
    assert!(
        found[0].ends_with("it was changed: its digest is another"),
        "{found:?}"
    );
}

#[test]
fn the_log_refuses_to_be_changed() {
    let (home, catalog) = fresh();
    fill(&catalog);
    for statement in ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit"] {
        let refused = std::panic::catch_unwind(|| sql(home.path(), statement));
        assert!(refused.is_err(), "{statement}");
    }
    assert_eq!(catalog.check(None).unwrap().problems, []);
}

/// Who can write the file can write all of a chain anew, but not what somebody has noted.
#[test]
fn a_noted_head() {
    let (_home, catalog) = fresh();
    let empty = catalog.check(None).unwrap().head;
    assert_eq!(empty.seq, 0);
    fill(&catalog);
    let head = catalog.check(Some(empty)).unwrap().head;
    assert_eq!(
        head.digest,
        catalog.audit(None, head.seq - 1, 1).unwrap()[0].digest
    );
    keep(&catalog, vec![tag("web@1.4.0/3", "more", Some("lines"))]);
    assert_eq!(catalog.check(Some(head)).unwrap().problems, []);

    let told = |head| {
        let found = catalog.check(Some(head)).unwrap().problems;
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let other = Head {
        digest: Sha256::of(b"x"),
        ..head
    };
    assert_eq!(
        told(other),
        [format!(
            "line {} of the audit log: it is another than the one that was noted",
            head.seq
        )]
    );
    assert_eq!(
        told(Head { seq: 99, ..head }),
        ["line 99 of the audit log: it was noted, and is not there any more"]
    );
}
