//! What the database says, as an error of the catalog.

use goldsmith_core::catalog::CatalogError;

/// Result codes of SQLite, without their details.
const IO_ERROR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const NOT_A_DATABASE: i32 = 26;

/// No space for the index of the log, which is memory shared through a file.
const IO_ERROR_SHARED_SIZE: i32 = IO_ERROR | (19 << 8);
/// What is left of a file in which there was to be more.
const IO_ERROR_SHORT_READ: i32 = IO_ERROR | (2 << 8);

/// For `map_err`: the action that failed.
pub(crate) fn failed(action: &'static str) -> impl Fn(sqlx::Error) -> CatalogError + Copy {
    move |error| {
        let code = error
            .as_database_error()
            .and_then(|error| error.code()?.parse::<i32>().ok())
            .unwrap_or(0);
        let source = Box::new(error);
        match (code & 0xff, code) {
            (CORRUPT | NOT_A_DATABASE, _) | (_, IO_ERROR_SHORT_READ) => {
                damaged(format!("cannot {action}: {source}"))
            }
            (FULL, _) | (_, IO_ERROR_SHARED_SIZE) => CatalogError::NoSpace { action, source },
            _ => CatalogError::Database { action, source },
        }
    }
}

/// For files beside the database.
pub(crate) fn io(action: &'static str) -> impl Fn(std::io::Error) -> CatalogError + Copy {
    move |error| {
        let is_full = error.kind() == std::io::ErrorKind::StorageFull;
        let source = Box::new(error);
        if is_full {
            CatalogError::NoSpace { action, source }
        } else {
            CatalogError::Database { action, source }
        }
    }
}

pub(crate) fn damaged(detail: impl Into<String>) -> CatalogError {
    CatalogError::Damaged {
        detail: detail.into(),
    }
}

pub(crate) fn unknown(what: impl Into<String>) -> CatalogError {
    CatalogError::Unknown { what: what.into() }
}
