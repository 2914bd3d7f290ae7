//! A batch, as one transaction: the caller commits what these functions have written, or nothing.

use goldsmith_core::catalog::{Batch, CatalogError, Change, Seq};
use sqlx::sqlite::SqliteConnection;

use crate::audit::{self, By};
use crate::{channel, copies, image, outbox, run};

/// Writes all of a batch, within a transaction that writes.
pub(crate) async fn keep(
    connection: &mut SqliteConnection,
    batch: &Batch,
) -> Result<Seq, CatalogError> {
    let by = By {
        actor: &batch.actor,
        unix: batch.unix,
    };
    // Before anything else: of two processes on one run, one does not even look at the images.
    if let Some(part) = &batch.run {
        run::expect(connection, part).await?;
    }
    for change in &batch.changes {
        apply(connection, by, change).await?;
    }
    let seq = match &batch.run {
        Some(part) => run::add(connection, by, part).await?,
        None => 0,
    };
    for message in &batch.messages {
        outbox::add(connection, by.unix, message).await?;
    }
    Ok(seq)
}

async fn apply(
    connection: &mut SqliteConnection,
    by: By<'_>,
    change: &Change,
) -> Result<(), CatalogError> {
    match change {
        Change::Image(made) => image::add(connection, by, made).await,
        Change::State { image, to, reason } => {
            image::set_state(connection, by, image, *to, reason).await
        }
        Change::Tag { image, name, value } => {
            image::set_tag(connection, by, image, name, value.as_deref()).await
        }
        Change::Copy(copy) => copies::set(connection, by, copy).await,
        Change::Statement(statement) => copies::add_statement(connection, by, statement).await,
        Change::Channel {
            family,
            channel,
            image,
            reason,
        } => {
            let place = channel::Place { family, channel };
            channel::set(connection, by, place, image.as_ref(), reason).await
        }
        Change::Noted {
            action,
            subject,
            detail,
        } => {
            // Whatever the log holds is JSON.
            let detail = serde_json::from_str(detail).unwrap_or_else(|_| detail.as_str().into());
            audit::add(connection, by, action, subject.clone(), &detail).await
        }
    }
}
