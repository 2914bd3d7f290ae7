//! Channels: moving names for the images of a family, and what they have named.

use goldsmith_core::catalog::{CatalogError, ChannelRow};
use goldsmith_core::image::ImageId;
use serde_json::json;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::audit::{self, By};
use crate::error::{failed, unknown};
use crate::image;
use crate::value::{image_id, image_id_if, integer, text};

/// A channel of a family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) family: &'a str,
    pub(crate) channel: &'a str,
}

/// Within a transaction that writes. What it names already changes nothing.
pub(crate) async fn set(
    connection: &mut SqliteConnection,
    by: By<'_>,
    place: Place<'_>,
    to: Option<&ImageId>,
    reason: &str,
) -> Result<(), CatalogError> {
    let failed = failed("move a channel");
    let before = named(connection, place).await?;
    let id = match to {
        None => None,
        Some(to) => {
            if to.name != place.family {
                return Err(unknown(format!(
                    "image `{to}` among those of `{}`",
                    place.family
                )));
            }
            let found = image::find(connection, to).await?;
            if !found.state.is_usable() {
                return Err(CatalogError::NotUsable {
                    image: to.clone(),
                    channel: place.channel.to_owned(),
                    state: found.state,
                });
            }
            Some(found.id)
        }
    };
    if before.as_ref() == to {
        return Ok(());
    }
    match id {
        Some(id) => sqlx::query(
            "INSERT INTO channel (family, channel, image) VALUES ($1, $2, $3)
             ON CONFLICT (family, channel) DO UPDATE SET image = excluded.image",
        )
        .bind(place.family)
        .bind(place.channel)
        .bind(id),
        None => sqlx::query("DELETE FROM channel WHERE family = $1 AND channel = $2")
            .bind(place.family)
            .bind(place.channel),
    }
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    sqlx::query(
        "INSERT INTO channel_history (family, channel, image, actor, reason, unix)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(place.family)
    .bind(place.channel)
    .bind(id)
    .bind(by.actor)
    .bind(reason)
    .bind(by.unix)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    let shown = |image: Option<&ImageId>| image.map(ToString::to_string);
    let detail = json!({ "image": shown(to), "before": shown(before.as_ref()), "reason": reason });
    let subject = format!("{}@{}", place.family, place.channel);
    audit::add(connection, by, "channel", subject, &detail).await
}

pub(crate) async fn named(
    connection: &mut SqliteConnection,
    place: Place<'_>,
) -> Result<Option<ImageId>, CatalogError> {
    let row = sqlx::query(
        "SELECT image.name, image.major, image.minor, image.patch, image.build
         FROM channel JOIN image ON image.id = channel.image
         WHERE channel.family = $1 AND channel.channel = $2",
    )
    .bind(place.family)
    .bind(place.channel)
    .fetch_optional(connection)
    .await
    .map_err(failed("read a channel"))?;
    row.as_ref().map(image_id).transpose()
}

pub(crate) async fn history(
    connection: &mut SqliteConnection,
    family: &str,
    channel: Option<&str>,
) -> Result<Vec<ChannelRow>, CatalogError> {
    let rows = sqlx::query(
        "SELECT h.family, h.channel, h.actor, h.reason, h.unix,
             image.name, image.major, image.minor, image.patch, image.build
         FROM channel_history h LEFT JOIN image ON image.id = h.image
         WHERE h.family = $1 AND ($2 IS NULL OR h.channel = $2) ORDER BY h.id DESC",
    )
    .bind(family)
    .bind(channel)
    .fetch_all(connection)
    .await
    .map_err(failed("read the history of channels"))?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<ChannelRow, CatalogError> {
    Ok(ChannelRow {
        family: text(row, "family")?,
        channel: text(row, "channel")?,
        image: image_id_if(row)?,
        actor: text(row, "actor")?,
        reason: text(row, "reason")?,
        unix: integer(row, "unix")?,
    })
}
