//! What every command is given: the environment, the way to speak, the context, the places.

use std::path::PathBuf;

use goldsmith_core::cx::Cx;

use crate::env::Environment;
use crate::output::Output;
use crate::report::CmdError;

/// The program under way.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) env: Environment,
    pub(crate) output: Output,
    pub(crate) cx: Cx,
    /// What the recipe takes for the present, in seconds since 1970.
    pub(crate) began: i64,
    /// The project: `--directory`, else where the command was started.
    pub(crate) directory: PathBuf,
}

impl App {
    /// Who acts, for the audit log.
    pub(crate) fn actor(&self) -> String {
        let names = ["GOLDSMITH_ACTOR", "LOGNAME", "USER"];
        let said = names.iter().find_map(|name| self.env.get(name));
        said.map_or_else(
            || format!("uid {}", rustix::process::getuid().as_raw()),
            str::to_owned,
        )
    }

    /// The day, `2026-11-23`, by which expiries are judged.
    pub(crate) fn today(&self) -> String {
        jiff::Timestamp::from_second(self.began)
            .map(|time| time.strftime("%Y-%m-%d").to_string())
            .unwrap_or_default()
    }

    /// The home. It need not exist yet.
    pub(crate) fn home(&self) -> Result<PathBuf, CmdError> {
        self.env.home().ok_or_else(|| {
            CmdError::usage(
                "there is no place for images: neither `GOLDSMITH_HOME` nor `HOME` is set",
            )
            .hint("set `GOLDSMITH_HOME` to a folder on a file system with space")
        })
    }
}
