//! The catalog in one file: how it is opened, read and written.
//!
//! One connection writes, as many as there are readers at once read. A transaction that writes
//! says so at its beginning (`BEGIN IMMEDIATE`), so that it waits for another process there and
//! never halfway.

mod files;
mod lock;
mod maker;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use goldsmith_core::catalog::{
    AuditRow, Batch, Catalog, CatalogError, ChannelRow, CopyRow, Delivery, Entry, ImageFilter,
    ImageRow, MessageRow, NewRun, RunId, RunRow, Seq, StatementRow,
};
use goldsmith_core::image::ImageId;
use goldsmith_core::version::Version;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::runtime::Runtime;

use crate::check::{self, Checked};
use crate::error::{failed, io};
use crate::{audit, channel, copies, image, keep, migrate, outbox, query, run};

pub use files::restore;

/// How long a transaction waits for those of other processes. The longest that we know of takes
/// a few seconds; a command that waits is better than one that fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The catalog in a file of the home.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    runtime: Runtime,
    /// `None`: the last one failed, and the next who writes makes another.
    writer: Mutex<Option<SqliteConnection>>,
    /// Those that nobody uses just now.
    readers: Mutex<Vec<SqliteConnection>>,
    /// As which this process makes things in clouds, once it does.
    maker: Mutex<Option<maker::Maker>>,
    _lock: lock::Lock,
}

impl Sqlite {
    /// Opens the catalog of a home, which is made when there is none, and brought to this form
    /// when it has an earlier one.
    pub fn open(home: &Path) -> Result<Self, CatalogError> {
        fs::create_dir_all(home).map_err(io("open the file"))?;
        let path = home.join("catalog.sqlite");
        let runtime = runtime()?;
        let mut lock = lock::Lock::shared(home)?;
        let mut writer = runtime.block_on(connect(&path, Access::Writes))?;
        if runtime.block_on(migrate::form(&mut writer))? < migrate::FORM {
            drop(writer);
            // Of several processes the first one does it, the others find it done.
            drop(lock);
            let alone = lock::Lock::alone(home)?;
            runtime.block_on(async {
                let mut connection = connect(&path, Access::Migrates).await?;
                migrate::migrate(&mut connection).await?;
                connection.close().await.map_err(failed("change the form"))
            })?;
            drop(alone);
            lock = lock::Lock::shared(home)?;
            writer = runtime.block_on(connect(&path, Access::Writes))?;
            runtime.block_on(migrate::form(&mut writer))?;
        }
        Ok(Self {
            path,
            runtime,
            writer: Mutex::new(Some(writer)),
            readers: Mutex::new(Vec::new()),
            maker: Mutex::new(None),
            _lock: lock,
        })
    }

    /// Looks at all of it: the file, the audit log from its first line, and whether the rest says
    /// what the log says. `head` is a line that somebody noted, with its digest.
    pub fn check(&self, head: Option<check::Head>) -> Result<Checked, CatalogError> {
        self.read(async |connection| check::check(connection, head).await)
    }

    /// Writes a copy, as it is at one moment, into a file that must not be there yet. Others may
    /// write meanwhile.
    pub fn backup(&self, to: &Path) -> Result<(), CatalogError> {
        files::backup(&self.runtime, &self.path, to)
    }

    /// Runs something that reads, all of it at the same moment.
    fn read<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, CatalogError>,
    ) -> Result<T, CatalogError> {
        let free = lock(&self.readers).pop();
        self.runtime.block_on(async {
            let mut connection = match free {
                Some(connection) => connection,
                None => connect(&self.path, Access::Reads).await?,
            };
            let failed = failed("read");
            let mut transaction = connection.begin().await.map_err(failed)?;
            let done = work(&mut transaction).await?;
            transaction.commit().await.map_err(failed)?;
            // One whose question failed is not used again.
            lock(&self.readers).push(connection);
            Ok(done)
        })
    }

    /// Runs something that writes: all of it is kept, or, after an error, nothing.
    fn write<T>(
        &self,
        action: &'static str,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, CatalogError>,
    ) -> Result<T, CatalogError> {
        let mut writer = lock(&self.writer);
        self.runtime.block_on(async {
            let failed = failed(action);
            let mut connection = match writer.take() {
                Some(connection) => connection,
                None => connect(&self.path, Access::Writes).await?,
            };
            let mut transaction = connection
                .begin_with("BEGIN IMMEDIATE")
                .await
                .map_err(failed)?;
            // A transaction that the database ended by itself, as on a full disk, leaves a
            // connection that is not used again.
            match work(&mut transaction).await {
                Ok(done) => {
                    transaction.commit().await.map_err(failed)?;
                    *writer = Some(connection);
                    Ok(done)
                }
                Err(error) => {
                    if transaction.rollback().await.is_ok() {
                        *writer = Some(connection);
                    }
                    Err(error)
                }
            }
        })
    }
}

