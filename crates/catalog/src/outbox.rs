//! The outbox: messages kept with what they tell of, until somebody has delivered them.

use goldsmith_core::catalog::{CatalogError, Delivery, MessageRow, NewMessage};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::error::{failed, unknown};
use crate::value::{self, integer, text};

/// How a message stands: to be delivered, delivered, given up.
const WAITING: &str = "waiting";
const DONE: &str = "done";
const GIVEN_UP: &str = "given-up";

/// Within a transaction that writes.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    unix: i64,
    message: &NewMessage,
) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO message (notifier, body, unix, tries, next_unix, error, status)
         VALUES ($1, $2, $3, 0, $3, '', $4)",
    )
    .bind(&message.notifier)
    .bind(&message.body)
    .bind(unix)
    .bind(WAITING)
    .execute(connection)
    .await
    .map_err(failed("write a message"))?;
    Ok(())
}

pub(crate) async fn due(
    connection: &mut SqliteConnection,
    unix: i64,
    limit: usize,
) -> Result<Vec<MessageRow>, CatalogError> {
    let rows = sqlx::query(
        "SELECT * FROM message WHERE status = 'waiting' AND next_unix <= $1 ORDER BY id LIMIT $2",
    )
    .bind(unix)
    .bind(value::limit(limit))
    .fetch_all(connection)
    .await
    .map_err(failed("read messages"))?;
    rows.iter().map(read).collect()
}

/// Within a transaction that writes. Of a message that is delivered or given up, nothing changes.
pub(crate) async fn delivered(
    connection: &mut SqliteConnection,
    message: u64,
    how: &Delivery,
) -> Result<(), CatalogError> {
    let failed = failed("write a delivery");
    let id = i64::try_from(message).unwrap_or(i64::MAX);
    let (status, next_unix, error) = match how {
        Delivery::Done => (DONE, None, ""),
        Delivery::Later { next_unix, error } => (WAITING, Some(*next_unix), error.as_str()),
        Delivery::GivenUp { error } => (GIVEN_UP, None, error.as_str()),
    };
    let known: Option<i64> = sqlx::query_scalar("SELECT id FROM message WHERE id = $1")
        .bind(id)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    if known.is_none() {
        return Err(unknown(format!("message {message}")));
    }
    sqlx::query(
        "UPDATE message SET status = $2, next_unix = COALESCE($3, next_unix), error = $4,
         tries = tries + 1 WHERE id = $1 AND status = 'waiting'",
    )
    .bind(id)
    .bind(status)
    .bind(next_unix)
    .bind(error)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<MessageRow, CatalogError> {
    Ok(MessageRow {
        id: integer(row, "id")?,
        message: NewMessage {
            notifier: text(row, "notifier")?,
            body: text(row, "body")?,
        },
        unix: integer(row, "unix")?,
        tries: integer(row, "tries")?,
        next_unix: integer(row, "next_unix")?,
        error: text(row, "error")?,
    })
}
