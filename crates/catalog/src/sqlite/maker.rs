//! Who makes things in clouds: a process with a number, and a file that it holds locked while it
//! lives, so that others can tell whether what it has begun is still being made.
//!
//! ```text
//! <home>/catalog-maker-<number>.lock     made with the first thing, gone with the process; one
//!                                        that was killed leaves it unlocked, for who looks next
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use goldsmith_core::catalog::CatalogError;
use goldsmith_core::cx::Cx;
use goldsmith_core::ledger::{Ledger, LedgerError, Resource};
use sqlx::sqlite::SqliteConnection;

use super::{Sqlite, lock};
use crate::error::io;
use crate::ledger::{self, LedgerRow, Writes};

/// A number, and the file that says that its process lives.
#[derive(Debug)]
pub(super) struct Maker {
    number: i64,
    path: PathBuf,
    _file: File,
}

impl Maker {
    fn new(home: &Path, number: i64) -> Result<Self, CatalogError> {
        let path = path(home, number);
        let failed = io("lock the file of a maker");
        let file = File::create(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(Self {
            number,
            path,
            _file: file,
        })
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        // Whoever comes next removes it otherwise.
        drop(fs::remove_file(&self.path));
    }
}

fn path(home: &Path, number: i64) -> PathBuf {
    home.join(format!("catalog-maker-{number}.lock"))
}

/// Whether the process of a number lives. The file of one that does not is removed.
fn is_alive(home: &Path, number: i64) -> bool {
    let path = path(home, number);
    let Ok(file) = File::options().write(true).open(&path) else {
        return false;
    };
    let is_free = file.try_lock_shared().is_ok();
    if is_free {
        drop(fs::remove_file(&path));
    }
    !is_free
}

impl Sqlite {
    fn home(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// The number of this process, given at its first need.
    fn maker(&self, unix: i64) -> Result<i64, CatalogError> {
        let mut slot = lock(&self.maker);
        if let Some(maker) = &*slot {
            return Ok(maker.number);
        }
        let number = self.write("write a maker", async |c| ledger::new_maker(c, unix).await)?;
        Ok(slot.insert(Maker::new(self.home(), number)?).number)
    }

    /// What of a provider is written down and not crossed off, oldest first, and whether it is
    /// being made now.
    pub fn ledger(&self, provider: &str) -> Result<Vec<LedgerRow>, CatalogError> {
        let rows = self.read(async |c| ledger::open(c, provider).await)?;
        let mut makers: BTreeMap<i64, bool> = BTreeMap::new();
        let row = |(row, maker): (LedgerRow, i64)| {
            let is_being_made = *makers
                .entry(maker)
                .or_insert_with(|| is_alive(self.home(), maker));
            LedgerRow {
                is_being_made,
                ..row
            }
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Writes about a thing, as this process.
    fn enter(
        &self,
        cx: &Cx,
        work: impl AsyncFnOnce(&mut SqliteConnection, Writes) -> Result<(), CatalogError>,
    ) -> Result<(), LedgerError> {
        let unix = cx.clock().unix_seconds();
        let written = self.maker(unix).and_then(|maker| {
            let by = Writes { maker, unix };
            self.write("write the ledger", async |c| work(c, by).await)
        });
        written.map_err(|error| Box::new(error) as LedgerError)
    }
}

impl Ledger for Sqlite {
    fn begin(&self, cx: &Cx, resource: &Resource) -> Result<(), LedgerError> {
        self.enter(cx, async |c, by| ledger::begin(c, by, resource).await)
    }

    fn made(&self, cx: &Cx, resource: &Resource) -> Result<(), LedgerError> {
        self.enter(cx, async |c, by| ledger::made(c, by, resource).await)
    }

    fn gone(&self, cx: &Cx, resource: &Resource) -> Result<(), LedgerError> {
        let unix = cx.clock().unix_seconds();
        let written = self.write("cross off the ledger", async |c| {
            ledger::gone(c, unix, resource).await
        });
        written.map_err(|error| Box::new(error) as LedgerError)
    }

    fn open(&self, _cx: &Cx, provider: &str) -> Result<Vec<Resource>, LedgerError> {
        match self.ledger(provider) {
            Ok(rows) => Ok(rows.into_iter().map(|row| row.resource).collect()),
            Err(error) => Err(Box::new(error)),
        }
    }
}