impl Drop for Sqlite {
    /// Closes the connections, of which the last one writes the log back into the file.
    fn drop(&mut self) {
        let writer = lock(&self.writer).take();
        let readers = std::mem::take(&mut *lock(&self.readers));
        self.runtime.block_on(async {
            for connection in readers.into_iter().chain(writer) {
                drop(connection.close().await);
            }
        });
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Reads,
    Writes,
    /// Tables may be made anew, of which others speak.
    Migrates,
}

async fn connect(path: &Path, access: Access) -> Result<SqliteConnection, CatalogError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(access != Access::Reads)
        .foreign_keys(access != Access::Migrates)
        .busy_timeout(BUSY_TIMEOUT)
        // A journal says what is going to be done before it is done, elsewhere too: it must be on
        // the disk by then. With `NORMAL` the last of it goes with the power.
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging();
    let options = match access {
        Access::Reads => options.pragma("query_only", "ON"),
        Access::Writes | Access::Migrates => options,
    };
    options.connect().await.map_err(failed("open the file"))
}

/// What drives the driver.
fn runtime() -> Result<Runtime, CatalogError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(io("open the file"))
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Catalog for Sqlite {
    fn begin_run(&self, run: &NewRun) -> Result<RunId, CatalogError> {
        self.write("begin a run", async |c| run::begin(c, run).await)
    }

    fn keep(&self, batch: &Batch) -> Result<Seq, CatalogError> {
        self.write("keep a batch", async |c| keep::keep(c, batch).await)
    }

    fn journal(&self, run: RunId) -> Result<Vec<Entry>, CatalogError> {
        self.read(async |c| run::journal(c, run).await)
    }

    fn run(&self, run: RunId) -> Result<RunRow, CatalogError> {
        self.read(async |c| run::one(c, run).await)
    }

    fn runs(&self, pipeline: Option<&str>, limit: usize) -> Result<Vec<RunRow>, CatalogError> {
        self.read(async |c| run::last(c, pipeline, limit).await)
    }

    fn open_runs(&self) -> Result<Vec<RunRow>, CatalogError> {
        self.read(async |c| run::open(c).await)
    }

    fn image(&self, id: &ImageId) -> Result<ImageRow, CatalogError> {
        self.read(async |c| query::one(c, id).await)
    }

    fn images(
        &self,
        filter: &ImageFilter,
        after: Option<&ImageId>,
        limit: usize,
    ) -> Result<Vec<ImageRow>, CatalogError> {
        self.read(async |c| query::page(c, filter, after, limit).await)
    }

    fn missing(&self, images: &[ImageId]) -> Result<Vec<ImageId>, CatalogError> {
        self.read(async |c| image::missing(c, images).await)
    }

    fn versions(&self, family: &str) -> Result<Vec<(Version, u32)>, CatalogError> {
        self.read(async |c| image::versions(c, family).await)
    }

    fn copies(&self, image: &ImageId) -> Result<Vec<CopyRow>, CatalogError> {
        self.read(async |c| copies::of(c, image).await)
    }

    fn is_name_taken(&self, name: &str, image: &ImageId) -> Result<bool, CatalogError> {
        self.read(async |c| copies::is_name_taken(c, name, image).await)
    }

    fn statements(&self, image: &ImageId) -> Result<Vec<StatementRow>, CatalogError> {
        self.read(async |c| copies::statements(c, image).await)
    }

    fn channel(&self, family: &str, channel: &str) -> Result<Option<ImageId>, CatalogError> {
        let place = channel::Place { family, channel };
        self.read(async |c| channel::named(c, place).await)
    }

    fn channel_history(
        &self,
        family: &str,
        channel: Option<&str>,
    ) -> Result<Vec<ChannelRow>, CatalogError> {
        self.read(async |c| channel::history(c, family, channel).await)
    }

    fn audit(
        &self,
        subject: Option<&str>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditRow>, CatalogError> {
        self.read(async |c| audit::lines(c, subject, after, limit).await)
    }

    fn messages(&self, unix: i64, limit: usize) -> Result<Vec<MessageRow>, CatalogError> {
        self.read(async |c| outbox::due(c, unix, limit).await)
    }

    fn delivered(&self, message: u64, how: &Delivery) -> Result<(), CatalogError> {
        self.write("write a delivery", async |c| {
            outbox::delivered(c, message, how).await
        })
    }
}
