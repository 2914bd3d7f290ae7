//! The catalog from outside: what every implementation of the port must do, and what this one
//! does with its file.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod check;
mod contract;
mod crash;
mod file;
mod form;
mod full;
mod ledger;
mod sample;

use goldsmith_catalog::Sqlite;

/// A fresh catalog and the home that it is in.
fn fresh() -> (tempfile::TempDir, Sqlite) {
    let home = tempfile::tempdir().unwrap();
    let catalog = Sqlite::open(home.path()).unwrap();
    (home, catalog)
}

/// One test for each part of the contract.
macro_rules! on_sqlite {
    ($($part:ident :: $name:ident)*) => { $(
        #[test]
        fn $name() {
            let (_home, catalog) = fresh();
            contract::$part::$name(&catalog);
            assert_eq!(catalog.check(None).unwrap().problems, []);
        }
    )* };
}

on_sqlite! {
    images::an_image_is_entered_once
    images::only_steps_that_there_are
    images::tags_and_copies_and_statements
    images::names_of_copies
    images::taken_numbers
    listing::pages_are_all_images_once
    listing::every_filter_alone_and_together
    listing::the_same_as_looking_at_each
    channels::move_and_remember
    channels::never_name_what_must_not_be_used
    runs::begin_and_go_on
    runs::who_comes_second_keeps_nothing
    runs::lists
    batch::whole_or_nothing
    batch::every_change_is_in_the_audit_log
    batch::messages_are_delivered_once
    batch::from_many_threads
}
