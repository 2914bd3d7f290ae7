//! What is known of every image and every run, kept in a database: the only crate that speaks SQL.
//!
//! [`Sqlite`] implements [`goldsmith_core::catalog::Catalog`] with one file in the home, which
//! several processes may have open at once. Callers wait for it: a runtime of its own drives the
//! driver, as in `provider`. The SQL is what PostgreSQL understands as well, but for the tables,
//! which stand in `migrations/<database>/`.
//!
//! ```text
//! <home>/catalog.sqlite       the database, in WAL mode: `-wal` and `-shm` beside it
//! <home>/catalog-maker-*.lock held by a process that makes things in clouds (`sqlite::maker`)
//! <home>/catalog.lock         held by everyone who has it open; alone by who replaces it
//! ```

mod audit;
mod channel;
mod check;
mod copies;
mod error;
mod image;
mod keep;
mod ledger;
mod migrate;
mod outbox;
mod query;
mod run;
mod sqlite;
mod value;

pub use check::{Checked, Head, Problem};
pub use ledger::LedgerRow;
pub use migrate::FORM;
pub use sqlite::{Sqlite, restore};
