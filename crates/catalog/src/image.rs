//! Images: what is known of each, and how it changes.

use goldsmith_core::catalog::{CatalogError, NewImage};
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::version::Version;
use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use crate::audit::{self, By};
use crate::error::{failed, unknown};
use crate::value::{integer, named, number, text};

/// An image that is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// The number of its row.
    pub(crate) id: i64,
    pub(crate) state: ImageState,
}

/// Finds an image, or says that there is none.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    image: &ImageId,
) -> Result<Found, CatalogError> {
    let row = sqlx::query(
        "SELECT id, state FROM image
         WHERE name = $1 AND major = $2 AND minor = $3 AND patch = $4 AND build = $5",
    )
    .bind(&image.name)
    .bind(i64::from(image.version.major))
    .bind(i64::from(image.version.minor))
    .bind(i64::from(image.version.patch))
    .bind(i64::from(image.build))
    .fetch_optional(connection)
    .await
    .map_err(failed("read an image"))?;
    let row = row.ok_or_else(|| unknown(format!("image `{image}`")))?;
    Ok(Found {
        id: row.try_get("id").map_err(failed("read an image"))?,
        state: named(&row, "state", ImageState::named)?,
    })
}

/// Within a transaction that writes.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    by: By<'_>,
    made: &NewImage,
) -> Result<(), CatalogError> {
    let failed = failed("enter an image");
    let version = made.id.version;
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO image (name, major, minor, patch, build, purpose, os, arch, key, digest,
             parent, created_unix, state, reason, changed_unix)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', $12)
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(&made.id.name)
    .bind(i64::from(version.major))
    .bind(i64::from(version.minor))
    .bind(i64::from(version.patch))
    .bind(i64::from(made.id.build))
    .bind(&made.purpose)
    .bind(&made.os)
    .bind(&made.arch)
    .bind(made.key.to_string())
    .bind(made.digest.to_string())
    .bind(made.parent.as_ref().map(ToString::to_string))
    .bind(made.created_unix)
    .bind(ImageState::Built.name())
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed)?;
    let Some(id) = id else {
        return same(connection, made).await;
    };
    for artifact in &made.artifacts {
        sqlx::query(
            "INSERT INTO artifact (image, file, format, digest, size_bytes)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(id)
        .bind(&artifact.file)
        .bind(&artifact.format)
        .bind(artifact.digest.to_string())
        .bind(number(artifact.size_bytes)?)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    }
    let detail = json!({ "state": ImageState::Built.name(), "key": made.key.to_string(),
        "digest": made.digest.to_string() });
    audit::add(connection, by, "image", made.id.to_string(), &detail).await
}

/// Whether the image of this name that is there was made from the same inputs.
async fn same(connection: &mut SqliteConnection, made: &NewImage) -> Result<(), CatalogError> {
    let found = find(connection, &made.id).await?;
    let key: String = sqlx::query_scalar("SELECT key FROM image WHERE id = $1")
        .bind(found.id)
        .fetch_one(connection)
        .await
        .map_err(failed("read an image"))?;
    if key == made.key.to_string() {
        Ok(())
    } else {
        Err(CatalogError::Taken {
            image: made.id.clone(),
        })
    }
}

/// Within a transaction that writes. An image that stands so already stays as it is.
pub(crate) async fn set_state(
    connection: &mut SqliteConnection,
    by: By<'_>,
    image: &ImageId,
    to: ImageState,
    reason: &str,
) -> Result<(), CatalogError> {
    let found = find(connection, image).await?;
    let to = found
        .state
        .step_to(to)
        .map_err(|source| CatalogError::State {
            image: image.clone(),
            source,
        })?;
    if to == found.state {
        return Ok(());
    }
    sqlx::query("UPDATE image SET state = $2, reason = $3, changed_unix = $4 WHERE id = $1")
        .bind(found.id)
        .bind(to.name())
        .bind(reason)
        .bind(by.unix)
        .execute(&mut *connection)
        .await
        .map_err(failed("write how an image stands"))?;
    let detail = json!({ "state": to.name(), "before": found.state.name(), "reason": reason });
    audit::add(connection, by, "state", image.to_string(), &detail).await
}

/// Within a transaction that writes.
pub(crate) async fn set_tag(
    connection: &mut SqliteConnection,
    by: By<'_>,
    image: &ImageId,
    name: &str,
    value: Option<&str>,
) -> Result<(), CatalogError> {
    let found = find(connection, image).await?;
    let changed = match value {
        Some(value) => sqlx::query(
            "INSERT INTO tag (image, name, value, created_unix)
             SELECT id, $2, $3, created_unix FROM image WHERE id = $1
             ON CONFLICT (image, name) DO UPDATE SET value = excluded.value
             WHERE tag.value <> excluded.value",
        )
        .bind(found.id)
        .bind(name)
        .bind(value),
        None => sqlx::query("DELETE FROM tag WHERE image = $1 AND name = $2")
            .bind(found.id)
            .bind(name),
    }
    .execute(&mut *connection)
    .await
    .map_err(failed("write a tag"))?;
    if changed.rows_affected() == 0 {
        return Ok(());
    }
    let detail = json!({ "name": name, "value": value });
    audit::add(connection, by, "tag", image.to_string(), &detail).await
}

/// Those that are not there.
pub(crate) async fn missing(
    connection: &mut SqliteConnection,
    images: &[ImageId],
) -> Result<Vec<ImageId>, CatalogError> {
    let mut missing = Vec::new();
    for image in images {
        match find(connection, image).await {
            Ok(_) => {}
            Err(CatalogError::Unknown { .. }) => missing.push(image.clone()),
            Err(error) => return Err(error),
        }
    }
    Ok(missing)
}

/// Versions with their last builds.
pub(crate) async fn versions(
    connection: &mut SqliteConnection,
    family: &str,
) -> Result<Vec<(Version, u32)>, CatalogError> {
    let rows = sqlx::query(
        "SELECT major, minor, patch, MAX(build) AS build FROM image WHERE name = $1
         GROUP BY major, minor, patch ORDER BY major, minor, patch",
    )
    .bind(family)
    .fetch_all(connection)
    .await
    .map_err(failed("read versions"))?;
    rows.iter()
        .map(|row| {
            let version = Version {
                major: integer(row, "major")?,
                minor: integer(row, "minor")?,
                patch: integer(row, "patch")?,
            };
            Ok((version, integer(row, "build")?))
        })
        .collect()
}

/// How every image stands, in no order that means anything: what a check compares with the log.
pub(crate) async fn states(
    connection: &mut SqliteConnection,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, ImageId, String)>, CatalogError> {
    let rows = sqlx::query(
        "SELECT id, name, major, minor, patch, build, state FROM image
         WHERE id > $1 ORDER BY id LIMIT $2",
    )
    .bind(after)
    .bind(crate::value::limit(limit))
    .fetch_all(connection)
    .await
    .map_err(failed("read images"))?;
    rows.iter()
        .map(|row| {
            let image = crate::value::image_id(row)?;
            Ok((integer(row, "id")?, image, text(row, "state")?))
        })
        .collect()
}
