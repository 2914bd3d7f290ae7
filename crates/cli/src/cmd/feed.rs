//! `goldsmith feed`: what is known of vulnerabilities, kept on this machine.

mod import;
mod status;
mod update;

use goldsmith_advisory::feed::Made;
use goldsmith_store::{FeedWriter, Feeds};

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Keep what is known of vulnerabilities at hand
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Update(update::Args),
    Import(import::Args),
    Status(status::Args),
}

pub(crate) fn run(command: &Command, app: &App) -> Result<Outcome, CmdError> {
    match command {
        Command::Update(args) => update::run(args, app),
        Command::Import(args) => import::run(args, app),
        Command::Status(args) => status::run(args, app),
    }
}

/// The feeds of the home.
pub(crate) fn feeds(app: &App) -> Result<Feeds, CmdError> {
    Ok(Feeds::new(&app.home()?))
}

/// Puts feeds in the place of those that had their names.
fn keep(writer: &FeedWriter, made: &[Made]) -> Result<(), CmdError> {
    for feed in made {
        writer.replace(&feed.header.name, &feed.bytes)?;
    }
    Ok(())
}

/// A feed in a line, for whoever just brought it.
fn line(made: &Made) -> String {
    let header = &made.header;
    let left_out = match header.left_out {
        0 => String::new(),
        count => format!(", {count} left out"),
    };
    format!(
        "{}: {} entries{left_out}, as of {}\n",
        header.name,
        header.records,
        crate::output::date(header.as_of)
    )
}
