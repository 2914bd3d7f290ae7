//! Runs and their journals.

use goldsmith_core::catalog::{
    CatalogError, Entry, NewRun, RunId, RunPart, RunRow, RunStatus, Seq,
};
use serde_json::json;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::audit::{self, By};
use crate::error::{failed, unknown};
use crate::image;
use crate::value::{self, image_id_if, integer, named, number, text};

/// A run with the image that it made.
const RUN: &str = "SELECT run.*, image.name, image.major, image.minor, image.patch, image.build
    FROM run LEFT JOIN image ON image.id = run.image ";

/// Within a transaction that writes.
pub(crate) async fn begin(
    connection: &mut SqliteConnection,
    run: &NewRun,
) -> Result<RunId, CatalogError> {
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO run (pipeline, actor, cause, unix, status, note, changed_unix, length)
         VALUES ($1, $2, $3, $4, $5, '', $4, 0) RETURNING id",
    )
    .bind(&run.pipeline)
    .bind(&run.actor)
    .bind(&run.trigger)
    .bind(run.unix)
    .bind(RunStatus::Running.name())
    .fetch_one(&mut *connection)
    .await
    .map_err(failed("begin a run"))?;
    let by = By {
        actor: &run.actor,
        unix: run.unix,
    };
    let detail = json!({ "status": RunStatus::Running.name(), "pipeline": run.pipeline,
        "trigger": run.trigger });
    audit::add(connection, by, "run", format!("run {id}"), &detail).await?;
    Ok(RunId(value::unsigned(id)?))
}

/// The length of a run's journal, if it is as long as is said.
pub(crate) async fn expect(
    connection: &mut SqliteConnection,
    part: &RunPart,
) -> Result<(), CatalogError> {
    let length: Option<i64> = sqlx::query_scalar("SELECT length FROM run WHERE id = $1")
        .bind(number(part.run.0)?)
        .fetch_optional(connection)
        .await
        .map_err(failed("read a run"))?;
    let length = length.ok_or_else(|| unknown(format!("run {}", part.run)))?;
    if value::unsigned::<u64>(length)? == part.after {
        Ok(())
    } else {
        Err(CatalogError::Raced { run: part.run })
    }
}

/// Adds to a journal whose length was [expected](expect) in the same transaction.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    by: By<'_>,
    part: &RunPart,
) -> Result<Seq, CatalogError> {
    let failed = failed("write a journal");
    let mut seq = part.after;
    let run = number(part.run.0)?;
    for entry in &part.entries {
        seq += 1;
        sqlx::query("INSERT INTO journal (run, seq, unix, body) VALUES ($1, $2, $3, $4)")
            .bind(run)
            .bind(number(seq)?)
            .bind(entry.unix)
            .bind(&entry.body)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    sqlx::query("UPDATE run SET length = $2, changed_unix = $3 WHERE id = $1")
        .bind(run)
        .bind(number(seq)?)
        .bind(by.unix)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    if let Some((status, note)) = &part.status {
        sqlx::query("UPDATE run SET status = $2, note = $3 WHERE id = $1")
            .bind(run)
            .bind(status.name())
            .bind(note)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        let detail = json!({ "status": status.name(), "note": note });
        audit::add(connection, by, "run", format!("run {}", part.run), &detail).await?;
    }
    if let Some(made) = &part.image {
        let image = image::find(connection, made).await?;
        sqlx::query("UPDATE run SET image = $2 WHERE id = $1")
            .bind(run)
            .bind(image.id)
            .execute(connection)
            .await
            .map_err(failed)?;
    }
    Ok(seq)
}

pub(crate) async fn journal(
    connection: &mut SqliteConnection,
    run: RunId,
) -> Result<Vec<Entry>, CatalogError> {
    one(connection, run).await?;
    let rows = sqlx::query("SELECT unix, body FROM journal WHERE run = $1 ORDER BY seq")
        .bind(number(run.0)?)
        .fetch_all(connection)
        .await
        .map_err(failed("read a journal"))?;
    rows.iter()
        .map(|row| {
            Ok(Entry {
                unix: integer(row, "unix")?,
                body: text(row, "body")?,
            })
        })
        .collect()
}

pub(crate) async fn one(
    connection: &mut SqliteConnection,
    run: RunId,
) -> Result<RunRow, CatalogError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{RUN} WHERE run.id = $1")))
        .bind(i64::try_from(run.0).unwrap_or(i64::MAX))
        .fetch_optional(connection)
        .await
        .map_err(failed("read a run"))?;
    read(&row.ok_or_else(|| unknown(format!("run {run}")))?)
}

pub(crate) async fn last(
    connection: &mut SqliteConnection,
    pipeline: Option<&str>,
    limit: usize,
) -> Result<Vec<RunRow>, CatalogError> {
    let of_one = pipeline.map_or("", |_| "WHERE run.pipeline = $2");
    let query = format!("{RUN} {of_one} ORDER BY run.id DESC LIMIT $1");
    let mut query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(value::limit(limit));
    if let Some(pipeline) = pipeline {
        query = query.bind(pipeline);
    }
    let rows = query
        .fetch_all(connection)
        .await
        .map_err(failed("read runs"))?;
    rows.iter().map(read).collect()
}

pub(crate) async fn open(connection: &mut SqliteConnection) -> Result<Vec<RunRow>, CatalogError> {
    // As its index says it.
    let query = format!("{RUN} WHERE run.status IN ('running', 'waiting') ORDER BY run.id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(query))
        .fetch_all(connection)
        .await
        .map_err(failed("read runs"))?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<RunRow, CatalogError> {
    let image = image_id_if(row)?;
    Ok(RunRow {
        id: RunId(integer(row, "id")?),
        begun: NewRun {
            pipeline: text(row, "pipeline")?,
            actor: text(row, "actor")?,
            trigger: text(row, "cause")?,
            unix: integer(row, "unix")?,
        },
        status: named(row, "status", RunStatus::named)?,
        note: text(row, "note")?,
        image,
        changed_unix: integer(row, "changed_unix")?,
    })
}
