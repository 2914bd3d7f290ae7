//! How far the starts of a pipeline are decided, for the next process that watches its schedule.
//!
//! ```text
//! <home>/runs/<pipeline>.since     1 1795464000      form, and seconds since 1970-01-01 UTC
//! ```
//!
//! Starts up to that time were made, or left out for a reason. Without the file the schedule counts
//! from now on.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::app::App;
use crate::project::replace_file;
use crate::report::CmdError;

const FORM: &str = "1";

/// What an earlier process has left; `None`: nobody has watched it, or in a form that is not known.
pub(super) fn read(app: &App, pipeline: &str) -> Result<Option<Timestamp>, CmdError> {
    let path = path(app, pipeline)?;
    match fs::read_to_string(&path) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CmdError::io(
            format!("cannot read `{}`", path.display()),
            &error,
        )),
    }
}

/// Leaves it to the next.
pub(super) fn write(app: &App, pipeline: &str, since: Timestamp) -> Result<(), CmdError> {
    let path = path(app, pipeline)?;
    let text = format!("{FORM} {}\n", since.as_second());
    let folder = path.parent().expect("it lies in a folder of the home");
    fs::create_dir_all(folder)
        .and_then(|()| replace_file(&path, text.as_bytes()))
        .map_err(|e| CmdError::io(format!("cannot write `{}`", path.display()), &e))
}

fn parse(text: &str) -> Option<Timestamp> {
    let (form, seconds) = text.trim_end().split_once(' ')?;
    let seconds = (form == FORM).then(|| seconds.parse().ok()).flatten()?;
    Timestamp::from_second(seconds).ok()
}

fn path(app: &App, pipeline: &str) -> Result<PathBuf, CmdError> {
    let folder = app.home()?.join("runs");
    Ok(folder.join(format!("{pipeline}.since")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_nothing() {
        for (text, expected) in [
            ("1 1795464000\n", Some(1_795_464_000)),
            ("2 1795464000\n", None),
            ("1 soon\n", None),
            ("", None),
        ] {
            let found = parse(text).map(Timestamp::as_second);
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
