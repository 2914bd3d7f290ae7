//! `goldsmith bury`: what `gc` starts in the background. It removes the files of what collections
//! threw away, with the lowest priority.

use std::path::PathBuf;

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Remove what collections threw away
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store
    store: PathBuf,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    // Only good manners: without it the work is the same.
    rustix::process::setpriority_process(None, 19).ok();
    goldsmith_store::bury(&app.cx, &args.store)?;
    Ok(Outcome::Done)
}
