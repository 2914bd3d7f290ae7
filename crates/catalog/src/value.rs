//! Values between Rust and columns: what does not fit or cannot be read is damage, named by its
//! column.

use std::str::FromStr;

use goldsmith_core::catalog::CatalogError;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;
use goldsmith_core::version::Version;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::error::{damaged, failed};

/// A number for a column; SQL knows signed ones only.
pub(crate) fn number(value: u64) -> Result<i64, CatalogError> {
    i64::try_from(value).map_err(|_| damaged(format!("{value} is no number that it can keep")))
}

/// The number of a column.
pub(crate) fn unsigned<T: TryFrom<i64>>(value: i64) -> Result<T, CatalogError> {
    T::try_from(value).map_err(|_| damaged(format!("it has the number {value} out of its range")))
}

/// At most this many rows.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(crate) fn text(row: &SqliteRow, column: &'static str) -> Result<String, CatalogError> {
    row.try_get(column).map_err(failed("read a text"))
}

pub(crate) fn integer<T: TryFrom<i64>>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<T, CatalogError> {
    unsigned(row.try_get(column).map_err(failed("read a number"))?)
}

/// A text that stands for something.
pub(crate) fn parsed<T: FromStr>(row: &SqliteRow, column: &'static str) -> Result<T, CatalogError> {
    parse(&text(row, column)?, column)
}

/// The same of a column that may be empty.
pub(crate) fn parsed_if<T: FromStr>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<T>, CatalogError> {
    let text: Option<String> = row.try_get(column).map_err(failed("read a text"))?;
    text.map(|text| parse(&text, column)).transpose()
}

/// A word of a fixed set.
pub(crate) fn named<T>(
    row: &SqliteRow,
    column: &'static str,
    of: impl Fn(&str) -> Option<T>,
) -> Result<T, CatalogError> {
    let word = text(row, column)?;
    of(&word).ok_or_else(|| damaged(format!("`{word}` is no {column}")))
}

fn parse<T: FromStr>(text: &str, column: &'static str) -> Result<T, CatalogError> {
    text.parse()
        .map_err(|_| damaged(format!("`{text}` is no {column}")))
}

/// The digest of a column.
pub(crate) fn digest(row: &SqliteRow) -> Result<Sha256, CatalogError> {
    parsed(row, "digest")
}

/// The image of the columns `name`, `major`, `minor`, `patch`, `build`.
pub(crate) fn image_id(row: &SqliteRow) -> Result<ImageId, CatalogError> {
    Ok(ImageId {
        name: text(row, "name")?,
        version: Version {
            major: integer(row, "major")?,
            minor: integer(row, "minor")?,
            patch: integer(row, "patch")?,
        },
        build: integer(row, "build")?,
    })
}

/// The same where another table was joined to it that may have none.
pub(crate) fn image_id_if(row: &SqliteRow) -> Result<Option<ImageId>, CatalogError> {
    let name: Option<String> = row.try_get("name").map_err(failed("read a text"))?;
    name.map(|_| image_id(row)).transpose()
}
