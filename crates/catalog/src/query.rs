//! Images by what is asked of them: one, or a page of those that a filter lets through.
//!
//! A page is found by walking one index in the order of the page, newest first, until it is full:
//! that of the part of the filter that lets the fewest through, as a rule. Several states are as
//! many walks, put together afterwards; the database would sort all of them instead.

use std::collections::BTreeMap;

use goldsmith_core::catalog::{ArtifactRow, CatalogError, ImageFilter, ImageRow, NewImage};
use goldsmith_core::image::{ImageId, ImageState};
use sqlx::QueryBuilder;
use sqlx::Sqlite;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::error::{failed, unknown};
use crate::image;
use crate::value::{digest, image_id, integer, limit as rows_of, named, parsed, parsed_if, text};

/// How many images are asked about in one question.
const CHUNK: usize = 500;

/// One image, all that is known of it.
pub(crate) async fn one(
    connection: &mut SqliteConnection,
    id: &ImageId,
) -> Result<ImageRow, CatalogError> {
    let found = image::find(connection, id).await?;
    let row = sqlx::query("SELECT * FROM image WHERE id = $1")
        .bind(found.id)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed("read an image"))?;
    let mut rows = complete(connection, vec![read(&row)?]).await?;
    rows.pop().ok_or_else(|| unknown(format!("image `{id}`")))
}

/// A page of images, newest first: by the time at which they were made, then by the order in
/// which they were entered.
pub(crate) async fn page(
    connection: &mut SqliteConnection,
    filter: &ImageFilter,
    after: Option<&ImageId>,
    limit: usize,
) -> Result<Vec<ImageRow>, CatalogError> {
    let after = match after {
        None => None,
        Some(after) => {
            let id = image::find(connection, after).await?.id;
            let unix: i64 = sqlx::query_scalar("SELECT created_unix FROM image WHERE id = $1")
                .bind(id)
                .fetch_one(&mut *connection)
                .await
                .map_err(failed("read an image"))?;
            Some((unix, id))
        }
    };
    let mut states: Vec<Option<ImageState>> = filter.states.iter().copied().map(Some).collect();
    states.sort_unstable();
    states.dedup();
    if states.is_empty() {
        states.push(None);
    }
    let mut rows = Vec::new();
    for state in states {
        let found = walk(filter, state, after, limit)
            .build()
            .fetch_all(&mut *connection)
            .await
            .map_err(failed("read images"))?;
        for row in &found {
            rows.push(read(row)?);
        }
    }
    rows.sort_by_key(|(id, row)| std::cmp::Reverse((row.made.created_unix, *id)));
    rows.truncate(limit);
    complete(connection, rows).await
}

/// One walk: the images of one state or of any.
fn walk(
    filter: &ImageFilter,
    state: Option<ImageState>,
    after: Option<(i64, i64)>,
    limit: usize,
) -> QueryBuilder<Sqlite> {
    let mut tags = filter.tags.iter();
    let mut query = QueryBuilder::new("SELECT image.* FROM ");
    // What is walked, and the columns of its order. `CROSS JOIN` keeps SQLite from turning it.
    let (unix, id) = if let Some(channel) = &filter.channel {
        query.push("channel CROSS JOIN image WHERE channel.channel = ");
        query.push_bind(channel);
        query.push(" AND image.id = channel.image");
        ("image.created_unix", "image.id")
    } else if filter.parent.is_none()
        && let Some((name, value)) = tags.next()
    {
        query.push("tag CROSS JOIN image WHERE tag.name = ");
        query.push_bind(name);
        query.push(" AND tag.value = ");
        query.push_bind(value);
        query.push(" AND image.id = tag.image");
        ("tag.created_unix", "tag.image")
    } else {
        query.push("image WHERE TRUE");
        ("image.created_unix", "image.id")
    };
    if let Some(parent) = &filter.parent {
        query.push(" AND image.parent = ");
        query.push_bind(parent.to_string());
    }
    if let Some(name) = &filter.name {
        query.push(if filter.channel.is_some() {
            " AND channel.family = "
        } else {
            " AND image.name = "
        });
        query.push_bind(name);
    }
    if let Some(state) = state {
        query.push(" AND image.state = ");
        query.push_bind(state.name());
    }
    for (name, value) in tags {
        query.push(" AND EXISTS (SELECT 1 FROM tag t WHERE t.image = image.id AND t.name = ");
        query.push_bind(name);
        query.push(" AND t.value = ");
        query.push_bind(value);
        query.push(")");
    }
    if let Some(since) = filter.since_unix {
        query.push(format!(" AND {unix} >= "));
        query.push_bind(since);
    }
    if let Some((last_unix, last_id)) = after {
        query.push(format!(" AND ({unix}, {id}) < ("));
        query.push_bind(last_unix);
        query.push(", ");
        query.push_bind(last_id);
        query.push(")");
    }
    query.push(format!(" ORDER BY {unix} DESC, {id} DESC LIMIT "));
    query.push_bind(rows_of(limit));
    query
}

