//! `catalog.lock`: who has the catalog open holds it with others; who replaces the file or
//! changes its form holds it alone. It goes with the process.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use goldsmith_core::catalog::CatalogError;

use crate::error::io;

/// How long somebody waits for others: they hold it alone for as long as a restore takes.
const TRIES: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// The lock, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// With everybody else.
    pub(super) fn shared(home: &Path) -> Result<Self, CatalogError> {
        Self::take(home, File::try_lock_shared, TRIES)
    }

    /// Alone, when the others have gone.
    pub(super) fn alone(home: &Path) -> Result<Self, CatalogError> {
        Self::take(home, File::try_lock, TRIES)
    }

    /// Alone, if nobody else has it.
    pub(super) fn alone_now(home: &Path) -> Result<Self, CatalogError> {
        Self::take(home, File::try_lock, 1)
    }

    fn take(
        home: &Path,
        lock: impl Fn(&File) -> Result<(), TryLockError>,
        tries: u32,
    ) -> Result<Self, CatalogError> {
        let failed = io("lock the file");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(home.join("catalog.lock"))
            .map_err(failed)?;
        for at in 0..tries {
            if at > 0 {
                sleep(PAUSE);
            }
            match lock(&file) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Err(CatalogError::InUse)
    }
}
