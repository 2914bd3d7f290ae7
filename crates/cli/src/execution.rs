//! Documents that a command runs by themselves: found, given their parameters, run, logged, kept
//! for a reboot. What `component run` and `awstoe run` have in common.

pub(crate) mod elsewhere;
pub(crate) mod order;
pub(crate) mod state;

use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_component::Services;
use goldsmith_component::awstoe::files::Logs;
use goldsmith_component::execution::{Execution, ExecutionReport, Planned, Reboots, Stopped};
use goldsmith_component::machine::Machine;
use goldsmith_core::cx::Cx;

use crate::report::CmdError;
use state::StateFile;

/// Exit code that asks for a reboot: what AWSTOE's callers wait for.
pub(crate) const REBOOT: u8 = 194;

/// An execution that has not begun, or waits after a reboot.
pub(crate) struct Ready<'a> {
    execution: Execution<'a>,
    planned: &'a [Planned],
    state: Option<StateFile>,
}

/// What an execution came to.
pub(crate) enum Ran {
    /// It is over.
    Over {
        report: ExecutionReport,
        logs: Option<PathBuf>,
        /// Why it ended before its end.
        error: Option<CmdError>,
    },
    /// The machine has to be rebooted, after this time; then the same command goes on.
    Reboot { delay: Duration, state: PathBuf },
}

impl<'a> Ready<'a> {
    /// Begins, or goes on with what waits in the directory for states; without one nobody can
    /// reboot.
    pub(crate) fn new(
        cx: &Cx,
        id: &str,
        planned: &'a [Planned],
        phases: &[String],
        state: Option<&Path>,
    ) -> Result<Self, CmdError> {
        let state = state.map(StateFile::in_directory);
        let kept = state.as_ref().map(StateFile::read).transpose()?.flatten();
        let execution = match kept {
            None => Execution::new(cx, id, planned, phases),
            Some(kept) => {
                let going_on = Execution::resume(cx, planned, phases, kept);
                let execution = going_on.map_err(|other| {
                    let path = state.as_ref().map(StateFile::shown).unwrap_or_default();
                    CmdError::usage(format!("{other} (`{path}`)")).hint(format!(
                        "run that one to its end, or remove `{path}` to forget it"
                    ))
                })?;
                cx.note("going on after a reboot");
                execution
            }
        };
        Ok(Self {
            execution,
            planned,
            state,
        })
    }

    /// Its identifier: that of before the reboot when it goes on.
    pub(crate) fn id(&self) -> &str {
        self.execution.id()
    }

    /// Runs until the end or the next reboot. Logs go to a folder in `logs`.
    pub(crate) fn run(
        mut self,
        cx: &Cx,
        machine: &dyn Machine,
        services: &Services<'_>,
        logs: Option<&Path>,
    ) -> Result<Ran, CmdError> {
        let (id, started) = (self.execution.id().to_owned(), self.execution.started());
        let opened = logs.map(|logs| Logs::open(cx, logs, started, &id, self.planned));
        let (logs, own) = opened.transpose()?.unzip();
        let cx = own.as_ref().unwrap_or(cx);
        let reboots = match self.state {
            Some(_) => Reboots::ByCaller,
            None => Reboots::Impossible,
        };
        let ran = self
            .execution
            .run(cx, machine, services, reboots, &mut |document, step| {
                if let Some(logs) = &logs {
                    logs.step(document, step);
                }
            });
        if let (Ok(Stopped::Reboot(delay)), Some(state)) = (&ran, &self.state) {
            state.write(&self.execution.state(cx))?;
            logs.iter().for_each(Logs::reboot);
            return Ok(Ran::Reboot {
                delay: *delay,
                state: state.path().to_owned(),
            });
        }
        // What it came to is known, whatever becomes of the files about it.
        let warn = |error: CmdError| cx.warn(error.message());
        if let Some(state) = &self.state {
            state.remove().unwrap_or_else(warn);
        }
        let error = ran.err().map(CmdError::from);
        let failure = error.as_ref().map(CmdError::message);
        let report = self.execution.report(cx, failure);
        let path = logs.as_ref().map(|logs| logs.path().to_owned());
        if let Some(logs) = logs {
            let done = logs.finish(&report, self.planned);
            done.map_err(CmdError::from).unwrap_or_else(warn);
        }
        Ok(Ran::Over {
            report,
            logs: path,
            error,
        })
    }
}