/// A row of `image`, with its number, without what stands in other tables.
fn read(row: &SqliteRow) -> Result<(i64, ImageRow), CatalogError> {
    let made = NewImage {
        id: image_id(row)?,
        purpose: text(row, "purpose")?,
        os: text(row, "os")?,
        arch: text(row, "arch")?,
        key: parsed(row, "key")?,
        digest: digest(row)?,
        parent: parsed_if(row, "parent")?,
        artifacts: Vec::new(),
        created_unix: integer(row, "created_unix")?,
    };
    let image = ImageRow {
        made,
        state: named(row, "state", ImageState::named)?,
        reason: text(row, "reason")?,
        changed_unix: integer(row, "changed_unix")?,
        tags: BTreeMap::new(),
        channels: Vec::new(),
    };
    Ok((integer(row, "id")?, image))
}

/// Adds what other tables say of these images, in the same order.
async fn complete(
    connection: &mut SqliteConnection,
    rows: Vec<(i64, ImageRow)>,
) -> Result<Vec<ImageRow>, CatalogError> {
    let order: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
    let mut images: BTreeMap<i64, ImageRow> = rows.into_iter().collect();
    for chunk in order.chunks(CHUNK) {
        for row in about(connection, "artifact", "file", chunk).await? {
            if let Some(image) = images.get_mut(&integer(&row, "image")?) {
                image.made.artifacts.push(ArtifactRow {
                    file: text(&row, "file")?,
                    format: text(&row, "format")?,
                    digest: digest(&row)?,
                    size_bytes: integer(&row, "size_bytes")?,
                });
            }
        }
        for row in about(connection, "tag", "name", chunk).await? {
            if let Some(image) = images.get_mut(&integer(&row, "image")?) {
                image.tags.insert(text(&row, "name")?, text(&row, "value")?);
            }
        }
        for row in about(connection, "channel", "channel", chunk).await? {
            if let Some(image) = images.get_mut(&integer(&row, "image")?) {
                image.channels.push(text(&row, "channel")?);
            }
        }
    }
    Ok(order.iter().filter_map(|id| images.remove(id)).collect())
}

/// The rows of another table about these images.
async fn about(
    connection: &mut SqliteConnection,
    table: &'static str,
    order: &'static str,
    images: &[i64],
) -> Result<Vec<SqliteRow>, CatalogError> {
    let mut query: QueryBuilder<Sqlite> =
        QueryBuilder::new(format!("SELECT * FROM {table} WHERE image IN ("));
    let mut places = query.separated(", ");
    for image in images {
        places.push_bind(*image);
    }
    query.push(format!(") ORDER BY image, {order}"));
    query
        .build()
        .fetch_all(connection)
        .await
        .map_err(failed("read what is known of images"))
}
