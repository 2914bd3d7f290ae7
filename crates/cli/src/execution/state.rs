//! The file in which an execution waits for a reboot.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use goldsmith_component::execution::ExecutionState;

use crate::report::CmdError;

/// Its name in the directory for states.
const NAME: &str = "goldsmith-execution.json";

/// The file, whether it is there or not.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
}

impl StateFile {
    pub(crate) fn in_directory(directory: &Path) -> Self {
        Self {
            path: directory.join(NAME),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// What waits; nothing when nothing does.
    pub(crate) fn read(&self) -> Result<Option<ExecutionState>, CmdError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(CmdError::io(format!("cannot read `{}`", self.shown()), &e)),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            let message = format!("`{}` is no state of an execution: {error}", self.shown());
            CmdError::config(message).hint("remove it to begin anew")
        })
    }

    /// Writes it, whole or not at all, for the eyes of its owner alone: there are secrets in it.
    pub(crate) fn write(&self, state: &ExecutionState) -> Result<(), CmdError> {
        let text = serde_json::to_vec(state).expect("a state holds text and numbers only");
        let fresh = self.path.with_extension("new");
        let write = || {
            if let Some(directory) = self.path.parent() {
                let mut builder = fs::DirBuilder::new();
                builder.recursive(true).mode(0o700).create(directory)?;
            }
            // A file that a killed run left may be anybody's to read.
            drop(fs::remove_file(&fresh));
            let mut options = fs::OpenOptions::new();
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&fresh)?;
            file.write_all(&text)?;
            // It has to outlast the reboot.
            file.sync_all()?;
            fs::rename(&fresh, &self.path)
        };
        write().map_err(|e| CmdError::io(format!("cannot write `{}`", self.shown()), &e))
    }

    /// Takes it away; that it is not there is no failure.
    pub(crate) fn remove(&self) -> Result<(), CmdError> {
        match fs::remove_file(&self.path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(CmdError::io(
                format!("cannot remove `{}`", self.shown()),
                &e,
            )),
            _ => Ok(()),
        }
    }
}
