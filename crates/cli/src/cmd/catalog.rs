//! `goldsmith catalog`: the catalog as a whole.

mod backup;
mod check;
mod restore;

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Look after the catalog of images and runs
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Check(check::Args),
    Backup(backup::Args),
    Restore(restore::Args),
}

pub(crate) fn run(command: &Command, app: &App) -> Result<Outcome, CmdError> {
    match command {
        Command::Check(args) => check::run(args, app),
        Command::Backup(args) => backup::run(args, app),
        Command::Restore(args) => restore::run(args, app),
    }
}
