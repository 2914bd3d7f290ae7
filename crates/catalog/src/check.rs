//! Is it whole, and does it say what was written? The file, the chain of the audit log, and the
//! rest of the tables against what the log says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use goldsmith_core::catalog::CatalogError;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use crate::error::failed;
use crate::value::{image_id, integer, text};
use crate::{audit, image};

/// How many rows are looked at in one go.
const PAGE: usize = 5_000;

/// How many problems are told: the first ones say what happened.
const PROBLEMS_MAX: usize = 20;

/// A line of the audit log that somebody noted, to be sure later that it is still the same log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its place, from 1; 0 of a log without lines.
    pub seq: u64,
    /// Its digest.
    pub digest: Sha256,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The last line of the audit log.
    pub head: Head,
    /// How many images there are.
    pub images: u64,
    /// What is wrong, at most the first 20.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `line 7 of the audit log`, `image web 1.4.0/3`.
    pub place: String,
    /// What.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// What the log says of the rest.
#[derive(Debug, Default)]
struct Said {
    /// How an image stands, by its name as it is shown.
    states: BTreeMap<String, String>,
    /// Which image a channel names, by `family@channel`.
    channels: BTreeMap<String, String>,
    /// Statements: the image, and the digest.
    statements: BTreeSet<(String, String)>,
}

struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        if self.0.len() < PROBLEMS_MAX {
            let (place, what) = (place.into(), what.into());
            self.0.push(Problem { place, what });
        }
    }
}

pub(crate) async fn check(
    connection: &mut SqliteConnection,
    head: Option<Head>,
) -> Result<Checked, CatalogError> {
    let mut problems = Problems(Vec::new());
    file(connection, &mut problems).await?;
    let mut checked = Checked {
        head: Head {
            seq: 0,
            digest: audit::NONE,
        },
        images: 0,
        problems: Vec::new(),
    };
    // What a damaged file says means nothing.
    if problems.0.is_empty() {
        let (last, said) = chain(connection, head, &mut problems).await?;
        checked.head = last;
        checked.images = states(connection, &said, &mut problems).await?;
        channels(connection, &said, &mut problems).await?;
        statements(connection, &said, &mut problems).await?;
        journals(connection, &mut problems).await?;
    }
    checked.problems = problems.0;
    Ok(checked)
}

/// The database's own check, and rows that speak of others.
async fn file(
    connection: &mut SqliteConnection,
    problems: &mut Problems,
) -> Result<(), CatalogError> {
    let failed = failed("check the file");
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(20)")
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    for line in found.iter().filter(|line| *line != "ok") {
        problems.add("the file", line);
    }
    let loose = sqlx::query("PRAGMA foreign_key_check")
        .fetch_all(connection)
        .await
        .map_err(failed)?;
    for row in &loose {
        let table: String = row.try_get(0).map_err(failed)?;
        let other: String = row.try_get(2).map_err(failed)?;
        problems.add(
            format!("table `{table}`"),
            format!("a row speaks of one of `{other}` that is not there"),
        );
    }
    Ok(())
}

/// Every line of the log after the one before it.
async fn chain(
    connection: &mut SqliteConnection,
    noted: Option<Head>,
    problems: &mut Problems,
) -> Result<(Head, Said), CatalogError> {
    let mut said = Said::default();
    let mut last = Head {
        seq: 0,
        digest: audit::NONE,
    };
    let mut found = noted.filter(|noted| noted.seq == 0).map(|_| last.digest);
    loop {
        let lines = audit::lines(connection, None, last.seq, PAGE).await?;
        let is_end = lines.len() < PAGE;
        for line in lines {
            let place = || format!("line {} of the audit log", line.seq);
            if line.seq != last.seq + 1 {
                let gone = match line.seq - last.seq - 1 {
                    1 => format!("line {} before it is gone", last.seq + 1),
                    _ => format!(
                        "lines {} to {} before it are gone",
                        last.seq + 1,
                        line.seq - 1
                    ),
                };
                problems.add(place(), gone);
            } else if audit::chained(&last.digest, &line) != line.digest {
                problems.add(place(), "it was changed: its digest is another");
            }
            if noted.is_some_and(|noted| noted.seq == line.seq) {
                found = Some(line.digest);
            }
            said.line(&line.action, &line.subject, &line.detail);
            last = Head {
                seq: line.seq,
                digest: line.digest,
            };
        }
        if is_end {
            break;
        }
    }
    if let Some(noted) = noted {
        let place = format!("line {} of the audit log", noted.seq);
        match found {
            None => problems.add(place, "it was noted, and is not there any more"),
            Some(digest) if digest != noted.digest => {
                problems.add(place, "it is another than the one that was noted");
            }
            Some(_) => {}
        }
    }
    Ok((last, said))
}

