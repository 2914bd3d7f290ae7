//! The form of a catalog, and the way from every earlier form to this one.
//!
//! ```text
//! migrations/sqlite/0001_first.sql    form 1: what a fresh catalog is made by
//! migrations/sqlite/0002_ledger.sql   what makes form 2 of form 1, and so on
//!
//! PRAGMA application_id = 0x474f4c44 ("GOLD")      it is one of ours
//! PRAGMA user_version   = its form; 0: nothing is in it yet
//! ```
//!
//! A step is never changed once a version with it was released. All steps that are missing are one
//! transaction; a catalog of a later form is refused, as this program would not know what it breaks.

use goldsmith_core::catalog::CatalogError;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use crate::error::{damaged, failed};
use crate::value;

/// The steps, of which the first makes form 1.
const STEPS: &[&str] = &[
    include_str!("../migrations/sqlite/0001_first.sql"),
    include_str!("../migrations/sqlite/0002_ledger.sql"),
];

/// The form that this version of Goldsmith reads and writes.
#[expect(clippy::cast_possible_truncation, reason = "a handful of steps")]
pub const FORM: u32 = STEPS.len() as u32;

/// `GOLD`.
const APPLICATION: i64 = 0x474f_4c44;

/// The form of what is there; 0: nothing. A form that is not known, and a database of something
/// else, are errors.
pub(crate) async fn form(connection: &mut SqliteConnection) -> Result<u32, CatalogError> {
    let failed = failed("read the form");
    let form: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let application: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema")
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    if application != APPLICATION && (tables > 0 || application != 0) {
        return Err(damaged("the file is a database of something else"));
    }
    let form: u32 = value::unsigned(form)?;
    if form > FORM {
        return Err(CatalogError::Newer {
            found: form,
            known: FORM,
        });
    }
    Ok(form)
}

/// Brings a catalog to this form. Whoever calls has it alone, with foreign keys not enforced.
pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<(), CatalogError> {
    let failed = failed("change the form");
    // It stays in the file. Not within a transaction.
    sqlx::query("PRAGMA journal_mode = WAL")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let mut transaction = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(failed)?;
    let form = form(&mut transaction).await?;
    for step in STEPS.iter().skip(form as usize) {
        sqlx::raw_sql(*step)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    let loose = sqlx::query("PRAGMA foreign_key_check")
        .fetch_all(&mut *transaction)
        .await
        .map_err(failed)?;
    if !loose.is_empty() {
        return Err(damaged(format!(
            "{} rows speak of others that are not there",
            loose.len()
        )));
    }
    let marks = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORM}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(marks))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}
