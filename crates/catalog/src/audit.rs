//! The audit log: who changed what. A line is never changed and never taken away; each holds the
//! digest of the one before, so that a log that was tampered with does not fit any more.
//!
//! ```text
//! digest of a line = SHA-256 over fields, each with its length (64 bits, little endian) before it:
//!
//!   "goldsmith-audit-1" | digest of the line before, 32 bytes, zeros before line 1
//!   | seq, 8 bytes, little endian | unix, 8 bytes, little endian
//!   | actor | action | subject | detail
//!
//! line 1 ──digest──► line 2 ──digest──► line 3 ──digest──► the head
//! ```
//!
//! Whoever can write the file can also write all of a chain anew. A head that was noted somewhere
//! else shows that: it is no longer in the log.

use goldsmith_core::catalog::{AuditRow, CatalogError};
use goldsmith_core::digest::{Hasher, Sha256};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::error::failed;
use crate::value::{self, digest, integer, number, text};

/// Before the first line.
pub(crate) const NONE: Sha256 = Sha256::from_bytes([0; 32]);

/// Who acts, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By<'a> {
    pub(crate) actor: &'a str,
    pub(crate) unix: i64,
}

/// The digest of a line after another one.
pub(crate) fn chained(before: &Sha256, line: &AuditRow) -> Sha256 {
    let mut hasher = Hasher::new();
    for field in [
        b"goldsmith-audit-1".as_slice(),
        before.as_bytes(),
        &line.seq.to_le_bytes(),
        &line.unix.to_le_bytes(),
        line.actor.as_bytes(),
        line.action.as_bytes(),
        line.subject.as_bytes(),
        line.detail.as_bytes(),
    ] {
        hasher.field(field);
    }
    hasher.finish()
}

/// Adds a line. Only within a transaction that writes: nobody else adds one then.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    by: By<'_>,
    action: &str,
    subject: String,
    detail: &Value,
) -> Result<(), CatalogError> {
    let failed = failed("write the audit log");
    let last = sqlx::query("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    let (seq, before) = match last {
        Some(row) => (integer::<u64>(&row, "seq")?, digest(&row)?),
        None => (0, NONE),
    };
    let line = AuditRow {
        seq: seq + 1,
        unix: by.unix,
        actor: by.actor.to_owned(),
        action: action.to_owned(),
        subject,
        detail: detail.to_string(),
        digest: NONE,
    };
    sqlx::query(
        "INSERT INTO audit (seq, unix, actor, action, subject, detail, digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(number(line.seq)?)
    .bind(line.unix)
    .bind(&line.actor)
    .bind(&line.action)
    .bind(&line.subject)
    .bind(&line.detail)
    .bind(chained(&before, &line).to_string())
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Lines after another, oldest first.
pub(crate) async fn lines(
    connection: &mut SqliteConnection,
    subject: Option<&str>,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditRow>, CatalogError> {
    // A line beyond any number that is kept has nothing after it.
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let rows = match subject {
        Some(subject) => {
            sqlx::query("SELECT * FROM audit WHERE subject = $1 AND seq > $2 ORDER BY seq LIMIT $3")
                .bind(subject)
        }
        None => sqlx::query("SELECT * FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2"),
    }
    .bind(after)
    .bind(value::limit(limit))
    .fetch_all(connection)
    .await
    .map_err(failed("read the audit log"))?;
    rows.iter().map(line).collect()
}

fn line(row: &SqliteRow) -> Result<AuditRow, CatalogError> {
    Ok(AuditRow {
        seq: integer(row, "seq")?,
        unix: integer(row, "unix")?,
        actor: text(row, "actor")?,
        action: text(row, "action")?,
        subject: text(row, "subject")?,
        detail: text(row, "detail")?,
        digest: digest(row)?,
    })
}
