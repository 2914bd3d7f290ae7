//! Copies of images at their targets, and statements about images.

use goldsmith_core::catalog::{CatalogError, CopyRow, StatementRow};
use goldsmith_core::image::ImageId;
use serde_json::json;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::audit::{self, By};
use crate::error::failed;
use crate::image;
use crate::value::{digest, integer, parsed_if, text};

/// Within a transaction that writes. A copy that is known as it is changes nothing.
pub(crate) async fn set(
    connection: &mut SqliteConnection,
    by: By<'_>,
    copy: &CopyRow,
) -> Result<(), CatalogError> {
    let found = image::find(connection, &copy.image).await?;
    let digest = copy.digest.map(|digest| digest.to_string());
    let changed = sqlx::query(
        "INSERT INTO copy (image, target, format, name, location, digest, unix, is_there)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (image, target, format) DO UPDATE SET name = excluded.name,
             location = excluded.location, digest = excluded.digest, unix = excluded.unix,
             is_there = excluded.is_there
         WHERE copy.name <> excluded.name OR copy.location <> excluded.location
             OR COALESCE(copy.digest, '') <> COALESCE(excluded.digest, '')
             OR copy.unix <> excluded.unix OR copy.is_there <> excluded.is_there",
    )
    .bind(found.id)
    .bind(&copy.target)
    .bind(&copy.format)
    .bind(&copy.name)
    .bind(&copy.location)
    .bind(&digest)
    .bind(copy.unix)
    .bind(i64::from(copy.is_there))
    .execute(&mut *connection)
    .await
    .map_err(failed("write a copy"))?;
    if changed.rows_affected() == 0 {
        return Ok(());
    }
    let detail = json!({ "target": copy.target, "format": copy.format, "name": copy.name,
        "location": copy.location, "digest": digest, "is_there": copy.is_there });
    audit::add(connection, by, "copy", copy.image.to_string(), &detail).await
}

pub(crate) async fn of(
    connection: &mut SqliteConnection,
    image: &ImageId,
) -> Result<Vec<CopyRow>, CatalogError> {
    let found = image::find(connection, image).await?;
    let rows = sqlx::query("SELECT * FROM copy WHERE image = $1 ORDER BY target, format")
        .bind(found.id)
        .fetch_all(connection)
        .await
        .map_err(failed("read copies"))?;
    rows.iter().map(|row| read(row, image)).collect()
}

fn read(row: &SqliteRow, image: &ImageId) -> Result<CopyRow, CatalogError> {
    Ok(CopyRow {
        image: image.clone(),
        target: text(row, "target")?,
        name: text(row, "name")?,
        location: text(row, "location")?,
        format: text(row, "format")?,
        digest: parsed_if(row, "digest")?,
        unix: integer(row, "unix")?,
        is_there: integer::<i64>(row, "is_there")? != 0,
    })
}

/// Whether another image has a copy of this name that is there still. The image itself need not
/// be known.
pub(crate) async fn is_name_taken(
    connection: &mut SqliteConnection,
    name: &str,
    image: &ImageId,
) -> Result<bool, CatalogError> {
    let own = match image::find(connection, image).await {
        Ok(found) => Some(found.id),
        Err(CatalogError::Unknown { .. }) => None,
        Err(error) => return Err(error),
    };
    let taken: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT 1 FROM copy WHERE name = $1 AND is_there = 1
             AND ($2 IS NULL OR image <> $2) LIMIT 1) AS found",
    )
    .bind(name)
    .bind(own)
    .fetch_one(connection)
    .await
    .map_err(failed("look for a name"))?;
    Ok(taken > 0)
}

/// Within a transaction that writes.
pub(crate) async fn add_statement(
    connection: &mut SqliteConnection,
    by: By<'_>,
    statement: &StatementRow,
) -> Result<(), CatalogError> {
    let found = image::find(connection, &statement.image).await?;
    let digest = statement.digest.to_string();
    let changed = sqlx::query(
        "INSERT INTO statement (image, predicate_type, envelope, digest, unix)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(found.id)
    .bind(&statement.predicate_type)
    .bind(&statement.envelope)
    .bind(&digest)
    .bind(statement.unix)
    .execute(&mut *connection)
    .await
    .map_err(failed("write a statement"))?;
    if changed.rows_affected() == 0 {
        return Ok(());
    }
    let detail = json!({ "predicate_type": statement.predicate_type, "digest": digest });
    audit::add(
        connection,
        by,
        "statement",
        statement.image.to_string(),
        &detail,
    )
    .await
}

pub(crate) async fn statements(
    connection: &mut SqliteConnection,
    image: &ImageId,
) -> Result<Vec<StatementRow>, CatalogError> {
    let found = image::find(connection, image).await?;
    let rows = sqlx::query("SELECT * FROM statement WHERE image = $1 ORDER BY id")
        .bind(found.id)
        .fetch_all(connection)
        .await
        .map_err(failed("read statements"))?;
    rows.iter()
        .map(|row| {
            Ok(StatementRow {
                image: image.clone(),
                predicate_type: text(row, "predicate_type")?,
                envelope: text(row, "envelope")?,
                digest: digest(row)?,
                unix: integer(row, "unix")?,
            })
        })
        .collect()
}
