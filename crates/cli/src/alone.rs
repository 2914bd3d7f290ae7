//! The right to do something of which there must be one at a time in a home.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use goldsmith_core::failure::Class;

use crate::app::App;
use crate::report::CmdError;

/// How often somebody who waits looks whether the other one has ended.
const LOOK: Duration = Duration::from_millis(200);

/// What may be done by one process at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alone<'a> {
    /// Name of the file that is held, without its ending.
    pub(crate) file: &'a str,
    /// What is under way, for people: ``the pipeline `web` ``.
    pub(crate) what: &'a str,
    /// What shows how far it is.
    pub(crate) hint: &'a str,
    /// Whether to wait for the other one; else this one is refused.
    pub(crate) is_patient: bool,
}

/// Held as long as it lives: the kernel lets go of it when the process ends, however it does.
pub(crate) fn hold(app: &App, alone: Alone<'_>) -> Result<File, CmdError> {
    let folder: PathBuf = app.home()?.join("runs");
    let path = folder.join(format!("{}.lock", alone.file));
    let failed = |e: &std::io::Error| CmdError::io(format!("cannot use `{}`", path.display()), e);
    std::fs::create_dir_all(&folder).map_err(|e| failed(&e))?;
    let file = File::create(&path).map_err(|e| failed(&e))?;
    let mut is_told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) if alone.is_patient => {
                app.cx.cancel.check()?;
                if !is_told {
                    let text = format!("{} waits for the run that is under way", alone.what);
                    app.cx.note(text);
                    is_told = true;
                }
                app.cx.clock().sleep(LOOK);
            }
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(CmdError::Refused {
                    class: Class::Environment,
                    message: format!("{} is being run by another process", alone.what),
                    hints: vec![alone.hint.to_owned()],
                });
            }
            Err(std::fs::TryLockError::Error(e)) => return Err(failed(&e)),
        }
    }
}
