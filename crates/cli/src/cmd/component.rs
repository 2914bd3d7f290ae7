//! `goldsmith component`: the library of components, and documents by themselves.

mod list;
pub(crate) mod run;
mod show;
mod validate;

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Look at the components that ship with Goldsmith, check and run documents
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Show(show::Args),
    Validate(validate::Args),
    Run(Box<run::Args>),
}

impl Command {
    /// See [`crate::args::Command::makes_trees`].
    pub(crate) fn makes_trees(&self) -> bool {
        matches!(self, Self::Run(args) if args.is_in_tree())
    }
}

pub(crate) fn run(command: &Command, app: &App) -> Result<Outcome, CmdError> {
    match command {
        Command::List(args) => list::run(args, app),
        Command::Show(args) => show::run(args, app),
        Command::Validate(args) => validate::run(args, app),
        Command::Run(args) => run::run(args, app),
    }
}
