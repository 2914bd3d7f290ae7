//! The file as a whole: a backup of it, and a backup brought back.
//!
//! ```text
//! backup     FILE.part   written, flushed, then linked as FILE: whole or not there
//! restore    catalog.sqlite.new         the backup, copied and looked at
//!            catalog.sqlite.replaced    what was there before (with its `-wal`, when it is damaged)
//!            catalog.sqlite             one rename
//! ```

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use goldsmith_core::catalog::CatalogError;
use sqlx::Connection as _;
use tokio::runtime::Runtime;

use super::{Access, connect, lock, runtime};
use crate::check;
use crate::error::{damaged, failed, io};
use crate::migrate;

const BACKUP: &str = "write a backup";
const RESTORE: &str = "restore a backup";

/// Another name in the same folder.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn sync_folder(of: &Path) -> std::io::Result<()> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

pub(super) fn backup(runtime: &Runtime, from: &Path, to: &Path) -> Result<(), CatalogError> {
    let failed = io(BACKUP);
    let exists = || CatalogError::Exists {
        path: to.to_owned(),
    };
    if to.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let part = beside(to, ".part");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&part)
        .map_err(failed)?;
    // Two backups into one file.
    file.try_lock().map_err(|_| CatalogError::InUse)?;
    // What one that was interrupted has left.
    file.set_len(0).map_err(failed)?;
    let done = copy(runtime, from, &part).and_then(|()| {
        file.sync_all().map_err(failed)?;
        // Unlike a rename it never takes the place of another file.
        fs::hard_link(&part, to).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => exists(),
            _ => failed(error),
        })
    });
    fs::remove_file(&part).map_err(failed)?;
    done?;
    sync_folder(to).map_err(failed)
}

/// Writes all of a database into an empty file, as it is at one moment.
fn copy(runtime: &Runtime, from: &Path, to: &Path) -> Result<(), CatalogError> {
    let to = to
        .to_str()
        .ok_or_else(|| io(BACKUP)(ErrorKind::InvalidFilename.into()))?;
    let failed = failed(BACKUP);
    runtime.block_on(async {
        let mut connection = connect(from, Access::Writes).await?;
        sqlx::query("VACUUM INTO $1")
            .bind(to)
            .execute(&mut connection)
            .await
            .map_err(failed)?;
        connection.close().await.map_err(failed)
    })
}

/// Puts a backup in the place of the catalog of a home, when nobody has that open. One that is
/// there is replaced only with `is_forced`, and kept as `catalog.sqlite.replaced`.
pub fn restore(home: &Path, from: &Path, is_forced: bool) -> Result<(), CatalogError> {
    let failed = io(RESTORE);
    fs::create_dir_all(home).map_err(failed)?;
    let _alone = lock::Lock::alone_now(home)?;
    let path = home.join("catalog.sqlite");
    let is_there = path.symlink_metadata().is_ok();
    if is_there && !is_forced {
        return Err(CatalogError::Exists { path });
    }
    let fresh = beside(&path, ".new");
    let runtime = runtime()?;
    let done = bring(&runtime, from, &fresh).and_then(|()| {
        if is_there {
            put_aside(&runtime, &path)?;
        }
        fs::rename(&fresh, &path).map_err(failed)?;
        sync_folder(&path).map_err(failed)
    });
    if done.is_err() {
        for ending in ["", "-wal", "-shm"] {
            drop(fs::remove_file(beside(&fresh, ending)));
        }
    }
    done
}

/// Copies a backup, looks at all of it, and brings it to this form.
fn bring(runtime: &Runtime, from: &Path, fresh: &Path) -> Result<(), CatalogError> {
    let io = io(RESTORE);
    for ending in ["-wal", "-shm"] {
        match fs::remove_file(beside(fresh, ending)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    fs::copy(from, fresh).map_err(io)?;
    let failed = failed(RESTORE);
    runtime.block_on(async {
        let mut connection = connect(fresh, Access::Migrates).await?;
        if migrate::form(&mut connection).await? == 0 {
            return Err(damaged("the backup is empty"));
        }
        migrate::migrate(&mut connection).await?;
        let found = check::check(&mut connection, None).await?;
        if let Some(problem) = found.problems.first() {
            return Err(damaged(format!("the backup: {problem}")));
        }
        connection.close().await.map_err(failed)
    })?;
    File::open(fresh)
        .and_then(|file| file.sync_all())
        .map_err(io)
}

/// Keeps the catalog that is there under another name, and takes its log away: the database that
/// comes in its place must not be given the log of another.
fn put_aside(runtime: &Runtime, path: &Path) -> Result<(), CatalogError> {
    let failed = io(RESTORE);
    // The last one to close it writes its log back. One that cannot be opened keeps its log.
    let closed = runtime.block_on(async {
        let connection = connect(path, Access::Migrates).await?;
        connection
            .close()
            .await
            .map_err(crate::error::failed(RESTORE))
    });
    drop(closed);
    let gone = |path: &Path| match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    };
    let aside = beside(path, ".replaced");
    for ending in ["", "-wal", "-shm"] {
        gone(&beside(&aside, ending))?;
    }
    fs::hard_link(path, &aside).map_err(failed)?;
    let log = beside(path, "-wal");
    if log.exists() {
        fs::rename(&log, beside(&aside, "-wal")).map_err(failed)?;
    }
    gone(&beside(path, "-shm"))
}
