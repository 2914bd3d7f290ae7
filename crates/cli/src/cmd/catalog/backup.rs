//! `goldsmith catalog backup`: all of it in one file.

use std::path::PathBuf;

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;
use crate::wiring;

/// Write the catalog, as it is at one moment, into a file that is not there yet
///
/// Others may go on working with it meanwhile. Images are not in it: they lie in folders.
///
/// Example: goldsmith catalog backup catalog-2026-01-31.sqlite
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file
    file: PathBuf,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let path = app.env.working_directory.join(&args.file);
    wiring::catalog(app)?.backup(&path)?;
    app.output.result(
        &format!("the catalog is in `{}`\n", args.file.display()),
        || serde_json::json!({ "file": path.to_string_lossy() }),
    );
    Ok(Outcome::Done)
}