impl Said {
    fn line(&mut self, action: &str, subject: &str, detail: &str) {
        let detail: Value = serde_json::from_str(detail).unwrap_or_default();
        let word = |name: &str| detail[name].as_str().map(str::to_owned);
        let subject = subject.to_owned();
        match action {
            "image" | "state" => {
                self.states
                    .insert(subject, word("state").unwrap_or_default());
            }
            "channel" => {
                match word("image") {
                    Some(image) => self.channels.insert(subject, image),
                    None => self.channels.remove(&subject),
                };
            }
            "statement" => {
                let digest = word("digest").unwrap_or_default();
                self.statements.insert((subject, digest));
            }
            _ => {}
        }
    }
}

async fn states(
    connection: &mut SqliteConnection,
    said: &Said,
    problems: &mut Problems,
) -> Result<u64, CatalogError> {
    let mut last = 0;
    let mut images = 0;
    loop {
        let page = image::states(connection, last, PAGE).await?;
        let is_end = page.len() < PAGE;
        for (id, image, state) in page {
            last = id;
            images += 1;
            let title = image.to_string();
            match said.states.get(&title) {
                Some(of_log) if *of_log == state => {}
                Some(of_log) => problems.add(
                    format!("image {title}"),
                    format!("it is {state}, and {of_log} by the audit log"),
                ),
                None => problems.add(
                    format!("image {title}"),
                    "the audit log does not know how it came here",
                ),
            }
        }
        if is_end {
            break;
        }
    }
    if said.states.len() as u64 > images {
        problems.add(
            "images",
            format!(
                "{images} are there, and {} by the audit log",
                said.states.len()
            ),
        );
    }
    Ok(images)
}

async fn channels(
    connection: &mut SqliteConnection,
    said: &Said,
    problems: &mut Problems,
) -> Result<(), CatalogError> {
    let rows = sqlx::query(
        "SELECT channel.family, channel.channel,
             image.name, image.major, image.minor, image.patch, image.build
         FROM channel JOIN image ON image.id = channel.image",
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read channels"))?;
    let mut left = said.channels.clone();
    for row in &rows {
        let channel = format!("{}@{}", text(row, "family")?, text(row, "channel")?);
        let image: ImageId = image_id(row)?;
        let of_log = left.remove(&channel);
        if of_log.as_ref() != Some(&image.to_string()) {
            let of_log = of_log.unwrap_or_else(|| "none".to_owned());
            problems.add(
                format!("channel {channel}"),
                format!("it names {image}, and {of_log} by the audit log"),
            );
        }
    }
    for (channel, image) in left {
        problems.add(
            format!("channel {channel}"),
            format!("it names nothing, and {image} by the audit log"),
        );
    }
    Ok(())
}

/// Statements have the digest that they are kept under, and the log tells of each.
async fn statements(
    connection: &mut SqliteConnection,
    said: &Said,
    problems: &mut Problems,
) -> Result<(), CatalogError> {
    let mut last = 0_i64;
    loop {
        let rows = sqlx::query(
            "SELECT statement.id, envelope, statement.digest,
                 image.name, image.major, image.minor, image.patch, image.build
             FROM statement JOIN image ON image.id = statement.image
             WHERE statement.id > $1 ORDER BY statement.id LIMIT $2",
        )
        .bind(last)
        .bind(crate::value::limit(PAGE))
        .fetch_all(&mut *connection)
        .await
        .map_err(failed("read statements"))?;
        for row in &rows {
            last = integer(row, "id")?;
            let image = image_id(row)?.to_string();
            let digest = text(row, "digest")?;
            let place = format!(
                "statement {} of image {image}",
                digest.get(..12).unwrap_or("")
            );
            if Sha256::of(text(row, "envelope")?.as_bytes()).to_string() != digest {
                problems.add(&place, "it was changed: its digest is another");
            }
            if !said.statements.contains(&(image, digest)) {
                problems.add(&place, "the audit log does not know it");
            }
        }
        if rows.len() < PAGE {
            return Ok(());
        }
    }
}

/// Journals have as many entries as their runs say.
async fn journals(
    connection: &mut SqliteConnection,
    problems: &mut Problems,
) -> Result<(), CatalogError> {
    let rows = sqlx::query(
        "SELECT run.id AS run, run.length AS length, COUNT(journal.seq) AS entries
         FROM run LEFT JOIN journal ON journal.run = run.id
         GROUP BY run.id, run.length
         HAVING COUNT(journal.seq) <> run.length OR COALESCE(MAX(journal.seq), 0) <> run.length",
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read journals"))?;
    for row in &rows {
        let (run, length, entries): (i64, i64, i64) = (
            integer(row, "run")?,
            integer(row, "length")?,
            integer(row, "entries")?,
        );
        problems.add(
            format!("run {run}"),
            format!("its journal has {entries} entries of {length}"),
        );
    }
    Ok(())
}
