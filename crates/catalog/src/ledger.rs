//! The ledger of what is being made in clouds: a row for each thing, written before the cloud is
//! asked to make it, so that a process that dies between the two leaves a row that says `begun`.
//!
//! ```text
//! begun ──► made ──► gone        a thing that is begun again is the same row, with the id it had
//!   └─────────────────▲          unless it was crossed off
//! ```
//!
//! It is no part of the audit log: what comes of a thing, a copy, is.

use goldsmith_core::catalog::CatalogError;
use goldsmith_core::ledger::{Resource, ResourceKind};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::error::failed;
use crate::value::{integer, named, text};

/// Something that is written down and not crossed off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// What it is.
    pub resource: Resource,
    /// When it was begun, or begun again, in seconds since 1970-01-01 UTC.
    pub begun_unix: i64,
    /// Whether the process that makes it is alive.
    pub is_being_made: bool,
}

/// Who writes, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writes {
    pub(crate) maker: i64,
    pub(crate) unix: i64,
}

/// Within a transaction that writes. Gives the number of a process that makes things.
pub(crate) async fn new_maker(
    connection: &mut SqliteConnection,
    unix: i64,
) -> Result<i64, CatalogError> {
    let made = sqlx::query("INSERT INTO maker (unix) VALUES ($1)")
        .bind(unix)
        .execute(connection)
        .await
        .map_err(failed("write a maker"))?;
    Ok(made.last_insert_rowid())
}

/// Within a transaction that writes.
pub(crate) async fn begin(
    connection: &mut SqliteConnection,
    by: Writes,
    resource: &Resource,
) -> Result<(), CatalogError> {
    let sql = "INSERT INTO resource (provider, account, region, kind, operation, owner, maker,
             begun_unix, changed_unix, id, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, 'begun')
         ON CONFLICT (provider, account, region, kind, operation) DO UPDATE SET
             owner = excluded.owner, maker = excluded.maker, begun_unix = excluded.begun_unix,
             changed_unix = excluded.changed_unix,
             id = CASE resource.state WHEN 'gone' THEN excluded.id
                  ELSE COALESCE(excluded.id, resource.id) END,
             state = CASE resource.state WHEN 'made' THEN 'made' ELSE 'begun' END";
    write(connection, by, resource, sql).await
}

/// Within a transaction that writes.
pub(crate) async fn made(
    connection: &mut SqliteConnection,
    by: Writes,
    resource: &Resource,
) -> Result<(), CatalogError> {
    let sql = "INSERT INTO resource (provider, account, region, kind, operation, owner, maker,
             begun_unix, changed_unix, id, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, 'made')
         ON CONFLICT (provider, account, region, kind, operation) DO UPDATE SET
             changed_unix = excluded.changed_unix, id = COALESCE(excluded.id, resource.id),
             state = 'made'";
    write(connection, by, resource, sql).await
}

async fn write(
    connection: &mut SqliteConnection,
    by: Writes,
    resource: &Resource,
    sql: &'static str,
) -> Result<(), CatalogError> {
    sqlx::query(sql)
        .bind(&resource.provider)
        .bind(&resource.account)
        .bind(&resource.region)
        .bind(resource.kind.word())
        .bind(&resource.operation)
        .bind(&resource.owner)
        .bind(by.maker)
        .bind(by.unix)
        .bind(&resource.id)
        .execute(connection)
        .await
        .map_err(failed("write the ledger"))?;
    Ok(())
}

/// Within a transaction that writes. What is not written down needs no crossing off.
pub(crate) async fn gone(
    connection: &mut SqliteConnection,
    unix: i64,
    resource: &Resource,
) -> Result<(), CatalogError> {
    sqlx::query(
        "UPDATE resource SET state = 'gone', changed_unix = $6, id = COALESCE($7, id)
         WHERE provider = $1 AND account = $2 AND region = $3 AND kind = $4 AND operation = $5
             AND state <> 'gone'",
    )
    .bind(&resource.provider)
    .bind(&resource.account)
    .bind(&resource.region)
    .bind(resource.kind.word())
    .bind(&resource.operation)
    .bind(unix)
    .bind(&resource.id)
    .execute(connection)
    .await
    .map_err(failed("cross off the ledger"))?;
    Ok(())
}

/// What is written down and not crossed off, oldest first, with the number of its maker.
pub(crate) async fn open(
    connection: &mut SqliteConnection,
    provider: &str,
) -> Result<Vec<(LedgerRow, i64)>, CatalogError> {
    let rows = sqlx::query(
        "SELECT * FROM resource WHERE provider = $1 AND state <> 'gone'
         ORDER BY begun_unix, account, region, kind, operation",
    )
    .bind(provider)
    .fetch_all(connection)
    .await
    .map_err(failed("read the ledger"))?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<(LedgerRow, i64), CatalogError> {
    use sqlx::Row as _;
    let resource = Resource {
        provider: text(row, "provider")?,
        account: text(row, "account")?,
        region: text(row, "region")?,
        kind: named(row, "kind", ResourceKind::named)?,
        operation: text(row, "operation")?,
        id: row.try_get("id").map_err(failed("read a text"))?,
        owner: text(row, "owner")?,
    };
    let row_read = LedgerRow {
        resource,
        begun_unix: integer(row, "begun_unix")?,
        is_being_made: false,
    };
    Ok((row_read, integer(row, "maker")?))
}
